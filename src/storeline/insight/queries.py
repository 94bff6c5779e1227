"""Reads of daily figures. Each is one statement over a few hundred rows, however long the span: sums over all places
and whole months are kept. They may be queued together in a pipeline.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from storeline.insight.domain import IN_SHOP, MEASURES, Compared, Point, Span, Sums, minutes_gone, split, total
from storeline.insight.models import ALL_PLACES
from storeline.kernel.api import Actor, Pending, Row, business_date, dates_array, ids_array, ints_array, later, now, run

SPARK = 28
"""How many days the small line beside a figure goes back."""
_TABLE_MEASURES: Final = tuple(name for name in MEASURES if not name.startswith("online_"))


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose figures: these places (None: all), of one legal entity where named, in one currency, by one channel where named."""

    places: tuple[UUID, ...] | None
    currency: str = ""
    entity_id: UUID | None = None
    channel: str | None = None

    @property
    def rows(self) -> str:
        """The `place_id` of the rows to add up, as an array: the sum of all has its own."""
        return ids_array([ALL_PLACES] if self.places is None else self.places)

    @property
    def condition(self) -> list[Any]:
        """What `_WHERE` is given."""
        return [self.currency, self.entity_id, self.entity_id, self.channel, self.channel]


@dataclass(frozen=True, slots=True)
class Held:
    """From which day to which a currency has trade; the one with the most baskets comes first."""

    currency: str
    first: date
    last: date


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
class Hour:
    """What an hour of the day brought, by the places' own clocks; `so_far` is the part of it that has come on every day compared."""

    hour: int
    sales: int
    baskets: int
    so_far: SoFar


@dataclass(frozen=True, slots=True)
class SoFar:
    """Of an earlier day: what had come by this time of it; an hour under way counts in proportion."""

    sales: int = 0
    baskets: int = 0
    online_sales: int = 0


@dataclass(frozen=True, slots=True)
class Shelves:
    """How many products the places' ranges hold, and how many of them they have; `at` is the oldest look."""

    places: int
    listed: int
    available: int
    at: datetime


def reach(
    actor: Actor,
    permission: str,
    *,
    place_id: UUID | None = None,
    format_: str | None = None,
    region: str | None = None,
) -> tuple[UUID, ...] | None:
    """The places that this person may see figures of, narrowed; None for all of them."""
    own = actor.places_for(permission)
    if own is None and place_id is None and format_ is None and region is None:
        return None
    conditions, params = ["true"], list[Any]()
    for column, value in (("id", place_id), ("format", format_), ("region", region)):
        if value is not None:
            conditions.append(f"{column} = %s")
            params.append(value)
    if own is not None:
        conditions.append("id = ANY(%s::uuid[])")
        params.append(ids_array(own))
    rows = run(f"SELECT id FROM places_place WHERE {' AND '.join(conditions)} ORDER BY id", params)
    return tuple(row[0] for row in rows.fetchall())


_GROUND = """
WITH months AS (
    SELECT currency, sum(baskets + returns) AS weight, min(day) AS first, max(day) AS last FROM insight_trade_month
    WHERE place_id = ANY(%(rows)s::uuid[]) AND baskets + returns > 0
        AND (%(entity)s::uuid IS NULL OR entity_id = %(entity)s)
    GROUP BY currency
), held AS (
    SELECT m.currency, m.weight,
        (SELECT min(d.day) FROM insight_trade_day d WHERE d.place_id = ANY(%(rows)s::uuid[]) AND d.currency = m.currency
            AND d.day >= m.first AND d.day < m.first + interval '1 month' AND d.baskets + d.returns > 0) AS first,
        (SELECT max(d.day) FROM insight_trade_day d WHERE d.place_id = ANY(%(rows)s::uuid[]) AND d.currency = m.currency
            AND d.day >= m.last AND d.day < m.last + interval '1 month' AND d.baskets + d.returns > 0) AS last
    FROM months m
), own AS (SELECT format, region, zone FROM places_place WHERE %(all)s OR id = ANY(%(own)s::uuid[])),
traded AS (SELECT DISTINCT channel, entity_id FROM insight_trade_month WHERE place_id = ANY(%(own_rows)s::uuid[]))
SELECT (SELECT json_agg(json_build_array(currency, first, last) ORDER BY weight DESC, currency) FROM held),
    (SELECT array_agg(DISTINCT format ORDER BY format) FROM own),
    (SELECT array_agg(DISTINCT region ORDER BY region) FROM own WHERE region <> ''),
    (SELECT array_agg(DISTINCT channel ORDER BY channel) FROM traded),
    (SELECT json_agg(json_build_array(e.id, e.ref, e.name) ORDER BY e.ref) FROM places_entity e
        WHERE e.id IN (SELECT entity_id FROM traded)),
    (SELECT array_agg(DISTINCT zone ORDER BY zone) FROM own)
"""


