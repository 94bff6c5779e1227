"""A shopper's and a guest's own orders over HTTP, and what everybody else sees of them: nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from storeline.customers.api import NewCustomer, merge, register
from storeline.identity.api import create_user, grant_role
from storeline.identity.tests.factories import bearer, browser_of, make_token
from storeline.kernel.api import SYSTEM, new_id, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import LONG_AGO, Shop, everything, make, shop

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(slots=True)
class Caller:
    """Somebody at a browser; `token` is the order's that they have."""

    browser: Client = field(default_factory=Client)
    token: str = ""

    def call(self, method: str, path: str, sent: Any = None, **headers: str) -> tuple[int, Any]:
        answer = self.browser.generic(
            method,
            f"/api/v1{path}",
            b"" if sent is None else orjson.dumps(sent),
            content_type="application/json",
            headers=({"Order-Token": self.token} if self.token else {}) | headers,
        )
        return answer.status_code, orjson.loads(answer.content) if answer.content else None


@pytest.fixture
def here() -> Shop:
    made = shop()
    for product in made.products:
        make("pricing.Price", product_id=product, amount=100, currency="USD", valid_from=LONG_AGO, member=True)
    return made


def user(name: str, role: str = "shopper", place: UUID | None = None) -> Caller:
    key = create_user(username=name, actor=SYSTEM)
    grant_role(key, role, place_id=place, actor=SYSTEM)
    return Caller(browser_of(key))


def basket(here: Shop, units: int = 2, **changes: Any) -> dict[str, Any]:
    return {
        "place": str(here.place),
        "currency": "USD",
        "lines": [{"product": str(here.products[0]), "quantity": str(units)}],
    } | changes


def order(here: Shop, total: str, **changes: Any) -> dict[str, Any]:
    paid = {"payments": [{"tender": "sandbox_card", "token": "tok_approve"}], "expected_total": total}
    return basket(here) | {"id": str(new_id())} | paid | changes


def place(caller: Caller, here: Shop, total: str, **changes: Any) -> dict[str, Any]:
    """An order of this caller; its answer."""
    status, placed = caller.call("POST", "/orders", order(here, total, **changes))
    assert status == 201, placed
    answer: dict[str, Any] = placed
    return answer


def customer_of(order_id: str) -> UUID | None:
    return orders.get(UUID(order_id)).head.customer_id


def test_a_shopper_orders_as_the_member_that_they_are_at_members_prices(here: Shop) -> None:
    kim = user("kim")
    assert kim.call("POST", "/quotes", basket(here))[1]["total"] == "2.16"
    placed = place(kim, here, "2.16")
    (mine,) = run("SELECT id FROM customers_customer").fetchall()[0]
    assert customer_of(placed["id"]) == mine
    assert customer_of(place(kim, here, "2.16")["id"]) == mine


def test_a_guest_pays_the_shelf_price_and_stays_a_guest(here: Shop) -> None:
    assert Caller().call("POST", "/quotes", basket(here))[1]["total"] == "2.70"
    assert customer_of(place(Caller(), here, "2.70")["id"]) is None
    assert run("SELECT count(*) FROM customers_customer").fetchall() == [(0,)]


def test_a_members_coupon_counts_for_the_one_who_signed_in(here: Shop) -> None:
    make(
        "loyalty.Coupon",
        ref="ONCE",
        name="Half off, once",
        kind="percentage",
        rate_ppm=500_000,
        per_member_limit=1,
        valid_from=LONG_AGO,
    )
    coupons = ["ONCE"]
    assert Caller().call("POST", "/orders", order(here, "1.35", coupons=coupons))[1]["code"] == "coupon_needs_member"
    kim = user("kim")
    place(kim, here, "1.08", coupons=coupons)
    status, problem = kim.call("POST", "/orders", order(here, "1.08", coupons=coupons))
    assert (status, problem["code"], problem["field"]) == (409, "coupon_member_limit", "coupons[0]")
    place(user("jo"), here, "1.08", coupons=coupons)


def test_nobody_but_a_seller_names_a_customer(here: Shop) -> None:
    other = register(NewCustomer(new_id()), actor=SYSTEM)
    elsewhere = make_place(here)
    callers = [Caller(), user("kim"), user("jo", "associate", elsewhere), user("desk", "service_desk")]
    before = everything()
    for caller in callers:
        for path in ("/orders", "/quotes"):
            sent = order(here, "2.16", customer=str(other)) if path == "/orders" else basket(here, customer=str(other))
            status, problem = caller.call("POST", path, sent)
            assert (status, problem["field"]) == (422, "customer")
        status, answer = caller.call("POST", "/orders/batch", {"orders": [order(here, "2.16", customer=str(other))]})
        assert (status, answer["verdicts"][0]["status"]) == (200, 422)
    assert everything() == before


