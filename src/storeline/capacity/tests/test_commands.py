"""Booking, freeing and making slots, against the database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from psycopg.errors import CheckViolation

from storeline.capacity import api as capacity
from storeline.capacity import audit, locks
from storeline.capacity.tests.factories import AT, assert_balanced, book, held, make_hours, make_place, make_slot
from storeline.kernel.api import SYSTEM, Actor, Forbidden, Invalid, clock_at, new_id, pipeline, run, transaction, waits

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with clock_at(AT):
        yield


@pytest.fixture
def slot():
    return make_slot(make_place(), 3)


def states() -> list[str]:
    return [row[0] for row in run("SELECT state FROM capacity_booking ORDER BY source_id")]


def test_a_lock_tells_the_room_that_is_left(slot):
    book(slot, 2)
    with transaction():
        found = capacity.lock([slot, new_id(), slot]).result()
    assert {key: room.room for key, room in found.items()} == {slot: 1}


def test_after_the_cut_off_there_is_no_room(slot):
    with clock_at(AT + timedelta(hours=2)), transaction():
        assert capacity.lock([slot]).result()[slot].room == 3
    with clock_at(AT + timedelta(hours=2, microseconds=1)), transaction():
        assert capacity.lock([slot]).result()[slot].room == 0


def test_slots_are_locked_in_the_order_of_their_ids():
    place = make_place()
    slots = [make_slot(place, 1, starts_at=AT + timedelta(hours=hour)) for hour in range(20)]
    assert locks.LOCK.endswith("ORDER BY id FOR UPDATE\n")
    with transaction():
        assert list(capacity.lock(list(reversed(slots))).result()) == sorted(slots)


def test_a_wrong_decision_books_nothing_of_that_slot(slot):
    other = make_slot(make_place("P2"), 1)
    rows = [capacity.BookRow(new_id(), slot, 2), capacity.BookRow(new_id(), slot, 2), capacity.BookRow(new_id(), other)]
    with transaction():
        assert capacity.book(rows).result() == 1
    assert (held(slot), held(other)) == (0, 1)
    assert_balanced()


def test_the_table_refuses_an_overbooked_slot(slot):
    with pytest.raises(CheckViolation), transaction():
        run("UPDATE capacity_slot SET held = 4")


def test_releasing_gives_the_room_back_once(slot):
    first, second = book(slot, 2, 1)
    with transaction():
        assert capacity.release([first]).result() == 1
        assert capacity.release([first]).result() == 0
    assert (held(slot), sorted(states())) == (1, ["held", "released"])
    with transaction():
        assert capacity.release([second, new_id()]).result() == 1
    assert held(slot) == 0
    assert_balanced()


def test_a_hand_over_uses_its_room_up(slot):
    [source] = book(slot, 2)
    with transaction():
        assert capacity.settle([source]).result() == 1
        assert capacity.settle([source]).result() == 0
        assert capacity.release([source]).result() == 0
    assert (held(slot), states()) == (2, ["settled"])
    assert_balanced()


def test_bookings_expire_unless_extended(slot):
    [due] = book(slot, 1, expires_at=AT + timedelta(minutes=5))
    [kept] = book(slot, 1, expires_at=AT + timedelta(minutes=5))
    with transaction():
        assert capacity.extend([kept], None).result() == 1
    with clock_at(AT + timedelta(minutes=6)), transaction():
        assert capacity.extend([due], None).result() == 0
    assert capacity.expire(AT + timedelta(minutes=4)) == 0
    assert capacity.expire(AT + timedelta(minutes=5)) == 1
    assert held(slot) == 1
    assert_balanced()


def test_a_set_costs_one_wait(slot):
    with transaction():
        with waits() as count, pipeline():
            capacity.lock([slot])
            capacity.book([capacity.BookRow(new_id(), slot) for _ in range(3)])
        assert count.waits == 1
    assert held(slot) == 3


def made(place) -> list[tuple[str, int, int]]:
    rows = run(
        "SELECT starts_at, capacity, held FROM capacity_slot WHERE place_id = %s ORDER BY starts_at", [place]
    ).fetchall()
    return [(f"{starts:%d %H:%M}", room, taken) for starts, room, taken in rows]


def test_slots_are_made_from_opening_hours_of_the_places_own_day():
    place = make_place(zone="America/New_York")
    make_hours(place, 8, 11)
    assert capacity.generate([place], actor=SYSTEM, days=2) == 6
    assert made(place) == [(f"0{day} {hour}:00", 12, 0) for day in (1, 2) for hour in (12, 13, 14)]
    assert capacity.generate([place], actor=SYSTEM, days=2) == 0


def test_only_places_that_hand_over_get_slots():
    place, shop = make_place("P1", capabilities=("collect", "deliver")), make_place("P2", capabilities=("sell",))
    for one in (place, shop):
        make_hours(one, 8, 10)
    assert capacity.generate(actor=SYSTEM, days=1) == 4
    assert len(made(place)) == 4
    assert made(shop) == []


def test_remaking_keeps_what_is_booked():
    place = make_place()
    make_hours(place, 8, 11)
    capacity.generate([place], actor=SYSTEM, days=1)
    [first] = run("SELECT id FROM capacity_slot ORDER BY starts_at LIMIT 1").fetchall()
    book(first[0], 1, 1, 1)
    capacity.set_rule(capacity.Rule(place, "collect", 90, 2, 60), actor=SYSTEM)
    assert capacity.generate([place], actor=SYSTEM, days=1) == 2
    # The first keeps room for its three; 9:00 and 10:00 are gone, 9:30 is new.
    assert made(place) == [("01 08:00", 3, 3), ("01 09:30", 2, 0)]
    assert_balanced()


def test_open_slots_are_those_of_the_local_day_with_room_before_their_cut_off():
    place = make_place(zone="Asia/Tokyo")
    make_hours(place, 8, 20)
    capacity.generate([place], actor=SYSTEM, days=2)  # it is 15:00 of 1 June there
    found = capacity.open_slots(place, "collect", date(2017, 6, 1))
    assert [f"{slot.starts_at:%H:%M}" for slot in found] == ["08:00", "09:00", "10:00"]
    book(found[0].id, *[1] * 12)
    assert [slot.left for slot in capacity.open_slots(place, "collect", date(2017, 6, 1))] == [12, 12]
    assert len(capacity.open_slots(place, "collect", date(2017, 6, 2))) == 12
    assert capacity.open_slots(place, "deliver", date(2017, 6, 2)) == []
    assert capacity.open_slots(new_id(), "collect", date(2017, 6, 2)) == []


@pytest.mark.parametrize(
    ("method", "minutes", "room", "lead", "field"),
    [
        ("post", 60, 1, 0, "method"),
        ("collect", 14, 1, 0, "minutes"),
        ("collect", 60, -1, 0, "capacity"),
        ("collect", 60, 1, -1, "capacity"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(method, minutes, room, lead, field):
    place = make_place()
    with pytest.raises(Invalid) as refusal:
        capacity.set_rule(capacity.Rule(place, method, minutes, room, lead), actor=SYSTEM)
    assert refusal.value.field == field
    assert run("SELECT count(*) FROM capacity_rule").fetchone() == (0,)


def test_a_peak_is_named_once():
    twice = (capacity.Peak(1, 600, 660, 100), capacity.Peak(1, 600, 660, 200))
    with pytest.raises(Invalid) as refusal:
        capacity.set_rule(capacity.Rule(make_place(), "collect", 60, 1, 0, twice), actor=SYSTEM)
    assert refusal.value.field == "peaks"


def test_a_manager_plans_their_own_shop_only():
    place, other = make_place(), make_place("P2")
    actor = Actor("user", new_id(), frozenset({capacity.PLAN}), frozenset({place}))
    with pytest.raises(Forbidden):
        capacity.set_rule(capacity.Rule(other, "collect", 60, 1, 0), actor=actor)
    with pytest.raises(Forbidden):
        capacity.generate([place, other], actor=actor)
    capacity.set_rule(capacity.Rule(place, "collect", 60, 1, 0), actor=actor)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE capacity_slot SET held = 1", "holds 1, its bookings say 2"),
        ("UPDATE capacity_booking SET state = 'released'", "holds 2, its bookings say 0"),
        ("DELETE FROM capacity_booking", "holds 2, its bookings say 0"),
        ("DELETE FROM capacity_slot", "names a slot that is not there"),
    ],
)
def test_planted_damage_is_found(slot, damage, words):
    book(slot, 2)
    assert audit.slots().ok
    run(damage)
    result = audit.slots()
    assert (result.ok, result.count) == (False, 1)
    assert words in result.differences[0]
