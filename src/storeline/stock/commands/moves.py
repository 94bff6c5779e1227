"""Goods that leave or come back by trade."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from storeline.kernel.api import Pending, Ready, Row, ids_array, later, now
from storeline.stock.commands.statements import (
    CHANGED,
    HELD,
    MOVED,
    SHORT,
    TAKEN,
    close_cured,
    close_cured_of,
    move_params,
    name_at_risk,
)
from storeline.stock.domain.goods import Level, MoveRow, Pair

_TAKEN = TAKEN.format(lines="moved", balances="changed")
_MOVED = f"""
WITH {MOVED},
{CHANGED.format(changes="SELECT place_id, product_id, quantity AS on_hand, 0 AS freed FROM moved")},
{SHORT.format(balances="changed")}
"""
_POST = f"{_MOVED}SELECT (SELECT count(*) FROM moved), ({_TAKEN})"
# What names its lots has moved them by a statement of its own.
_POST_NAMED = f"{_MOVED}SELECT (SELECT count(*) FROM moved)"

_HELD = HELD.format(
    rows="stock_reservation r",
    condition="r.source_id = ANY(%s::uuid[])",
    freed="r.quantity",
    kept="0",
)
_BOTH = """
SELECT place_id, product_id, quantity AS on_hand, 0 AS freed FROM moved
UNION ALL SELECT place_id, product_id, 0, freed FROM held
"""
_SETTLED = f"""
WITH {_HELD},
{MOVED},
ended AS (
    UPDATE stock_reservation r
    SET state = CASE WHEN EXISTS (
        SELECT FROM moved m WHERE m.source_id = r.source_id AND m.line_no = r.line_no
    ) THEN 'posted' ELSE 'released' END
    FROM held WHERE r.source_id = held.source_id AND r.line_no = held.line_no
),
{CHANGED.format(changes=_BOTH)},
{SHORT.format(balances="changed")}
SELECT (SELECT count(*) FROM held)"""
_SETTLE = f"{_SETTLED}, ({_TAKEN})"


def post_sales(rows: Sequence[MoveRow]) -> Pending[int]:
    """Queue movements of trade that has happened: sales (negative), returns (positive). Gives their number.

    They post even below reserved or below zero; exceptions open for that and name the promises at risk. What leaves
    is taken from the lots that expire first. Rows of quantity 0 are skipped. A row that was posted before is an IntegrityError: ids are checked above.
    `lock` the pairs first.
    """
    return _post(_POST, rows)


def post_named(rows: Sequence[MoveRow]) -> Pending[int]:
    """The same for movements whose lots `lots.move_lots` moves: none is taken here."""
    return _post(_POST_NAMED, rows)


def _lotless(rows: Sequence[MoveRow], levels: Mapping[Pair, Level] | None) -> bool:
    if levels is None:
        return False
    known = [levels.get((row.place_id, row.product_id)) for row in rows]
    return not any(level is not None and level.lotted for level in known)


def _post(sql: str, rows: Sequence[MoveRow]) -> Pending[int]:
    moving = [row for row in rows if row.quantity]
    if not moving:
        return Ready(0)
    posted = later(sql, [*move_params(moving), now()], _count)
    name_at_risk()
    close_cured({(row.place_id, row.product_id) for row in moving if row.quantity > 0})
    return posted


def settle(
    source_ids: Collection[UUID], rows: Sequence[MoveRow], levels: Mapping[Pair, Level] | None = None
) -> Pending[int]:
    """Queue a hand-over: all that these sources hold ends, and `rows` are what really left (sales, negative).

    A held line with a movement of its own source and line becomes posted, one without (not picked) released.
    Gives how many reservations ended; compare it, where all of them must still have been held. With the `levels` that
    `lock` gave, goods without lots are not asked for any.
    """
    if not source_ids:
        return post_sales(rows)
    moving = [row for row in rows if row.quantity]
    sources = ids_array(sorted(source_ids))
    ended = later(
        _SETTLED if _lotless(moving, levels) else _SETTLE, [sources, sources, *move_params(moving), now()], _count
    )
    name_at_risk()
    close_cured_of(sources)
    return ended


def _count(rows: list[Row]) -> int:
    return int(rows[0][0])
