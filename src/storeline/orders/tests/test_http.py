"""Orders over HTTP, as a guest's browser and a till would send them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from storeline.kernel.api import SYSTEM, Actor, new_id, run
from storeline.orders import api as orders
from storeline.orders.permissions import CANCEL, OWN, PLACE, SELL, VIEW
from storeline.orders.tests.factories import LONG_AGO, Shop, everything, make, shop
from storeline.stock import api as stock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("door")]


@pytest.fixture
def here() -> Shop:
    return shop()


def body(here: Shop, units: int = 2, **changes: Any) -> dict[str, Any]:
    wanted = {
        "id": str(new_id()),
        "place": str(here.place),
        "currency": "USD",
        "lines": [{"product": str(here.products[0]), "quantity": str(units)}],
        "payments": [{"tender": "sandbox_card", "token": "tok_approve"}],
        "expected_total": "2.70",
    }
    return wanted | changes


def post(path: str, sent: Any) -> tuple[int, Any]:
    answer = Client().post(f"/api/v1{path}", data=orjson.dumps(sent), content_type="application/json")
    return answer.status_code, orjson.loads(answer.content)


def test_an_order_is_placed_once_however_often_it_is_sent(here: Shop) -> None:
    sent = body(here)
    assert post("/orders", sent) == (
        201,
        {
            "id": sent["id"],
            "state": "confirmed",
            "currency": "USD",
            "total": "2.70",
            "payable": "2.70",
            "token": orders.token_of(UUID(sent["id"])),
        },
    )
    assert post("/orders", sent)[0] == 200
    status, problem = post("/orders", sent | {"coupons": ["X"]})
    assert (status, problem["code"], problem["field"]) == (422, "order_mismatch", "id")
    assert here.level() == (10_000, 2_000)


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"id": "0190163d-8694-7a9b-aeb5-6c7d8f1e2a3b"}, 422, "id"),
        ({"lines": []}, 422, "lines"),
        ({"lines": [{"product": "x"}]}, 422, "lines[0].product"),
        ({"currency": "usd"}, 422, "currency"),
        ({"currency": "XXX"}, 422, "currency"),
        ({"expected_total": "2.705"}, 422, "expected_total"),
        ({"expected_total": "9.99"}, 409, "expected_total"),
        ({"customer": "0190163d-8694-7a9b-aeb5-6c7d8f1e2a3b"}, 422, "customer"),
        ({"method": "deliver"}, 422, "address"),
        ({"method": "ship"}, 422, "address"),
        ({"placed_at": "2020-01-01T00:00:00Z"}, 422, "placed_at"),
        ({"payments": [{"tender": "sandbox_card", "token": "tok_decline"}]}, 409, "payments"),
        ({"payments": [{"tender": "cash", "amount": "-5"}]}, 409, "payments"),
    ],
)
def test_bad_input_is_refused_with_the_field(here: Shop, changes: dict[str, Any], status: int, field: str) -> None:
    before = everything()
    got, problem = post("/orders", body(here, **changes))
    assert (got, problem["field"]) == (status, field)
    if problem["code"] != "payment_declined":
        assert everything() == before


def test_a_parameter_that_is_none_of_the_routes_is_refused(here: Shop) -> None:
    before = everything()
    status, problem = post("/orders?dry_run=yes", body(here))
    assert (status, problem["field"], problem["detail"]) == (
        422,
        "dry_run",
        "dry_run: Not a parameter here; known: none",
    )
    assert everything() == before


def test_a_guest_cannot_name_a_price(here: Shop) -> None:
    lines = [{"product": str(here.products[0]), "quantity": "1", "gross": "0.01"}]
    assert post("/orders", body(here, lines=lines, channel="till", method="carry_out"))[0] == 403


def test_each_order_of_a_batch_has_its_own_verdict(here: Shop) -> None:
    orders = [body(here), body(here, units=99), body(here, expected_total="x"), body(here)]
    status, answer = post("/orders/batch", {"orders": orders})
    assert status == 200
    assert [verdict["status"] for verdict in answer["verdicts"]] == [201, 409, 422, 201]
    assert [verdict["id"] for verdict in answer["verdicts"]] == [order["id"] for order in orders]
    assert answer["verdicts"][2]["problem"]["field"] == "expected_total"
    assert here.level() == (10_000, 4_000)


def test_a_quote_lists_its_steps(here: Shop) -> None:
    sent = {name: value for name, value in body(here).items() if name in {"place", "currency", "lines"}}
    status, quote = post("/quotes", sent)
    assert (status, quote["total"], quote["tax"], quote["tax_included"]) == (200, "2.70", "0.20", False)
    steps = quote["lines"][0]["steps"]
    assert [(step["code"], step["before"], step["after"], step["params"]) for step in steps] == [
        ("shelf_price", "0.00", "2.50", {"amount": "1.25", "base": "1", "quantity": "2"}),
        ("tax", "2.50", "2.70", {"rate_ppm": 80_000, "tax": "0.20", "class": "standard"}),
    ]


@pytest.mark.parametrize("method", ["deliver", "ship"])
def test_a_quote_of_what_is_brought_says_where_to(here: Shop, method: str) -> None:
    sent = {name: value for name, value in body(here).items() if name in {"place", "currency", "lines"}}
    status, problem = post("/quotes", sent | {"method": method})
    assert (status, problem["code"], problem["field"]) == (422, "invalid", "address")


def test_a_changed_price_is_told_as_it_is_now(here: Shop) -> None:
    status, problem = post("/orders", body(here, expected_total="2.71"))
    assert (status, problem["code"], problem["total"]) == (409, "price_changed", "2.70")


def test_a_service_is_quoted_and_ordered_beside_goods_without_stock(here: Shop) -> None:
    fee = make("catalog.Product", ref="fee", name="Gift wrapping", service=True)
    make("pricing.Price", product_id=fee, amount=399, currency="USD", valid_from=LONG_AGO)
    lines = [{"product": str(here.products[0]), "quantity": "2"}, {"product": str(fee)}]
    status, quote = post("/quotes", {"place": str(here.place), "currency": "USD", "lines": lines})
    assert (status, quote["total"], [line["amount"] for line in quote["lines"]]) == (200, "7.01", ["2.50", "3.99"])
    status, placed = post("/orders", body(here, lines=lines, expected_total="7.01"))
    assert (status, placed["state"], placed["total"]) == (201, "confirmed", "7.01")
    assert here.level() == (10_000, 2_000)
    assert run("SELECT count(*) FROM stock_balance WHERE product_id = %s AND reserved <> 0", [fee]).fetchall() == [(0,)]


def test_orders_are_not_for_strangers(here: Shop) -> None:
    sent = body(here)
    post("/orders", sent)
    for method, path in (
        ("get", f"/orders/{sent['id']}"),
        ("get", "/orders"),
        ("get", "/orders/mine"),
        ("post", f"/orders/{sent['id']}/cancel"),
    ):
        answer = Client().generic(method.upper(), f"/api/v1{path}", b"{}", content_type="application/json")
        assert answer.status_code == 401


@pytest.fixture
def staff(here: Shop, monkeypatch: pytest.MonkeyPatch) -> Actor:
    """Someone of this shop: who they are is identity's matter and tested there."""
    actor = Actor("user", new_id(), frozenset({OWN, PLACE, SELL, VIEW, CANCEL}), frozenset({here.place}))
    monkeypatch.setattr("storeline.identity.access.find_actor", lambda _request: actor)
    return actor


