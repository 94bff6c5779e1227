"""What capacity does when time passes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storeline.capacity import jobs
from storeline.capacity.tests.factories import AT, book, held, make_hours, make_place, make_slot
from storeline.kernel.api import clock_at

pytestmark = pytest.mark.django_db


def test_slots_are_made_once_a_day(monkeypatch):
    monkeypatch.setattr(jobs, "_made", [None])
    make_hours(make_place(), 8, 10)
    with clock_at(AT):
        assert [jobs.make_slots(), jobs.make_slots()] == [14, 0]
    with clock_at(AT + timedelta(days=1)):
        assert jobs.make_slots() == 2


def test_bookings_whose_time_is_over_are_freed():
    slot = make_slot(make_place(), 2)
    with clock_at(AT):
        book(slot, 1, expires_at=AT + timedelta(minutes=1))
        assert (jobs.expire_bookings(), held(slot)) == (0, 1)
    with clock_at(AT + timedelta(minutes=1)):
        assert (jobs.expire_bookings(), held(slot)) == (1, 0)
