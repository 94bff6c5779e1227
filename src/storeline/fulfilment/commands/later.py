"""Another time for an order that cannot be ready, or brought, when it was promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.fulfilment.domain.supplies import handed_over_from
from storeline.kernel.api import SYSTEM, business_date, run
from storeline.orders import api as orders
from storeline.places import api as places

LOOK_AHEAD_DAYS = 7
_DUE = "UPDATE fulfilment_task SET due_at = %s WHERE order_id = %s"
_PROMISED = "UPDATE fulfilment_task SET promised_at = coalesce(promised_at, %s) WHERE order_id = %s AND due_at > %s"


@dataclass(frozen=True, slots=True)
class Moved:
    """When an order is due now, and whether that is later than it was; `slot` is its new one.

    `no_room`: the time that it has is too early, and none of the coming days is free.
    """

    due_at: datetime
    is_later: bool = False
    slot: capacity.Room | None = None
    no_room: bool = False


def next_slot(order_id: UUID, place_id: UUID, method: str, since: datetime) -> capacity.Room | None:
    """Take the next slot with room that begins at a moment or later; none where all of the coming days are full."""
    held = capacity.hold_of(order_id)
    first = business_date(since, places.get_place(place_id).zone)
    for day in [first + timedelta(days=number) for number in range(LOOK_AHEAD_DAYS)]:
        for slot in capacity.open_slots(place_id, method, day):
            if slot.starts_at >= since and (held is None or slot.id != held.slot_id):
                try:
                    return orders.reslot(order_id, slot.id, actor=SYSTEM)
                except orders.SlotFull:
                    continue
    return None


def put_off(order: orders.LockedOrder, due_at: datetime, until: datetime, way: timedelta) -> Moved:
    """Let an order's task be due once its goods can be there: in the next slot with room, where it has a slot.

    Nothing changes where its time is late enough already. Belongs in a transaction that holds the task and no stock yet.
    """
    if order.slot_id is None:
        return Moved(due_at) if due_at >= until else _due(order.id, Moved(until, is_later=True))
    to = orders.destinations([order.id]).result().get(order.id)
    point = None if to is None else to.point
    since = handed_over_from(until, way, at_point=point is not None)
    if capacity.get_slot(order.slot_id).starts_at >= since:
        return Moved(due_at)
    slot = next_slot(order.id, point or order.served_by, order.method, since)
    if slot is not None:
        return _due(order.id, Moved(slot.starts_at, is_later=True, slot=slot))
    if due_at >= until:
        return Moved(due_at, no_room=True)
    return _due(order.id, Moved(until, is_later=True, no_room=True))


def keep_promise(order_id: UUID, due_at: datetime) -> None:
    """Remember when an order was due, whose task is due later now because what comes for it is late."""
    run(_PROMISED, [due_at, order_id, due_at])


def _due(order_id: UUID, moved: Moved) -> Moved:
    run(_DUE, [moved.due_at, order_id])
    return moved
