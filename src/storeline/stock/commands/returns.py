"""Goods that come back go into the lots that they left in, where these are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from storeline.kernel.api import Row, ids_array, later, pipeline
from storeline.stock.commands.lots import write_lots
from storeline.stock.commands.moves import post_named, post_sales
from storeline.stock.domain.goods import MoveRow, expected_levels
from storeline.stock.domain.lots import Lot, LotBook, LotChange, share_after
from storeline.stock.locks import lock
from storeline.stock.queries.lots import lots_of

# What left by the sales, with the last day that the lot has in the books of the place that it left.
_SOLD = """
SELECT t.source_id, t.line_no, l.place_id, l.product_id, l.lot, l.expires_on, -t.quantity, l.expired, l.recalled
FROM stock_lot_move t
JOIN stock_lot l ON l.place_id = t.place_id AND l.product_id = t.product_id AND l.lot = t.lot
WHERE t.source_id = ANY(%s::uuid[]) AND t.kind = 'sale' AND t.quantity < 0
"""
# What is being recalled: where nobody knows of which lot goods are that come back now, they are taken for it.
_RECALLED = """
SELECT product_id, lot FROM stock_recall WHERE product_id = ANY(%s::uuid[]) AND state = 'open' ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Returned:
    """A movement of goods that come back: of which order's line, if that is known, of which so much came `before`."""

    move: MoveRow
    order_id: UUID | None = None
    order_line: int | None = None
    before: int = 0


@dataclass(frozen=True, slots=True)
class Returning:
    """Goods whose balances are locked, with their lots where they have any: for `post_returns`."""

    moves: Sequence[MoveRow]
    named: Sequence[MoveRow] = ()
    book: LotBook | None = None


def lock_returns(rows: Sequence[Returned]) -> Returning:
    """Lock the balances that goods come back to, and find the lots that they left in; one wait.

    Of a line that was taken from several lots, those come back first that are recalled, then those that left first. What left
    in no lot, or by a sale that nobody knows, comes back in none: it leaves last. While a lot of the product is being
    recalled it comes back in that one, so that it is not sold again.
    """
    moving = [row for row in rows if row.move.quantity]
    pairs = {(row.move.place_id, row.move.product_id) for row in moving}
    orders = sorted({row.order_id for row in moving if row.order_id is not None})
    with pipeline():
        locked = lock(pairs)
        there = lots_of(pairs)
        left = later(_SOLD, [ids_array(orders)], _by_line)
        recalled = later(_RECALLED, [ids_array(sorted({product for _, product in pairs}))], list)
    levels, lots, sold = locked.result(), there.result(), left.result()
    blocked: dict[UUID, str] = {product: lot for product, lot in recalled.result()}  # noqa: C416
    if not sold and not blocked:
        return Returning([row.move for row in moving])
    known = {(lot.place_id, lot.product_id, lot.lot) for lot in lots if lot.expires_on is not None}
    changes = [
        LotChange(*_key(move), lot, quantity, None if (move.place_id, move.product_id, lot) in known else day)
        for row in moving
        for move, taken in ((row.move, sold.get((row.order_id, row.order_line), [])),)
        for lot, quantity, day in _parts(row.before, move, taken, blocked)
    ]
    lines = {(one.source_id, one.line_no) for one in changes}
    named = [row.move for row in moving if (row.move.source_id, row.move.line_no) in lines]
    after = {pair: level.on_hand for pair, level in expected_levels(levels, named).items()}
    book = LotBook(lots, after, {move.place_id: move.business_date for move in named})
    for one in changes:
        book.change(one)
    book.fit(changes)
    return Returning([row.move for row in moving if row.move not in named], named, book)


def post_returns(returning: Returning) -> None:
    """Queue the movements, and what they change of lots."""
    if returning.book is not None:
        post_named(returning.named)
        write_lots(returning.book)
    post_sales(returning.moves)


def _parts(
    before: int, move: MoveRow, taken: Sequence[Lot], blocked: Mapping[UUID, str]
) -> list[tuple[str, int, date | None]]:
    """The lots that goods come back in, with their last days."""
    parts = share_after(before, move.quantity, taken)
    rest = move.quantity - sum(quantity for _, quantity, _ in parts)
    if rest and move.product_id in blocked:
        parts.append((blocked[move.product_id], rest, None))
    return parts


def _by_line(rows: list[Row]) -> dict[tuple[UUID | None, int | None], list[Lot]]:
    """What each line took of its lots, as the books have them now: recalled ones first, since these are what people bring
    back, then those that expire first.
    """
    found: dict[tuple[UUID | None, int | None], list[Lot]] = {}
    for source, line, place, product, lot, day, quantity, expired, recalled in rows:
        found.setdefault((source, line), []).append(Lot(place, product, lot, day, quantity, expired, recalled))
    return {key: sorted(lots, key=_first_left) for key, lots in found.items()}


def _first_left(lot: Lot) -> tuple[bool, date, str]:
    return not lot.recalled, lot.expires_on or date.max, lot.lot


def _key(move: MoveRow) -> tuple[UUID, int, str, UUID, UUID]:
    return move.source_id, move.line_no, move.kind, move.place_id, move.product_id
