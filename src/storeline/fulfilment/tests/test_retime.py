"""A shopper gives their own order another time, as long as it was not handed over, sent or put into a van."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import (
    all_rows,
    differences,
    loading,
    picks,
    point,
    ready,
    ready_to_bring,
    signed,
    supplying,
    to_pick,
)
from storeline.kernel.api import GUEST, SYSTEM, Error, new_id, now, run
from storeline.kernel.tests.factories import race
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, delivers, make, shop
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    return shop()


def slot(place: UUID, hours: int, room: int = 1, **changes: Any) -> UUID:
    starts = now() + timedelta(hours=hours)
    facts = {"starts_at": starts, "ends_at": starts + timedelta(hours=1), "cutoff_at": starts - timedelta(hours=1)}
    return make("capacity.Slot", place_id=place, capacity=room, **({"method": "collect"} | facts | changes))


def choose(order_id: UUID, slot_id: UUID) -> fulfilment.TaskView | str:
    """The task after it, or the refusal's code."""
    try:
        fulfilment.choose_time(order_id, slot_id, actor=GUEST, token=orders.token_of(order_id))
    except Error as error:
        return error.code
    return fulfilment.get_task(order_id)


def shown(order_id: UUID) -> fulfilment.Times:
    return fulfilment.times(order_id, actor=GUEST, token=orders.token_of(order_id))


def offered(order_id: UUID) -> list[UUID]:
    return [one.id for _, slots in shown(order_id).days for one in slots]


def held(*slots: UUID) -> list[int]:
    return [int(run("SELECT held FROM capacity_slot WHERE id = %s", [one]).fetchall()[0][0]) for one in slots]


def starts(slot_id: UUID) -> datetime:
    moment: datetime = run("SELECT starts_at FROM capacity_slot WHERE id = %s", [slot_id]).fetchall()[0][0]
    return moment


def test_another_time_is_taken_once_and_the_first_is_free_again(here: Shop) -> None:
    first, other = slot(here.place, 30), slot(here.place, 40)
    order_id = to_pick(here, [1], slot_id=first)
    assert offered(order_id) == [other]
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


def test_not_before_what_others_send_is_there(here: Shop) -> None:
    early, first, later = slot(here.place, 3), slot(here.place, 30), slot(here.place, 40)
    order_id = to_pick(here, [2], slot_id=first, from_places={0: supplying(here, 9)})
    assert offered(order_id) == [later]
    assert choose(order_id, early) == "slot_too_early"


def test_once_another_shop_gives_some_of_it_another_time_can_be_chosen_though_it_is_being_picked(here: Shop) -> None:
    first, moved, later = slot(here.place, 30), slot(here.place, 50), slot(here.place, 60)
    order_id = to_pick(here, [2, 1], slot_id=first)
    supplying(here, 9)
    fulfilment.pick(picks(order_id, 1000, 1000), actor=SYSTEM)
    missing = fulfilment.Rejected(new_id(), order_id, 1, 1000, fulfilment.Why.NOT_FOUND)
    fulfilment.reject(missing, actor=SYSTEM)
    assert orders.get(order_id).head.slot_id == moved
    assert (offered(order_id), choose(order_id, first)) == ([later], "slot_too_early")
    task = choose(order_id, later)
    assert isinstance(task, fulfilment.TaskView)
    assert (task.state, task.due_at, held(first, moved, later)) == ("picking", starts(later), [0, 0, 1])
    assert differences() == []


def test_what_is_ready_can_be_collected_at_another_time_as_long_as_it_is_kept(here: Shop) -> None:
    first, other, far = slot(here.place, 30), slot(here.place, 40), slot(here.place, 24 * 14)
    order_id, code = ready(here, [2], slot_id=first)
    assert choose(order_id, far) == "slot_full"
    task = choose(order_id, other)
    assert isinstance(task, fulfilment.TaskView)
    assert (task.state, task.due_at, fulfilment.codes([order_id])) == ("ready", starts(other), {order_id: code})
    assert differences() == []
    fulfilment.hand_over([(order_id, code)], actor=SYSTEM)
    before = all_rows()
    assert (choose(order_id, first), offered(order_id)) == ("wrong_state", [])
    assert all_rows() == before


