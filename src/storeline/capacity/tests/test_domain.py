"""Cutting openings into slots."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storeline.capacity.domain import Rule, cut
from storeline.capacity.tests.factories import AT
from storeline.kernel.api import new_id

PLACE = new_id()


def slots(minutes: int, capacity: int, opening: timedelta) -> list[tuple[int, int, int]]:
    """Each slot as its start and end in minutes after opening, and its capacity."""
    made = cut(Rule(PLACE, "collect", minutes, capacity, 120), [(AT, AT + opening)])
    return [
        ((slot.starts_at - AT) // timedelta(minutes=1), (slot.ends_at - AT) // timedelta(minutes=1), slot.capacity)
        for slot in made
    ]


@pytest.mark.parametrize(
    ("minutes", "opening", "expected"),
    [
        (60, timedelta(hours=2), [(0, 60, 12), (60, 120, 12)]),
        (60, timedelta(hours=1, minutes=30), [(0, 60, 12), (60, 90, 6)]),
        (60, timedelta(hours=1, minutes=14), [(0, 60, 12)]),
        (60, timedelta(hours=1, minutes=15), [(0, 60, 12), (60, 75, 3)]),
        (15, timedelta(minutes=30), [(0, 15, 12), (15, 30, 12)]),
        (60, timedelta(0), []),
    ],
)
def test_an_opening_is_cut_from_its_start(minutes, opening, expected):
    assert slots(minutes, 12, opening) == expected


def test_a_rest_too_short_for_one_order_makes_no_slot():
    assert slots(60, 1, timedelta(hours=1, minutes=30)) == [(0, 60, 1)]


def test_the_cut_off_comes_before_the_start():
    [slot] = cut(Rule(PLACE, "collect", 60, 1, 90), [(AT, AT + timedelta(hours=1))])
    assert slot.cutoff_at == AT - timedelta(minutes=90)
