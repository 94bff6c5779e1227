"""Our own orders that are collected at another place than the one that picks them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from storeline.kernel.api import ids_array, run

# Our own are known by their order's id, and bear it as their label.
_ANNOUNCE_OWN = """
INSERT INTO fulfilment_parcel (id, place_id, order_id, reference, label, temperature, state, announced_at)
SELECT o.id, o.place_id, o.id, upper(right(o.id::text, 6)), o.id::text, 'ambient', 'announced', %s
FROM unnest(%s::uuid[], %s::uuid[]) AS o(id, place_id)
ON CONFLICT DO NOTHING
"""


def announce_own(points: dict[UUID, UUID], moment: datetime) -> None:
    """Queue: these orders are ready, and go to the points where they are collected. May be repeated."""
    if points:
        run(_ANNOUNCE_OWN, [moment, ids_array(points), ids_array(points.values())])
