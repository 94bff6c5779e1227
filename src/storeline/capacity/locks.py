"""Every lock of capacity, in the global order.

1. `capacity_slot` rows by id, with `FOR UPDATE`;
2. `capacity_booking` rows by source_id, under their slot's lock.

Slots come before stock, and after the order's own row.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from storeline.capacity.domain import Room
from storeline.kernel.api import Pending, Ready, Row, ids_array, later, now

LOCK = """
SELECT id, place_id, method, starts_at, ends_at, CASE WHEN cutoff_at < %s THEN 0 ELSE capacity - held END
FROM capacity_slot WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE
"""


def lock(slot_ids: Collection[UUID]) -> Pending[dict[UUID, Room]]:
    """Lock these slots until the transaction ends, and give the room left in each; unknown ids are absent."""
    if not slot_ids:
        return Ready({})
    return later(LOCK, [now(), ids_array(sorted(slot_ids))], _rooms)


def _rooms(rows: list[Row]) -> dict[UUID, Room]:
    return {row[0]: Room(*row) for row in rows}
