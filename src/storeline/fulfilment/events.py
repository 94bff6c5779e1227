"""Facts that fulfilment publishes, about the order as `subject_id`, at the place that serves it.

fulfilment.opened        it is to be picked
fulfilment.begun         somebody has begun to pick it
fulfilment.picked        somebody picked more of it, or put some of it back
fulfilment.ready         picked and paid: the shopper may come, the collection code is good
fulfilment.unpaid        picked, but the partner would not take the money
fulfilment.left          it is in the van, on its way to the shopper
fulfilment.missed        nobody was there: it goes back, and out again later
fulfilment.handed_over   the goods are with the shopper
fulfilment.cancelled     nobody needs to pick it any more
fulfilment.parcel_…      a parcel at a point (`subject_id` is the parcel's): announced, arrived, handed_over, returning (nobody
                         claimed it) and returned; `reference` is what its partner calls it
fulfilment.rejected      a place cannot give some of it (`line`, `reason`), and `moved` thousandths come from elsewhere
fulfilment.supply_…      at the place that sends some of it to the one that serves it (`supply`): opened, sent; received and late,
                         where it comes
fulfilment.offered       something is missing, and the shopper is asked whether other goods will do
fulfilment.answered      what became of that: accepted, declined, expired or withdrawn (`state`)
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from storeline.fulfilment.domain.parcels import Parcel
from storeline.fulfilment.domain.picking import Task
from storeline.kernel.api import Event

OPENED: Final = "fulfilment.opened"
BEGUN: Final = "fulfilment.begun"
PICKED: Final = "fulfilment.picked"
READY: Final = "fulfilment.ready"
UNPAID: Final = "fulfilment.unpaid"
LEFT: Final = "fulfilment.left"
MISSED: Final = "fulfilment.missed"
HANDED_OVER: Final = "fulfilment.handed_over"
CANCELLED: Final = "fulfilment.cancelled"
OFFERED: Final = "fulfilment.offered"
ANSWERED: Final = "fulfilment.answered"
REJECTED: Final = "fulfilment.rejected"
SUPPLY_OPENED: Final = "fulfilment.supply_opened"
SUPPLY_SENT: Final = "fulfilment.supply_sent"
SUPPLY_RECEIVED: Final = "fulfilment.supply_received"
SUPPLY_LATE: Final = "fulfilment.supply_late"


PARCEL_ANNOUNCED: Final = "fulfilment.parcel_announced"
PARCEL_ARRIVED: Final = "fulfilment.parcel_arrived"
PARCEL_HANDED_OVER: Final = "fulfilment.parcel_handed_over"
PARCEL_RETURNING: Final = "fulfilment.parcel_returning"
PARCEL_RETURNED: Final = "fulfilment.parcel_returned"


def parcel_event(what: str, parcel: Parcel) -> Event:
    """What the world may know of a parcel's change: nothing of whom it is for."""
    order = parcel.order_id and str(parcel.order_id)
    return Event(what, parcel.id, parcel.place_id, None, {"order": order, "reference": parcel.reference})


def supply_event(what: str, supply_id: UUID, order_id: UUID, place_id: UUID) -> Event:
    """What the world may know of a supply's change, at the place where it happened."""
    return Event(what, order_id, place_id, None, {"order": str(order_id), "supply": str(supply_id)})


def opened(order_id: UUID, place_id: UUID, method: str) -> Event:
    """That a task is there."""
    return Event(OPENED, order_id, place_id, None, {"order": str(order_id), "method": method})


def event(what: str, task: Task, **more: object) -> Event:
    """What the world may know of a task's change."""
    return Event(what, task.order_id, task.place_id, None, {"order": str(task.order_id), "method": task.method, **more})