@pytest.mark.parametrize(
    ("kept", "until"), [("ambient", 50), ("frozen", 50), ("chilled", 22), ("fresh", 22), ("hot", 10)]
)
def test_what_is_picked_waits_as_long_as_it_keeps(here: Shop, kept: str, until: int) -> None:
    first, later = slot(here.place, 20), {away: slot(here.place, away) for away in (10, 22, 50)}
    run("UPDATE catalog_product SET temperature = %s WHERE id = %s", [kept, here.products[0]])
    order_id = to_pick(here, [2, 1], slot_id=first)
    fulfilment.pick(picks(order_id, 2000), actor=SYSTEM)
    assert offered(order_id) == [one for away, one in later.items() if away <= until]
    before = all_rows()
    refused = [choose(order_id, one) for away, one in later.items() if away > until]
    assert set(refused) <= {"cannot_wait"}
    assert all_rows() == before
    fulfilment.pick_less(
        fulfilment.Picked(order_id, 1, 2000), actor=SYSTEM
    )  # back in the cold, as if nobody had looked
    assert offered(order_id) == list(later.values())


def test_what_a_van_has_or_a_point_keeps_its_time(here: Shop) -> None:
    there, other = delivers(here, room=2), slot(here.place, 40, 2, method="deliver")
    order_id = ready_to_bring(here, there)
    turn = loading(here, order_id)
    sent = to_pick(here, [1], collect_at=point(here), slot_id=None)
    fulfilment.pick_all([sent], actor=SYSTEM)
    fulfilment.ready([sent], actor=SYSTEM)
    before = all_rows()
    assert (choose(order_id, other), offered(order_id)) == ("on_its_way", [])
    assert choose(sent, other) == "wrong_state"
    assert all_rows() == before
    fulfilment.take_off(turn, order_id, actor=SYSTEM)
    assert offered(order_id) == [other]
    assert isinstance(choose(order_id, other), fulfilment.TaskView)
    assert (held(there, other), differences()) == ([0, 1], [])


def test_who_was_not_at_home_chooses_when_it_comes_again(here: Shop) -> None:
    there, again, other = (delivers(here), *(slot(here.place, away, method="deliver") for away in (20, 40)))
    order_id = ready_to_bring(here, there)
    fulfilment.leave(loading(here, order_id), signed(), actor=SYSTEM)
    assert choose(order_id, other) == "on_its_way"
    fulfilment.missed(order_id, actor=SYSTEM)
    assert orders.get(order_id).head.slot_id == again
    assert isinstance(choose(order_id, other), fulfilment.TaskView)
    assert (held(there, again, other), differences()) == ([0, 0, 1], [])


@pytest.mark.parametrize("rival", ["load", "hand_over", "leave", "missed"])
def test_of_another_time_and_what_takes_it_away_one_comes_first(here: Shop, rival: str) -> None:
    """Whoever comes second sees what the first did: nothing is loaded, given or brought at a time that it lost meanwhile."""
    there, other = delivers(here, room=20), slot(here.place, 40, 20, method="deliver")
    slot(here.place, 50, 20, method="deliver")
    for _ in range(4):
        order_id = ready_to_bring(here, there, id=new_id())
        code = fulfilment.codes([order_id])[order_id]
        van = str(new_id())
        turn = loading(here, *([order_id] if rival in {"leave", "missed"} else []), name=van[:40])
        if rival == "missed":
            fulfilment.leave(turn, signed(), actor=SYSTEM)
        deeds: dict[str, Callable[[], object]] = {
            "load": partial(fulfilment.assign, turn, [order_id], actor=SYSTEM),
            "hand_over": partial(fulfilment.hand_over, [(order_id, code)], actor=SYSTEM),
            "leave": partial(fulfilment.leave, turn, signed(), actor=SYSTEM),
            "missed": partial(fulfilment.missed, order_id, actor=SYSTEM),
        }
        chosen, _ = race(partial(choose, order_id, other), deeds[rival])
        drop, task = fulfilment.live_drops([order_id]).get(order_id), fulfilment.get_task(order_id)
        slot_id = orders.get(order_id).head.slot_id
        took = isinstance(chosen, fulfilment.TaskView)
        assert took or chosen in {"on_its_way", "wrong_state"}
        if rival in {"load", "hand_over"}:
            assert slot_id == (other if took else there)
        if rival == "leave":
            assert (took, slot_id, drop is not None and drop.state) == (False, there, "out")
        if rival == "missed" and took:
            assert (slot_id, task.due_at) == (other, starts(other))
    assert differences() == []


