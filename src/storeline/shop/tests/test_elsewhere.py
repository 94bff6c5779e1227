"""What the chosen shop lacks comes from another: the checkout promises it at a later time, and that is what is placed."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import differences, read_events, supplying
from storeline.kernel.api import SYSTEM, new_id, now, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, delivers, make
from storeline.shop.tests.buying import MOST_QUERIES, counted, hidden, put, text
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db(transaction=True)
TAKES = timedelta(hours=sourcing.Terms().point_hours)
FIELDS = {"name": "A. Reader", "street": "1 High Street", "postal_code": "43215", "city": "Columbus"}


@pytest.fixture
def other(made: Shop) -> UUID:
    """Another shop with nine of the product of which the chosen one has ten; slots there after three days."""
    for method in ("collect", "deliver"):
        starts = now().replace(minute=0, second=0, microsecond=0) + TAKES + timedelta(hours=24)
        make(
            "capacity.Slot",
            place_id=made.place,
            method=method,
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            cutoff_at=starts - timedelta(hours=2),
            capacity=5,
        )
    return supplying(made, 9, "second")


def placed(client: Client, page: str, **more: object) -> UUID:
    names = ["id", "total", "by", "coming"]
    data = {name: hidden(page, name) for name in names if f'name="{name}"' in page} | {"card": "tok_approve"} | more
    for _ in range(2):
        assert client.post("/checkout", data)["Location"].partition("?")[0] == f"/order/{data['id']}"
    read_events("fulfilment.tasks")
    return UUID(str(data["id"]))


def given(order_id: UUID) -> list[tuple[UUID | None, int]]:
    return [(line.from_place, line.quantity) for line in orders.get(order_id).lines if line.goods]


def test_what_is_sold_out_here_can_be_bought_where_another_shop_sends_it(
    client: Client, made: Shop, other: UUID
) -> None:
    run("UPDATE catalog_product SET category_id = (SELECT id FROM catalog_category LIMIT 1)")
    run("UPDATE stock_balance SET on_hand = 0 WHERE place_id = %s AND product_id = %s", [made.place, made.products[0]])
    text(client, "/p/r0/product-0")
    with counted() as asked:
        page = text(client, "/p/r0/product-0")
    assert asked.times <= MOST_QUERIES
    assert re.search(r"It is there from [^.]*:(00|15|30|45)\W", page)
    for words in ("In other shops", "Another shop sends it to", "Add to the basket", "In stock instead"):
        assert words in page
    put(client, made, 1)
    order_id = placed(client, text(client, "/checkout"), slot=hidden(text(client, "/checkout"), "slot"))
    assert given(order_id) == [(other, 1_000)]


def test_a_collection_is_promised_when_the_rest_is_there_and_is_due_then(
    client: Client, made: Shop, other: UUID
) -> None:
    put(client, made, 12)
    page = text(client, "/checkout")
    for words in ("Your shop does not have all of it", "Comes from another shop", "You collect everything at once"):
        assert words in page
    slot = UUID(hidden(page, "slot"))
    order_id = placed(client, page, slot=slot)
    view = orders.get(order_id)
    assert (view.head.slot_id, view.kept_total) == (slot, int(hidden(page, "total")))
    assert given(order_id) == [(None, 10_000), (other, 2_000)]
    assert sourcing.kept_plan(order_id).plan.places == (other,)
    task, (supply,) = fulfilment.get_task(order_id), fulfilment.supplies_of([order_id])[order_id]
    assert task.due_at >= supply.due_at == sourcing.ways_of([order_id])[order_id].arrives
    shown = run("SELECT starts_at FROM capacity_slot WHERE id = %s", [slot]).fetchone()
    assert shown == (task.due_at,)
    assert differences() == []


def test_what_was_shown_without_another_shop_is_not_placed_with_one(client: Client, made: Shop, other: UUID) -> None:
    put(client, made, 2)
    page = text(client, "/checkout")
    assert "coming" not in page
    data = {name: hidden(page, name) for name in ("id", "total", "by", "slot")} | {"card": "tok_approve"}
    run("UPDATE stock_balance SET on_hand = 1000 WHERE place_id = %s", [made.place])
    assert client.post("/checkout", data)["Location"] == "/checkout"
    page = text(client, "/checkout")
    assert "Your order was not placed" in page
    assert given(placed(client, page, slot=hidden(page, "slot"))) == [(None, 1_000), (other, 1_000)]


def test_a_time_before_the_rest_is_there_is_refused_and_nothing_is_kept(
    client: Client, made: Shop, other: UUID
) -> None:
    put(client, made, 12)
    page = text(client, "/checkout")
    [(early,)] = run("SELECT id FROM capacity_slot WHERE method = 'collect' ORDER BY starts_at LIMIT 1").fetchall()
    assert str(early) not in page
    data = {name: hidden(page, name) for name in ("id", "total", "by", "coming")}
    client.post("/checkout", data | {"card": "tok_approve", "slot": early})
    assert "Not everything can be there by that time any more." in text(client, "/checkout")
    for table in ("orders_order", "sourcing_plan"):
        assert run(f"SELECT count(*) FROM {table}").fetchall() == [(0,)]
    assert run("SELECT sum(reserved), (SELECT sum(held) FROM capacity_slot) FROM stock_balance").fetchall() == [(0, 0)]


@pytest.mark.parametrize("method", ["deliver", "ship"])
def test_what_is_brought_comes_whole_at_the_fee_that_was_shown(
    client: Client, made: Shop, other: UUID, method: str
) -> None:
    delivers(made, method=method)
    run("UPDATE places_place SET capabilities = '{sell,ship}' WHERE id = %s", [other])
    put(client, made, 12)
    page = client.post("/checkout", FIELDS | {"by": method, "step": "check"}, follow=True).content.decode()
    assert "Comes from another shop" in page
    more = FIELDS | ({"slot": hidden(page, "slot")} if method == "deliver" else {})
    order_id = placed(client, page, **more)
    said = text(client, f"/order/{order_id}?key={orders.token_of(order_id)}")
    assert ("With you about" in page, "With you about" in said) == (method == "ship", method == "ship")
    assert said.index("Delivery fee") > said.index("Product 0")
    head = orders.get(order_id).head
    assert (head.method, head.served_by, head.total) == (method, made.place, int(hidden(page, "total")))
    assert given(order_id) == [(None, 10_000), (other, 2_000)]
    assert fulfilment.get_task(order_id).due_at >= sourcing.ways_of([order_id])[order_id].arrives
    assert differences() == []


def test_a_point_gets_what_no_place_has_alone(client: Client, made: Shop, other: UUID) -> None:
    run("UPDATE places_place SET capabilities = '{sell,collect,ship}', city = 'Columbus'")
    point = make(
        "places.Place",
        ref="point-1",
        entity_id=made.entity,
        name="Station",
        format="collection_point",
        zone="America/New_York",
        country="US",
        latitude=40.0,
        longitude=-82.95,
        capabilities=["collect"],
        keeps=["ambient"],
    )
    for place in (made.place, other, point):
        for day in range(1, 8):
            make("places.Hours", place_id=place, weekday=day, opens=0, closes=1440)
    put(client, made, 12)
    page = text(client, "/checkout?by=point")
    order_id = placed(client, page, point=hidden(page, "point"))
    head, ways = orders.get(order_id).head, sourcing.ways_of([order_id])[order_id]
    assert (head.method, head.served_by in {made.place, other}) == ("collect", True)
    assert sum(quantity for _, quantity in given(order_id)) == 12_000
    assert {place for place, _ in given(order_id)} == {None, ({made.place, other} - {head.served_by}).pop()}
    assert fulfilment.get_task(order_id).due_at == ways.arrives
    assert differences() == []


def test_a_line_whose_parts_would_cost_otherwise_comes_from_one_side(made: Shop, other: UUID) -> None:
    """Three for 5.00: two and two are 6.66, four are 6.67."""
    run("UPDATE pricing_price SET amount = 500, base = 3000 WHERE product_id = %s", [made.products[0]])
    stock.adjust([stock.Goods(new_id(), 1, made.place, made.products[0], -8000, "missing")], actor=SYSTEM)
    draft = made.draft([4], expected_total=720)
    verdict = orders.checkout_sourced(draft, actor=SYSTEM)
    assert verdict.error is None, verdict.error
    assert given(draft.id) == [(other, 4_000)]


def test_a_warehouse_that_sends_may_supply_a_shop_and_a_till_only_place_may_not(made: Shop, other: UUID) -> None:
    first, second = made.draft([11]), made.draft([11])
    for draft, capabilities in ((first, "{sell}"), (second, "{ship}")):
        run("UPDATE places_place SET capabilities = %s WHERE id = %s", [capabilities, other])
        verdict = orders.checkout_sourced(draft, actor=SYSTEM)
        assert (verdict.error is None) == (draft is second)
    assert given(second.id) == [(None, 10_000), (other, 1_000)]


def test_what_is_late_is_said_on_the_orders_page_with_the_new_time(client: Client, made: Shop, other: UUID) -> None:
    put(client, made, 12)
    page = text(client, "/checkout")
    order_id = placed(client, page, slot=hidden(page, "slot"))
    address = f"/order/{order_id}?key={orders.token_of(order_id)}"
    assert "Your order takes longer" not in text(client, address)
    (supply,) = fulfilment.supplies_of([order_id])[order_id]
    late = fulfilment.get_task(order_id).due_at
    assert fulfilment.put_off_all(late) == 1
    page = text(client, address)
    for words in ("Your order takes longer", "every later time is taken at the moment", "If that is too late for you"):
        assert words in page
    starts = late + 2 * supply.way + timedelta(hours=2)
    ends, until = starts + timedelta(hours=1), starts - timedelta(hours=2)
    make(
        "capacity.Slot",
        place_id=made.place,
        method="collect",
        starts_at=starts,
        ends_at=ends,
        cutoff_at=until,
        capacity=1,
    )
    assert fulfilment.put_off_all(late) == 1
    assert "What another shop sends for it is late. Your new time:" in text(client, address)
    with counted() as asked:
        text(client, address)
    assert asked.times <= MOST_QUERIES
    client.post(f"/order/{order_id}/cancel", {"key": orders.token_of(order_id)})
    read_events("fulfilment.tasks")
    assert "Your order takes longer" not in text(client, address)
    assert differences() == []
