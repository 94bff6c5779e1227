"""What orders do about a person: whoever is erased is no longer linked to what they bought; the trade itself stays.

Addresses are forgotten when their purpose ends: some weeks after the order did, or with the person. How to tell somebody about
an order is kept for recalls once it is completed, for as long as the retailer sets, and seen by nothing else; where nothing
was handed over it is forgotten with the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from storeline.customers import api as customers
from storeline.kernel.api import Actor, Envelope, consumer, ids_array, now, run, texts_array, trail, transaction
from storeline.orders.locks import lock
from storeline.orders.permissions import OWN
from storeline.orders.queries import get, get_own

KEPT_FOR = timedelta(days=60)
"""How long an address is kept after its order ended: questions about a delivery come within that time."""
# Orders are locked in the order of their ids, as everywhere; before what is forgotten is read, so that none is kept meanwhile.
_THEIRS = "SELECT id FROM orders_order WHERE customer_id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE"
_UNLINK = "UPDATE orders_order SET customer_id = NULL WHERE id = ANY(%s::uuid[])"
_UNREACH = """
WITH unreached AS (DELETE FROM orders_contact WHERE order_id = ANY(%s::uuid[]))
UPDATE orders_destination SET forget = true WHERE order_id = ANY(%s::uuid[]) AND forgotten_at IS NULL
"""
_FORGET = """
UPDATE orders_destination d SET name = '', lines = '', postal_code = '', city = '', region = '', phone = '', note = '',
    latitude = NULL, longitude = NULL, forgotten_at = %s
FROM orders_order o
WHERE o.id = d.order_id AND d.place_id IS NULL AND d.forgotten_at IS NULL
    AND o.state IN ('completed', 'cancelled')
    AND (d.forget OR coalesce(o.completed_at, o.placed_at) < %s)
"""
_END = """
UPDATE orders_contact c SET ended_at = o.completed_at FROM orders_order o
WHERE o.id = c.order_id AND c.ended_at IS NULL AND o.state = 'completed'
"""
_FORGET_CONTACTS = """
DELETE FROM orders_contact c USING orders_order o
WHERE o.id = c.order_id AND (c.ended_at <= %s OR c.ended_at IS NULL AND o.state = 'cancelled')
"""
# The number of an address outlives the address, for recalls alone, where nobody asked that it be forgotten: its row is locked
# too, so that who waited for an erasure sees that it asked.
_NUMBERS = """
SELECT o.id, d.phone, d.country FROM orders_destination d JOIN orders_order o ON o.id = d.order_id
WHERE d.place_id IS NULL AND d.forgotten_at IS NULL AND NOT d.forget AND d.phone <> ''
    AND o.state = 'completed' AND o.completed_at < %s AND o.completed_at > %s
ORDER BY o.id FOR UPDATE OF o, d
"""
_KEEP = """
INSERT INTO orders_contact AS c (order_id, email, phone, language, ended_at)
SELECT o.id, '', k.phone, 'en', o.completed_at
FROM unnest(%s::uuid[], %s::text[]) AS k(id, phone) JOIN orders_order o ON o.id = k.id
ON CONFLICT (order_id) DO UPDATE SET phone = excluded.phone WHERE c.phone = ''
"""


@consumer("orders.erasures", types=("customers.erased",))
def unlink(events: Sequence[Envelope]) -> None:
    """Take the customer off their orders, and forget where these were brought; once they are, where they still will be."""
    theirs = [row[0] for row in run(_THEIRS, [ids_array(event.subject_id for event in events)]).fetchall()]
    run(_UNLINK, [ids_array(theirs)])
    run(_UNREACH, [ids_array(theirs)] * 2)
    forget_addresses(now())


def forget_buyer(order_id: UUID, *, actor: Actor, token: str = "") -> None:
    """Forget how to reach whoever placed an order, as they ask, or who may erase people; and once it is there, where it was brought.

    Nobody is told anything of it any more. A repeat changes nothing. Raises as `get_own`.
    """
    if actor.may(customers.ERASE):
        place = get(order_id).head.place_id
    else:
        actor.require(OWN)
        place = get_own(order_id, actor=actor, token=token).head.place_id
    with transaction():
        lock([order_id]).result()
        run(_UNREACH, [ids_array([order_id])] * 2)
        run(f"{_FORGET} AND o.id = %s", [now(), now() - KEPT_FOR, order_id])
        trail(actor, "orders.forget_buyer", order_id, place_id=place)


def forget_addresses(moment: datetime) -> int:
    """Forget the addresses and contacts whose time is over; how many."""
    until, kept = moment - KEPT_FOR, moment - timedelta(days=settings.RECALL_CONTACT_DAYS)
    with transaction():
        _keep_numbers(until, kept)
        run(_END)
        return run(_FORGET, [moment, until]).rowcount + run(_FORGET_CONTACTS, [kept]).rowcount


def _keep_numbers(until: datetime, kept: datetime) -> None:
    found = [(order, _number(*typed)) for order, *typed in run(_NUMBERS, [until, kept]).fetchall()]
    good = [(order, number) for order, number in found if number]
    if good:
        run(_KEEP, [ids_array(order for order, _ in good), texts_array(number for _, number in good)])


def _number(typed: str, country: str) -> str:
    try:
        return customers.normal_contact("phone", typed, country=country)
    except customers.InvalidContact:
        return ""  # what was typed is no number
