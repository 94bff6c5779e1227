"""What orders do about a person: whoever is erased is no longer linked to what they bought; the trade itself stays."""

from __future__ import annotations

from collections.abc import Sequence

from storeline.kernel.api import Envelope, consumer, ids_array, run

# Orders are locked in the order of their ids, as everywhere.
_UNLINK = """
WITH locked AS (SELECT id FROM orders_order WHERE customer_id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE)
UPDATE orders_order o SET customer_id = NULL FROM locked WHERE o.id = locked.id
"""


@consumer("orders.erasures", types=("customers.erased",))
def unlink(events: Sequence[Envelope]) -> None:
    """Take the customer off their orders."""
    run(_UNLINK, [ids_array(event.subject_id for event in events)])