def test_an_associate_sells_to_a_member_whom_they_name(here: Shop) -> None:
    kim, seller = user("kim"), user("jo", "associate", here.place)
    mine = kim.call("PUT", "/customers/me")[1]["id"]
    sold = place(seller, here, "2.16", customer=mine)
    assert customer_of(sold["id"]) == UUID(mine)
    assert customer_of(place(seller, here, "2.70")["id"]) is None
    assert [item["id"] for item in kim.call("GET", "/orders/mine")[1]["items"]] == [sold["id"]]
    before = everything()
    status, problem = seller.call("POST", "/orders", order(here, "2.16", customer=str(new_id())))
    assert (status, problem["code"], problem["field"]) == (422, "invalid", "customer")
    assert everything() == before


def make_place(here: Shop, **changes: Any) -> UUID:
    wanted = {"ref": "q", "name": "Other shop", "format": "supermarket", "zone": "UTC", "country": "US"}
    return make("places.Place", entity_id=here.entity, **(wanted | {"capabilities": ["sell", "collect"]} | changes))


@dataclass(slots=True)
class Cast:
    """Everybody who might want to see one shopper's and one guest's order."""

    kims: dict[str, Any]
    guests: dict[str, Any]
    kim: Caller
    jo: Caller
    guest: Caller
    token_of_kims: Caller
    stranger: Caller
    wrong_token: Caller
    associate: Caller
    elsewhere: Caller
    partner: Caller


@pytest.fixture
def cast(here: Shop) -> Cast:
    kim, guest = user("kim"), Caller()
    kims, guests = place(kim, here, "2.16"), place(guest, here, "2.70")
    return Cast(
        kims,
        guests,
        kim,
        user("jo"),
        Caller(token=guests["token"]),
        Caller(token=kims["token"]),
        Caller(),
        Caller(token=orders.token_of(new_id())),
        user("amy", "associate", here.place),
        user("ben", "associate", make_place(here)),
        Caller(Client(headers=bearer(make_token("partner")))),
    )


ORDER_OF: list[tuple[str, int, int]] = [
    ("kim", 200, 404),
    ("jo", 404, 404),
    ("guest", 404, 200),
    ("token_of_kims", 200, 404),
    ("stranger", 401, 401),
    ("wrong_token", 404, 404),
    ("associate", 200, 200),
    ("elsewhere", 404, 404),
    ("partner", 404, 404),
]
"""Who; what they are told when they ask for the shopper's order; and for the guest's."""


def told(cast: Cast, method: str, path: str) -> list[tuple[str, int, int]]:
    """Everybody's answers to the same call on the shopper's order, and on the guest's."""
    return [
        (
            who,
            getattr(cast, who).call(method, path.format(cast.kims["id"]), {})[0],
            getattr(cast, who).call(method, path.format(cast.guests["id"]), {})[0],
        )
        for who, _, _ in ORDER_OF
    ]


def test_an_order_is_shown_to_whose_it_is_and_to_staff_there(cast: Cast) -> None:
    assert told(cast, "GET", "/orders/{}") == ORDER_OF
    for caller, placed in ((cast.kim, cast.kims), (cast.guest, cast.guests), (cast.associate, cast.kims)):
        view = caller.call("GET", f"/orders/{placed['id']}")[1]
        assert (view["id"], view["state"], view["total"]) == (placed["id"], "confirmed", placed["total"])
    for caller in (cast.jo, cast.stranger, cast.elsewhere):
        refused, none = (caller.call("GET", f"/orders/{key}") for key in (cast.kims["id"], new_id()))
        assert refused == none, "nobody learns whether an order of somebody else is there"


def test_an_order_is_called_off_by_whose_it_is_alone(here: Shop, cast: Cast) -> None:
    before = everything()
    others = ("jo", "stranger", "wrong_token", "associate", "elsewhere", "partner")
    for who in others:
        seen = next(row[1:] for row in ORDER_OF if row[0] == who)
        for placed, status in zip((cast.kims, cast.guests), seen, strict=True):
            got = getattr(cast, who).call("POST", f"/orders/{placed['id']}/cancel", {})[0]
            assert got == (403 if status == 200 else status), who
    assert cast.kim.call("POST", f"/orders/{cast.guests['id']}/cancel", {})[0] == 404
    assert cast.guest.call("POST", f"/orders/{cast.kims['id']}/cancel", {})[0] == 404
    assert everything() == before
    shared = place(cast.kim, here, "2.16")
    own = ((cast.kim, cast.kims), (cast.guest, cast.guests), (Caller(token=shared["token"]), shared))
    for caller, placed in own:
        for _ in range(2):
            cancelled = {"id": placed["id"], "state": "cancelled"}
            assert caller.call("POST", f"/orders/{placed['id']}/cancel", {}) == (200, cancelled)
        assert orders.get(UUID(placed["id"])).head.reason == "shopper"
    assert here.level() == (10_000, 0)


