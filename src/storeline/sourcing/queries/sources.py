"""What a promise reads: places as they stand for a basket, and points."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from storeline.kernel.api import Compiled, Row
from storeline.sourcing.domain.spread import Known, Stands
from storeline.sourcing.domain.ways import Area, Point, Slots, Source, Terms
from storeline.sourcing.queries.plan import SOON, more_of
from storeline.sourcing.queries.reach import CLOSED, IS_POINT, KM, PROMISABLE, REACH, ROOM, TRADING

_SHOPS = 8
"""Shops looked at for goods carried out, whichever the channel sells from."""
_POINTS = 8
_WINDOWS = 4
COLUMNS = 35
"""Columns of a place in `_sources`, before how many there were and what only a plan asks."""


def _opening(begin: str) -> str:
    """The first moment from `begin` on when the place `p` is open, by its own days.

    Days come in the series' order, since what is lateral is looked up for each in turn: the first that has one ends the search.
    """
    return f"""(
    SELECT hours.opens_at FROM (
        SELECT (({begin} AT TIME ZONE p.zone)::date + d) AS day FROM generate_series(-1, 7) AS d
    ) AS days
    CROSS JOIN LATERAL (
        SELECT min(greatest((days.day + make_interval(mins => h.opens)) AT TIME ZONE p.zone, {begin})) AS opens_at
        FROM (
            SELECT opens, closes FROM places_hours_exception WHERE place_id = p.id AND day = days.day
            UNION ALL
            SELECT opens, closes FROM places_hours
            WHERE place_id = p.id AND weekday = extract(isodow FROM days.day)::int
                AND NOT EXISTS (SELECT FROM places_hours_exception WHERE place_id = p.id AND day = days.day)
        ) AS h
        WHERE h.opens IS NOT NULL AND (days.day + make_interval(mins => h.closes)) AT TIME ZONE p.zone > {begin}
    ) AS hours
    WHERE hours.opens_at IS NOT NULL LIMIT 1
)"""


_ARRIVES = f"""coalesce(%(since)s::timestamptz, %(at)s::timestamptz + make_interval(hours => coalesce((
    SELECT point_hours FROM sourcing_policy
    WHERE live AND (channel = %(channel)s OR channel IS NULL) ORDER BY channel NULLS LAST LIMIT 1
), {Terms().point_hours})))"""


def _windows(method: str, many: int | str, begin: str, when: str = "true") -> str:
    """Slots of a method with room from a moment on, as four arrays; read only of places of which `when` holds."""
    return f"""
