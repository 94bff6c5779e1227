"""The times that a shopper may change their own order to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.fulfilment.domain.picking import COLLECT_WITHIN, OPEN, waits_until
from storeline.fulfilment.domain.supplies import LIVE_SUPPLIES, handed_over_from
from storeline.fulfilment.errors import CannotWait, OnItsWay
from storeline.fulfilment.queries.supplies import supplies_of
from storeline.kernel.api import Actor, Refused, business_date, now, pipeline, run
from storeline.orders import api as orders
from storeline.places import api as places

SHOWN, LOOK_AHEAD = 3, 7
"""So many days with times to choose from are shown, of so many that are looked at."""
_STANDS = """
SELECT t.state, t.ready_at, ARRAY(
    SELECT DISTINCT p.temperature FROM fulfilment_task_line l JOIN catalog_product p ON p.id = l.product_id
    WHERE l.order_id = t.order_id AND l.picked > 0
),
EXISTS (SELECT FROM fulfilment_drop d WHERE d.order_id = t.order_id AND d.state IN ('loaded', 'out')),
EXISTS (SELECT FROM fulfilment_parcel a WHERE a.order_id = t.order_id)
FROM fulfilment_task t WHERE t.order_id = %s
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """What another time of an order has to be: at `place_id`, from `since` on, at most as dear as `most_fee`.

    At the latest at `until`, where what was picked cannot wait longer; before `ends` it is kept at all.
    """

    place_id: UUID
    method: str
    most_fee: int
    since: datetime
    until: datetime | None
    ends: datetime | None

    def fits(self, slot: capacity.Slot) -> bool:
        """Whether the order may have this slot, if it has room and is neither too early nor too late."""
        is_kept = self.ends is None or slot.ends_at <= self.ends
        return (slot.place_id, slot.method) == (self.place_id, self.method) and slot.fee <= self.most_fee and is_kept

    def check(self, slot: capacity.Slot) -> None:
        """Refuse a slot that the order may not have, and say why."""
        if not self.fits(slot):
            raise orders.SlotFull("The order cannot have this time: choose another.", field="slot")
        if slot.starts_at < self.since:
            raise orders.SlotTooEarly("Not all of it can be there by then: choose a later time.", field="slot")
        if self.until is not None and slot.starts_at > self.until:
            raise CannotWait(
                "What is picked does not keep until then: choose an earlier time.",
                field="slot",
                until=self.until.isoformat(),
            )


@dataclass(frozen=True, slots=True)
class Times:
    """By day the slots that an order may change to, its present one not among them; `kept` says why there can be none.

    Later than `until` there is none, where what was picked must stay cold or hot.
    """

    days: tuple[tuple[datetime, tuple[capacity.Slot, ...]], ...] = ()
    until: datetime | None = None
    kept: Refused | None = None


def terms_of(order: orders.OrderHead | orders.LockedOrder) -> Terms:
    """What another time of this order has to be. Raises WrongState where it has none or is past it, OnItsWay once it has left."""
    row = run(_STANDS, [order.id]).fetchone()
    state, ready_at, picked, in_van, sent = row or ("", None, [], False, False)
    if order.slot_id is None or order.state != "confirmed" or state not in OPEN:
        raise orders.WrongState("Only an order that waits for its time can have another one.", field="id")
    if in_van or sent:
        words = "It is in a van already." if in_van else "It is on its way to where it is collected, or there."
        raise OnItsWay(words, field="id")
    slot = capacity.get_slot(order.slot_id)
    to = orders.destinations([order.id]).result().get(order.id)
    point = None if to is None else to.point
    live = [one for one in supplies_of([order.id]).get(order.id, ()) if one.state in LIVE_SUPPLIES]
    there = [handed_over_from(one.due_at, one.way, at_point=point is not None) for one in live]
    # Packed at one place, collected at another: the time that it has is the earliest that is known to be honest.
    since = max([now(), *there, *([slot.starts_at] if point else [])])
    return Terms(
        point or order.served_by,
        order.method,
        slot.fee,
        since,
        waits_until(picked, ready_at or since, slot.starts_at),
        None if ready_at is None else ready_at + COLLECT_WITHIN,
    )


def times(order_id: UUID, *, actor: Actor, token: str = "") -> Times:
    """What one's own order may change to, as things stand; raises as `orders.api.get_own`."""
    head = orders.get_own(order_id, actor=actor, token=token).head
    try:
        terms = terms_of(head)
    except (orders.WrongState, OnItsWay) as error:
        return Times(kept=error)
    first = business_date(terms.since, places.get_place(terms.place_id).zone)
    with pipeline():
        days = [
            capacity.gather_open_slots(terms.place_id, terms.method, first + timedelta(days=number))
            for number in range(LOOK_AHEAD)
        ]
    found = [tuple(one for one in day.result() if one.id != head.slot_id and _is_open(terms, one)) for day in days]
    return Times(tuple((slots[0].starts_at, slots) for slots in found if slots)[:SHOWN], terms.until)


def _is_open(terms: Terms, slot: capacity.Slot) -> bool:
    try:
        terms.check(slot)
    except Refused:
        return False
    return True
