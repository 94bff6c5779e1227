"""Orders that several places give to: which gives what, what is held where, and the last unit elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from storeline.capacity import api as capacity
from storeline.kernel.api import CHECKS, GUEST, SYSTEM, new_id, now, run, waits
from storeline.kernel.tests.factories import race
from storeline.orders import api as orders
from storeline.orders.domain.sources import lacking, served
from storeline.orders.tests.factories import Shop, everything, make, shop
from storeline.places.api import Position
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

HERE, NEAR, FAR = (UUID(int=number) for number in (1, 2, 3))
ONE, TWO = UUID(int=11), UUID(int=12)


def draft(*quantities: tuple[UUID, int], **changes: Any) -> orders.Draft:
    lines = tuple(orders.DraftLine(product, quantity) for product, quantity in quantities)
    wanted: dict[str, Any] = {"id": UUID(int=9), "place_id": HERE, "channel": "web", "lines": lines, "currency": "USD"}
    return orders.Draft(**(wanted | {"method": "collect"} | changes))


def test_what_the_serving_place_lacks_is_whole_units_or_all_of_what_is_weighed() -> None:
    asked = draft((ONE, 3000), (TWO, 1500), (ONE, 1000))
    assert lacking(asked, {ONE: 2500, TWO: 1499}) == {ONE: 2000, TWO: 1500}
    assert lacking(asked, {ONE: 4000, TWO: 1500}) == {}
    assert lacking(asked, {ONE: -1000}) == {ONE: 4000, TWO: 1500}


def test_a_line_from_several_places_is_divided_and_loses_nothing() -> None:
    asked = draft((ONE, 3000), (TWO, 1000), (ONE, 1000))
    split = served(asked, HERE, {ONE: [(NEAR, 1000), (FAR, 2000)]})
    assert [tuple(line)[:2] for line in split.lines] == [(ONE, 1000), (TWO, 1000), (ONE, 1000), (ONE, 2000)]
    assert split.from_places == {0: NEAR, 3: FAR}
    assert served(asked, NEAR, {ONE: [(NEAR, 4000)], TWO: [(NEAR, 1000)]}).from_places is None


def place(here: Shop, ref: str, units: int, longitude: float, *can: str) -> UUID:
    """A place of the same retailer, with so many units of the first product."""
    made = make(
        "places.Place",
        ref=ref,
        entity_id=here.entity,
        name=ref,
        format="supermarket",
        zone="America/New_York",
        country="US",
        capabilities=["sell", "collect", *can],
        latitude=40.0,
        longitude=longitude,
    )
    if units:
        stock.adjust([stock.Goods(new_id(), 1, made, here.products[0], units * 1000, "found")], actor=SYSTEM)
    return made


@pytest.fixture
def here() -> Shop:
    made = shop(units=2)
    run("UPDATE places_place SET latitude = 40, longitude = -83 WHERE id = %s", [made.place])
    return made


def held(order_id: UUID) -> list[tuple[Any, ...]]:
    return run(
        "SELECT line_no, place_id, quantity FROM stock_reservation WHERE source_id = %s AND state = 'held' ORDER BY 1",
        [order_id],
    ).fetchall()


def wrong() -> list[str]:
    return [
        f"{name}: {one}"
        for name in CHECKS
        if name.startswith(("orders.", "stock.", "sourcing."))
        for one in CHECKS[name].run().differences
    ]


@pytest.mark.django_db(transaction=True)
def test_a_line_may_name_the_place_that_gives_it(here: Shop) -> None:
    other = place(here, "other", 5, -83.1)
    asked = here.draft([3, 1], from_places={0: other})
    (verdict,) = orders.checkout([asked], actor=SYSTEM)
    assert verdict.state == "confirmed"
    assert held(asked.id) == [(1, other, 3000), (2, here.place, 1000)]
    assert [line.from_place for line in orders.get(asked.id).lines] == [other, None]
    assert wrong() == []
    orders.cancel([asked.id], reason="test")
    assert held(asked.id) == []
    before = everything()
    for changes, code, field in (
        (
            {"from_places": {0: other}, "lines": (orders.DraftLine(here.products[1], 1000),)},
            "out_of_stock",
            "lines[0].quantity",
        ),
        ({"from_places": {0: new_id()}}, "place_cannot", "lines[0].from_place"),
        ({"from_places": {0: other}, "method": "carry_out"}, "invalid", "lines[0].from_place"),
    ):
        (refused,) = orders.checkout([here.draft([1], **changes)], actor=SYSTEM)
        assert refused.error is not None
        assert (refused.error.code, refused.error.field) == (code, field)
    assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_a_place_that_is_closed_to_online_orders_takes_none(here: Shop) -> None:
    """Not from its own checkout either, of that channel; who stands in the shop buys, and what was sold elsewhere is kept."""
    near = place(here, "near", 5, -83.1, "sell", "ship")
    web = sourcing.Closure(new_id(), near, now() - timedelta(hours=1), None, "flood", "web")
    other = sourcing.Closure(new_id(), here.place, now() - timedelta(hours=1), None, "flood", "app")
    for closure in (web, other):
        sourcing.close_place(closure, actor=SYSTEM)
    (open_,) = orders.checkout([here.draft([1])], actor=GUEST)
    assert open_.state == "confirmed"
    orders.cancel([open_.order_id], reason="test")
    every = sourcing.Closure(new_id(), here.place, now() - timedelta(hours=1), None, "flood")
    before = everything()
    refused = {
        "lines[0].from_place": here.draft([1], from_places={0: near}),
        "served_by": here.draft([1]),
    }
    for field, asked in refused.items():
        if field == "served_by":
            sourcing.close_place(every, actor=SYSTEM)
            before = everything()
        (verdict,) = orders.checkout([asked], actor=GUEST)
        assert verdict.error is not None
        assert (verdict.error.code, verdict.error.field) == ("place_cannot", field)
        assert everything() == before
    sourcing.open_place(every.id, actor=SYSTEM)
    assert orders.checkout([refused["served_by"]], actor=GUEST)[0].state == "confirmed"
    sourcing.close_place(replace(every, id=new_id(), starts_at=now()), actor=SYSTEM)
    (carried,) = orders.checkout([here.draft([1], method="carry_out")], actor=SYSTEM)
    assert carried.state == "completed"


@pytest.mark.django_db(transaction=True)
def test_who_names_no_places_waits_no_longer(here: Shop) -> None:
    other = place(here, "other", 5, -83.1)
    with waits() as plain:
        orders.place([here.draft([1])], actor=SYSTEM)
    with waits() as spread:
        orders.place([here.draft([1], from_places={0: other})], actor=SYSTEM)
    assert (plain.waits, spread.waits) == (4, 4)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/api/v1/orders", "/api/v1/orders/batch"])
@pytest.mark.usefixtures("door")
def test_sourcing_finds_what_the_shop_lacks_and_keeps_why(here: Shop, path: str) -> None:
    other = place(here, "other", 5, -83.1)
    body = {
        "id": str(new_id()),
        "place": str(here.place),
        "currency": "USD",
        "lines": [{"product": str(here.products[0]), "quantity": "3"}, {"product": str(here.products[1])}],
        "payments": [{"tender": "sandbox_card", "token": "tok_approve"}],
        "expected_total": "5.40",
        "source": True,
    }
    sent = orjson.dumps({"orders": [body]} if path.endswith("batch") else body)
    for status in (201, 200):
        answer = Client().post(path, data=sent, content_type="application/json")
        found = orjson.loads(answer.content)
        told = found["verdicts"][0]["status"] if path.endswith("batch") else answer.status_code
        assert told == status, found
    order_id = UUID(str(body["id"]))
    assert held(order_id) == [(1, here.place, 2000), (2, here.place, 1000), (3, other, 1000)]
    assert sourcing.kept_plan(order_id).plan.places == (other,)
    assert wrong() == []


@pytest.mark.django_db(transaction=True)
def test_a_parcel_is_put_together_where_most_of_it_is(here: Shop) -> None:
    near, far = place(here, "near", 1, -83.01, "ship"), place(here, "far", 6, -83.3, "ship")
    for each in (near, far):
        service = make("catalog.Product", ref=f"fee-{each}", name="Parcel", service=True)
        area = capacity.Area(new_id(), each, "ship", "country", "US", (), None, 0, None, 0, service)
        capacity.set_areas(each, [area], actor=SYSTEM)
    address = orders.Address("US", "43215", "A. Reader", ("1 High Street",), "Columbus", position=Position(40.0, -83.0))
    stock.adjust([stock.Goods(new_id(), 1, near, here.products[1], 2000, "found")], actor=SYSTEM)
    asked = here.draft([6, 1], method="ship", address=address)
    verdict = orders.checkout_sourced(asked, actor=GUEST)
    assert verdict.error is None, verdict.error
    assert orders.get(asked.id).head.served_by == far
    assert held(asked.id) == [(1, far, 6000), (2, near, 1000)]
    assert orders.checkout_sourced(asked, actor=GUEST).again
    nobody = orders.checkout_sourced(here.draft([9], method="ship", address=address), actor=GUEST)
    assert nobody.error is not None
    assert run("SELECT count(*) FROM sourcing_plan").fetchall() == [(1,)]
    assert wrong() == []


@pytest.mark.django_db(transaction=True)
def test_of_two_sourced_to_the_last_unit_one_gets_it(here: Shop) -> None:
    other = place(here, "other", 1, -83.1)
    stock.adjust([stock.Goods(new_id(), 1, here.place, here.products[0], 3000, "found")], actor=SYSTEM)
    wishes = [here.draft([3]) for _ in range(3)]
    outcomes = race(*[partial(orders.checkout_sourced, one, actor=GUEST) for one in wishes])
    codes = sorted(one.error.code if one.error else "" for one in outcomes)
    assert codes == ["", "", "out_of_stock"]
    assert run("SELECT on_hand, reserved FROM stock_balance WHERE place_id = %s", [other]).fetchall() in (
        [(1000, 0)],
        [(1000, 1000)],
    )
    assert run("SELECT count(*) FROM sourcing_plan").fetchall()[0][0] <= 1
    assert wrong() == []