LEFT JOIN LATERAL (
    SELECT array_agg(slot.id) AS ids, array_agg(slot.starts_at) AS starts, array_agg(slot.ends_at) AS ends,
        array_agg(slot.fee) AS fees
    FROM (
        SELECT id, starts_at, ends_at, fee FROM capacity_slot
        WHERE place_id = p.id AND method = '{method}' AND starts_at >= {begin} AND cutoff_at >= %(now)s AND held < capacity
            AND {when} AND '{method}' = ANY(p.capabilities)
        ORDER BY starts_at LIMIT {many}
    ) AS slot
) AS {method} ON true"""


def _slotted(method: str, when: str) -> str:
    """Whether a method goes by slots where none has room: where one has, nobody asks."""
    return f"""CASE WHEN {method}.ids IS NULL AND {when} THEN EXISTS (
    SELECT FROM capacity_slot x WHERE x.place_id = p.id AND x.method = '{method}' AND x.starts_at >= %(at)s
) ELSE false END"""


# Those that may hold the address, by the rule of `capacity.Area.holds`, as words that are taken apart where they are asked for
# (`areas_of`); with a radius only where that decides, which is judged again to the metre. And whether one of them is for vans, or
# for parcels.
_AREAS = f"""(
    SELECT bool_or(a.method = 'deliver') AS brings, bool_or(a.method = 'ship') AS sends, string_agg(concat_ws(
        ' ', a.method, a.fee, coalesce(a.free_from, 0), a.id, a.days, a.product_id,
        CASE WHEN NOT a.postal_codes && %(codes)s::text[] THEN a.radius_km END
    ), ';') AS told FROM capacity_area a
    WHERE a.place_id = r.place_id AND r.priority IS NOT NULL AND a.country = coalesce(%(country)s, p.country) AND (
        a.postal_codes && %(codes)s::text[] OR a.radius_km + 0.01 >= {KM}
        OR a.radius_km IS NULL AND cardinality(a.postal_codes) = 0
    )
)"""
_NEAREST = """SELECT place_id, priority, away FROM (
    SELECT place_id, priority, away FROM reach ORDER BY away LIMIT %(shown)s
) AS nearest
UNION ALL (
    SELECT id, NULL, position <-> (SELECT point FROM here) FROM places_place
    WHERE 'sell' = ANY(capabilities) AND NOT (IS_POINT)
    ORDER BY position <-> (SELECT point FROM here) LIMIT SHOPS
)""".replace("IS_POINT", IS_POINT).replace("SHOPS", str(_SHOPS))
# Who has most of what those near (`%(near)s`) lack together, of many more.
_FARTHER = f"SELECT place_id, priority, away FROM {more_of()} AS more WHERE place_id <> ALL(%(near)s::uuid[])"


_LISTED = """CASE WHEN EXISTS (SELECT FROM catalog_listing any_row WHERE any_row.place_id = p.id) THEN (
    SELECT array_agg(
        EXISTS (
            SELECT FROM catalog_listing l WHERE l.place_id = p.id AND l.product_id = w.product_id
                AND coalesce(l.starts_on <= (%(at)s AT TIME ZONE p.zone)::date, true)
                AND coalesce(l.ends_on >= (%(at)s AT TIME ZONE p.zone)::date, true)
        ) ORDER BY w.n
    ) FROM unnest(%(products)s::uuid[]) WITH ORDINALITY AS w(product_id, n)
) END"""


def _anybody(method: str) -> str:
    """Whether any place that is looked at does this at all."""
    return f"""EXISTS (
    SELECT FROM looked CROSS JOIN LATERAL (SELECT capabilities FROM places_place WHERE id = looked.place_id LIMIT 1) AS q
    WHERE '{method}' = ANY(q.capabilities)
)"""


# A place that serves every way that anybody near does. Places come the nearest first and are judged one by one: when there
# are as many of these as are shown, nobody farther away is looked at.
_SERVES = f"""fits AND ('collect' = ANY(capabilities) OR NOT {_anybody("collect")})
    AND ('deliver' = ANY(capabilities) AND brings OR NOT {_anybody("deliver")})
    AND ('ship' = ANY(capabilities) AND sends OR NOT {_anybody("ship")})
    AND ('sell' = ANY(capabilities) AND here OR NOT {_anybody("sell")})"""
# What units that are there (`p.has`) are worth at a place, what of them spoils soon, and whose they are; of some products alone where
# others do not count.
_WORTH = f"""CROSS JOIN LATERAL (
    SELECT array_agg(v.rate ORDER BY w.n) AS rate, array_agg(v.wrong ORDER BY w.n) AS wrong,
        array_agg(v.counted_at ORDER BY w.n) AS counted, array_agg(v.cover_hours ORDER BY w.n) AS hours,
        array_agg(v.loss ORDER BY w.n) AS loss, array_agg(v.fixed ORDER BY w.n) AS fixed, array_agg(v.spoilt ORDER BY w.n) AS spoilt,
        array_agg(old.units ORDER BY w.n) AS old, array_agg(old.days ORDER BY w.n) AS old_days, array_agg((p.whole OR p.has[w.n] > 0) AND EXISTS (
            SELECT FROM stock_ownership o WHERE o.place_id = p.id AND o.product_id = w.product_id AND o.until IS NULL
        ) ORDER BY w.n) AS owned
    FROM unnest(%(products)s::uuid[]) WITH ORDINALITY AS w(product_id, n)
    LEFT JOIN LATERAL (
        SELECT rate, wrong, counted_at, cover_hours, loss, CASE WHEN fixed_until IS NULL OR fixed_until > %(at)s THEN fixed END AS fixed, spoilt
        FROM sourcing_value WHERE place_id = p.id AND product_id = w.product_id
            AND p.has[w.n] > 0 AND (p.whole OR w.n = ANY(%(numbers)s::bigint[])) LIMIT 1
    ) AS v ON true
    CROSS JOIN LATERAL (
        SELECT sum(l.on_hand)::bigint AS units, min(l.expires_on) + 1 - (%(at)s AT TIME ZONE p.zone)::date AS days
        FROM stock_lot l WHERE l.place_id = p.id AND l.product_id = w.product_id AND l.on_hand > 0 AND NOT l.expired
            AND l.expires_on < (%(at)s AT TIME ZONE p.zone)::date + {SOON} AND p.has[w.n] > 0 AND w.n = ANY(%(numbers)s::bigint[])
    ) AS old
) AS v"""
_KNOWN = """CROSS JOIN LATERAL (
    SELECT array_agg(v.rate ORDER BY w.n) AS rate, array_agg(v.wrong ORDER BY w.n) AS wrong,
        array_agg(v.counted_at ORDER BY w.n) AS counted
    FROM unnest(%(products)s::uuid[]) WITH ORDINALITY AS w(product_id, n)
    LEFT JOIN LATERAL (
        SELECT rate, wrong, counted_at FROM sourcing_value WHERE place_id = p.id AND product_id = w.product_id LIMIT 1
    ) AS v ON true
    WHERE p.timed
) AS v"""


_PLACE = """SELECT id, ref, name, format, capabilities, keeps, country, zone, entity_id, opens_on, closes_on, position, latitude, longitude
            FROM places_place WHERE id = r.place_id LIMIT 1"""


def _sources(looked: str, *, planned: bool = False) -> str:
    """What is read of the places that `looked` gives, the nearest first, until `%(enough)s` serve every way.

    Times are read of who has the whole basket, of the first `%(told)s` of them and of who delivers; what a plan asks where it is
    `planned`. Slots are read where the whole basket may be handed over in one: `Source`, column by column.
    """
    planned_columns = ", v.hours, v.loss, v.fixed, v.spoilt, v.old, v.old_days, v.owned" if planned else ""
    return f"""
