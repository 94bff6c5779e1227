"""Refusals of what follows an order.

kernel.Error
├── Invalid
│   └── PickedTooMuch       more was picked than was ordered, or of a line that is not there
├── NotFound
│   ├── NoTask              the order has nothing to pick
│   └── NoOffer             there is no such offer
└── Refused
    ├── TaskClosed          handed over or cancelled already, or not that far yet
    ├── NotPicked           some lines have not been picked
    ├── NotOffered          this cannot stand for what is missing, or the shopper wants no substitutes
    └── OfferClosed         it was answered otherwise, taken back, or its time is over
"""

from storeline.kernel.api import Invalid, NotFound, Refused


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


class NoOffer(NotFound):
    code = "no_offer"
    title = "There is no such offer"


class NotOffered(Refused):
    code = "not_offered"
    title = "This cannot be offered instead"


class OfferClosed(Refused):
    code = "offer_closed"
    title = "The offer is closed"
