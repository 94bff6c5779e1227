"""Tell a shopper what became of their order, where somebody carries messages: a member, or a guest as they asked for with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import get_supported_language_variant, gettext, override

from storeline.capacity import api as capacity
from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.fulfilment.commands.later import Moved
from storeline.fulfilment.commands.letters import (
    CANCELLED,
    CANCELLED_BACK,
    LATE,
    LATE_SLOT,
    LATE_WAITS,
    MISSED,
    MISSED_WAITS,
    MOVED,
    NOTHING,
    NOWHERE,
    OFFERED,
    READY,
    READY_SHORT,
    SHIPPED,
    UNCLAIMED,
)
from storeline.fulfilment.domain.parcels import Contact
from storeline.fulfilment.domain.picking import COLLECT_WITHIN
from storeline.fulfilment.queries import OfferView, Rejection
from storeline.kernel.api import business_date, ids_array, run
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.payments import api as payments
from storeline.places import api as places
from storeline.web import formats

_CHANNELS = {"email": "email", "phone": "sms"}


def tell(offer: OfferView) -> None:
    """Queue one message to the shopper, by a transport that somebody serves."""
    reached = _reached(offer.order_id)
    if reached is None:
        return
    _queue(
        reached,
        OFFERED,
        offer.order_id,
        {
            "product": _name(offer.product_id, reached.language),
            "until": reached.clock(offer.expires_at),
        },
    )


def tell_moved(rejection: Rejection, due_at: datetime | None) -> None:
    """Tell the same that something comes from elsewhere, and since when the order is due then; or that nobody has it."""
    reached = _reached(rejection.order_id)
    if reached is None:
        return
    product = _name(rejection.product_id, reached.language)
    if due_at is not None:
        _queue(reached, MOVED, rejection.order_id, {"product": product, "when": reached.when(due_at)})
    if rejection.moved < rejection.quantity:
        _queue(reached, NOWHERE, rejection.order_id, {"product": product})


def tell_missed(order_id: UUID, slot: capacity.Room | None) -> None:
    """Tell the same that nobody was there to take the order, and when we come again; or that a time is still to be chosen."""
    reached = _reached(order_id)
    if reached is None:
        return
    place = {"place": reached.place}
    if slot is None:
        _queue(reached, MISSED_WAITS, order_id, place)
        return
    _queue(reached, MISSED, order_id, place | reached.span(slot))


def tell_late(order_id: UUID, moved: Moved) -> None:
    """Tell the same that their order takes longer: its new time, or that it is still to be found."""
    reached = _reached(order_id)
    if reached is None:
        return
    if moved.no_room:
        _queue(reached, LATE_WAITS, order_id, {"place": reached.place})
    elif moved.slot is None:
        _queue(reached, LATE, order_id, {"when": reached.when(moved.due_at)})
    else:
        _queue(reached, LATE_SLOT, order_id, reached.span(moved.slot))


def tell_ready(order_ids: Collection[UUID]) -> None:
    """Tell those who come for their orders that these are ready, with their codes, and what of them was not there."""
    if not any(messages.is_carried(channel) for channel in _CHANNELS.values()):
        return
    for order_id, ready_at, code_id in run(_READY, [messages.COLLECTION, ids_array(order_ids)]).fetchall():
        reached = _reached(order_id)
        if reached is None:
            continue
        short = [row[0] for row in run(_SHORT, [order_id]).fetchall()]
        words = {"place": reached.place, "until": reached.day(ready_at + COLLECT_WITHIN)}
        if short:
            names = catalog.gather(short).result()
            words["missing"] = ", ".join(names[product].name_in(reached.language) for product in short)
        _queue(reached, READY_SHORT if short else READY, order_id, words, code_id)


def tell_nothing(order_ids: Collection[UUID]) -> None:
    """Tell the same that nothing of their orders was there, so that these are cancelled."""
    for order_id in order_ids:
        if (reached := _reached(order_id)) is not None:
            _queue(reached, NOTHING, order_id, {"place": reached.place})


def tell_cancelled(order_ids: Collection[UUID], *, unclaimed: bool) -> None:
    """Tell the same that staff cancelled their orders, and what they get back; `unclaimed` is what nobody came for."""
    for order_id in order_ids:
        reached = _reached(order_id)
        if reached is None:
            continue
        paid = payments.payments_of([order_id]).get(order_id, ())
        words = {"place": reached.place}
        if taken := sum(one.captured for one in paid):
            words["amount"] = reached.money(taken, paid[0].currency)
        _queue(reached, UNCLAIMED if unclaimed and taken else CANCELLED_BACK if taken else CANCELLED, order_id, words)


def tell_shipped(order_id: UUID, carrier: str, tracking: str) -> None:
    """Tell the same that their parcel is on its way, and how to follow it."""
    reached = _reached(order_id)
    if reached is not None:
        _queue(reached, SHIPPED, order_id, {"place": reached.place, "carrier": carrier, "tracking": tracking})


def contact_of(order_id: UUID) -> Contact | None:
    """How to tell whoever ordered, as a parcel's contact; None where nobody can be reached."""
    reached = _reached(order_id)
    if reached is None:
        return None
    by_mail = reached.channel == "email"
    return Contact(reached.destination if by_mail else "", "" if by_mail else reached.destination, reached.language)


