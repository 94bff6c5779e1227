"""Another time for an order that waits: its slot is given back, the new one is taken."""

from __future__ import annotations

from uuid import UUID

from storeline.capacity import api as capacity
from storeline.kernel.api import Actor, pipeline, publish, run, trail, transaction
from storeline.orders.commands.confirm import event
from storeline.orders.errors import SlotFull, WrongState
from storeline.orders.locks import lock
from storeline.orders.permissions import AMEND
from storeline.orders.queries import destinations

_RESLOT = "UPDATE orders_order SET slot_id = %s WHERE id = %s AND state = 'confirmed'"


def reslot(order_id: UUID, slot_id: UUID, *, actor: Actor) -> capacity.Room:
    """Give a confirmed order another slot of the place where it had one and of the same way, at the fee that it was sold at; the slot.

    The same slot again changes nothing. Raises WrongState or SlotFull, and changes nothing then.
    """
    with transaction():
        order = lock([order_id]).result().get(order_id)
        if order is None or order.state != "confirmed":
            raise WrongState("Only a confirmed order can have another time.", field="id")
        actor.require(AMEND, order.served_by)
        rooms = capacity.lock([slot_id], [order_id]).result()
        slot = rooms.get(slot_id)
        to = destinations([order_id]).result().get(order_id)
        where = order.served_by if to is None or to.point is None else to.point
        if slot is None or (slot.place_id, slot.method) != (where, order.method):
            raise SlotFull("There is no such slot there: choose another.", field="slot")
        if order.slot_id == slot_id:
            return slot
        if slot.room < 1:
            raise SlotFull("This slot is full: choose another.", field="slot")
        with pipeline():
            capacity.release([order_id])
            booked = capacity.book([capacity.BookRow(order_id, slot_id, 1, None)])
            run(_RESLOT, [slot_id, order_id])
            publish([event(order, "reslotted", order.state)])
            trail(actor, "orders.reslot", order_id, place_id=order.served_by, detail={"slot": str(slot_id)})
        if booked.result() != 1:
            raise SlotFull("This slot is full: choose another.", field="slot")
    return slot
