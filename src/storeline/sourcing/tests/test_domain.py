"""Why a place cannot serve, and the order of those that can."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storeline.kernel.api import new_id
from storeline.places.api import FORMATS
from storeline.sourcing.domain import (
    AMBIENT_ONLY,
    Candidate,
    Code,
    Method,
    Option,
    ProductNeed,
    WantedLine,
    combine,
    keeps,
    obstacles,
    rank,
)

NEED = ProductNeed(new_id(), 3_000, known=True, temperature="ambient", sellable=True, online=True)
PLACE = Candidate(new_id(), "P1", "Place", "supermarket", True, True, 1.0, [3_000], [True], None, None, False)
AT = datetime(2017, 6, 1, tzinfo=UTC)


def codes(candidate: Candidate = PLACE, need: ProductNeed = NEED, method: Method = Method.COLLECT) -> list[str]:
    return [reason.code.value for reason in obstacles(candidate, [need], method)]


def test_a_place_with_everything_has_no_obstacle():
    assert codes() == []


@pytest.mark.parametrize(
    ("place", "need", "code"),
    [
        ({"capable": False}, {}, "no_capability"),
        ({"trading": False}, {}, "not_trading"),
        ({"slotted": True}, {}, "slots_full"),
        ({"available": [2_999]}, {}, "short"),
        ({"listed": [False]}, {}, "not_listed"),
        ({"format": "locker"}, {"temperature": "frozen"}, "not_kept_cold"),
        ({}, {"known": False}, "unknown_product"),
        ({}, {"sellable": False}, "not_sold"),
        ({}, {"online": False}, "not_online"),
    ],
)
def test_each_obstacle_is_told(place, need, code):
    assert codes(replace(PLACE, **place), replace(NEED, **need)) == [code]


def test_goods_for_tills_only_can_be_carried_out_and_need_no_slot():
    candidate = replace(PLACE, slotted=True)
    assert codes(candidate, replace(NEED, online=False), Method.CARRY_OUT) == []


def test_what_is_missing_is_told_and_a_shortfall_counts_as_nothing():
    for available, missing in ((1_000, 2_000), (-500, 3_000)):
        [reason] = obstacles(replace(PLACE, available=[available]), [NEED], Method.COLLECT)
        assert (reason.code, reason.product_id, reason.missing) == (Code.SHORT, NEED.product_id, missing)


def test_every_obstacle_is_told_at_once():
    place = replace(PLACE, capable=False, trading=False, available=[0])
    assert codes(place) == ["no_capability", "not_trading", "short"]


@pytest.mark.parametrize(
    ("place_format", "temperature", "can"),
    [
        ("supermarket", "frozen", True),
        ("locker", "ambient", True),
        ("locker", "fresh", False),
        ("machine", "chilled", False),
        ("warehouse", "hot", True),
    ],
)
def test_what_a_format_keeps_cold(place_format, temperature, can):
    assert keeps(place_format, temperature) is can


def test_formats_without_cold_rooms_are_formats_of_places():
    assert set(FORMATS) >= set(AMBIENT_ONLY)


def test_lines_of_one_product_are_one_need():
    first, second = new_id(), new_id()
    lines = [WantedLine(first, 1), WantedLine(second, 2), WantedLine(first, 4)]
    assert combine(lines) == [WantedLine(first, 5), WantedLine(second, 2)]


def test_those_that_serve_come_first_then_the_nearest_then_the_soonest():
    def option(ref: str, *, serves: bool, km: float | None, hours: int) -> Option:
        return Option(new_id(), ref, ref, serves, km, AT + timedelta(hours=hours), None, ())

    some = [
        option("far", serves=True, km=9.0, hours=1),
        option("unplaced", serves=True, km=None, hours=1),
        option("late", serves=True, km=2.0, hours=5),
        option("b-soon", serves=True, km=2.0, hours=1),
        option("a-soon", serves=True, km=2.0, hours=1),
        option("cannot", serves=False, km=0.1, hours=1),
    ]
    assert [one.ref for one in rank(some)] == ["a-soon", "b-soon", "late", "far", "unplaced", "cannot"]
