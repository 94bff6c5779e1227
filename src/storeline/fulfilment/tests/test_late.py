"""Goods from another place that cannot be there in time: the order gets its next honest time, once, and its shopper is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from storeline.customers.api import NewContact, NewCustomer, register
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.commands.late import put_off_all, put_off_late
from storeline.fulfilment.commands.take_in import source_all_lost
from storeline.fulfilment.domain.supplies import SupplyState, postponed
from storeline.fulfilment.tests.factories import all_rows, differences, read_events, supplying, to_pick
from storeline.kernel.api import SYSTEM, new_id, now, run
from storeline.kernel.tests.factories import race
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make, shop
from storeline.stock import api as stock

WAY = timedelta(hours=12)
_TOLD = "SELECT template, language FROM messages_message ORDER BY created_at, id"


@pytest.fixture
def here() -> Shop:
    return shop()


def slot(place: UUID, hours: int, room: int = 1) -> UUID:
    starts = now() + timedelta(hours=hours)
    return make(
        "capacity.Slot",
        place_id=place,
        method="collect",
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        cutoff_at=starts - timedelta(hours=1),
        capacity=room,
    )


def waiting(here: Shop, other: UUID, **changes: Any) -> UUID:
    """An order of which another place sends all, there after a day of which half is its way."""
    return to_pick(here, [2], from_places={0: other}, **changes)


def member() -> UUID:
    person = new_id()
    contacts = (NewContact("email", "kim@example.org", verified=True),)
    register(NewCustomer(person, language="es", contacts=contacts), actor=SYSTEM)
    return person


def supply_of(order_id: UUID) -> fulfilment.Supply:
    return fulfilment.supplies_of([order_id])[order_id][-1]


def held(slot_id: UUID) -> int:
    return int(run("SELECT held FROM capacity_slot WHERE id = %s", [slot_id]).fetchall()[0][0])


def booked(order_id: UUID) -> tuple[UUID | None, datetime]:
    return orders.get(order_id).head.slot_id, fulfilment.get_task(order_id).due_at


def starts(slot_id: UUID) -> datetime:
    moment: datetime = run("SELECT starts_at FROM capacity_slot WHERE id = %s", [slot_id]).fetchall()[0][0]
    return moment


def test_when_a_supply_can_be_there_at_the_earliest() -> None:
    due = now() + timedelta(hours=24)
    ids = (new_id(), new_id(), new_id(), new_id())
    one = fulfilment.Supply(*ids, SupplyState.TO_PICK, due, due, WAY, None, due - 2 * WAY, None, None)
    assert one.leave_by == due - WAY
    assert postponed(one, one.leave_by) is None
    late = one.leave_by + timedelta(minutes=1)
    assert postponed(one, late) == ("not_sent", late + 2 * WAY)
    sent = fulfilment.Supply(*ids, SupplyState.SENT, due, due, WAY, None, due - 2 * WAY, late, None)
    assert postponed(sent, due) is None
    assert postponed(sent, due + WAY) == ("not_arrived", due + 2 * WAY)
    for state in (SupplyState.RECEIVED, SupplyState.MOVED, SupplyState.CANCELLED):
        ended = fulfilment.Supply(*ids, state, due, due, WAY, None, due - 2 * WAY, None, due)
        assert postponed(ended, due + WAY) is None


@pytest.mark.django_db(transaction=True)
def test_what_was_not_sent_in_time_moves_the_order_to_the_next_slot_with_room_once(here: Shop, settings: Any) -> None:
    settings.MESSAGE_TRANSPORTS = {"email": "storeline.messages.transports.Memory"}
    other = supplying(here, 9)
    first, full, free = slot(here.place, 30), slot(here.place, 40), slot(here.place, 44)
    to_pick(here, [1], slot_id=full)
    order_id = waiting(here, other, slot_id=first, customer_id=member())
    supply = supply_of(order_id)
    assert (booked(order_id)[0], supply.late, run(_TOLD).fetchall()) == (first, None, [])
    before = all_rows()
    assert (put_off_all(supply.leave_by), all_rows()) == (0, before)
    late = supply.leave_by + timedelta(minutes=30)
    assert put_off_all(late) == 1
    assert booked(order_id) == (free, starts(free))
    assert (held(first), held(full), held(free)) == (0, 1, 1)
    again = supply_of(order_id)
    assert (again.late, again.promised_at, again.due_at) == ("not_sent", supply.due_at, late + 2 * WAY)
    assert fulfilment.get_task(order_id).promised_at == starts(first)
    assert run(_TOLD).fetchall() == [("fulfilment.late_slot", "es")]
    done = all_rows()
    assert (put_off_all(late), all_rows()) == (0, done)
    assert differences() == []
    assert orders.call_off(order_id, actor=SYSTEM, token=orders.token_of(order_id)) == "cancelled"
    read_events()
    assert (held(free), put_off_all(late + timedelta(days=9)), differences()) == (0, 0, [])


@pytest.mark.django_db(transaction=True)
def test_what_left_and_has_not_come_makes_its_order_later_and_is_taken_in_as_ever(here: Shop, settings: Any) -> None:
    settings.MESSAGE_TRANSPORTS = {"email": "storeline.messages.transports.Memory"}
    other = supplying(here, 9)
    order_id = waiting(here, other, customer_id=member())
    due = supply_of(order_id).due_at
    fulfilment.pick_supply(supply_of(order_id).id, 1, 2000, actor=SYSTEM)
    sent = fulfilment.send(supply_of(order_id).id, actor=SYSTEM)
    assert (sent.due_at, sent.late, put_off_all(due)) == (due, None, 0)
    late = due + timedelta(hours=1)
    assert put_off_all(late) == 1
    assert (supply_of(order_id).late, booked(order_id)) == ("not_arrived", (None, late + WAY))
    assert fulfilment.get_task(order_id).promised_at == due
    assert run(_TOLD).fetchall() == [("fulfilment.late", "es")]
    assert differences() == []
    came = stock.Arrival(new_id(), sent.id, [stock.ArrivedLine(here.products[0], 2000)])
    stock.receive_transfer(came, actor=SYSTEM)
    done = all_rows()
    assert (put_off_all(late + timedelta(days=9)), all_rows()) == (0, done)
    assert (supply_of(order_id).state, differences()) == ("received", [])


@pytest.mark.django_db(transaction=True)
def test_what_is_lost_on_the_way_gets_the_time_of_what_is_sent_instead(here: Shop, settings: Any) -> None:
    settings.MESSAGE_TRANSPORTS = {"email": "storeline.messages.transports.Memory"}
    other = supplying(here, 9)
    stock.adjust([stock.Goods(new_id(), 1, here.place, here.products[0], -10_000, "missing")], actor=SYSTEM)
    first, then = slot(here.place, 30), slot(here.place, 90)
    order_id = waiting(here, other, slot_id=first, customer_id=member())
    fulfilment.pick_supply(supply_of(order_id).id, 1, 2000, actor=SYSTEM)
    sent = fulfilment.send(supply_of(order_id).id, actor=SYSTEM)
    for table, column in (("capacity_slot", "starts_at"), ("fulfilment_task", "due_at")):  # half a day has gone by
        run(f"UPDATE {table} SET {column} = {column} - interval '12 hours'")
    lost = stock.Arrival(new_id(), sent.id, [stock.ArrivedLine(here.products[0], 0, 2000)])
    stock.receive_transfer(lost, actor=SYSTEM)
    assert [source_all_lost(), source_all_lost()] == [1, 0]
    assert (booked(order_id), held(first), held(then)) == ((then, starts(then)), 0, 1)
    assert fulfilment.get_task(order_id).promised_at == starts(first)
    assert [row[0] for row in run(_TOLD).fetchall()] == ["fulfilment.moved", "fulfilment.late_slot"]
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_who_sends_too_late_says_so_by_sending(here: Shop) -> None:
    other = supplying(here, 9)
    order_id = waiting(here, other)
    supply = supply_of(order_id)
    fulfilment.pick_supply(supply.id, 1, 2000, actor=SYSTEM)
    run("UPDATE fulfilment_supply SET due_at = now() + '1 hour', promised_at = now() + '1 hour'")
    run("UPDATE fulfilment_task SET due_at = now() + '1 hour'")
    sent = fulfilment.send(supply.id, actor=SYSTEM)
    assert (sent.late, sent.due_at - sent.sent_at if sent.sent_at else None) == ("not_sent", WAY)
    assert booked(order_id) == (None, sent.due_at)
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_where_every_time_is_taken_the_first_that_frees_up_is(here: Shop, settings: Any) -> None:
    settings.MESSAGE_TRANSPORTS = {"email": "storeline.messages.transports.Memory"}
    other = supplying(here, 9)
    first, full = slot(here.place, 30), slot(here.place, 40)
    holder = to_pick(here, [1], slot_id=full)
    order_id = waiting(here, other, slot_id=first, customer_id=member())
    late = supply_of(order_id).leave_by + timedelta(minutes=30)
    assert put_off_all(late) == 1
    assert booked(order_id) == (first, late + 2 * WAY)
    done = all_rows()
    assert (put_off_all(late), all_rows()) == (0, done)
    orders.call_off(holder, actor=SYSTEM, token=orders.token_of(holder))
    assert put_off_all(late) == 1
    assert booked(order_id) == (full, starts(full))
    assert [row[0] for row in run(_TOLD).fetchall()] == ["fulfilment.late_waits", "fulfilment.late_slot"]
    assert (held(first), held(full)) == (0, 1)
    read_events()
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_what_is_collected_at_a_point_gets_a_later_time_there(here: Shop) -> None:
    other = supplying(here, 9)
    point = supplying(here, 1, "point")
    first, ours, soon, then = slot(point, 60), slot(here.place, 70), slot(point, 45), slot(point, 70)
    order_id = waiting(here, other, slot_id=first, collect_at=point)
    assert put_off_all(supply_of(order_id).leave_by + timedelta(minutes=30)) == 1
    assert booked(order_id) == (then, starts(then))
    assert (held(first), held(ours), held(soon), held(then), differences()) == (0, 0, 0, 1, [])


@pytest.mark.django_db(transaction=True)
def test_two_workers_move_each_order_once_and_a_slot_takes_no_more_than_it_holds(here: Shop) -> None:
    other = supplying(here, 9)
    first, next_, last = slot(here.place, 30, room=3), slot(here.place, 40), slot(here.place, 50, room=2)
    ids = [waiting(here, other, slot_id=first) for _ in range(3)]
    late = max(supply_of(one).leave_by for one in ids) + timedelta(minutes=30)
    moved = race(*[partial(put_off_late, one, late) for one in ids for _ in range(2)])
    assert sorted(moved) == [False] * 3 + [True] * 3
    assert (held(first), held(next_), held(last)) == (0, 1, 2)
    assert run("SELECT count(*) FROM kernel_event WHERE type = 'fulfilment.supply_late'").fetchone() == (3,)
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_late_against_sending_and_calling_off_leaves_one_truth(here: Shop) -> None:
    other = supplying(here, 9)
    for deed in ("send", "call off"):
        first, then = slot(here.place, 30), slot(here.place, 40)
        order_id = waiting(here, other, slot_id=first)
        supply = supply_of(order_id)
        fulfilment.pick_supply(supply.id, 1, 2000, actor=SYSTEM)
        deeds: dict[str, Callable[[], Any]] = {
            "send": partial(fulfilment.send, supply.id, actor=SYSTEM),
            "call off": partial(orders.cancel, [order_id], reason="race"),
        }
        race(deeds[deed], partial(put_off_late, order_id, supply.leave_by + timedelta(minutes=30)))
        read_events()
        assert differences() == []
        assert held(first) + held(then) == (deed == "send")


@pytest.mark.django_db(transaction=True)
def test_the_audit_sees_an_order_that_is_due_before_its_goods_are_there(here: Shop) -> None:
    order_id = waiting(here, supplying(here, 9))
    assert differences() == []
    run("UPDATE fulfilment_task SET due_at = due_at - interval '1 second' WHERE order_id = %s", [order_id])
    (found,) = differences()
    assert found.startswith("fulfilment.supplies: supply")
    assert found.endswith("is there after its order is due")