def test_a_shopper_gives_no_reason(cast: Cast) -> None:
    before = everything()
    status, problem = cast.kim.call("POST", f"/orders/{cast.kims['id']}/cancel", {"reason": "changed my mind"})
    assert (status, problem["field"]) == (422, "reason")
    assert everything() == before


def test_what_was_carried_out_is_not_called_off(here: Shop) -> None:
    kim = user("kim")
    sold = place(kim, here, "2.16", method="carry_out")
    assert sold["state"] == "completed"
    before = everything()
    status, problem = kim.call("POST", f"/orders/{sold['id']}/cancel", {})
    assert (status, problem["code"], problem["field"]) == (409, "wrong_state", "id")
    assert everything() == before


def test_who_may_list_whose_orders(here: Shop, cast: Cast) -> None:
    def mine(caller: Caller, query: str = "") -> Any:
        status, page = caller.call("GET", f"/orders/mine{query}")
        return [item["id"] for item in page["items"]] if status == 200 else status

    second = place(cast.kim, here, "2.16")["id"]
    assert mine(cast.kim) == [second, cast.kims["id"]]
    assert mine(cast.kim, "?limit=1") == [second]
    assert mine(cast.kim, f"?cursor={second}") == [cast.kims["id"]]
    assert mine(cast.kim, "?state=cancelled") == []
    assert [mine(one) for one in (cast.jo, cast.associate, cast.partner)] == [[], [], []]
    assert [mine(one) for one in (cast.stranger, cast.guest)] == [401, 401]
    of_place = f"/orders?place={here.place}"
    callers = (cast.kim, cast.guest, cast.elsewhere, cast.partner, cast.associate)
    assert [one.call("GET", of_place)[0] for one in callers] == [403, 401, 403, 403, 200]


def test_orders_of_a_linked_record_are_ones_own_while_it_is_linked(here: Shop) -> None:
    kim, known = user("kim"), register(NewCustomer(new_id(), ref="card"), actor=SYSTEM)
    sold = place(user("amy", "associate", here.place), here, "2.16", customer=str(known))["id"]
    mine = UUID(kim.call("PUT", "/customers/me")[1]["id"])
    assert kim.call("GET", f"/orders/{sold}")[0] == 404
    merge(mine, known, actor=SYSTEM)
    assert kim.call("GET", f"/orders/{sold}")[0] == 200
    assert [item["id"] for item in kim.call("GET", "/orders/mine")[1]["items"]] == [sold]


def test_the_token_is_the_same_each_time_and_another_for_each_order(here: Shop) -> None:
    sent = order(here, "2.70")
    first, again = Caller().call("POST", "/orders", sent)[1], Caller().call("POST", "/orders", sent)[1]
    assert first["token"] == again["token"] == orders.token_of(UUID(sent["id"]))
    assert len(first["token"]) == 32
    assert first["token"] != place(Caller(), here, "2.70")["token"]
    _, batch = Caller().call("POST", "/orders/batch", {"orders": [sent]})
    assert batch["verdicts"][0]["order"]["token"] == first["token"]


def test_the_token_is_kept_nowhere(cast: Cast) -> None:
    token = cast.guests["token"]
    assert not [rows for rows in everything().values() if any(token in str(row) for row in rows)]
    for wrong in (token[:-1], token + "A", token.swapcase(), "é", "x" * 64):
        assert Caller(token=wrong).call("GET", f"/orders/{cast.guests['id']}")[0] == 404


def test_an_order_that_has_not_changed_is_not_sent_again(cast: Cast) -> None:
    path = f"/orders/{cast.kims['id']}"
    tag = cast.kim.browser.get(f"/api/v1{path}").headers["ETag"]
    assert cast.kim.call("GET", path, **{"If-None-Match": tag}) == (304, None)
    assert cast.jo.call("GET", path, **{"If-None-Match": tag})[0] == 404
    cast.kim.call("POST", f"{path}/cancel", {})
    assert cast.kim.call("GET", path, **{"If-None-Match": tag})[0] == 200


def test_a_shopper_takes_their_orders_with_them(cast: Cast) -> None:
    _, export = cast.kim.call("GET", "/customers/me/export")
    (told,) = export["orders"]
    assert (told["id"], told["total"], told["lines"][0]["quantity"]) == (cast.kims["id"], "2.16", "2")


def test_whose_data_was_erased_is_nobody_and_their_order_keeps_its_token(cast: Cast) -> None:
    assert cast.kim.call("POST", "/customers/me/erase", {})[0] == 200
    assert cast.kim.call("GET", "/orders/mine")[0] == 401
    assert cast.kim.call("GET", f"/orders/{cast.kims['id']}")[0] == 401
    assert cast.token_of_kims.call("GET", f"/orders/{cast.kims['id']}")[0] == 200