@dataclass(frozen=True, slots=True)
class Entity:
    """A legal entity with trade."""

    id: UUID
    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What figures stand on: the currencies of a scope and since when, what a person may narrow it by, and the zones."""

    held: tuple[Held, ...]
    formats: tuple[str, ...]
    regions: tuple[str, ...]
    channels: tuple[str, ...]
    entities: tuple[Entity, ...]
    zones: tuple[str, ...]

    @property
    def today(self) -> date:
        """The business day of the places where it began last, so that no day is taken for over that goes on somewhere."""
        moment = now()
        return min((business_date(moment, zone) for zone in self.zones), default=moment.date())


def ground(actor: Actor, permission: str, scope: Scope) -> Ground:
    """What is held in this scope, and what this person may choose from. One statement."""
    own = actor.places_for(permission)
    row = run(
        _GROUND,
        {
            "rows": scope.rows,
            "entity": scope.entity_id,
            "all": own is None,
            "own": ids_array(own or ()),
            "own_rows": ids_array([ALL_PLACES] if own is None else own),
        },
    ).fetchall()[0]
    return Ground(
        tuple(Held(each[0], date.fromisoformat(each[1]), date.fromisoformat(each[2])) for each in row[0] or ()),
        tuple(row[1] or ()),
        tuple(row[2] or ()),
        tuple(row[3] or ()),
        tuple(Entity(UUID(each[0]), each[1], each[2]) for each in row[4] or ()),
        tuple(row[5] or ()),
    )


_ENTITY_AND_CHANNEL = "AND (%s::uuid IS NULL OR d.entity_id = %s) AND (%s::text IS NULL OR d.channel = %s)"
_SERIES = f"""
SELECT w.no, (d.day - w.first) / w.step, d.channel, {", ".join(f"sum(d.{name})::bigint" for name in _TABLE_MEASURES)}
FROM unnest(%s::int[], %s::date[], %s::date[], %s::int[]) AS w (no, first, last, step)
JOIN insight_trade_day d ON d.place_id = ANY(%s::uuid[]) AND d.day BETWEEN w.first AND w.last
WHERE d.currency = %s {_ENTITY_AND_CHANNEL}
GROUP BY 1, 2, 3
"""
_NOW, _BEFORE, _YEAR_BEFORE, _SPARK = range(4)


@dataclass(frozen=True, slots=True)
class Series:
    """A span's sums with those that it is compared with, by day or week, by channel, and day by day up to its end."""

    compared: Compared
    channels: Mapping[str, Compared]
    spark: tuple[Sums, ...]


def series(scope: Scope, span: Span, since: date) -> Pending[Series]:
    """The sums of `span`, and of the spans that it is compared with where trade is held since before them."""
    windows = _windows(span, since)
    numbers = list(windows)
    return later(
        _SERIES,
        [
            ints_array(numbers),
            dates_array(windows[number].first for number in numbers),
            dates_array(windows[number].last for number in numbers),
            ints_array(1 if number == _SPARK else span.step for number in numbers),
            scope.rows,
            *scope.condition,
        ],
        lambda rows: _series(rows, span, windows),
    )


