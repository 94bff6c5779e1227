"""What orders take that were just decided under lock: reservations and movements, with as little as it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storeline.kernel.api import Pending, Ready, ids_array, ints_array, rowcounts, run
from storeline.stock.commands.moves import post_sales
from storeline.stock.commands.reservations import reserve
from storeline.stock.commands.statements import move_params, times_array
from storeline.stock.domain.goods import Level, MoveRow, Pair, ReserveRow, is_plain, spent
from storeline.stock.errors import CountMismatch

# Each a plain statement: a statement pays for every part of its plan each time, also for parts that find nothing to do.
# The guard repeats under the lock what was decided.
_CHANGE = """
UPDATE stock_balance b SET on_hand = b.on_hand + c.moved, reserved = b.reserved + c.held
FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[]) AS c(place_id, product_id, moved, held)
WHERE b.place_id = c.place_id AND b.product_id = c.product_id AND b.on_hand + c.moved >= b.reserved + c.held
"""
_HOLD = """
INSERT INTO stock_reservation (source_id, line_no, place_id, product_id, quantity, expires_at)
SELECT * FROM unnest(%s::uuid[], %s::int[], %s::uuid[], %s::uuid[], %s::bigint[], %s::timestamptz[])
"""
_HOLD_HERE = """
INSERT INTO stock_reservation (source_id, line_no, place_id, product_id, quantity, expires_at)
SELECT h.source_id, h.line_no, %s::uuid, h.product_id, h.quantity, %s::timestamptz
FROM unnest(%s::uuid[], %s::int[], %s::uuid[], %s::bigint[]) AS h(source_id, line_no, product_id, quantity)
"""
_MOVE = """
INSERT INTO stock_movement (source_id, line_no, kind, place_id, product_id, quantity, at, business_date, reason)
SELECT * FROM unnest(
    %s::uuid[], %s::int[], %s::text[], %s::uuid[], %s::uuid[], %s::bigint[], %s::timestamptz[], %s::date[], %s::text[]
)
"""
_MOVE_HERE = """
INSERT INTO stock_movement (source_id, line_no, kind, place_id, product_id, quantity, at, business_date, reason)
SELECT m.source_id, m.line_no, %s::text, %s::uuid, m.product_id, m.quantity, %s::timestamptz, %s::date, %s::text
FROM unnest(%s::uuid[], %s::int[], %s::uuid[], %s::bigint[]) AS m(source_id, line_no, product_id, quantity)
"""


def spend(held: Sequence[ReserveRow], moves: Sequence[MoveRow], levels: Mapping[Pair, Level]) -> Pending[int]:
    """Queue what decided orders reserve and what left with them; `levels` are what `lock` gave, unchanged since.

    Gives how many reservations were written: fewer than ``len(held)`` means that the decision was wrong, and the caller
    must raise. Where products have lots, a balance is new, or a sale goes below what is promised, it is `reserve` and
    `post_sales`; everything else changes its balances and adds its rows, and nothing more.
    """
    moving = [row for row in moves if row.quantity]
    changes = spent(held, moving)
    if not is_plain(changes, levels):
        reserved = reserve(held)
        post_sales(moving)
        return reserved
    if not changes:
        return Ready(0)
    params = [
        ids_array(place for place, _ in changes),
        ids_array(product for _, product in changes),
        ints_array(moved for moved, _ in changes.values()),
        ints_array(kept for _, kept in changes.values()),
    ]
    changed = rowcounts(run(_CHANGE, params))
    written = _hold(held) if held else Ready(0)
    if moving:
        _move(moving)
    return changed.map(lambda count: _checked(count, len(changes), written))


def _checked(changed: int, wanted: int, written: Pending[int]) -> int:
    if changed != wanted:
        raise CountMismatch("The stock was changed without its lock.")
    return written.result()


def _hold(rows: Sequence[ReserveRow]) -> Pending[int]:
    first = rows[0]
    sources = ids_array([row.source_id for row in rows])
    lines = ints_array([row.line_no for row in rows])
    products = ids_array([row.product_id for row in rows])
    quantities = ints_array([row.quantity for row in rows])
    if all(row.place_id == first.place_id and row.expires_at == first.expires_at for row in rows):
        return rowcounts(run(_HOLD_HERE, [first.place_id, first.expires_at, sources, lines, products, quantities]))
    places = ids_array([row.place_id for row in rows])
    until = times_array([row.expires_at for row in rows])
    return rowcounts(run(_HOLD, [sources, lines, places, products, quantities, until]))


def _move(rows: Sequence[MoveRow]) -> None:
    alike = {(row.kind, row.place_id, row.at, row.business_date, row.reason) for row in rows}
    if len(alike) > 1:
        run(_MOVE, move_params(rows))
        return
    each = [
        ids_array([row.source_id for row in rows]),
        ints_array([row.line_no for row in rows]),
        ids_array([row.product_id for row in rows]),
        ints_array([row.quantity for row in rows]),
    ]
    run(_MOVE_HERE, [*alike.pop(), *each])
