"""What is there: levels, counts, exceptions, and what people did. Holds that have ended hold nothing here."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from storeline.kernel.api import Invalid, Pending, Row, ids_array, later, now, run
from storeline.stock.domain.goods import LARGE, UNDONE, Level, is_large
from storeline.stock.locks import ENDED

_NOWHERE = UUID(int=0)
FREED = f"""(
    SELECT place_id, product_id, sum(quantity)::bigint AS quantity FROM {ENDED} AS hold GROUP BY place_id, product_id
)"""
"""What ended holds still have, until they are freed."""
_LEVELS = f"""
SELECT b.product_id, b.on_hand, b.reserved - coalesce(f.quantity, 0), b.safety, b.expired, b.buffers,
    b.recalled
FROM stock_balance b LEFT JOIN {FREED} AS f ON f.place_id = b.place_id AND f.product_id = b.product_id
WHERE b.place_id = %s AND b.product_id = ANY(%s::uuid[])
"""
# One statement for each choice of filters, so that each is a walk along one index.
_LIST = f"""
SELECT b.place_id, b.product_id, b.on_hand, b.reserved - coalesce(f.quantity, 0), b.safety, b.expired, b.buffers,
    b.recalled
FROM (
    SELECT * FROM stock_balance WHERE {{filters}} ORDER BY {{order}} LIMIT %s
) AS b LEFT JOIN {FREED} AS f ON f.place_id = b.place_id AND f.product_id = b.product_id
ORDER BY b.place_id, b.product_id
"""
_BY_PLACE = _LIST.format(filters="place_id = %s AND product_id > %s", order="product_id")
_BY_PRODUCT = _LIST.format(filters="product_id = %s AND place_id > %s", order="place_id")
_ALL = _LIST.format(filters="(place_id, product_id) > (%s, %s)", order="place_id, product_id")
_ONE = _LIST.format(filters="place_id = %s AND product_id = %s", order="place_id")
_EXCEPTIONS = """
SELECT id, place_id, product_id, kind, quantity, at, reservations, closed_at, note FROM stock_exception
WHERE id > %s AND (%s::uuid IS NULL OR place_id = %s) AND (%s OR closed_at IS NULL)
ORDER BY id LIMIT %s
"""
_COUNT = """
SELECT place_id, product_id, counted, expected, at, reason, actor_id, source_id FROM stock_count
WHERE source_id = %s ORDER BY line_no
"""
_DEEDS = """
SELECT m.source_id, m.kind, m.product_id, m.quantity, m.at, m.reason, coalesce(a.note, ''), coalesce(a.actor_id, c.actor_id)
FROM stock_movement m
LEFT JOIN stock_adjustment a ON a.source_id = m.source_id AND a.line_no = m.line_no AND a.kind = m.kind
LEFT JOIN stock_count c ON m.kind = 'count' AND c.source_id = m.source_id AND c.line_no = m.line_no
WHERE m.place_id = %s AND m.product_id = %s
    AND m.kind IN ('receipt', 'return', 'count', 'adjustment', 'transfer_out', 'transfer_in', 'waste')
ORDER BY m.at DESC LIMIT %s
"""
_LAST_COUNTS = """
SELECT DISTINCT ON (product_id) place_id, product_id, counted, expected, at, reason, actor_id, source_id FROM stock_count
WHERE place_id = %s AND product_id = ANY(%s::uuid[]) ORDER BY product_id, at DESC
"""
_RECEIPTS = """
SELECT m.source_id, m.kind, m.product_id, m.quantity, m.at, CASE WHEN u.source_id IS NULL THEN m.reason ELSE %s END
FROM stock_movement m
LEFT JOIN stock_movement u ON u.source_id = m.source_id AND u.line_no = m.line_no AND u.kind = 'adjustment'
WHERE m.place_id = %s AND m.kind = 'receipt' AND m.at > %s ORDER BY m.at DESC LIMIT %s
"""
# Of each product the last count that was far off, unless somebody else has counted it since.
_TO_RECOUNT = """
SELECT c.place_id, c.product_id, c.counted, c.expected, c.at, c.reason, c.actor_id, c.source_id FROM stock_count c
WHERE c.place_id = %s AND c.at > %s AND abs(c.counted - c.expected) > %s AND abs(c.counted - c.expected) * %s > abs(c.expected)
    AND NOT EXISTS (
        SELECT FROM stock_count l WHERE l.place_id = c.place_id AND l.at > c.at AND l.product_id = c.product_id
            AND (l.actor_id IS DISTINCT FROM c.actor_id
                OR abs(l.counted - l.expected) > %s AND abs(l.counted - l.expected) * %s > abs(l.expected))
    )
