"""Where goods are brought and for how much, and a slot held for a basket."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from storeline.capacity import api as capacity
from storeline.capacity.domain import Peak, Rule, cut
from storeline.capacity.tests.factories import AT, assert_balanced, held, make_fee, make_place, make_slot
from storeline.kernel.api import GUEST, SYSTEM, Invalid, clock_at, id_time, make_error_table, new_id, run, transaction
from storeline.kernel.tests.factories import race
from storeline.places.api import Position

HOME = Position(40.0, -83.0)
PLACE = new_id()


def area(**changes: Any) -> capacity.Area:
    wanted: dict[str, Any] = {
        "id": new_id(),
        "place_id": PLACE,
        "method": "deliver",
        "name": "town",
        "country": "US",
        "postal_codes": ("432",),
        "radius_km": None,
        "fee": 490,
        "free_from": 6000,
        "days": 0,
        "product_id": PLACE,
        "around": HOME,
    }
    return capacity.Area(**(wanted | changes))


@pytest.mark.parametrize(
    ("changes", "to", "holds"),
    [
        ({}, capacity.Destination("US", "43215-1234"), True),
        ({}, capacity.Destination("US", "44101"), False),
        ({}, capacity.Destination("CA", "43215"), False),
        ({"postal_codes": ("SW1A1",)}, capacity.Destination("US", "sw1a 1aa"), True),
        ({"postal_codes": (), "radius_km": 10.0}, capacity.Destination("US", "1", Position(40.08, -83.0)), True),
        ({"postal_codes": (), "radius_km": 8.0}, capacity.Destination("US", "1", Position(40.08, -83.0)), False),
        ({"postal_codes": (), "radius_km": 8.0}, capacity.Destination("US", "1"), False),
        ({"postal_codes": ()}, capacity.Destination("US", "1"), True),
    ],
)
def test_an_address_lies_in_an_area(changes: dict[str, Any], to: capacity.Destination, *, holds: bool) -> None:
    assert area(**changes).holds(to) is holds


def test_of_several_areas_the_cheapest_serves_and_a_fee_is_waived() -> None:
    near, far = area(fee=290), area(name="state", postal_codes=("4",))
    to = capacity.Destination("US", "43215")
    assert capacity.area_for([far, near], to, "deliver") == near
    assert capacity.area_for([far, near], to, "ship") is None
    fees = [capacity.fee_of(near, goods, extra) for goods, extra in ((5999, 0), (5999, 150), (6000, 0), (6000, 150))]
    assert fees == [290, 440, 0, 150]


def test_slots_of_a_peak_cost_more_by_the_places_own_clock() -> None:
    rule = Rule(PLACE, "deliver", 60, 4, 60, (Peak(4, 18 * 60, 20 * 60, 200),))
    opens = AT.replace(hour=21)  # 17:00 in New York, a Thursday
    made = cut(rule, [(opens, opens + timedelta(hours=4))], "America/New_York")
    assert [slot.fee for slot in made] == [0, 200, 200, 0]


@pytest.mark.django_db
def test_a_places_areas_are_told_at_once_and_found_by_address() -> None:
    place, fee = make_place(capabilities=("deliver",)), make_fee()
    towns = [area(product_id=fee), area(name="state", postal_codes=("4",), fee=990, product_id=fee)]
    capacity.set_areas(place, towns, actor=SYSTEM)
    found = capacity.gather_serving(capacity.Destination("US", "43215"), "deliver").result()
    assert {one: (area.name, area.fee) for one, area in found.items()} == {place: ("town", 490)}
    capacity.set_areas(place, towns[1:], actor=SYSTEM)
    assert [(one.name, one.postal_codes) for one in capacity.areas_of(place)] == [("state", ("4",))]
    with pytest.raises(Invalid) as refused:
        capacity.set_areas(place, [area(product_id=fee, country="us")], actor=SYSTEM)
    assert refused.value.field == "areas[0].country"
    with pytest.raises(Invalid) as refused:
        capacity.set_areas(place, [area()], actor=SYSTEM)
    assert refused.value.field == "areas[0].product"
    assert len(capacity.areas_of(place)) == 1


@pytest.mark.django_db
def test_a_hold_keeps_a_slot_moves_and_ends() -> None:
    place = make_place()
    with clock_at(AT):
        first, second = make_slot(place, 1), make_slot(place, 1, starts_at=AT + timedelta(hours=6))
        order = new_id()
        assert capacity.hold(order, first, actor=GUEST) == AT + capacity.HOLD_FOR
        with pytest.raises(capacity.SlotFull):
            capacity.hold(new_id(), first, actor=GUEST)
        capacity.hold(order, second, actor=GUEST)
        assert (held(first), held(second)) == (0, 1)
        with transaction():
            room = capacity.lock([second], [order]).result()[second]
            assert (room.room, room.holders) == (0, frozenset({order}))
            assert capacity.book([capacity.BookRow(order, second)]).result() == 1
        assert held(second) == 1
        with pytest.raises(capacity.SlotFull):  # it is an order's now
            capacity.hold(order, first, actor=GUEST)
        capacity.hold(new_id(), first, actor=GUEST)
        assert capacity.expire(AT + capacity.HOLD_FOR) == 1
        assert (held(first), held(second)) == (0, 1)
    assert_balanced()


@pytest.mark.django_db
def test_a_hold_ends_soon_after_the_cut_off() -> None:
    place = make_place()
    with clock_at(AT):
        slot, order = make_slot(place, 1), new_id()
        capacity.hold(order, slot, actor=GUEST)
    with clock_at(AT + timedelta(hours=2, minutes=4)):
        assert capacity.hold(order, slot, actor=GUEST) == AT + timedelta(hours=2) + capacity.HOLD_FOR
    with clock_at(AT + timedelta(hours=2) + capacity.HOLD_FOR), pytest.raises(capacity.SlotFull):
        capacity.hold(order, slot, actor=GUEST)
    assert id_time(order) is not None


@pytest.mark.django_db(transaction=True)
def test_one_of_many_baskets_gets_the_last_place() -> None:
    place, slots = make_place(), []
    with clock_at(AT):
        slots = [make_slot(place, 1), make_slot(place, 1, starts_at=AT + timedelta(hours=6))]
    orders = [new_id() for _ in range(6)]
    gate, got = Barrier(len(orders)), []

    def want(order: UUID) -> None:
        gate.wait()
        try:
            with clock_at(AT):  # each takes the one and then moves to the other
                capacity.hold(order, slots[order.int % 2], actor=GUEST)
                capacity.hold(order, slots[1 - order.int % 2], actor=GUEST)
            got.append(order)
        except capacity.SlotFull:
            pass
        finally:
            connection.close()

    threads = [Thread(target=want, args=[order]) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [held(slot) for slot in slots] in ([1, 1], [1, 0], [0, 1])
    assert run("SELECT count(*) FROM capacity_booking WHERE state = 'held'").fetchall()[0][0] == sum(map(held, slots))
    assert_balanced()


@pytest.mark.django_db(transaction=True)
def test_of_writers_who_make_the_same_area_at_once_one_does() -> None:
    place = make_place()
    ((ref,),) = run("SELECT ref FROM places_place WHERE id = %s", [place]).fetchall()
    fee = make_fee()
    ((product,),) = run("SELECT ref FROM catalog_product WHERE id = %s", [fee]).fetchall()
    rounds, writers = 25, 3
    gate = Barrier(writers)

    def write() -> list[tuple[int, int, int]]:
        made = []
        for number in range(rounds):
            gate.wait(20)
            with transaction():
                run(f"CREATE TEMP TABLE in_areas ({capacity.AREAS_IN}) ON COMMIT DROP")
                make_error_table()
                run(
                    "INSERT INTO pg_temp.in_areas (row, place, method, name, currency, fee, product)"
                    " SELECT n, %s, 'deliver', %s || n, 'USD', 490, %s FROM generate_series(1, 4) n",
                    [ref, f"town {number} ", product],
                )
                found = capacity.load_areas(actor=SYSTEM)
            made.append((found.inserted, found.unchanged, found.refused))
        return made

    told = race(*[write] * writers)
    for results in zip(*told, strict=True):
        assert sorted(results) == [(0, 4, 0)] * (writers - 1) + [(4, 0, 0)]
