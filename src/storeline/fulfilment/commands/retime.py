"""A shopper chooses another time for their own order, as long as nobody has handed it over, sent it or put it into a van."""

from __future__ import annotations

from uuid import UUID

from storeline.capacity import api as capacity
from storeline.fulfilment.locks import lock
from storeline.fulfilment.permissions import FOLLOW
from storeline.fulfilment.queries.times import terms_of
from storeline.kernel.api import SYSTEM, Actor, run, trail, transaction
from storeline.orders import api as orders

_DUE = "UPDATE fulfilment_task SET due_at = %s, promised_at = NULL WHERE order_id = %s"


def choose_time(order_id: UUID, slot_id: UUID, *, actor: Actor, token: str = "") -> capacity.Slot:
    """Give one's own order another slot of the same place and way, no dearer than the one that was paid; the slot.

    The slot that it has changes nothing. Raises as `orders.api.get_own`, NoTask, SlotNotFound, WrongState where it has no time
    or is past it, OnItsWay once it has left, SlotTooEarly where not all of it can be there by then, CannotWait where what is
    picked does not keep until then, SlotFull; nothing is changed then.
    """
    actor.require(FOLLOW)
    orders.get_own(order_id, actor=actor, token=token)
    wanted = capacity.get_slot(slot_id)
    with transaction():
        locked = lock([order_id])
        order, task = locked.orders[order_id], locked.tasks[order_id]
        if order.slot_id == slot_id:
            return wanted
        terms_of(order).check(wanted)
        orders.reslot(order_id, slot_id, actor=SYSTEM)
        run(_DUE, [wanted.starts_at, order_id])
        detail = {"slot": str(slot_id), "state": task.state}
        trail(actor, "fulfilment.choose_time", order_id, place_id=order.served_by, detail=detail)
    return wanted
