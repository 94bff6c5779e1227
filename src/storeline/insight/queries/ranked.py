"""Places and categories by their sales. Whole months come summed up, the days at the edges one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from storeline.insight.domain import IN_SHOP, Span, split
from storeline.insight.models import ALL_PLACES
from storeline.insight.queries.scope import ENTITY_AND_CHANNEL, Scope
from storeline.kernel.api import Pending, dates_array, ints_array, later


@dataclass(frozen=True, slots=True)
class PlaceSums:
    """A place's sums in a span and in the one that it is compared with."""

    id: UUID
    ref: str
    name: str
    names: Mapping[str, str]
    format: str
    city: str
    region: str
    latitude: float | None
    longitude: float | None
    sales: int
    baskets: int
    online_sales: int
    sales_before: int


@dataclass(frozen=True, slots=True)
class CategorySums:
    """A category's sums in a span and in the one before; without an id: what has no category."""

    id: UUID | None
    ref: str
    name: str
    names: Mapping[str, str]
    sales: int
    items: int
    promoted: int
    costed: int
    cost: int
    sales_before: int


@dataclass(frozen=True, slots=True)
class _Windows:
    """The parts of a span (number 0) and of the one before (1), as arrays: whole months, and the days at their edges."""

    month_numbers: str
    months: str
    edge_numbers: str
    firsts: str
    lasts: str


def _parts(span: Span, since: date) -> _Windows:
    spans = [span, span.before] if span.before.first >= since else [span]
    months = [(number, month) for number, each in enumerate(spans) for month in split(each).months]
    edges = [(number, edge) for number, each in enumerate(spans) for edge in split(each).edges]
    return _Windows(
        ints_array(number for number, _ in months),
        dates_array(month for _, month in months),
        ints_array(number for number, _ in edges),
        dates_array(edge.first for _, edge in edges),
        dates_array(edge.last for _, edge in edges),
    )


_BY_PLACE = f"""
WITH part AS (
    SELECT w.no, d.place_id, d.net - d.returned_net AS sales, d.baskets, d.channel
    FROM unnest(%s::int[], %s::date[]) AS w (no, day) JOIN insight_trade_month d ON d.day = w.day
    WHERE (%s OR d.place_id = ANY(%s::uuid[])) AND d.currency = %s {ENTITY_AND_CHANNEL}
    UNION ALL
    SELECT w.no, d.place_id, d.net - d.returned_net, d.baskets, d.channel
    FROM unnest(%s::int[], %s::date[], %s::date[]) AS w (no, first, last)
    JOIN insight_trade_day d ON d.day BETWEEN w.first AND w.last
    WHERE (%s OR d.place_id = ANY(%s::uuid[])) AND d.currency = %s {ENTITY_AND_CHANNEL}
), sums AS (
    SELECT place_id, coalesce(sum(sales) FILTER (WHERE no = 0), 0)::bigint AS sales,
        coalesce(sum(baskets) FILTER (WHERE no = 0), 0)::bigint AS baskets,
        coalesce(sum(sales) FILTER (WHERE no = 0 AND channel <> ALL(%s::text[])), 0)::bigint AS online,
        coalesce(sum(sales) FILTER (WHERE no = 1), 0)::bigint AS sales_before
    FROM part WHERE place_id <> %s GROUP BY place_id
)
SELECT p.id, p.ref, p.name, p.names, p.format, p.city, p.region, p.latitude, p.longitude, coalesce(s.sales, 0),
    coalesce(s.baskets, 0), coalesce(s.online, 0), coalesce(s.sales_before, 0), count(*) OVER ()
FROM places_place p LEFT JOIN sums s ON p.id = s.place_id
WHERE (%s OR s.place_id IS NOT NULL) AND (%s OR p.id = ANY(%s::uuid[])) AND NOT EXISTS (
    SELECT FROM unnest(%s::text[]) AS word (pattern)
    WHERE lower(concat_ws(' ', '', p.name, translate(p.names::text, '"', ' '), p.city, p.region, p.ref)) NOT LIKE word.pattern
)
ORDER BY 10 DESC, p.ref LIMIT %s OFFSET %s
"""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The first so many places by sales, and of how many."""

    items: tuple[PlaceSums, ...]
    count: int


def by_place(
    scope: Scope, span: Span, since: date, *, limit: int = 10, skip: int = 0, idle: bool = False, words: str = ""
) -> Pending[Ranked]:
    """Places by their sales, the largest first; `idle`: also those that sold nothing.

    Each of the `words` begins some word of the place's name, town, region or ref.
    """
    parts = _parts(span, since)
    where = [scope.places is None, scope.rows, *scope.condition]
    return later(
        _BY_PLACE,
        [
            parts.month_numbers,
            parts.months,
            *where,
            parts.edge_numbers,
            parts.firsts,
            parts.lasts,
            *where,
            list(IN_SHOP),
            ALL_PLACES,
            idle,
            scope.places is None,
            scope.rows,
            [_beginning(word) for word in words.lower().split()],
            limit,
            skip,
        ],
        lambda rows: Ranked(tuple(PlaceSums(*row[:-1]) for row in rows), rows[0][-1] if rows else 0),
    )


def _beginning(word: str) -> str:
    """A LIKE pattern for text in which a word begins so."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", f" {word}") + "%"


