"""Races of rejections and supplies on real threads: one unit goes to one order, and nothing is held for nobody."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import differences, read_events, state_of, supplying, to_pick
from storeline.kernel.api import SYSTEM, clock_at, new_id, now, run
from storeline.kernel.tests.factories import race
from storeline.orders import api as orders
from storeline.orders.tests.factories import shop
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db(transaction=True)


def rejected(order_id: UUID, units: int = 1, line: int = 1) -> fulfilment.Rejected:
    return fulfilment.Rejected(new_id(), order_id, line, units * 1000, fulfilment.Why.NOT_FOUND)


def held(place: UUID) -> Any:
    """On hand and reserved of all that a place has."""
    return run(
        "SELECT coalesce(sum(on_hand), 0), coalesce(sum(reserved), 0) FROM stock_balance WHERE place_id = %s", [place]
    ).fetchone()


def test_two_rejections_at_once_both_count_and_one_sent_twice_counts_once():
    here = shop()
    other = supplying(here, 9)
    order_id = to_pick(here, [3])
    same = rejected(order_id)
    outcomes = race(
        *[
            partial(fulfilment.reject, one, actor=SYSTEM)
            for one in (same, same, rejected(order_id), rejected(order_id, 2))
        ]
    )
    refused = {getattr(one, "code", "") for one in outcomes if not isinstance(one, fulfilment.Rejection)}
    assert refused == {"picked_too_much"}
    gone = sum(one.quantity for one in fulfilment.rejections_of([order_id])[order_id])
    assert gone in {2000, 3000}
    assert here.level(0) == (10_000 - gone, 3_000 - gone)
    assert held(other) == (9_000, gone)
    assert differences() == []


def test_of_two_who_reject_a_whole_line_one_does_and_it_moves_once():
    here = shop()
    other = supplying(here, 9)
    order_id = to_pick(here, [3])
    outcomes = race(*[partial(fulfilment.reject, rejected(order_id, 3), actor=SYSTEM) for _ in range(2)])
    assert sorted(getattr(one, "code", "done") for one in outcomes) == ["done", "picked_too_much"]
    assert (here.level(0), held(other)) == ((7_000, 0), (9_000, 3_000))
    assert differences() == []


def test_who_rejects_and_who_picks_at_once_leave_one_truth():
    here = shop()
    other = supplying(here, 9)
    for _ in range(3):
        order_id = to_pick(here, [3])
        race(
            partial(fulfilment.reject, rejected(order_id, 2), actor=SYSTEM),
            partial(fulfilment.pick, [fulfilment.Picked(order_id, 1, 3000)], actor=SYSTEM),
        )
        line = fulfilment.get_task(order_id).lines[0]
        assert (line.moved, line.picked) in {(2000, 1000), (2000, None)}
        assert differences() == []
    assert held(other) == (9_000, 6_000)


def test_of_two_orders_one_gets_the_last_unit():
    here = shop()
    other = supplying(here, 1)
    order_ids = [to_pick(here, [1]) for _ in range(3)]
    outcomes = race(*[partial(fulfilment.reject, rejected(order_id), actor=SYSTEM) for order_id in order_ids])
    assert sorted(one.moved for one in outcomes) == [0, 0, 1000]
    assert held(other) == (1_000, 1_000)
    assert differences() == []


def test_a_rejection_against_a_cancellation_leaves_nothing_held():
    here = shop()
    other = supplying(here, 9)
    for _ in range(3):
        order_id = to_pick(here, [2])
        race(
            partial(fulfilment.reject, rejected(order_id, 2), actor=SYSTEM),
            partial(orders.cancel, [order_id], reason="race"),
        )
        read_events()
        assert state_of(order_id) == ("cancelled", "cancelled")
        assert (here.level(0)[1], held(other)[1]) == (0, 0)
        assert differences() == []


@pytest.mark.parametrize("what", ["sending", "taking in"])
def test_a_supply_against_a_cancellation_is_the_orders_or_the_places_own(what):
    here = shop()
    other = supplying(here, 9)
    for _ in range(3):
        order_id = to_pick(here, [2])
        fulfilment.reject(rejected(order_id, 2), actor=SYSTEM)
        (supply,) = fulfilment.supplies_of([order_id])[order_id]
        fulfilment.pick_supply(supply.id, 2, 2000, actor=SYSTEM)
        came = stock.Arrival(new_id(), supply.id, [stock.ArrivedLine(here.products[0], 2000)])
        if what == "taking in":
            fulfilment.send(supply.id, actor=SYSTEM)
        deeds: dict[str, Callable[[], Any]] = {
            "sending": partial(fulfilment.send, supply.id, actor=SYSTEM),
            "taking in": partial(stock.receive_transfer, came, actor=SYSTEM),
        }
        race(deeds[what], partial(orders.cancel, [order_id], reason="race"))
        read_events()
        assert state_of(order_id) == ("cancelled", "cancelled")
        assert (here.level(0)[1], held(other)[1]) == (0, 0)
        assert differences() == []


def test_the_last_room_of_an_hour_goes_to_a_rejection_or_to_an_order_and_is_freed_with_it():
    here = shop()
    other = supplying(here, 9)
    moment = now()
    with clock_at(moment):
        order_id = to_pick(here, [3])
    sourcing.set_limits(sourcing.Limits(other, per_hour=1), actor=SYSTEM)
    asked = [here.draft([1], from_places={0: other}) for _ in range(4)]

    def at(deed: Callable[[], Any]) -> Any:
        with clock_at(moment):
            return deed()

    deeds = [partial(at, partial(orders.checkout, [one], actor=SYSTEM)) for one in asked]
    rejection, *taken = race(partial(at, partial(fulfilment.reject, rejected(order_id), actor=SYSTEM)), *deeds)
    placed = [verdict.order_id for (verdict,) in taken if verdict.error is None]
    assert {verdict.error.code for (verdict,) in taken if verdict.error} <= {"place_full"}
    assert (rejection.moved > 0) + len(placed) == 1
    loads = "SELECT orders FROM sourcing_load WHERE place_id = %s"
    assert run(loads, [other]).fetchall() == [(1,)]
    orders.cancel([order_id, *placed], reason="test")
    read_events("fulfilment.tasks")
    assert run(loads, [other]).fetchall() == [(0,)]
    assert differences() == []