ORDER BY c.at LIMIT %s
"""
RECOUNT_WITHIN = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class CountRow:
    """What somebody counted of a product, and what the books said just before."""

    place_id: UUID
    product_id: UUID
    counted: int
    expected: int
    at: datetime
    reason: str | None
    actor_id: UUID | None
    source_id: UUID

    @property
    def is_large(self) -> bool:
        """Whether somebody else should count again."""
        return is_large(self.counted, self.expected)


@dataclass(frozen=True, slots=True)
class DeedRow:
    """Goods that somebody moved otherwise than by a sale; `quantity` is positive into the place.

    Of corrections and counts it says who did them: `actor_id` is null where a program did.
    """

    source_id: UUID
    kind: str
    product_id: UUID
    quantity: int
    at: datetime
    reason: str | None
    note: str = ""
    actor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class StockLevel:
    """What a place has of a product, in thousandths."""

    place_id: UUID
    product_id: UUID
    level: Level


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """A shortfall; `reservations` names what is at risk, newest promise first."""

    id: UUID
    place_id: UUID
    product_id: UUID
    kind: str
    quantity: int
    at: datetime
    reservations: list[dict[str, Any]]
    closed_at: datetime | None
    note: str | None


def levels(place_id: UUID, product_ids: Collection[UUID]) -> dict[UUID, Level]:
    """The levels of these products at a place; what it never kept is absent."""
    return gather_levels(place_id, product_ids).result()


def gather_levels(place_id: UUID, product_ids: Collection[UUID]) -> Pending[dict[UUID, Level]]:
    """The same, queued in the caller's pipeline."""
    asked = [now(), place_id, ids_array(product_ids)]
    return later(_LEVELS, asked, lambda rows: {row[0]: _level(row[1:]) for row in rows})


def count_rows(source_id: UUID) -> list[CountRow]:
    """The lines of one count; none where there is no such count."""
    return [CountRow(*row) for row in run(_COUNT, [source_id])]


def last_counts(place_id: UUID, product_ids: Collection[UUID]) -> dict[UUID, CountRow]:
    """How each of these products was last counted here; one that never was is absent."""
    rows = [CountRow(*row) for row in run(_LAST_COUNTS, [place_id, ids_array(product_ids)])]
    return {row.product_id: row for row in rows}


def to_recount(place_id: UUID, *, limit: int = 20) -> list[CountRow]:
    """Counts of the last fortnight that were far off and that nobody else has repeated, the oldest first."""
    since = now() - RECOUNT_WITHIN
    return [CountRow(*row) for row in run(_TO_RECOUNT, [place_id, since, *LARGE, *LARGE, limit])]


def last_deeds(place_id: UUID, product_id: UUID, *, limit: int = 5) -> list[DeedRow]:
    """What people last did to this product here besides selling it, the latest first."""
    return [DeedRow(*row) for row in run(_DEEDS, [place_id, product_id, limit])]


def last_receipts(place_id: UUID, since: datetime, *, limit: int = 10) -> list[DeedRow]:
    """What was received here since then, the latest first; what was taken back says so as its reason (`UNDONE`)."""
    return [DeedRow(*row) for row in run(_RECEIPTS, [UNDONE, place_id, since, limit])]


def list_levels(
    *, place_id: UUID | None = None, product_id: UUID | None = None, cursor: str | None = None, limit: int = 100
) -> tuple[list[StockLevel], str | None]:
    """A page of levels at a place, of a product, of both or of all; and the cursor of the next page."""
    after_place, after_product = _after(cursor)
    moment = now()
    if place_id and product_id:
        rows = run(_ONE, [place_id, product_id, 1, moment]).fetchall()
    elif place_id:
        rows = run(_BY_PLACE, [place_id, after_product, limit + 1, moment]).fetchall()
    elif product_id:
        rows = run(_BY_PRODUCT, [product_id, after_place, limit + 1, moment]).fetchall()
    else:
        rows = run(_ALL, [after_place, after_product, limit + 1, moment]).fetchall()
    found = [StockLevel(row[0], row[1], _level(row[2:])) for row in rows[:limit]]
    return found, _cursor(found[-1]) if len(rows) > limit else None


def exceptions(
    *, place_id: UUID | None = None, closed: bool = False, after: UUID | None = None, limit: int = 100
) -> list[ExceptionRow]:
    """Open exceptions (or `closed` ones too), oldest first, after the one with the id `after`."""
    rows = run(_EXCEPTIONS, [after or _NOWHERE, place_id, place_id, closed, limit])
    return [
        ExceptionRow(key, place, product, kind, quantity, at, at_risk or [], closed_at, note)
        for key, place, product, kind, quantity, at, at_risk, closed_at, note in rows
    ]


def _cursor(last: StockLevel) -> str:
    return base64.urlsafe_b64encode(last.place_id.bytes + last.product_id.bytes).decode()


def _after(cursor: str | None) -> tuple[UUID, UUID]:
    if cursor is None:
        return _NOWHERE, _NOWHERE
    try:
        raw = base64.urlsafe_b64decode(cursor)
        return UUID(bytes=raw[:16]), UUID(bytes=raw[16:])
    except (ValueError, binascii.Error):
        raise Invalid("This cursor is not one of ours.", field="cursor") from None


def _level(columns: Row) -> Level:
    on_hand, reserved, safety, expired, buffers, recalled = columns
    return Level(on_hand, reserved, safety, expired, buffers, recalled=recalled)