_BY_CATEGORY = f"""
WITH part AS (
    SELECT w.no, d.category_id, d.net - d.returned_net AS sales, d.items, d.promoted, d.costed, d.cost
    FROM unnest(%s::int[], %s::date[]) AS w (no, day)
    JOIN insight_category_month d ON d.place_id = ANY(%s::uuid[]) AND d.day = w.day
    WHERE d.currency = %s {ENTITY_AND_CHANNEL}
    UNION ALL
    SELECT w.no, d.category_id, d.net - d.returned_net, d.items, d.promoted, d.costed, d.cost
    FROM unnest(%s::int[], %s::date[], %s::date[]) AS w (no, first, last)
    JOIN insight_category_day d ON d.place_id = ANY(%s::uuid[]) AND d.day BETWEEN w.first AND w.last
    WHERE d.currency = %s {ENTITY_AND_CHANNEL}
), fine AS (
    SELECT category_id, coalesce(sum(sales) FILTER (WHERE no = 0), 0)::bigint AS sales,
        coalesce(sum(items) FILTER (WHERE no = 0), 0)::bigint AS items,
        coalesce(sum(promoted) FILTER (WHERE no = 0), 0)::bigint AS promoted,
        coalesce(sum(costed) FILTER (WHERE no = 0), 0)::bigint AS costed,
        coalesce(sum(cost) FILTER (WHERE no = 0), 0)::bigint AS cost,
        coalesce(sum(sales) FILTER (WHERE no = 1), 0)::bigint AS sales_before
    FROM part GROUP BY category_id
), shown AS (
    SELECT CASE WHEN %s::uuid IS NULL THEN coalesce(c.parent_id, c.id) ELSE c.id END AS id, f.*
    FROM fine f LEFT JOIN catalog_category c ON c.id = f.category_id
    WHERE %s::uuid IS NULL OR coalesce(c.parent_id, c.id) = %s
)
SELECT s.id, coalesce(c.ref, ''), coalesce(c.name, ''), coalesce(c.names, '{{}}'), sum(s.sales)::bigint,
    sum(s.items)::bigint, sum(s.promoted)::bigint, sum(s.costed)::bigint, sum(s.cost)::bigint, sum(s.sales_before)::bigint
FROM shown s LEFT JOIN catalog_category c ON c.id = s.id
GROUP BY s.id, c.ref, c.name, c.names ORDER BY 5 DESC, 2
"""


def by_category(
    scope: Scope, span: Span, since: date, *, department_id: UUID | None = None
) -> Pending[tuple[CategorySums, ...]]:
    """Departments (the tree's roots) by their sales, or the categories under one of them."""
    parts = _parts(span, since)
    if scope.places is not None:  # months are summed up for all places only
        parts = _days_only(span, since)
    where = [scope.rows, *scope.condition]
    return later(
        _BY_CATEGORY,
        [
            parts.month_numbers,
            parts.months,
            *where,
            parts.edge_numbers,
            parts.firsts,
            parts.lasts,
            *where,
            department_id,
            department_id,
            department_id,
        ],
        lambda rows: tuple(CategorySums(*row) for row in rows),
    )


def _days_only(span: Span, since: date) -> _Windows:
    spans = [span, span.before] if span.before.first >= since else [span]
    return _Windows(
        "{}",
        "{}",
        ints_array(range(len(spans))),
        dates_array(each.first for each in spans),
        dates_array(each.last for each in spans),
    )
