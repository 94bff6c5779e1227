"""A shopper chooses another time for their own order, before anybody has begun to pick it."""

from __future__ import annotations

from uuid import UUID

from storeline.capacity import api as capacity
from storeline.fulfilment.errors import TaskClosed
from storeline.fulfilment.locks import lock
from storeline.fulfilment.permissions import FOLLOW
from storeline.fulfilment.queries.times import Terms
from storeline.kernel.api import SYSTEM, Actor, run, trail, transaction
from storeline.orders import api as orders

_DUE = "UPDATE fulfilment_task SET due_at = %s, promised_at = NULL WHERE order_id = %s AND state = 'to_pick'"
_LOADED = "SELECT FROM fulfilment_drop WHERE order_id = %s AND state IN ('loaded', 'out')"


def choose_time(order_id: UUID, slot_id: UUID, *, actor: Actor, token: str = "") -> capacity.Slot:
    """Give one's own order another slot of the same place and way, no dearer than the one that was paid; the slot.

    The slot that it has changes nothing. Raises as `orders.api.get_own`, SlotNotFound, WrongState where it has no time or is
    past it, PickingBegun, SlotTooEarly where not all of it can be there by then, SlotFull; nothing is changed then.
    """
    actor.require(FOLLOW)
    orders.get_own(order_id, actor=actor, token=token)
    wanted = capacity.get_slot(slot_id)
    with transaction():
        locked = lock([order_id])
        order, task = locked.orders[order_id], locked.tasks[order_id]
        if order.slot_id == slot_id:
            return wanted
        if order.slot_id is None or order.state != "confirmed":
            raise orders.WrongState("Only an order that waits for its time can have another one.", field="id")
        if task.state != "to_pick" or run(_LOADED, [order_id]).fetchone() is not None:
            raise orders.PickingBegun("It is being picked already: ask the shop for another time.", field="id")
        terms = Terms(order, capacity.get_slot(order.slot_id))
        if not terms.fits(wanted):
            raise orders.SlotFull("The order cannot have this time: choose another.", field="slot")
        if wanted.starts_at < terms.since:
            raise orders.SlotTooEarly("Not all of it can be there by then: choose a later time.", field="slot")
        orders.reslot(order_id, slot_id, actor=SYSTEM)
        if run(_DUE, [wanted.starts_at, order_id]).rowcount != 1:
            raise TaskClosed("It is being picked already.", field="id")
        trail(actor, "fulfilment.choose_time", order_id, place_id=order.served_by, detail={"slot": str(slot_id)})
    return wanted
