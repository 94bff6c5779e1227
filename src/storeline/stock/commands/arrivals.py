"""What higher modules do when a transfer arrives, and goods that are held for somebody as they come in.

An arrival is told to them in its own transaction: before anything of it is locked, so that they lock what comes first in
the global order, and after it is on the books, so that nobody else is promised what came for somebody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from storeline.kernel.api import Pending, Ready, Row, ids_array, ints_array, later, now
from storeline.stock.commands.statements import SHORT, name_at_risk
from storeline.stock.domain.goods import ReserveRow
from storeline.stock.domain.transfers import Transfer

_BEFORE: list[Callable[[UUID], None]] = []
_AFTER: list[Callable[[Transfer], None]] = []
# A hold that was released as the goods left another place begins anew here, or grows by what came later. What came for
# somebody is theirs even where too much was promised here before: an exception names the promises at risk.
_HOLD = f"""
WITH asked AS (
    SELECT * FROM unnest(%s::uuid[], %s::int[], %s::uuid[], %s::uuid[], %s::bigint[])
        AS asked(source_id, line_no, place_id, product_id, quantity)
),
changed AS (
    UPDATE stock_balance b SET reserved = b.reserved + need.quantity
    FROM (
        SELECT place_id, product_id, sum(quantity)::bigint AS quantity FROM asked GROUP BY place_id, product_id
    ) AS need
    WHERE b.place_id = need.place_id AND b.product_id = need.product_id
    RETURNING b.place_id, b.product_id, b.on_hand, b.reserved
),
{SHORT.format(balances="changed")},
written AS (
    INSERT INTO stock_reservation AS r (source_id, line_no, place_id, product_id, quantity)
    SELECT source_id, line_no, place_id, product_id, quantity FROM asked JOIN changed USING (place_id, product_id)
    ON CONFLICT (source_id, line_no) DO UPDATE
        SET place_id = excluded.place_id, state = 'held', expires_at = NULL,
            quantity = excluded.quantity + CASE r.state WHEN 'held' THEN r.quantity ELSE 0 END
        WHERE r.product_id = excluded.product_id AND (r.state = 'released' OR r.place_id = excluded.place_id)
    RETURNING 1
)
SELECT count(*) FROM written
"""


def register_arrivals(before: Callable[[UUID], None], after: Callable[[Transfer], None]) -> None:
    """Let a higher module know of arrivals: of the transfer's id before any lock, and how it stands after each."""
    _BEFORE.append(before)
    _AFTER.append(after)


def is_coming(transfer_id: UUID) -> None:
    """Something of a transfer is about to be taken in."""
    for deed in _BEFORE:
        deed(transfer_id)


def has_come(transfer: Transfer) -> None:
    """Something of a transfer was taken in."""
    for deed in _AFTER:
        deed(transfer)


def hold_arrived(rows: Sequence[ReserveRow]) -> Pending[int]:
    """Queue holds on what has come in, on top of what these sources and lines hold there; gives how many were written.

    Belongs in the transaction that took it in, and so under its balances' lock. Fewer than ``len(rows)``: one of them holds
    something elsewhere, and the caller must raise.
    """
    if not rows:
        return Ready(0)
    params = [
        ids_array(row.source_id for row in rows),
        ints_array(row.line_no for row in rows),
        ids_array(row.place_id for row in rows),
        ids_array(row.product_id for row in rows),
        ints_array(row.quantity for row in rows),
        now(),
    ]
    held = later(_HOLD, params, _count)
    name_at_risk()
    return held


def _count(rows: list[Row]) -> int:
    return int(rows[0][0])