def _windows(span: Span, since: date) -> dict[int, Span]:
    """What is to be read; what would begin before the first day held is no comparison."""
    windows = {_NOW: span, _SPARK: Span(span.last - timedelta(days=SPARK - 1), span.last)}
    if span.before.first >= since:
        windows[_BEFORE] = span.before
    year_before = span.year_before
    if year_before is not None and year_before.first >= since and year_before != span.before:
        windows[_YEAR_BEFORE] = year_before
    return windows


def _sums(channel: str, values: Sequence[int]) -> Sums:
    sums = Sums(**dict(zip(_TABLE_MEASURES, values, strict=True)))
    if channel in IN_SHOP:
        return sums
    return sums.plus(Sums(online_baskets=sums.baskets, online_sales=sums.sales))


def _series(rows: list[Row], span: Span, windows: Mapping[int, Span]) -> Series:
    found: dict[tuple[int, int], list[Sums]] = {}
    channels: dict[str, dict[int, list[Sums]]] = {}
    for number, bucket, channel, *values in rows:
        sums = _sums(channel, values)
        found.setdefault((number, bucket), []).append(sums)
        if number != _SPARK:
            channels.setdefault(channel, {}).setdefault(number, []).append(sums)
    merged = {key: total(parts) for key, parts in found.items()}

    def of(number: int, bucket: int) -> Sums | None:
        return merged.get((number, bucket), Sums()) if number in windows else None

    points = tuple(
        Point(
            span.first + timedelta(days=bucket * span.step),
            merged.get((_NOW, bucket), Sums()),
            of(_BEFORE, bucket),
            of(_YEAR_BEFORE, bucket),
        )
        for bucket in range(-(-span.days // span.step))
    )
    whole: dict[int, list[Sums]] = {number: [] for number in windows}
    for (number, _), sums in merged.items():
        whole[number].append(sums)
    spark = tuple(merged.get((_SPARK, day), Sums()) for day in range(SPARK))
    return Series(
        _compared(whole, windows, points),
        {name: _compared(of_channel, windows) for name, of_channel in sorted(channels.items())},
        spark,
    )


def _compared(
    found: Mapping[int, Collection[Sums]], windows: Mapping[int, Span], points: tuple[Point, ...] = ()
) -> Compared:
    def of(number: int) -> Sums | None:
        return total(found.get(number, ())) if number in windows else None

    return Compared(total(found.get(_NOW, ())), of(_BEFORE), of(_YEAR_BEFORE), points)


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
    WHERE (%s OR d.place_id = ANY(%s::uuid[])) AND d.currency = %s {_ENTITY_AND_CHANNEL}
    UNION ALL
    SELECT w.no, d.place_id, d.net - d.returned_net, d.baskets, d.channel
    FROM unnest(%s::int[], %s::date[], %s::date[]) AS w (no, first, last)
    JOIN insight_trade_day d ON d.day BETWEEN w.first AND w.last
    WHERE (%s OR d.place_id = ANY(%s::uuid[])) AND d.currency = %s {_ENTITY_AND_CHANNEL}
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
WHERE (%s OR s.place_id IS NOT NULL) AND (%s OR p.id = ANY(%s::uuid[]))
ORDER BY 10 DESC, p.ref LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The first so many places by sales, and of how many."""

    items: tuple[PlaceSums, ...]
    count: int


def by_place(scope: Scope, span: Span, since: date, *, limit: int = 10, idle: bool = False) -> Pending[Ranked]:
    """Places by their sales, the largest first; `idle`: also those that sold nothing."""
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
            limit,
        ],
        lambda rows: Ranked(tuple(PlaceSums(*row[:-1]) for row in rows), rows[0][-1] if rows else 0),
    )


_BY_CATEGORY = f"""
WITH part AS (
    SELECT w.no, d.category_id, d.net - d.returned_net AS sales, d.items, d.promoted, d.costed, d.cost
    FROM unnest(%s::int[], %s::date[]) AS w (no, day)
    JOIN insight_category_month d ON d.place_id = ANY(%s::uuid[]) AND d.day = w.day
    WHERE d.currency = %s {_ENTITY_AND_CHANNEL}
    UNION ALL
    SELECT w.no, d.category_id, d.net - d.returned_net, d.items, d.promoted, d.costed, d.cost
    FROM unnest(%s::int[], %s::date[], %s::date[]) AS w (no, first, last)
    JOIN insight_category_day d ON d.place_id = ANY(%s::uuid[]) AND d.day BETWEEN w.first AND w.last
    WHERE d.currency = %s {_ENTITY_AND_CHANNEL}
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


_HOURS = f"""
SELECT d.day, d.hour, sum(d.net - d.returned_net)::bigint, sum(d.baskets)::bigint,
    (sum((d.net - d.returned_net) * v.part) / 60)::bigint, (sum(d.baskets * v.part) / 60)::bigint,
    coalesce((sum((d.net - d.returned_net) * v.part) FILTER (WHERE d.channel <> ALL(%s::text[])) / 60)::bigint, 0)
FROM insight_trade_hour d
LEFT JOIN places_place p ON p.id = d.place_id
LEFT JOIN unnest(%s::text[], %s::int[]) AS z (zone, minutes) ON z.zone = p.zone
CROSS JOIN LATERAL (SELECT least(60, greatest(0, coalesce(z.minutes, 1440) - d.hour * 60)) AS part) v
WHERE d.day = ANY(%s::date[]) AND (%s OR d.place_id = ANY(%s::uuid[])) AND d.currency = %s {_ENTITY_AND_CHANNEL}
GROUP BY d.day, d.hour ORDER BY d.day, d.hour
"""


def hours(
    scope: Scope, days: Sequence[date], zones: Sequence[str], today: date
) -> Pending[dict[date, tuple[Hour, ...]]]:
    """Each day's hours with trade. `so_far` is what had come of an hour by the time of day that it is now, `today`."""
    moment = now()
    return later(
        _HOURS,
        [
            list(IN_SHOP),
            list(zones),
            [minutes_gone(today, moment, zone) for zone in zones],
            dates_array(days),
            scope.places is None,
            scope.rows,
            *scope.condition,
        ],
        _hours,
    )


def _hours(rows: list[Row]) -> dict[date, tuple[Hour, ...]]:
    found: dict[date, list[Hour]] = {}
    for day, hour, sales, baskets, *so_far in rows:
        found.setdefault(day, []).append(Hour(hour, sales, baskets, SoFar(*so_far)))
    return {day: tuple(of_day) for day, of_day in found.items()}


def so_far(of_day: Sequence[Hour]) -> SoFar:
    """What a day had brought by this time of it."""
    return SoFar(
        sum(hour.so_far.sales for hour in of_day),
        sum(hour.so_far.baskets for hour in of_day),
        sum(hour.so_far.online_sales for hour in of_day),
    )


_SHELVES = """
SELECT count(*)::int, coalesce(sum(a.listed), 0)::bigint, coalesce(sum(a.available), 0)::bigint, min(a.at)
FROM (
    SELECT DISTINCT ON (place_id) listed, available, at FROM insight_availability
    WHERE day BETWEEN %s::date - 1 AND %s AND (%s OR place_id = ANY(%s::uuid[])) ORDER BY place_id, day DESC
) a WHERE a.listed > 0
"""


def shelves(scope: Scope, day: date) -> Pending[Shelves | None]:
    """What the places had of their range when last looked, on `day` or the day before; None where nobody looked."""
    return later(
        _SHELVES,
        [day, day, scope.places is None, scope.rows],
        lambda rows: Shelves(*rows[0]) if rows[0][0] else None,
    )
