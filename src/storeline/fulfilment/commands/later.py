"""Another time for an order that cannot be ready, or brought, when it was promised."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.kernel.api import SYSTEM, business_date, run
from storeline.orders import api as orders
from storeline.places import api as places

LOOK_AHEAD_DAYS = 7
_DUE = "UPDATE fulfilment_task SET due_at = %s WHERE order_id = %s"


def next_slot(order_id: UUID, place_id: UUID, method: str, after: datetime) -> capacity.Room | None:
    """Take the next slot with room that begins after a moment; none where all of the coming days are full."""
    held = capacity.hold_of(order_id)
    first = business_date(after, places.get_place(place_id).zone)
    for day in [first + timedelta(days=number) for number in range(LOOK_AHEAD_DAYS)]:
        for slot in capacity.open_slots(place_id, method, day):
            if slot.starts_at > after and (held is None or slot.id != held.slot_id):
                try:
                    return orders.reslot(order_id, slot.id, actor=SYSTEM)
                except orders.SlotFull:
                    continue
    return None


def put_off(order: orders.LockedOrder, due_at: datetime, until: datetime) -> datetime:
    """Let an order's task be due once its goods can be there: in the next slot with room, where it has a slot.

    Gives when it is due then. Belongs in a transaction that holds the task and no stock yet.
    """
    if due_at >= until:
        return due_at
    slot = next_slot(order.id, order.served_by, order.method, until) if order.slot_id is not None else None
    moment = until if slot is None else slot.starts_at
    run(_DUE, [moment, order.id])
    return moment