WITH {REACH},
looked AS MATERIALIZED (
    SELECT place_id, min(priority) AS priority, min(away) AS away FROM ({looked}) AS every GROUP BY place_id ORDER BY 3
)
SELECT p.id, p.ref, p.name, p.format, p.capabilities, (SELECT currency FROM places_entity WHERE id = p.entity_id), p.km, p.priority,
    p.room, p.closed, p.trading, p.has, p.shelf, p.listed, v.rate, v.wrong, v.counted,
    collect.ids, collect.starts, collect.ends, collect.fees, {_slotted("collect", "p.timed AND p.whole")},
    deliver.ids, deliver.starts, deliver.ends, deliver.fees, {_slotted("deliver", "p.timed AND p.whole AND p.brings")},
    CASE WHEN p.timed THEN {_opening("%(at)s")} END,
    p.keeps, p.country, p.latitude, p.longitude, p.told, p.visit, p.line, (SELECT count(*) FROM looked){planned_columns}
FROM (
    SELECT *, count(*) FILTER (WHERE serves) OVER before AS serving,
        whole AND (brings OR count(*) FILTER (WHERE whole) OVER before < %(told)s)
            OR here AND count(*) FILTER (WHERE here) OVER before < %(told)s AS timed
    FROM (SELECT *, {"false" if planned else _SERVES} AS serves FROM (
        SELECT *, whole AND NOT closed AND trading AND coalesce(room > 0, true) AND coalesce(true = ALL(listed), true) AS fits FROM (
            SELECT p.*, {KM} AS km, r.priority, r.away, s.visit, s.line, g.has, g.shelf, g.whole, g.here, a.brings, a.sends, a.told,
                {CLOSED} AS closed, {TRADING} AS trading, {ROOM} AS room, {_LISTED} AS listed
            FROM looked r
            CROSS JOIN LATERAL ({_PLACE}) AS p
            LEFT JOIN sourcing_site s ON s.place_id = r.place_id
            CROSS JOIN LATERAL (
                SELECT array_agg(coalesce(b.available, 0) ORDER BY w.n) AS has, array_agg(coalesce(b.shelf, 0) ORDER BY w.n) AS shelf,
                    r.priority IS NOT NULL AND bool_and(coalesce(b.available, 0) >= w.quantity) AS whole,
                    bool_and(coalesce(b.shelf, 0) >= w.quantity) AS here
                FROM unnest(%(products)s::uuid[], %(quantities)s::bigint[]) WITH ORDINALITY AS w(product_id, quantity, n)
                LEFT JOIN LATERAL (
                    SELECT {PROMISABLE} AS available, on_hand - reserved - recalled AS shelf FROM stock_balance
                    WHERE place_id = r.place_id AND product_id = w.product_id LIMIT 1
                ) AS b ON true
            ) AS g
            CROSS JOIN LATERAL {_AREAS} AS a
            ORDER BY r.away OFFSET 0
        ) AS stood ORDER BY away OFFSET 0
    ) AS fitting ORDER BY away OFFSET 0) AS judged
    WINDOW before AS (ORDER BY away ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) AS p
{_WORTH if planned else _KNOWN}
{_windows("collect", _WINDOWS, "%(at)s", "p.timed AND p.whole")}
{_windows("deliver", _WINDOWS, "%(at)s", "p.timed AND p.whole AND p.brings")}
WHERE p.serving < %(enough)s
ORDER BY p.away, p.ref
"""


NEAR_SOURCES = Compiled(_sources(_NEAREST))
FARTHER_SOURCES = Compiled(_sources(_FARTHER, planned=True))
VALUE, SPOILING, OWNED = range(3)
_VALUE = f"""SELECT {VALUE} AS kind, array_position(%(near)s::uuid[], place_id) AS place, array_position(%(products)s::uuid[], product_id) AS n,
    rate, wrong, counted_at, cover_hours, loss, CASE WHEN fixed_until IS NULL OR fixed_until > %(at)s THEN fixed END, spoilt
FROM sourcing_value WHERE"""
# What a plan asks of the places near (`%(near)s`), where there is anything to say: what units of the products that are `%(asked)s` for
# are worth, and what is known of all of those that put the basket together (`%(serving)s`); what spoils soon; what is a partner's.
PLANNED = Compiled(f"""
{_VALUE} place_id = ANY(%(near)s::uuid[]) AND product_id = ANY(%(asked)s::uuid[])
UNION ALL
{_VALUE} place_id = ANY(%(serving)s::uuid[]) AND product_id = ANY(%(products)s::uuid[]) AND product_id <> ALL(%(asked)s::uuid[])
UNION ALL
SELECT {SPOILING}, array_position(%(near)s::uuid[], l.place_id), array_position(%(products)s::uuid[], l.product_id),
    sum(l.on_hand)::bigint, NULL, NULL, min(l.expires_on - l.today) + 1, NULL, NULL, NULL
FROM (
    SELECT stock_lot.*, (%(at)s AT TIME ZONE (SELECT zone FROM places_place WHERE id = place_id))::date AS today FROM stock_lot
    WHERE place_id = ANY(%(near)s::uuid[]) AND product_id = ANY(%(asked)s::uuid[]) AND on_hand > 0 AND NOT expired
) AS l WHERE l.expires_on < l.today + {SOON} GROUP BY l.place_id, l.product_id
UNION ALL
SELECT {OWNED}, array_position(%(near)s::uuid[], place_id), array_position(%(products)s::uuid[], product_id),
    NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM stock_ownership WHERE place_id = ANY(%(near)s::uuid[]) AND product_id = ANY(%(asked)s::uuid[]) AND until IS NULL
""")
# Times from `%(ready)s` on of those that may put the basket together.
SERVING = Compiled(f"""
SELECT p.id, collect.ids, collect.starts, collect.ends, collect.fees, {_slotted("collect", "true")},
    deliver.ids, deliver.starts, deliver.ends, deliver.fees, {_slotted("deliver", "true")}, {_opening("%(ready)s::timestamptz")}
FROM unnest(%(serving)s::uuid[]) AS serving(id)
CROSS JOIN LATERAL (SELECT id, zone, capabilities FROM places_place WHERE id = serving.id LIMIT 1) AS p
{_windows("collect", _WINDOWS, "%(ready)s::timestamptz", "true")}
{_windows("deliver", _WINDOWS, "%(ready)s::timestamptz", "true")}
""")
# To a point comes a parcel: of a basket that none may carry no point is looked at.
_PARCELLED = """(
    SELECT count(*) FROM catalog_product WHERE id = ANY(%(products)s::uuid[]) AND temperature = 'ambient' AND sellable AND online
) = cardinality(%(products)s::uuid[])"""
AT_POINTS = Compiled(f"""
WITH here AS MATERIALIZED (
    SELECT coalesce(
        places_position(%(latitude)s::float8, %(longitude)s::float8),
        (SELECT position FROM places_place WHERE id = %(near_place)s::uuid)
    ) AS point
),
near AS MATERIALIZED (
    SELECT id FROM places_place WHERE {IS_POINT} AND 'collect' = ANY(capabilities) AND {_PARCELLED}
    ORDER BY position <-> (SELECT point FROM here) LIMIT {_POINTS}
)
SELECT p.id, p.ref, p.name, p.format, p.keeps, e.currency, {KM}, {CLOSED}, {TRADING},
    collect.ids, collect.starts, collect.ends, collect.fees, {_slotted("collect", "true")},
    CASE WHEN collect.ids IS NULL THEN {_opening("%(at)s")} END
FROM near
CROSS JOIN LATERAL (SELECT * FROM places_place WHERE id = near.id LIMIT 1) AS p
CROSS JOIN LATERAL (SELECT currency FROM places_entity WHERE id = p.entity_id LIMIT 1) AS e
{_windows("collect", "%(windows)s", _ARRIVES)}
ORDER BY 7, p.ref
""")


def source_of(row: Row) -> Source:
    """A place: the statement's columns are its fields."""
    return Source._make(row[:COLUMNS])


@lru_cache(maxsize=32_768)
def areas_of(told: str) -> tuple[Area, ...]:
    """Areas as they were read, the cheapest first, then the one that is free the soonest; the same words mean the same areas."""
    found = []
    for one in told.split(";"):
        method, fee, free_from, key, days, product, *radius = one.split(" ")
        limit = float(radius[0]) if radius else None
        found.append(Area(method, int(fee), int(free_from) or None, UUID(key), int(days), UUID(product), limit))
    return tuple(sorted(found, key=lambda one: (one.fee, one.free_from or 0, one.id)))


def stands_of(rows: Sequence[Row], near: Sequence[Source]) -> Stands:
    """What `PLANNED` says, by place and need."""
    stands = Stands()
    for kind, place, n, *known in rows:
        key = (near[place - 1].place_id.int, n - 1)
        if kind == VALUE:
            stands.known[key] = Known(*known)
        elif kind == SPOILING:
            stands.old[key] = (known[0], known[3])
        else:
            stands.owned.add(key)
    return stands


def add_farther(stands: Stands, source: Source, planned: Sequence[Any]) -> None:
    """The same of a place farther away, from the columns that only it has."""
    known_there = (source.rate or (), source.wrong or (), source.counted_at or ())
    for number, (*known, units, days, is_owned) in enumerate(zip(*known_there, *planned, strict=True)):
        key = (source.place_id.int, number)
        stands.known[key] = Known(*known)
        if units:
            stands.old[key] = (units, days)
        if is_owned:
            stands.owned.add(key)


def served_by(source: Source, row: Row) -> Source:
    """A place that puts the basket together, as `SERVING` says: with the times from when all of it is there."""
    return source._replace(**dict(zip(_TIMES, row[1:], strict=True)))


_TIMES = Source._fields[Source._fields.index("collect_ids") : Source._fields.index("opens") + 1]


def point_of(row: Row) -> Point:
    *head, ids, starts, ends, fees, slotted, opens = row
    key, ref, name, form, keeping, currency, km, closed, trading = head
    slots = Slots(ids, starts, ends, fees)
    return Point(key, ref, name, form, keeping, currency, km, closed, trading, slots, slotted, opens)
