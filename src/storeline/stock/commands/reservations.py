"""Promises: made, kept longer, made smaller, freed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from storeline.kernel.api import (
    Pending,
    Ready,
    Row,
    ids_array,
    ints_array,
    later,
    now,
    pipeline,
    rowcounts,
    run,
    transaction,
)
from storeline.stock.commands.statements import CHANGED, HELD, SHORT, close_cured_of, name_at_risk, times_array
from storeline.stock.domain.goods import ReserveRow, ShrinkRow

# The guard repeats under the lock what the caller decided: were the decision ever wrong, fewer rows would come
# back than went in, and nothing could be oversold.
_RESERVE = """
WITH asked AS (
    SELECT * FROM unnest(%s::uuid[], %s::int[], %s::uuid[], %s::uuid[], %s::bigint[], %s::timestamptz[])
        AS asked(source_id, line_no, place_id, product_id, quantity, expires_at)
),
need AS (SELECT place_id, product_id, sum(quantity)::bigint AS quantity FROM asked GROUP BY place_id, product_id),
guarded AS (
    UPDATE stock_balance b SET reserved = b.reserved + need.quantity
    FROM need
    WHERE b.place_id = need.place_id AND b.product_id = need.product_id AND b.on_hand - b.reserved >= need.quantity
    RETURNING b.place_id, b.product_id
),
written AS (
    INSERT INTO stock_reservation (source_id, line_no, place_id, product_id, quantity, expires_at)
    SELECT source_id, line_no, place_id, product_id, quantity, expires_at
    FROM asked JOIN guarded USING (place_id, product_id)
    RETURNING 1
)
SELECT count(*) FROM written
"""

_FREED = CHANGED.format(changes="SELECT place_id, product_id, 0 AS on_hand, freed FROM held")
_END = f"""
ended AS (
    UPDATE stock_reservation r
    SET quantity = CASE held.kept WHEN 0 THEN r.quantity ELSE held.kept END,
        state = CASE held.kept WHEN 0 THEN 'released' ELSE r.state END
    FROM held WHERE r.source_id = held.source_id AND r.line_no = held.line_no
),
{_FREED},
{SHORT.format(balances="changed")}
"""
_RELEASE = f"""
WITH {HELD.format(rows="stock_reservation r", condition="r.source_id = ANY(%s::uuid[])", freed="r.quantity", kept="0")},
{_END}
SELECT (SELECT count(*) FROM held)
"""
_SHRINK_ROWS = """
stock_reservation r JOIN unnest(%s::uuid[], %s::int[], %s::bigint[]) AS asked(source_id, line_no, quantity)
    ON asked.source_id = r.source_id AND asked.line_no = r.line_no"""
_SHRINK_HELD = HELD.format(
    rows=_SHRINK_ROWS,
    condition="asked.quantity BETWEEN 0 AND r.quantity",
    freed="r.quantity - asked.quantity",
    kept="asked.quantity",
)
_SHRINK = f"WITH {_SHRINK_HELD}, {_END} SELECT (SELECT count(*) FROM held)"
_DUE_HELD = HELD.format(
    rows="""stock_reservation r JOIN unnest(%s::uuid[], %s::int[]) AS due(source_id, line_no)
    ON due.source_id = r.source_id AND due.line_no = r.line_no""",
    condition="r.expires_at <= %s",
    freed="r.quantity",
    kept="0",
)
_EXPIRE = f"WITH {_DUE_HELD}, {_END} SELECT (SELECT count(*) FROM held)"
_DUE = """
SELECT source_id, line_no FROM stock_reservation
WHERE state = 'held' AND expires_at <= %s ORDER BY expires_at LIMIT %s
"""
_EXTEND = """
UPDATE stock_reservation SET expires_at = %s
WHERE source_id = ANY(%s::uuid[]) AND state = 'held' AND (expires_at IS NULL OR expires_at > %s)
"""
_KEEP = """
UPDATE stock_reservation r SET expires_at = NULL FROM unnest(%s::uuid[], %s::int[]) AS asked(source_id, line_no)
WHERE r.source_id = asked.source_id AND r.line_no = asked.line_no AND r.state = 'held'
    AND (r.expires_at IS NULL OR r.expires_at > %s)
"""
EXPIRE_AT_ONCE = 5_000


def reserve(rows: Sequence[ReserveRow]) -> Pending[int]:
    """Queue reservations that were decided under `lock`; gives how many were written.

    A balance that no longer covers the sum of its rows writes none of them: fewer than ``len(rows)`` means that the
    decision was wrong, and the caller must raise.
    """
    if not rows:
        return Ready(0)
    params = [
        ids_array(row.source_id for row in rows),
        ints_array(row.line_no for row in rows),
        ids_array(row.place_id for row in rows),
        ids_array(row.product_id for row in rows),
        ints_array(row.quantity for row in rows),
        times_array(row.expires_at for row in rows),
    ]
    return later(_RESERVE, params, _count)


def release(source_ids: Collection[UUID]) -> Pending[int]:
    """Queue the freeing of all that these sources still hold; gives how many reservations were released."""
    if not source_ids:
        return Ready(0)
    sources = ids_array(sorted(source_ids))
    freed = later(_RELEASE, [sources, sources, now()], _count)
    name_at_risk()
    close_cured_of(sources)
    return freed


def shrink(rows: Sequence[ShrinkRow]) -> Pending[int]:
    """Queue the lessening of held reservations to what was picked; 0 releases. Gives how many rows were held.

    A row that is not held, or would grow, is not counted and not changed: compare with ``len(rows)``.
    """
    if not rows:
        return Ready(0)
    asked: list[object] = [
        ids_array(row.source_id for row in rows),
        ints_array(row.line_no for row in rows),
        ints_array(row.quantity for row in rows),
    ]
    shrunk = later(_SHRINK, [*asked, *asked, now()], _count)
    name_at_risk()
    close_cured_of(ids_array(sorted({row.source_id for row in rows})))
    return shrunk


def extend(source_ids: Collection[UUID], expires_at: datetime | None) -> Pending[int]:
    """Queue a later expiry (None: none) for all that these sources hold; gives how many rows were still held.

    A confirmed order's goods must not expire: fewer rows than lines means that the hold had already ended.
    """
    if not source_ids:
        return Ready(0)
    return rowcounts(run(_EXTEND, [expires_at, ids_array(sorted(source_ids)), now()]))


def keep(rows: Sequence[tuple[UUID, int]]) -> Pending[int]:
    """Queue that these holds (source, line) expire no more; gives how many were still held: compare with ``len(rows)``."""
    if not rows:
        return Ready(0)
    asked = [ids_array(source for source, _ in rows), ints_array(line for _, line in rows)]
    return rowcounts(run(_KEEP, [*asked, now()]))


def expire(moment: datetime | None = None) -> int:
    """Free every hold whose expiry has come, in transactions of bounded size; gives how many were freed."""
    total = 0
    while freed := _expire_some(moment or now()):
        total += freed
    return total


def _expire_some(moment: datetime) -> int:
    with transaction():
        due = run(_DUE, [moment, EXPIRE_AT_ONCE]).fetchall()
        if not due:
            return 0
        sources = ids_array(source for source, _ in due)
        asked = [sources, ints_array(line for _, line in due), moment]
        with pipeline():
            freed = later(_EXPIRE, [*asked, *asked, now()], _count)
            name_at_risk()
            close_cured_of(sources)
        return freed.result()


def _count(rows: list[Row]) -> int:
    return int(rows[0][0])