def test_of_two_who_want_the_last_room_one_gets_it(here: Shop) -> None:
    last = slot(here.place, 40)
    orders_of = [to_pick(here, [1], slot_id=slot(here.place, 30 + number)) for number in range(4)]
    answers = race(*[partial(choose, one, last) for one in orders_of])
    assert sorted(answer if isinstance(answer, str) else "taken" for answer in answers) == ["slot_full"] * 3 + ["taken"]
    assert (held(last), differences()) == ([1], [])


def test_of_two_choices_at_once_one_holds(here: Shop) -> None:
    first, *others = (slot(here.place, hours) for hours in (20, 30, 40))
    order_id = to_pick(here, [1], slot_id=first)
    fulfilment.pick_all([order_id], actor=SYSTEM)
    chosen = race(*[partial(choose, order_id, other) for other in others])
    assert all(isinstance(one, fulfilment.TaskView) for one in chosen)
    kept = orders.get(order_id).head.slot_id
    assert kept in others
    assert held(first, *others) == [0, *(int(one == kept) for one in others)]
    assert fulfilment.get_task(order_id).due_at == starts(kept)
    assert differences() == []


def test_a_choice_while_another_shop_is_asked_is_never_before_its_goods_are_there(here: Shop) -> None:
    supplying(here, 99)
    early, late = slot(here.place, 30, 20), slot(here.place, 60, 20)
    for _ in range(6):
        stock.adjust([stock.Goods(new_id(), 1, here.place, here.products[0], 9000, "found")], actor=SYSTEM)
        order_id = to_pick(here, [2], slot_id=slot(here.place, 20), id=new_id())
        fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
        missing = fulfilment.Rejected(new_id(), order_id, 1, 1000, fulfilment.Why.NOT_FOUND)
        chosen, rejected = race(partial(choose, order_id, early), partial(fulfilment.reject, missing, actor=SYSTEM))
        assert not isinstance(rejected, Error)
        assert isinstance(chosen, fulfilment.TaskView) or chosen == "slot_too_early"
        assert (orders.get(order_id).head.slot_id, fulfilment.get_task(order_id).due_at) == (late, starts(late))
    assert held(early, late) == [0, 6]
    assert differences() == []


def test_over_http_what_cannot_wait_says_until_when(here: Shop) -> None:
    order_id = to_pick(here, [1], slot_id=slot(here.place, 20))
    far = slot(here.place, 72)
    run("UPDATE catalog_product SET temperature = 'chilled'")
    fulfilment.pick_all([order_id], actor=SYSTEM)
    address, client = f"/api/v1/orders/{order_id}/fulfilment", Client()
    key = {"Order-Token": orders.token_of(order_id)}
    assert client.get(f"{address}/slots", headers=key).json()["slots"] == []
    answer = client.put(f"{address}/slot", {"slot": str(far)}, content_type="application/json", headers=key)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (409, "cannot_wait", "slot")
    assert now() < datetime.fromisoformat(problem["until"]) <= now() + timedelta(days=1)


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
