"""Slots on real threads."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from storeline.capacity import api as capacity
from storeline.capacity.tests.factories import AT, assert_balanced, book, held, make_place, make_slot
from storeline.kernel.api import clock_at, new_id, pipeline, transaction

pytestmark = pytest.mark.django_db(transaction=True)


def race(tasks: list[Callable[[], object]], threads: int = 8) -> list[object]:
    def work(some: list[Callable[[], object]]) -> list[object]:
        try:
            with clock_at(AT):
                return [task() for task in some]
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return [answer for some in pool.map(work, [tasks[at::threads] for at in range(threads)]) for answer in some]


def choose(slot) -> bool:
    with transaction():
        if capacity.lock([slot]).result()[slot].room < 1:
            return False
        assert capacity.book([capacity.BookRow(new_id(), slot)]).result() == 1
    return True


def test_two_hundred_shoppers_for_forty_places():
    slot = make_slot(make_place(), 40)
    answers = race([lambda: choose(slot)] * 200)
    assert (answers.count(True), answers.count(False)) == (40, 160)
    assert held(slot) == 40
    assert_balanced()


def test_booking_releasing_settling_and_expiring_over_crossing_slots():
    place = make_place()
    slots = [make_slot(place, 30, starts_at=AT + timedelta(hours=hour)) for hour in range(3, 7)]
    sources = [source for slot in slots for source in book(slot, *[1] * 8, expires_at=AT)]
    chance = random.Random(5)

    def both() -> None:
        some = chance.sample(slots, 2)
        with transaction(), pipeline():
            capacity.lock(some)
            capacity.book([capacity.BookRow(new_id(), slot) for slot in some])

    def release() -> None:
        with transaction():
            capacity.release(chance.sample(sources, 4)).result()

    def settle() -> None:
        with transaction():
            capacity.settle(chance.sample(sources, 2)).result()

    tasks: list[Callable[[], object]] = [both] * 30 + [release] * 20 + [settle] * 10 + [lambda: capacity.expire(AT)] * 4
    chance.shuffle(tasks)
    race(tasks)
    assert_balanced()
