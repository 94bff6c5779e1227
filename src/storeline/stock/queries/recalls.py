"""Reads of recalls: how far each is, and what of them a place has to take off its shelves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from storeline.kernel.api import Pending, Row, later, run
from storeline.stock.domain.recalls import LOOKED_FOR_DAYS, OnShelf, RecallRow, RecallState, TakenOffRow, ToDo
from storeline.stock.errors import NoRecall

_RECALL = """
SELECT r.id, r.product_id, r.lot, r.reason, r.state, r.started_at, r.started_by, r.ended_at, r.ended_by,
    coalesce(s.on_hand, 0), coalesce(t.found, 0), coalesce(t.missing, 0)
FROM stock_recall r
LEFT JOIN LATERAL (
    SELECT sum(l.on_hand)::bigint AS on_hand FROM stock_lot l WHERE l.product_id = r.product_id AND l.lot = r.lot
) AS s ON true
LEFT JOIN LATERAL (
    SELECT sum(o.found)::bigint AS found, sum(o.missing)::bigint AS missing FROM stock_take_off o WHERE o.recall_id = r.id
) AS t ON true
"""
_LIST = f"""{_RECALL}
WHERE (%s::text IS NULL OR r.state = %s) AND (%s::uuid IS NULL OR r.id < %s) ORDER BY r.id DESC LIMIT %s
"""
_TAKEN_OFF = "SELECT id, recall_id, place_id, expected, found, missing, at, actor_id, all_of_it FROM stock_take_off"
# A place that ever had the lot has a row of it, and whoever starts a recall makes one where it was sent. Books may err: goods
# are given to lots by their dates. So each such place looks, unless what it has must be long gone or it said that it has looked.
_TO_LOOK = f"""
r.state = 'open' AND l.on_hand = 0
AND (l.expires_on IS NULL OR l.expires_on >= (r.started_at AT TIME ZONE 'UTC')::date - {LOOKED_FOR_DAYS})
AND NOT EXISTS (
    SELECT FROM stock_take_off o WHERE o.recall_id = r.id AND o.place_id = l.place_id AND o.all_of_it
)
AND NOT EXISTS (
    SELECT FROM places_place p
    WHERE p.id = l.place_id AND p.closes_on < (r.started_at AT TIME ZONE 'UTC')::date - {LOOKED_FOR_DAYS}
)
"""
_HERE = f"""
SELECT l.place_id, l.on_hand, r.id AS recall_id FROM stock_lot l
JOIN stock_recall r ON r.product_id = l.product_id AND r.lot = l.lot AND r.state <> 'lifted'
WHERE l.place_id = %s AND l.recalled AND l.on_hand > 0
UNION ALL
SELECT l.place_id, 0, r.id FROM stock_recall r
JOIN stock_lot l ON l.place_id = %s AND l.product_id = r.product_id AND l.lot = r.lot
WHERE {_TO_LOOK}
"""
_AT = f"""
SELECT h.place_id, h.on_hand, r.* FROM ({_HERE}) AS h JOIN ({_RECALL}) AS r ON r.id = h.recall_id
ORDER BY h.on_hand = 0, r.id DESC
"""
_COUNT = f"SELECT count(*) FILTER (WHERE on_hand > 0), count(*) FILTER (WHERE on_hand = 0) FROM ({_HERE}) AS h"
_STILL = f"""
SELECT l.place_id FROM stock_recall r JOIN stock_lot l ON l.product_id = r.product_id AND l.lot = r.lot
WHERE r.id = %s AND {_TO_LOOK} ORDER BY l.place_id
"""
_SOLD = """
SELECT DISTINCT ON (m.line_no) m.line_no, m.lot, r.reason FROM stock_lot_move m
JOIN stock_recall r ON r.product_id = m.product_id AND r.lot = m.lot AND r.state <> 'lifted'
WHERE m.source_id = %s AND m.kind = 'sale' ORDER BY m.line_no, m.lot
"""
_KNOWN_LOTS = """
SELECT lot, min(expires_on), sum(on_hand)::bigint, count(*) FILTER (WHERE on_hand > 0), bool_or(recalled)
FROM stock_lot WHERE product_id = %s GROUP BY lot ORDER BY sum(on_hand) = 0, min(expires_on), lot LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class KnownLot:
    """A lot of a product that some place has or had: how much of it there is, at how many places."""

    lot: str
    expires_on: date | None
    on_hand: int
    places: int
    recalled: bool