def test_staff_see_and_cancel_the_orders_of_their_place(here: Shop, staff: Actor) -> None:
    sent = body(here)
    post("/orders", sent)
    answer = Client().get(f"/api/v1/orders/{sent['id']}")
    view = orjson.loads(answer.content)
    assert (answer.status_code, view["state"], view["lines"][0]["quantity"], view["lines"][0]["amount"]) == (
        200,
        "confirmed",
        "2",
        "2.50",
    )
    listed = orjson.loads(Client().get("/api/v1/orders", {"place": str(here.place)}).content)
    assert [item["id"] for item in listed["items"]] == [sent["id"]]
    assert Client().get("/api/v1/orders").status_code == 422
    for _ in range(2):
        assert post(f"/orders/{sent['id']}/cancel", {})[1]["state"] == "cancelled"
    assert here.level() == (10_000, 0)


def test_a_till_sells_at_agreed_amounts_at_its_own_time(here: Shop, staff: Actor) -> None:
    sent = body(
        here,
        id=str(UUID(int=new_id().int - (86_400_000 << 80))),
        channel="till",
        method="carry_out",
        till="7",
        placed_at="2026-01-05T10:00:00+01:00",
        lines=[
            {
                "product": str(here.products[0]),
                "quantity": "2",
                "gross": "3.00",
                "discounts": [{"kind": "coupon", "funder": "manufacturer", "amount": "0.50"}],
                "tax": "0.24",
                "tax_rate_ppm": 80_000,
            }
        ],
        payments=[{"tender": "cash", "tendered": "5.00"}],
        expected_total=None,
    )
    assert post("/orders", sent) == (
        201,
        {
            "id": sent["id"],
            "state": "completed",
            "currency": "USD",
            "total": "3.24",
            "payable": "2.74",
            "token": orders.token_of(UUID(sent["id"])),
        },
    )


def test_system_has_no_door(here: Shop) -> None:
    assert SYSTEM.kind == "system"
    answer = Client().post("/api/v1/orders", data=b"{", content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("may", [None, frozenset({PLACE, SELL})], ids=["guest", "partner"])
def test_nobody_orders_from_the_shelf_who_does_not_stand_there(
    here: Shop, monkeypatch: pytest.MonkeyPatch, may: frozenset[str] | None
) -> None:
    """What is kept back online is not had by naming a shop's channel."""

    def come(permissions: frozenset[str]) -> None:
        actor = Actor("client", new_id(), permissions)
        monkeypatch.setattr("storeline.identity.access.find_actor", lambda _request: actor)

    stock.set_policies([stock.PolicyByRef("r0", 9_000)], actor=SYSTEM)
    if may is not None:
        come(may)
    before = everything()
    for channel in sorted(stock.IN_SHOPS):
        status, problem = post("/orders", body(here, channel=channel))
        assert (status, problem["permission"]) == (403, "stock.hold_shelf")
    assert post("/orders", body(here))[1]["code"] == "out_of_stock"
    assert everything() == before
    come(frozenset({PLACE, stock.SHELF}))
    assert post("/orders", body(here, channel="store"))[0] == 201
