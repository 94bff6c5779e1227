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

# The slots of bookings that the same sources hold are locked with them: a booking may move from one slot to another.
LOCK = """
SELECT id, place_id, method, starts_at, ends_at, CASE WHEN cutoff_at < %s THEN 0 ELSE capacity - held END, cutoff_at, fee,
    ARRAY(
        SELECT b.source_id FROM capacity_booking b
        WHERE b.source_id = ANY(%s::uuid[]) AND b.slot_id = capacity_slot.id AND b.state = 'held'
    )
FROM capacity_slot WHERE id = ANY(%s::uuid[] || ARRAY(
    SELECT slot_id FROM capacity_booking WHERE source_id = ANY(%s::uuid[]) AND state = 'held'
)) ORDER BY id FOR UPDATE
"""


def lock(slot_ids: Collection[UUID], source_ids: Collection[UUID] = ()) -> Pending[dict[UUID, Room]]:
    """Lock these slots, and those that these sources hold, until the transaction ends; gives the room left in each.

    Unknown ids are absent. Who is among a slot's `holders` needs no room of its own.
    """
    if not slot_ids:
        return Ready({})
    sources = ids_array(sorted(source_ids))
    return later(LOCK, [now(), sources, ids_array(sorted(slot_ids)), sources], _rooms)


def _rooms(rows: list[Row]) -> dict[UUID, Room]:
    return {row[0]: Room(*[*row[:8], frozenset(row[8])]) for row in rows}
