"""What orders do about a person: whoever is erased is no longer linked to what they bought; the trade itself stays.

Addresses are forgotten when their purpose ends: some weeks after the order did, or with the person. How to tell somebody about
an order is forgotten when the order ends: there is nothing to tell any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from storeline.kernel.api import Envelope, consumer, ids_array, now, run

KEPT_FOR = timedelta(days=60)
"""How long an address is kept after its order ended: questions about a delivery come within that time."""
# Orders are locked in the order of their ids, as everywhere.
_UNLINK = """
WITH locked AS (SELECT id FROM orders_order WHERE customer_id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE),
unlinked AS (UPDATE orders_order o SET customer_id = NULL FROM locked WHERE o.id = locked.id),
unreached AS (DELETE FROM orders_contact c USING locked WHERE c.order_id = locked.id)
UPDATE orders_destination d SET forget = true FROM locked WHERE d.order_id = locked.id AND d.forgotten_at IS NULL
"""
_FORGET = """
UPDATE orders_destination d SET name = '', lines = '', postal_code = '', city = '', region = '', phone = '', note = '',
    latitude = NULL, longitude = NULL, forgotten_at = %s
FROM orders_order o
WHERE o.id = d.order_id AND d.place_id IS NULL AND d.forgotten_at IS NULL
    AND o.state IN ('completed', 'cancelled')
    AND (d.forget OR coalesce(o.completed_at, o.placed_at) < %s)
"""
_FORGET_CONTACTS = """
DELETE FROM orders_contact c USING orders_order o WHERE o.id = c.order_id AND o.state IN ('completed', 'cancelled')
"""


@consumer("orders.erasures", types=("customers.erased",))
def unlink(events: Sequence[Envelope]) -> None:
    """Take the customer off their orders, and forget where these were brought; once they are, where they still will be."""
    run(_UNLINK, [ids_array(event.subject_id for event in events)])
    forget_addresses(now())


def forget_addresses(moment: datetime) -> int:
    """Forget the addresses and contacts whose time is over; how many."""
    return run(_FORGET, [moment, moment - KEPT_FOR]).rowcount + run(_FORGET_CONTACTS).rowcount