class SoldRecalled(NamedTuple):
    """A lot that was sold and is recalled now, and why, as shoppers are told."""

    lot: str
    reason: str


def get_recall(recall_id: UUID) -> RecallRow:
    """One recall; raises NoRecall."""
    row = run(f"{_RECALL} WHERE r.id = %s", [recall_id]).fetchone()
    if row is None:
        raise NoRecall("There is no such recall.")
    return _recall(row)


def recalls_of(product_id: UUID, lot: str) -> list[RecallRow]:
    """The recalls of a lot, the latest first: one at most that was not lifted."""
    sql = f"{_RECALL} WHERE r.product_id = %s AND r.lot = %s ORDER BY r.id DESC"
    return [_recall(row) for row in run(sql, [product_id, lot]).fetchall()]


def list_recalls(*, state: RecallState | None = None, before: UUID | None = None, limit: int = 50) -> list[RecallRow]:
    """Recalls, the latest first, older than one of them."""
    wanted = None if state is None else state.value
    return [_recall(row) for row in run(_LIST, [wanted, wanted, before, before, limit]).fetchall()]


def recalled_at(place_id: UUID) -> list[OnShelf]:
    """What a place must take off its shelves: recalled lots of which its books have some, closed recalls' too.

    After them, of recalls that are open, those that it had and has none of by its books, until it says that it has looked.
    """
    return [OnShelf(_recall(row[2:]), row[0], row[1]) for row in run(_AT, [place_id] * 2).fetchall()]


def to_do_at(place_id: UUID) -> ToDo:
    """How many of both there are."""
    return ToDo(*run(_COUNT, [place_id] * 2).fetchall()[0])


def to_look(recall_id: UUID) -> Pending[list[UUID]]:
    """Queue: places that have none of it by their books and have not said that they looked."""
    return later(_STILL, [recall_id], lambda rows: [row[0] for row in rows])


def taken_off(recall_id: UUID, *, after: UUID | None = None, limit: int = 1_000) -> list[TakenOffRow]:
    """What places took off their shelves for a recall, by id, after one of them."""
    sql = f"{_TAKEN_OFF} WHERE recall_id = %s AND (%s::uuid IS NULL OR id > %s) ORDER BY id LIMIT %s"
    return [TakenOffRow(*row) for row in run(sql, [recall_id, after, after, limit]).fetchall()]


def recalled_lines(order_id: UUID) -> Pending[dict[int, SoldRecalled]]:
    """Queue: which lines of an order got some of a recalled lot."""
    return later(_SOLD, [order_id], lambda rows: {line: SoldRecalled(lot, reason) for line, lot, reason in rows})


def take_off_by_id(take_off_id: UUID) -> TakenOffRow | None:
    """The one with this id."""
    row = run(f"{_TAKEN_OFF} WHERE id = %s", [take_off_id]).fetchone()
    return None if row is None else TakenOffRow(*row)


def known_lots(product_id: UUID, *, limit: int = 50) -> list[KnownLot]:
    """The lots of a product that some place has or had, those that are there first."""
    return [KnownLot(*row) for row in run(_KNOWN_LOTS, [product_id, limit]).fetchall()]


def _recall(row: Row) -> RecallRow:
    recall_id, product, lot, reason, state, *rest = row
    return RecallRow(recall_id, product, lot, reason, RecallState(state), *rest)