# An order that waits at another point is told of there, as it arrives; one that is brought has its time.
_READY = """
SELECT t.order_id, t.ready_at, c.id FROM fulfilment_task t
JOIN messages_code c ON c.subject_id = t.order_id AND c.purpose = %s AND c.used_at IS NULL AND c.replaced_at IS NULL
WHERE t.order_id = ANY(%s::uuid[]) AND t.state = 'ready' AND t.method = 'collect' ORDER BY t.order_id
"""
_SHORT = """
SELECT DISTINCT l.product_id FROM orders_amendment a JOIN orders_line l ON l.order_id = a.order_id AND l.line_no = a.line_no
WHERE a.order_id = %s AND a.kind = 'short' AND l.goods ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class _Reached:
    """Whom to write to, where, in which language, and the place that serves the order with its time zone."""

    person_id: UUID
    channel: str
    destination: str
    language: str
    place: str
    zone: str

    def day(self, moment: datetime) -> str:
        """A day at the place, in the reader's language: it is read on another day, so never "today"."""
        return day_in(self.language, moment, self.zone)

    def clock(self, moment: datetime) -> str:
        """The time of day at the place, as the reader writes it."""
        with override(_tag(self.language)):
            return formats.clock(moment, self.zone)

    def money(self, amount: int, currency: str) -> str:
        """Minor units, as the reader writes them."""
        with override(_tag(self.language)):
            return formats.money(amount, currency)

    def span(self, slot: capacity.Room) -> dict[str, str]:
        """A slot's day, start and end."""
        return {
            "day": self.day(slot.starts_at),
            "start": self.clock(slot.starts_at),
            "end": self.clock(slot.ends_at),
        }

    def when(self, moment: datetime) -> str:
        """Both."""
        with override(_tag(self.language)):
            return gettext("%(day)s, %(time)s") % {"day": self.day(moment), "time": self.clock(moment)}


def _tag(language: str) -> str:
    """The nearest of our languages, as messages choose it."""
    try:
        return get_supported_language_variant(language)
    except LookupError:
        return "en"


def day_in(language: str, moment: datetime, zone: str) -> str:
    """A day, as somebody who reads this language writes it."""
    with override(_tag(language)):
        return formats.weekday(business_date(moment, zone))


def _reached(order_id: UUID) -> _Reached | None:
    """A member's preferred confirmed address that a transport serves; of who has none what was given with the order, or the number
    given with the address. It is about the order that they placed: nobody's consent is asked for that.
    """
    if not any(messages.is_carried(channel) for channel in _CHANNELS.values()):
        return None
    head = orders.get(order_id).head
    given = orders.contacts([order_id]).result().get(order_id, orders.Contact())
    of_member = None if head.customer_id is None else _of_member(head, given.language)
    if of_member is not None:
        return of_member
    return _of_contact(head, given) or _of_address(head, given.language)


def _of_contact(head: orders.OrderHead, given: orders.Contact) -> _Reached | None:
    for channel, value in (("email", given.email), ("sms", given.phone)):
        if value and messages.is_carried(channel):
            place = places.get_place(head.served_by)
            return _Reached(head.customer_id or head.id, channel, value, given.language, place.name, place.zone)
    return None


def _of_address(head: orders.OrderHead, language: str) -> _Reached | None:
    to = orders.destinations([head.id]).result().get(head.id)
    if to is None or to.address is None or not messages.is_carried("sms"):
        return None
    try:
        number = customers.normal_contact("phone", to.address.phone, country=to.address.country)
    except customers.InvalidContact:
        return None  # none was given, or what was typed is no number
    place = places.get_place(head.served_by)
    return _Reached(head.customer_id or head.id, "sms", number, language, place.name, place.zone)


def _of_member(head: orders.OrderHead, language: str) -> _Reached | None:
    assert head.customer_id is not None
    member = customers.get(head.customer_id)
    for contact in sorted(member.contacts, key=lambda one: not one.preferred):
        channel = _CHANNELS.get(contact.kind)
        if contact.verified_at and channel is not None and messages.is_carried(channel):
            place = places.get_place(head.served_by)
            return _Reached(
                member.person_id, channel, contact.value, member.language or language, place.name, place.zone
            )
    return None


def _name(product_id: UUID, language: str) -> str:
    return catalog.gather([product_id]).result()[product_id].name_in(language)


def _queue(to: _Reached, template: str, order_id: UUID, words: dict[str, str], code_id: UUID | None = None) -> None:
    params = {"number": orders.order_number(order_id), **words}
    messages.queue(
        [messages.NewMessage(to.person_id, to.channel, to.destination, template, to.language, params, code_id)]
    )
