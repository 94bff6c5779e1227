"""Returns over HTTP, as a till and a service desk send them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from storeline.aftersales.permissions import OTHER_TENDER, RETURN, VIEW, WITHOUT_RECEIPT
from storeline.aftersales.tests.factories import collected, every_row, sold
from storeline.kernel.api import GUEST, SYSTEM, Actor, new_id
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, shop
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db(transaction=True)
As = Callable[[Actor], None]
FIND = "storeline.identity.access.find_actor"


@pytest.fixture
def here() -> Shop:
    return shop()


@pytest.fixture
def act(monkeypatch: pytest.MonkeyPatch) -> As:
    """Let requests come from this actor."""
    return lambda actor: monkeypatch.setattr(FIND, lambda _request: actor)


def clerk(*permissions: str, place: UUID | None = None) -> Actor:
    return Actor("user", new_id(), frozenset(permissions), None if place is None else frozenset({place}))


def call(method: str, path: str, sent: Any = None) -> tuple[int, Any]:
    body = b"" if sent is None else orjson.dumps(sent)
    answer = Client().generic(method, f"/api/v1{path}", body, content_type="application/json")
    return answer.status_code, orjson.loads(answer.content)


def body(here: Shop, order_id: UUID | None, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    wanted = {
        "id": str(new_id()),
        "place": str(here.place),
        "currency": "USD",
        "order": order_id and str(order_id),
        "lines": list(lines) or [{"order_line": 1, "quantity": "1"}],
    }
    return wanted | changes


def test_goods_come_back_once_however_often_it_is_sent(here, act):
    act(clerk(RETURN, VIEW, place=here.place))
    order_id = collected(here, [2])
    sent = body(here, order_id)
    status, view = call("POST", "/returns", sent)
    assert (status, view["state"], view["total"], view["refunded"]) == (201, "settled", "1.35", "1.35")
    assert [(one["tender"], one["amount"], one["state"]) for one in view["refunds"]] == [
        ("sandbox_card", "1.35", "settled")
    ]
    assert view["lines"] == [
        {
            "line": 1,
            "order_line": 1,
            "product": str(here.products[0]),
            "quantity": "1",
            "amount": "1.25",
            "funded": "0.00",
            "tax": "0.10",
            "restock": True,
            "reason": "",
        }
    ]
    assert (view["ref"], view["receipt"]) == (None, {"series": "store", "number": "1"})
    assert call("POST", "/returns", sent) == (201, view)
    assert call("GET", f"/returns/{sent['id']}") == (200, view)
    status, listed = call("GET", f"/returns?order={order_id}")
    assert (status, [item["id"] for item in listed["items"]], listed["next"]) == (200, [sent["id"]], None)
    assert listed["items"][0]["receipt"] == {"series": "store", "number": "1"}
    status, problem = call("POST", "/returns", sent | {"reason": "other"})
    assert (status, problem["code"], problem["field"]) == (422, "return_mismatch", "id")
    assert here.level() == (9_000, 0)


@pytest.mark.parametrize(
    ("said", "on_hand"),
    [
        ({"reason": "damaged"}, 8_000),
        ({"reason": "spoiled"}, 8_000),
        ({"reason": "damaged", "restock": True}, 9_000),
        ({"reason": "unwanted"}, 9_000),
    ],
)
def test_what_is_unfit_is_not_sold_again_unless_somebody_says_so(here, act, said, on_hand):
    act(clerk(RETURN, VIEW, place=here.place))
    order_id = collected(here, [2])
    assert call("POST", "/returns", body(here, order_id, {"order_line": 1, "quantity": "1"} | said))[0] == 201
    assert here.level()[0] == on_hand


def test_without_a_receipt_needs_its_own_permission(here, act):
    sent = body(here, None, {"product": str(here.products[0]), "amount": "2.00"}, currency="USD")
    act(clerk(RETURN, place=here.place))
    before = every_row()
    assert call("POST", "/returns", sent)[0] == 403
    assert every_row() == before
    act(clerk(RETURN, WITHOUT_RECEIPT, place=here.place))
    status, problem = call("POST", "/returns", sent)  # it costs 1.25 here
    assert (status, problem["code"], problem["field"]) == (409, "refund_refused", "lines[0].amount")
    assert every_row() == before
    cheaper = sent | {"lines": [{"product": str(here.products[0]), "amount": "1.25"}]}
    assert [call("POST", "/returns", cheaper)[1]["refunded"] for _ in range(2)] == ["1.25", "1.25"]
    act(clerk(RETURN, WITHOUT_RECEIPT, OTHER_TENDER, place=here.place))
    assert call("POST", "/returns", sent | {"id": str(new_id())})[1]["refunded"] == "2.00"


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"id": str(UUID(int=5))}, 422, "id"),
        ({"lines": []}, 422, "lines"),
        ({"lines": [{"order_line": 1, "quantity": "x"}]}, 422, "lines[0].quantity"),
        ({"lines": [{"order_line": 1, "quantity": "9"}]}, 409, "lines[0].quantity"),
        ({"lines": [{"order_line": 1, "amount": "1.234"}]}, 422, "lines[0].amount"),
        ({"currency": "ABC"}, 422, "currency"),
        ({"refunds": [{"tender": "cash", "amount": "-1"}]}, 422, "refunds[0].amount"),
    ],
)
def test_a_problem_names_the_field_and_nothing_changes(here, act, changes, status, field):
    act(clerk(RETURN, VIEW, WITHOUT_RECEIPT, place=here.place))
    sent = body(here, sold(here)) | changes
    before = every_row()
    code, problem = call("POST", "/returns", sent)
    assert (code, problem["field"]) == (status, field)
    assert every_row() == before


def test_who_may_not(here, act):
    order_id = sold(here)
    sent = body(here, order_id)
    act(clerk(RETURN, place=here.place))
    call("POST", "/returns", sent)
    before = every_row()
    act(GUEST)
    assert call("POST", "/returns", body(here, order_id))[0] == 401
    assert call("GET", "/returns")[0] == 401
    act(clerk(RETURN, VIEW, place=new_id()))
    assert call("POST", "/returns", body(here, order_id))[0] == 403
    assert call("GET", "/returns")[1]["items"] == []
    assert call("GET", f"/returns/{sent['id']}")[0] == 404
    assert call("GET", f"/returns?place={here.place}")[0] == 422
    assert every_row() == before


def test_a_recall_names_everybody_who_got_the_lot_and_what_came_back(here, act):
    """Whoever bought before the lot came did not get it."""
    sold(here, ((1, 125),))
    bad = stock.Goods(new_id(), 1, here.place, here.products[0], 5_000, lot="BAD", expires_on=date(2099, 1, 1))
    stock.receive([bad], actor=SYSTEM)
    got = [collected(here, [units]) for units in (2, 1)]
    act(clerk(RETURN, VIEW, place=here.place))
    assert call("POST", "/returns", body(here, got[0], {"order_line": 1, "quantity": "1", "restock": False}))[0] == 201
    path = f"/stock/recalls/orders?product={here.products[0]}&lot=BAD"
    assert call("GET", path)[0] == 403
    act(clerk(stock.RECALL))
    status, first = call("GET", f"{path}&limit=1")
    (one,) = first["items"]
    assert (status, one["order"], one["number"]) == (200, str(got[0]), orders.order_number(got[0]))
    assert (one["place"], one["customer"], one["quantity"], one["back"]) == (str(here.place), None, "2", "1")
    status, rest = call("GET", f"{path}&cursor={first['next']}")
    assert ([(item["order"], item["quantity"], item["back"]) for item in rest["items"]], rest["next"]) == (
        [(str(got[1]), "1", "0")],
        None,
    )
