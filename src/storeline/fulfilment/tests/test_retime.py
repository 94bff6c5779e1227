"""A shopper gives their own order another time, while nobody has begun to pick it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import all_rows, differences, supplying, to_pick
from storeline.kernel.api import GUEST, SYSTEM, Error, new_id, now, run
from storeline.kernel.tests.factories import race
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make, shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    return shop()


def slot(place: UUID, hours: int, room: int = 1, **changes: Any) -> UUID:
    starts = now() + timedelta(hours=hours)
    facts = {"starts_at": starts, "ends_at": starts + timedelta(hours=1), "cutoff_at": starts - timedelta(hours=1)}
    return make("capacity.Slot", place_id=place, method="collect", capacity=room, **(facts | changes))


def choose(order_id: UUID, slot_id: UUID) -> fulfilment.TaskView | str:
    """The task after it, or the refusal's code."""
    try:
        fulfilment.choose_time(order_id, slot_id, actor=GUEST, token=orders.token_of(order_id))
    except Error as error:
        return error.code
    return fulfilment.get_task(order_id)


def held(*slots: UUID) -> list[int]:
    return [int(run("SELECT held FROM capacity_slot WHERE id = %s", [one]).fetchall()[0][0]) for one in slots]


def starts(slot_id: UUID) -> datetime:
    moment: datetime = run("SELECT starts_at FROM capacity_slot WHERE id = %s", [slot_id]).fetchall()[0][0]
    return moment


def test_another_time_is_taken_once_and_the_first_is_free_again(here: Shop) -> None:
    first, other = slot(here.place, 30), slot(here.place, 40)
    order_id = to_pick(here, [1], slot_id=first)
    shown = fulfilment.times(order_id, actor=GUEST, token=orders.token_of(order_id))
    assert [one.id for _, slots in shown for one in slots] == [other]
    task = choose(order_id, other)
    assert isinstance(task, fulfilment.TaskView)
    assert task.due_at == starts(other)
    assert (orders.get(order_id).head.slot_id, held(first, other)) == (other, [0, 1])
    done = all_rows()
    assert isinstance(choose(order_id, other), fulfilment.TaskView)
    assert all_rows() == done
    assert differences() == []


def test_a_refusal_says_why_and_changes_nothing(here: Shop) -> None:
    first, full = slot(here.place, 30), slot(here.place, 40)
    to_pick(here, [1], slot_id=full)
    elsewhere, dearer = slot(supplying(here, 9), 40), slot(here.place, 44, fee=100)
    order_id = to_pick(here, [1], slot_id=first)
    before = all_rows()
    assert [choose(order_id, one) for one in (full, elsewhere, dearer, new_id())] == [
        "slot_full",
        "slot_full",
        "slot_full",
        "slot_not_found",
    ]
    with pytest.raises(Error) as refused:
        fulfilment.choose_time(order_id, dearer, actor=GUEST, token="somebody else's")
    assert refused.value.code == "not_found"
    assert all_rows() == before


def test_not_before_what_others_send_is_there_and_not_once_it_is_picked(here: Shop) -> None:
    early, first, later = slot(here.place, 3), slot(here.place, 30), slot(here.place, 40)
    order_id = to_pick(here, [2], slot_id=first, from_places={0: supplying(here, 9)})
    shown = fulfilment.times(order_id, actor=GUEST, token=orders.token_of(order_id))
    assert [one.id for _, slots in shown for one in slots] == [later]
    assert choose(order_id, early) == "slot_too_early"
    picked = to_pick(here, [1], slot_id=early)
    fulfilment.pick_all([picked], actor=SYSTEM)
    before = all_rows()
    assert choose(picked, later) == "picking_begun"
    assert all_rows() == before


def test_of_two_who_want_the_last_room_one_gets_it(here: Shop) -> None:
    last = slot(here.place, 40)
    orders_of = [to_pick(here, [1], slot_id=slot(here.place, 30 + number)) for number in range(4)]
    answers = race(*[partial(choose, one, last) for one in orders_of])
    assert sorted(answer if isinstance(answer, str) else "taken" for answer in answers) == ["slot_full"] * 3 + ["taken"]
    assert (held(last), differences()) == ([1], [])


def test_over_http_by_whose_it_is(here: Shop) -> None:
    first, other = slot(here.place, 30), slot(here.place, 40)
    order_id = to_pick(here, [1], slot_id=first)
    address, client = f"/api/v1/orders/{order_id}/fulfilment", Client()
    key = {"Order-Token": orders.token_of(order_id)}
    items = client.get(f"{address}/slots", headers=key).json()["slots"]
    assert [one["slot"] for one in items] == [str(other)]
    body = {"slot": str(other)}
    answers = [
        client.put(f"{address}/slot", body, content_type="application/json", headers=headers)
        for headers in ({}, key, key)
    ]
    assert [answer.status_code for answer in answers] == [401, 200, 200]
    assert answers[-1].json() == items[0]
