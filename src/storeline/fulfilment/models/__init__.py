"""Tables of what follows an order that is not carried out. Each task belongs to one order and has its id.

Ids of other modules are checked when a task is made, and by the audit, not by a trigger on each row.
"""

from storeline.fulfilment.models.parcels import Parcel, Shipment
from storeline.fulfilment.models.runs import Drop, Proof, Run, Van
from storeline.fulfilment.models.supplies import Rejection, Supply, SupplyLine
from storeline.fulfilment.models.tasks import Offer, Task, TaskLine

__all__ = [
    "Drop",
    "Offer",
    "Parcel",
    "Proof",
    "Rejection",
    "Run",
    "Shipment",
    "Supply",
    "SupplyLine",
    "Task",
    "TaskLine",
    "Van",
]
