"""Another time for one's own order, on its page."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import all_rows, loading, read_events, ready_to_bring, supplying
from storeline.kernel.api import SYSTEM, new_id, now, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, delivers, make
from storeline.shop.tests.buying import bought, text

pytestmark = pytest.mark.django_db(transaction=True)


def later(made: Shop, room: int = 1, hours: int = 3) -> UUID:
    starts, ends, cutoff = run("SELECT starts_at, ends_at, cutoff_at FROM capacity_slot ORDER BY starts_at").fetchall()[
        0
    ]
    times = {"starts_at": starts, "ends_at": ends, "cutoff_at": cutoff}
    moved = {name: moment + timedelta(hours=hours) for name, moment in times.items()}
    return make("capacity.Slot", place_id=made.place, method="collect", capacity=room, **moved)


def test_the_page_offers_other_times_and_takes_one(client: Client, made: Shop) -> None:
    order_id, address = bought(client, made)
    read_events("fulfilment.tasks")
    other, key = later(made), orders.token_of(order_id)
    assert f'href="/order/{order_id}/time?key={key}"' in text(client, address)
    page = text(client, f"/order/{order_id}/time?key={key}")
    assert page.count('name="slot"') == 1
    assert f'value="{other}"' in page
    data = {"key": key, "slot": str(other)}
    for _ in range(2):
        answer = client.post(f"/order/{order_id}/time", data)
        assert (answer.status_code, answer["Location"]) == (303, f"/order/{order_id}?key={key}")
    assert orders.get(order_id).head.slot_id == other
    assert "/accounts/login/" in Client().get(f"/order/{order_id}/time")["Location"]


def test_another_time_also_once_it_is_packed_and_for_what_must_stay_cold_no_later_than_it_keeps(
    client: Client, made: Shop
) -> None:
    order_id, address = bought(client, made)
    read_events("fulfilment.tasks")
    far, key, before = later(made, hours=80), orders.token_of(order_id), orders.get(order_id).head.slot_id
    run("UPDATE catalog_product SET temperature = 'chilled'")
    times = f"/order/{order_id}/time"
    assert "at the latest" not in text(client, f"{times}?key={key}")
    fulfilment.pick_all([order_id], actor=SYSTEM)
    page = client.post(times, {"key": key, "slot": str(far)}).content.decode()
    assert "Some of it is packed already and does not keep that long." in page
    assert "at the latest" in page
    assert orders.get(order_id).head.slot_id == before
    fulfilment.ready([order_id], actor=SYSTEM)
    assert f"{times}?key={key}" in text(client, address)
    near = later(made, hours=-1)
    assert client.post(times, {"key": key, "slot": str(near)}).status_code == 303
    assert orders.get(order_id).head.slot_id == near
    fulfilment.hand_over([(order_id, fulfilment.codes([order_id])[order_id])], actor=SYSTEM)
    assert times not in text(client, address)
    assert "This order cannot have another time any more." in text(client, f"{times}?key={key}")


def test_where_another_shop_sends_some_of_it_the_new_time_is_said_and_can_be_changed(
    client: Client, made: Shop
) -> None:
    order_id, address = bought(client, made)
    read_events("fulfilment.tasks")
    supplying(made, 9)
    later(made, hours=26)
    fulfilment.pick([fulfilment.Picked(order_id, 1, 1000)], actor=SYSTEM)
    missing = fulfilment.Rejected(new_id(), order_id, 1, 1000, fulfilment.Why.NOT_FOUND)
    fulfilment.reject(missing, actor=SYSTEM)
    page = text(client, address)
    assert "You collect all of it at once:" in page
    assert "If that time does not suit you, choose another one below." in page
    assert "Choose another time" in page


def test_who_cancels_too_late_is_told_on_the_orders_page(client: Client, made: Shop) -> None:
    order_id, address = bought(client, made)
    read_events("fulfilment.tasks")
    fulfilment.pick_all([order_id], actor=SYSTEM)
    before = all_rows()
    where = client.post(f"/order/{order_id}/cancel", {"key": orders.token_of(order_id)})["Location"]
    assert where == f"{address}&said=too_late"
    assert "The order was not cancelled" in text(client, where)
    assert all_rows() == before
    assert "The order was not cancelled" not in text(client, address)


def test_what_is_in_a_van_keeps_its_time_and_says_so(client: Client, made: Shop) -> None:
    order_id = ready_to_bring(made, delivers(made))
    key, other = orders.token_of(order_id), make_slot(made)
    address, times = f"/order/{order_id}?key={key}", f"/order/{order_id}/time?key={key}"
    assert "Choose another time" in text(client, address)
    assert str(other) in text(client, times)
    loading(made, order_id)
    assert "Choose another time" not in text(client, address)
    page = text(client, times)
    assert "Your order is in a van already" in page
    assert str(other) not in page


def make_slot(made: Shop) -> UUID:
    """Another time to be brought at."""
    starts = now() + timedelta(hours=30)
    times = {"starts_at": starts, "ends_at": starts + timedelta(hours=1), "cutoff_at": starts - timedelta(hours=2)}
    return make("capacity.Slot", place_id=made.place, method="deliver", capacity=1, **times)
