"""Another time for one's own order, on its page."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import read_events
from storeline.kernel.api import SYSTEM, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make
from storeline.shop.tests.buying import bought, text

pytestmark = pytest.mark.django_db(transaction=True)


def later(made: Shop, room: int = 1) -> UUID:
    starts, ends, cutoff = run("SELECT starts_at, ends_at, cutoff_at FROM capacity_slot").fetchall()[0]
    times = {"starts_at": starts, "ends_at": ends, "cutoff_at": cutoff}
    moved = {name: moment + timedelta(hours=3) for name, moment in times.items()}
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


def test_what_is_being_picked_keeps_its_time_and_says_so(client: Client, made: Shop) -> None:
    order_id, address = bought(client, made)
    read_events("fulfilment.tasks")
    other, key, before = later(made), orders.token_of(order_id), orders.get(order_id).head.slot_id
    fulfilment.pick_all([order_id], actor=SYSTEM)
    assert f"/order/{order_id}/time" not in text(client, address)
    page = client.post(f"/order/{order_id}/time", {"key": key, "slot": str(other)}).content.decode()
    assert "Somebody has begun to pick your order" in page
    assert orders.get(order_id).head.slot_id == before
