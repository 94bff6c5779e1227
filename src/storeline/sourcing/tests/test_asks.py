"""What counted in hours long over goes, and nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from storeline.kernel.api import SYSTEM, clock_at, new_id, run, transaction
from storeline.kernel.tests.factories import race
from storeline.places import api as places
from storeline.sourcing import api as sourcing
from storeline.sourcing import audit, jobs
from storeline.sourcing.commands.asks import forget_hours
from storeline.stock.tests.factories import make_place, make_products, put

AT = datetime(2017, 6, 1, 12, tzinfo=UTC)
LONG_AGO, KEPT = AT - jobs.HOURS_KEPT - timedelta(hours=1), AT - jobs.HOURS_KEPT


@pytest.fixture
def capped(db: None) -> UUID:
    place = make_place("P1", latitude=50.0, longitude=5.0, capabilities=["sell", "ship"])
    sourcing.set_limits(sourcing.Limits(place, per_hour=100), actor=SYSTEM)
    return place


def asks(place: UUID, hour: datetime, orders: int = 1) -> list[UUID]:
    """So many orders that counted there in an hour."""
    ids = [new_id() for _ in range(orders)]
    with transaction():
        sourcing.lock_hours([place], hour)
        sourcing.take([sourcing.Ask(one, place, hour) for one in ids])
    return ids


def plan_kept(place: UUID, at: datetime) -> UUID:
    """A plan that counts in that hour."""
    [product] = make_products(1)
    put(place, product, 10_000)
    found = sourcing.plan([sourcing.WantedLine(product, 1_000)], places.Position(50.0, 5.0), channel="web", at=at)
    order = new_id()
    sourcing.keep_plan(order, found, actor=SYSTEM)
    return order


def counters() -> list[tuple[datetime, int]]:
    return run("SELECT hour, orders FROM sourcing_load ORDER BY hour").fetchall()


def asked() -> set[UUID]:
    return {row[0] for row in run("SELECT order_id FROM sourcing_ask").fetchall()}


def wrong() -> tuple[str, ...]:
    return audit.loads().differences + audit.plans().differences


def test_hours_that_are_long_over_go_with_their_orders(capped: UUID) -> None:
    asks(capped, LONG_AGO, 3)
    with transaction():
        sourcing.lock_hours([capped], LONG_AGO - timedelta(hours=1))  # nobody asked in it after all
    kept, now = asks(capped, KEPT, 2), asks(capped, AT)
    order = plan_kept(capped, LONG_AGO)
    with clock_at(AT):
        assert jobs.forget() == 2
        assert jobs.forget() == 0
    assert (counters(), asked()) == ([(KEPT, 2), (AT, 1)], {*kept, *now})
    assert run("SELECT hour FROM sourcing_part").fetchall() == [(None,)]
    assert (sourcing.kept_plan(order).order_id, wrong()) == (order, ())


def test_an_order_that_is_cancelled_later_changes_no_counter(capped: UUID) -> None:
    old, now = asks(capped, LONG_AGO), asks(capped, AT)
    order = plan_kept(capped, LONG_AGO)
    forget_hours(KEPT)
    with transaction():
        sourcing.free([*old, order])
    sourcing.drop_plan(order, actor=SYSTEM)
    assert (counters(), asked(), wrong()) == ([(AT, 1)], set(now), ())


def test_however_many_there_are_all_go(capped: UUID) -> None:
    for hours in range(3):
        asks(capped, LONG_AGO - timedelta(hours=hours), 3)
    assert forget_hours(KEPT, at_once=2) == 3
    assert (counters(), asked(), wrong()) == ([], set(), ())


@pytest.mark.django_db(transaction=True)
def test_orders_are_cancelled_and_placed_meanwhile(capped: UUID) -> None:
    places_too = [capped]
    for number in range(3):
        place = make_place(f"Q{number}", capabilities=["sell", "ship"])
        sourcing.set_limits(sourcing.Limits(place, per_hour=100), actor=SYSTEM)
        places_too.append(place)
    for turn in range(5):
        old = [asks(place, LONG_AGO - timedelta(hours=turn), 5) for place in places_too]

        def cancel(ids: Any) -> None:
            with transaction():
                sourcing.free(ids)

        race(
            *[partial(cancel, ids) for ids in old],
            partial(forget_hours, KEPT, at_once=7),
            partial(forget_hours, KEPT),
            partial(asks, capped, AT),
        )
        assert wrong() == ()
    forget_hours(KEPT)
    assert (counters(), wrong()) == ([(AT, 5)], ())
