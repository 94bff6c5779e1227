"""Reads of lots: what is there, what expires, and where a lot went."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from storeline.kernel.api import Pending, Ready, ids_array, later, pipeline, run
from storeline.stock.domain.goods import Pair
from storeline.stock.domain.lots import InTransit, Lot, LotTaken, Recall, first_out

_COLUMNS = "l.place_id, l.product_id, l.lot, l.expires_on, l.on_hand, l.expired, l.recalled"
_OF_PAIRS = f"""
SELECT {_COLUMNS} FROM unnest(%s::uuid[], %s::uuid[]) AS asked(place_id, product_id)
JOIN stock_lot l ON l.place_id = asked.place_id AND l.product_id = asked.product_id
"""
_EXPIRING = f"""
SELECT {_COLUMNS} FROM stock_lot l WHERE l.place_id = %s AND l.expires_on <= %s AND l.on_hand > 0
    AND NOT l.recalled
ORDER BY l.expires_on, l.product_id, l.lot LIMIT %s
"""
_SHELVES = f"""
SELECT {_COLUMNS} FROM stock_lot l WHERE l.product_id = %s AND l.lot = %s AND l.on_hand > 0 ORDER BY l.place_id
"""
_TAKEN = """
SELECT l.source_id, l.line_no, l.kind, l.place_id, l.quantity, m.at
FROM stock_lot_move l
JOIN stock_movement m ON m.source_id = l.source_id AND m.line_no = l.line_no AND m.kind = l.kind
WHERE l.product_id = %s AND l.lot = %s ORDER BY m.at, l.source_id, l.line_no
"""
_IN_TRANSIT = """
SELECT t.id, t.from_place_id, t.to_place_id,
    least(-l.quantity, i.shipped + i.found - i.received - i.lost - i.damaged)
FROM stock_lot_move l
JOIN stock_transfer t ON t.id = l.source_id AND t.state = 'shipped'
JOIN stock_transfer_line i ON i.transfer_id = t.id AND i.product_id = l.product_id
WHERE l.product_id = %s AND l.lot = %s AND l.kind = 'transfer_out'
    AND i.shipped + i.found > i.received + i.lost + i.damaged
ORDER BY t.id
"""


def lots_of(pairs: Collection[Pair]) -> Pending[list[Lot]]:
    """Queue the reading of all lots of these balances, empty ones too. Lock the balances first where lots are to change."""
    if not pairs:
        return Ready([])
    arrays = [ids_array(place for place, _ in pairs), ids_array(product for _, product in pairs)]
    return later(_OF_PAIRS, arrays, lambda rows: [Lot(*row) for row in rows])


def expiring(place_id: UUID, until: date, *, limit: int = 1_000) -> list[Lot]:
    """Lots of a place whose last day is `until` or before and of which something is there, the first to go first.

    Those past their day are among them, marked `expired`; recalled ones are in `recalled_at`.
    """
    return [Lot(*row) for row in run(_EXPIRING, [place_id, until, limit])]


def lots_at(pairs: Collection[Pair]) -> dict[Pair, list[Lot]]:
    """The lots of these balances of which something is there, first out first; a balance without any is absent."""
    found: dict[Pair, list[Lot]] = {}
    for lot in sorted(lots_of(sorted(set(pairs))).result(), key=first_out):
        if lot.on_hand:
            found.setdefault((lot.place_id, lot.product_id), []).append(lot)
    return found


def whereabouts(product_id: UUID, lot: str) -> Pending[tuple[list[Lot], list[InTransit]]]:
    """Queue: every shelf that has some of a lot now, and every transfer that may."""
    with pipeline():
        shelves = later(_SHELVES, [product_id, lot], lambda rows: [Lot(*row) for row in rows])
        in_transit = later(_IN_TRANSIT, [product_id, lot], lambda rows: [InTransit(*row) for row in rows])
    return shelves.map(lambda found: (found, in_transit.result()))


def recall(product_id: UUID, lot: str) -> Recall:
    """Every shelf that has some of a lot, every transfer that may, and everything that moved it: the orders among them.

    Whose the orders are is known above. What was sold before its receipt was in the books is in no lot.
    """
    with pipeline():
        where = whereabouts(product_id, lot)
        taken = later(_TAKEN, [product_id, lot], lambda rows: tuple(LotTaken(*row) for row in rows))
    shelves, in_transit = where.result()
    return Recall(product_id, lot, tuple(shelves), tuple(in_transit), taken.result())
