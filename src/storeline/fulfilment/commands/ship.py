"""A parcel goes to a carrier: the goods leave, the sale is earned, the shopper can follow it."""

from __future__ import annotations

from uuid import UUID

from storeline.fulfilment.commands.tell import tell_shipped
from storeline.fulfilment.domain.picking import State
from storeline.fulfilment.errors import TaskClosed
from storeline.fulfilment.events import HANDED_OVER, event
from storeline.fulfilment.locks import lock
from storeline.fulfilment.permissions import HAND_OVER
from storeline.fulfilment.queries import get_shipment
from storeline.kernel.api import SYSTEM, Actor, Conflict, Invalid, now, publish, run, trail, transaction
from storeline.orders import api as orders

LONGEST = 64
_SHIP = "INSERT INTO fulfilment_shipment (order_id, carrier, tracking, shipped_at) VALUES (%s, %s, %s, %s)"
_CLOSE = "UPDATE fulfilment_task SET state = 'handed_over', closed_at = %s WHERE order_id = %s AND state = 'ready'"


def ship(order_id: UUID, carrier: str, tracking: str, *, actor: Actor) -> None:
    """Give an order that is ready to a carrier, under the carrier's tracking number.

    The same again changes nothing; another number then raises Conflict. Raises Invalid, NoTask or TaskClosed, and
    changes nothing.
    """
    carrier, tracking = carrier.strip(), "".join(tracking.split())
    for field, text in (("carrier", carrier), ("tracking", tracking)):
        if not 0 < len(text) <= LONGEST or not text.isprintable():
            raise Invalid(f"From 1 to {LONGEST} characters.", field=field)
    moment = now()
    with transaction():
        task = lock([order_id], field="order").tasks[order_id]
        actor.require(HAND_OVER, task.place_id)
        known = get_shipment(order_id)
        if known is not None:
            if (known.carrier, known.tracking) != (carrier, tracking):
                raise Conflict("It was sent under another number.", field="tracking")
            return
        if task.method != "ship" or task.state != State.READY:
            raise TaskClosed("Only a parcel that is ready can be sent.", field="order")
        orders.complete([order_id], actor=SYSTEM, at=moment)
        run(_SHIP, [order_id, carrier, tracking, moment])
        run(_CLOSE, [moment, order_id])
        tell_shipped(order_id, carrier, tracking)
        publish([event(HANDED_OVER, task)])
        trail(actor, "fulfilment.ship", order_id, place_id=task.place_id, detail={"carrier": carrier})
