"""A shop that takes no more online orders in this hour says so at its checkout, with when it does and who near does now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client

from storeline.capacity import api as capacity
from storeline.fulfilment.tests.factories import supplying
from storeline.kernel.api import GUEST, SYSTEM, clock_at, new_id, now, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make
from storeline.shop.tests.buying import MOST_QUERIES, counted, form, put, text
from storeline.sourcing import api as sourcing

pytestmark = pytest.mark.django_db(transaction=True)
FULL = "This shop has as many online orders as it can pick in this hour."


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with clock_at(datetime.now(UTC).replace(minute=20)):
        yield


@pytest.fixture
def other(made: Shop) -> UUID:
    """Another shop not far away with nine of the product; both are open and have times."""
    place = supplying(made, 9, "second")
    for one in (made.place, place):
        for day in range(1, 8):
            make("places.Hours", place_id=one, weekday=day, opens=0, closes=1440)
    capacity.generate([made.place, place], actor=SYSTEM, days=3)
    return place


def cap(place_id: UUID, most: int | None) -> None:
    sourcing.set_limits(sourcing.Limits(place_id, per_hour=most), actor=SYSTEM)


def fill(made: Shop) -> None:
    """The only room of this hour goes to somebody else."""
    cap(made.place, 1)
    (verdict,) = orders.checkout([made.draft([1])], actor=GUEST)
    assert verdict.error is None


def test_before_anything_is_ordered_the_page_says_until_when_and_who_has_room(
    client: Client, made: Shop, other: UUID
) -> None:
    put(client, made)
    assert FULL not in text(client, "/checkout")
    fill(made)
    with counted() as asked:
        page = text(client, "/checkout")
    assert asked.times <= MOST_QUERIES
    again = (now() + timedelta(hours=1)).replace(minute=0)
    for words in ("Your shop takes no online orders just now", FULL, 'name="ref" value="second"'):
        assert words in page, words
    assert "Your order was not placed" not in page
    assert "Order and pay" not in page
    client.post("/shops", {"ref": "second", "next": "/checkout"})
    page = text(client, "/checkout")
    assert FULL not in page
    assert client.post("/checkout", form(client))["Location"].startswith("/order/")
    client.post("/shops", {"ref": "p", "next": "/checkout"})
    put(client, made)
    with clock_at(again):
        assert FULL not in text(client, "/checkout")
    orders.cancel(
        [UUID(str(run("SELECT id FROM orders_order WHERE served_by_id = %s", [made.place]).fetchall()[0][0]))],
        reason="test",
    )
    assert FULL not in text(client, "/checkout")


def test_whoever_comes_too_late_is_told_and_keeps_the_basket(client: Client, made: Shop, other: UUID) -> None:
    put(client, made)
    data = form(client)
    fill(made)
    assert client.post("/checkout", data)["Location"] == "/checkout"
    page = text(client, "/checkout")
    for words in ("Your order was not placed", FULL, 'name="ref" value="second"'):
        assert words in page, words
    assert run("SELECT count(*) FROM orders_order").fetchall() == [(1,)]
    assert 'value="2" min="0"' in text(client, "/basket")
    cap(made.place, 2)
    assert client.post("/checkout", form(client))["Location"].startswith("/order/")


def test_room_that_was_there_again_at_once_is_no_riddle(client: Client, made: Shop) -> None:
    put(client, made)
    data = form(client)
    fill(made)
    client.post("/checkout", data)
    cap(made.place, 5)
    assert "At that moment no shop had room for one more online order." in text(client, "/checkout")


def test_a_shop_that_is_closed_to_online_orders_says_so(client: Client, made: Shop, other: UUID) -> None:
    put(client, made)
    closure = sourcing.Closure(new_id(), made.place, now() - timedelta(hours=1), None, "flood")
    sourcing.close_place(closure, actor=SYSTEM)
    page = text(client, "/checkout")
    assert "This shop cannot hand over orders now." in page
    assert 'name="ref" value="second"' in page
    cap(other, 0)
    assert 'name="ref" value="second"' not in text(client, "/checkout")
    sourcing.open_place(closure.id, actor=SYSTEM)
    assert "This shop cannot hand over orders now." not in text(client, "/checkout")
