"""Refusals of what follows an order.

kernel.Error
├── Invalid
│   └── PickedTooMuch       more was picked than was ordered, or of a line that is not there
├── NotFound
│   ├── NoTask              the order has nothing to pick
│   ├── NoOffer             there is no such offer
│   ├── NoParcel            there is no such parcel
│   ├── NoSupply            there is nothing that this place sends for an order
│   └── NoRun               there is no such van, or no such turn of one
└── Refused
    ├── TaskClosed          handed over or cancelled already, or not that far yet
    ├── NotPicked           some lines have not been picked
    ├── OnItsWay            it comes from another place and is not here yet, or has left already
    ├── CannotWait          what was picked must stay cold or hot, and does not keep until then
    ├── SupplyClosed        it was sent already, or is not to be sent any more
    ├── NotOffered          this cannot stand for what is missing, or the shopper wants no substitutes
    ├── OfferClosed         it was answered otherwise, taken back, or its time is over
    ├── NotTaken            the place cannot keep such a parcel
    ├── ParcelClosed        the parcel is past that step, or not that far yet
    ├── ParcelMismatch      the id or the reference names another parcel
    ├── RunClosed           the van is past that step, or still at it
    └── InAnotherRun        another van has the order already
"""

from storeline.kernel.api import BodyMismatch, Invalid, NotFound, Refused


class PickedTooMuch(Invalid):
    code = "picked_too_much"
    title = "More was picked than was ordered"


class NoTask(NotFound):
    code = "no_task"
    title = "There is nothing to pick for this order"


class TaskClosed(Refused):
    code = "task_state"
    title = "The task is not at that step"


class NotPicked(Refused):
    code = "not_picked"
    title = "Some lines have not been picked"


class NoSupply(NotFound):
    code = "no_supply"
    title = "There is nothing to send"


class OnItsWay(Refused):
    code = "on_its_way"
    title = "It is on its way"


class CannotWait(Refused):
    code = "cannot_wait"
    title = "What was picked cannot wait so long"


class SupplyClosed(Refused):
    code = "supply_state"
    title = "The supply is not at that step"


class NoOffer(NotFound):
    code = "no_offer"
    title = "There is no such offer"


class NotOffered(Refused):
    code = "not_offered"
    title = "This cannot be offered instead"


class OfferClosed(Refused):
    code = "offer_closed"
    title = "The offer is closed"


class NoRun(NotFound):
    code = "no_run"
    title = "There is no such turn of a van"


class RunClosed(Refused):
    code = "run_state"
    title = "The van is not at that step"


class InAnotherRun(Refused):
    code = "in_another_run"
    title = "Another van has the order"


class NoParcel(NotFound):
    code = "no_parcel"
    title = "There is no such parcel"


class NotTaken(Refused):
    code = "not_taken"
    title = "The place cannot keep this parcel"


class ParcelClosed(Refused):
    code = "parcel_state"
    title = "The parcel is not at that step"


class ParcelMismatch(BodyMismatch):
    code = "parcel_mismatch"
    title = "This names another parcel"
