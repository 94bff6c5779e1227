"""Bookings: made, kept, freed. Each is one set statement in the caller's pipeline."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from storeline.capacity.domain import BookRow
from storeline.kernel.api import (
    Pending,
    Ready,
    Row,
    ids_array,
    ints_array,
    later,
    now,
    rowcounts,
    run,
    transaction,
)

# The guard repeats under the lock what the caller decided, as in stock. Who holds the slot already, from a basket,
# keeps its room; a booking that was freed before comes to life again in its new slot.
_BOOK = """
WITH asked AS (
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::int[], %s::timestamptz[])
        AS asked(source_id, slot_id, units, expires_at)
),
kept AS (
    UPDATE capacity_booking b SET expires_at = asked.expires_at FROM asked
    WHERE b.source_id = asked.source_id AND b.slot_id = asked.slot_id AND b.units = asked.units AND b.state = 'held'
    RETURNING b.source_id
),
fresh AS (SELECT * FROM asked WHERE source_id NOT IN (SELECT source_id FROM kept)),
need AS (SELECT slot_id, sum(units)::int AS units FROM fresh GROUP BY slot_id),
guarded AS (
    UPDATE capacity_slot s SET held = s.held + need.units
    FROM need WHERE s.id = need.slot_id AND s.held + need.units <= s.capacity
    RETURNING s.id
),
written AS (
    INSERT INTO capacity_booking AS b (source_id, slot_id, units, expires_at)
    SELECT source_id, slot_id, units, expires_at FROM fresh JOIN guarded ON guarded.id = fresh.slot_id
    ON CONFLICT (source_id) DO UPDATE
        SET slot_id = excluded.slot_id, units = excluded.units, expires_at = excluded.expires_at, state = 'held'
        WHERE b.state = 'released'
    RETURNING 1
)
SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM kept)
"""
_FREE = """
WITH locked AS (
    SELECT s.id FROM capacity_slot s
    WHERE s.id IN (SELECT slot_id FROM capacity_booking WHERE source_id = ANY(%s::uuid[]) AND state = 'held')
    ORDER BY s.id FOR UPDATE
),
held AS (
    SELECT b.source_id, b.slot_id, b.units FROM capacity_booking b JOIN locked ON locked.id = b.slot_id
    WHERE b.source_id = ANY(%s::uuid[]) AND b.state = 'held' {due}
    ORDER BY b.source_id FOR UPDATE OF b
),
ended AS (
    UPDATE capacity_booking b SET state = 'released' FROM held WHERE b.source_id = held.source_id
),
room AS (
    UPDATE capacity_slot s SET held = s.held - freed.units
    FROM (SELECT slot_id, sum(units)::int AS units FROM held GROUP BY slot_id) AS freed WHERE s.id = freed.slot_id
)
SELECT count(*) FROM held
"""
_RELEASE = _FREE.format(due="")
_EXPIRE = _FREE.format(due="AND b.expires_at <= %s")
_SETTLE = """
UPDATE capacity_booking SET state = 'settled', expires_at = NULL WHERE source_id = ANY(%s::uuid[]) AND state = 'held'
"""
_EXTEND = """
UPDATE capacity_booking SET expires_at = %s
WHERE source_id = ANY(%s::uuid[]) AND state = 'held' AND (expires_at IS NULL OR expires_at > %s)
"""
_DUE = """
SELECT source_id FROM capacity_booking WHERE state = 'held' AND expires_at <= %s ORDER BY expires_at LIMIT %s
"""
EXPIRE_AT_ONCE = 5_000


def book(rows: Sequence[BookRow]) -> Pending[int]:
    """Queue bookings that were decided under `lock`; gives how many were written.

    A source that holds the same slot already keeps it, with the new expiry. A slot without room for the sum of its rows
    writes none of them: fewer than ``len(rows)`` means that the decision was wrong, and the caller must raise.
    """
    if not rows:
        return Ready(0)
    expiries = ["NULL" if row.expires_at is None else row.expires_at.isoformat() for row in rows]
    params = [
        ids_array(row.source_id for row in rows),
        ids_array(row.slot_id for row in rows),
        ints_array(row.units for row in rows),
        "{" + ",".join(expiries) + "}",
    ]
    return later(_BOOK, params, _count)


def release(source_ids: Collection[UUID]) -> Pending[int]:
    """Queue the freeing of what these sources hold; gives how many bookings were released."""
    if not source_ids:
        return Ready(0)
    sources = ids_array(sorted(source_ids))
    return later(_RELEASE, [sources, sources], _count)


def settle(source_ids: Collection[UUID]) -> Pending[int]:
    """Queue the end of bookings by hand-over: the room stays used. Gives how many were held."""
    if not source_ids:
        return Ready(0)
    return rowcounts(run(_SETTLE, [ids_array(sorted(source_ids))]))


def extend(source_ids: Collection[UUID], expires_at: datetime | None) -> Pending[int]:
    """Queue a later expiry (None: none) of what these sources hold; gives how many were still held."""
    if not source_ids:
        return Ready(0)
    return rowcounts(run(_EXTEND, [expires_at, ids_array(sorted(source_ids)), now()]))


def expire(moment: datetime | None = None) -> int:
    """Free every booking whose expiry has come, in transactions of bounded size; gives how many were freed."""
    total = 0
    while freed := _expire_some(moment or now()):
        total += freed
    return total


def _expire_some(moment: datetime) -> int:
    with transaction():
        due = run(_DUE, [moment, EXPIRE_AT_ONCE]).fetchall()
        if not due:
            return 0
        sources = ids_array(source for (source,) in due)
        return later(_EXPIRE, [sources, sources, moment], _count).result()


def _count(rows: list[Row]) -> int:
    return int(rows[0][0])
