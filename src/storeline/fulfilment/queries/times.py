"""The times that a shopper may change their own order to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.fulfilment.domain.supplies import LIVE_SUPPLIES, handed_over_from
from storeline.fulfilment.queries.supplies import supplies_of
from storeline.kernel.api import Actor, business_date, now, pipeline
from storeline.orders import api as orders
from storeline.places import api as places

SHOWN, LOOK_AHEAD = 3, 7
"""So many days with times to choose from are shown, of so many that are looked at."""


class Waiting(Protocol):
    """An order that has a time."""

    @property
    def id(self) -> UUID: ...
    @property
    def served_by(self) -> UUID: ...
    @property
    def method(self) -> str: ...
    @property
    def slot_id(self) -> UUID | None: ...


class Terms:
    """What another time of an order has to be: at `place_id`, not before `since`, at most as dear as `most_fee`."""

    def __init__(self, order: Waiting, slot: capacity.Slot) -> None:
        to = orders.destinations([order.id]).result().get(order.id)
        live = [one for one in supplies_of([order.id]).get(order.id, ()) if one.state in LIVE_SUPPLIES]
        point = None if to is None else to.point
        self.place_id = point or order.served_by
        self.method = order.method
        self.most_fee = slot.fee
        there = [handed_over_from(one.due_at, one.way, at_point=point is not None) for one in live]
        # Packed at one place, collected at another: the time that it has is the earliest that is known to be honest.
        self.since = max([now(), *there, *([slot.starts_at] if point else [])])

    def fits(self, slot: capacity.Slot) -> bool:
        """Whether the order may have this slot, if it has room."""
        return (slot.place_id, slot.method) == (self.place_id, self.method) and slot.fee <= self.most_fee


def times(order_id: UUID, *, actor: Actor, token: str = "") -> list[tuple[datetime, list[capacity.Slot]]]:
    """By day (its first slot's start) the slots that one's own order may change to, its present one not among them.

    Raises as `orders.api.get_own`. Empty where it has no slot. `choose_time` says whether it may change at all.
    """
    head = orders.get_own(order_id, actor=actor, token=token).head
    if head.slot_id is None:
        return []
    terms = Terms(head, capacity.get_slot(head.slot_id))
    first = business_date(terms.since, places.get_place(terms.place_id).zone)
    with pipeline():
        days = [
            capacity.gather_open_slots(terms.place_id, terms.method, first + timedelta(days=number))
            for number in range(LOOK_AHEAD)
        ]
    found = [
        [one for one in day.result() if one.starts_at >= terms.since and one.id != head.slot_id and terms.fits(one)]
        for day in days
    ]
    return [(slots[0].starts_at, slots) for slots in found if slots][:SHOWN]
