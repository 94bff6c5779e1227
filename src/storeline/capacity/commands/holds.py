"""A slot held for a basket: for some minutes, under the id that its order will have."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from storeline.capacity.commands.bookings import book, release
from storeline.capacity.domain import BookRow
from storeline.capacity.errors import SlotFull, SlotNotFound
from storeline.capacity.locks import lock
from storeline.capacity.permissions import BROWSE
from storeline.kernel.api import Actor, check_id, now, pipeline, run, transaction

HOLD_FOR = timedelta(minutes=10)
HOLDING, HOLDS_PER_ADDRESS = "capacity.hold", 30
"""What a guest's holds are counted as, and how many one network address has in a quarter of an hour: whoever has no name
could hold every slot of a shop under fresh ids.
"""
_STATE = "SELECT state, expires_at FROM capacity_booking WHERE source_id = %s"


def hold(order_id: UUID, slot_id: UUID, *, actor: Actor) -> datetime:
    """Hold a slot for the order that will be placed under this id; until when. Another slot that it held is freed.

    Placing the order takes the hold over; otherwise it ends by itself, at the latest so long after the cut-off. The same
    slot again starts the minutes anew. Raises SlotNotFound or SlotFull, and changes nothing then.
    """
    actor.require(BROWSE)
    check_id(order_id)
    moment = now()
    with transaction():
        rooms = lock([slot_id], [order_id]).result()
        slot = rooms.get(slot_id)
        if slot is None:
            raise SlotNotFound(f"There is no slot {slot_id}.")
        _check_open(order_id)
        until = min(moment, slot.cutoff_at) + HOLD_FOR
        if until <= moment or (slot.room < 1 and order_id not in slot.holders):
            raise SlotFull("This slot is full: choose another.", field="slot")
        with pipeline():
            if any(order_id in other.holders for other in rooms.values() if other.id != slot_id):
                release([order_id])
            booked = book([BookRow(order_id, slot_id, 1, until)])
        if booked.result() != 1:
            raise SlotFull("This slot is full: choose another.", field="slot")
    return until


def _check_open(order_id: UUID) -> None:
    """Refuse to change what an order holds already: it was placed meanwhile."""
    found = run(_STATE, [order_id]).fetchone()
    if found is not None and (found[0] == "settled" or (found[0] == "held" and found[1] is None)):
        raise SlotFull("The order was placed already.", field="order")
