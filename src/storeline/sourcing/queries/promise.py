"""What can be promised for a basket: everything is read in one wait (and its transaction ended in another), and looked at further out only where nothing near will do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import orjson

from storeline.capacity import api as capacity
from storeline.kernel.api import Compiled, Invalid, Row, ids_array, ints_array, later, now, reading
from storeline.places import api as places
from storeline.sourcing.domain.costs import need
from storeline.sourcing.domain.options import WantedLine, combine
from storeline.sourcing.domain.promise import promise as decide
from storeline.sourcing.domain.seen import Facts, Seen
from storeline.sourcing.domain.ways import Asked, Point, Promise, Slots, Source, Terms, Way
from storeline.sourcing.queries.plan import NEAR, WIDE, check_lines, gather_needs, value_of
from storeline.sourcing.queries.policies import gather_policy
from storeline.sourcing.queries.reach import CLOSED, IS_POINT, KM, PROMISABLE, REACH, ROOM, TRADING, Where, reach_params

LOOK_AHEAD = timedelta(days=14)
_SHOPS = 8
"""Shops looked at for goods carried out, whichever the channel sells from."""
_POINTS = 8
_WINDOWS = 4


def _opens(first: int, last: int) -> str:
    """The first moment from `at` on when the place `p` is open, among local days `first` to `last` counted from today."""
    return f"""(
    SELECT min(greatest(hours.opens_at, %(at)s)) FROM (
        SELECT ((%(at)s AT TIME ZONE p.zone)::date + d) AS day FROM generate_series({first}, {last}) AS d
    ) AS days
    CROSS JOIN LATERAL (
        SELECT (days.day + make_interval(mins => h.opens)) AT TIME ZONE p.zone AS opens_at,
            (days.day + make_interval(mins => h.closes)) AT TIME ZONE p.zone AS closes_at
        FROM (
            SELECT opens, closes FROM places_hours_exception WHERE place_id = p.id AND day = days.day
            UNION ALL
            SELECT opens, closes FROM places_hours
            WHERE place_id = p.id AND weekday = extract(isodow FROM days.day)::int
                AND NOT EXISTS (SELECT FROM places_hours_exception WHERE place_id = p.id AND day = days.day)
        ) AS h WHERE h.opens IS NOT NULL
    ) AS hours
    WHERE hours.closes_at > %(at)s
)"""


OPENS = f"coalesce({_opens(-1, 1)}, {_opens(2, 7)})"


_ARRIVES = f"""%(at)s::timestamptz + make_interval(hours => coalesce((
    SELECT point_hours FROM sourcing_policy
    WHERE live AND (channel = %(channel)s OR channel IS NULL) ORDER BY channel NULLS LAST LIMIT 1
), {Terms().point_hours}))"""


def _windows(method: str, many: int, begin: str = "%(at)s", when: str = "true") -> str:
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


# Those that may hold the address, by the rule of `capacity.Area.holds`, which judges them again to the metre.
_AREAS = f"""(
    SELECT json_agg(json_build_array(
        a.id, a.method, a.name, a.country, a.postal_codes, a.radius_km, a.fee, a.free_from, a.days, a.product_id
    ) ORDER BY a.id)::text FROM capacity_area a
    WHERE a.place_id = p.id AND a.country = coalesce(%(country)s, p.country) AND (
        a.postal_codes && %(codes)s::text[] OR a.radius_km + 0.01 >= {KM}
        OR a.radius_km IS NULL AND cardinality(a.postal_codes) = 0
    )
)"""
_NEAREST = (
    """SELECT place_id, priority FROM (SELECT place_id, priority FROM reach ORDER BY away LIMIT %(shown)s) AS nearest"""
)
# Only who has the whole basket; the product that the fewest have is asked for first, and most places are left at it.
_WITH_ALL = f"""SELECT place_id, priority FROM (
    SELECT place_id, priority FROM reach r WHERE NOT EXISTS (
        SELECT FROM unnest(%(scarcest)s::uuid[], %(scarcest_quantities)s::bigint[]) AS w(product_id, quantity)
        LEFT JOIN LATERAL (
            SELECT {PROMISABLE} AS available FROM stock_balance
            WHERE place_id = r.place_id AND product_id = w.product_id LIMIT 1
        ) AS b ON true
        WHERE coalesce(b.available, 0) < w.quantity
    ) ORDER BY away LIMIT {NEAR}
) AS whole"""


_LISTED = """CASE WHEN EXISTS (SELECT FROM catalog_listing any_row WHERE any_row.place_id = p.id) THEN (
    SELECT array_agg(
        EXISTS (
            SELECT FROM catalog_listing l WHERE l.place_id = p.id AND l.product_id = w.product_id
                AND coalesce(l.starts_on <= (%(at)s AT TIME ZONE p.zone)::date, true)
                AND coalesce(l.ends_on >= (%(at)s AT TIME ZONE p.zone)::date, true)
        ) ORDER BY w.n
    ) FROM unnest(%(products)s::uuid[]) WITH ORDINALITY AS w(product_id, n)
) END"""


def _sources(looked: str) -> str:
    """What is read of the places that `looked` gives, and of the shops around. Of who has not the whole basket no slots, times and
    values are read, but where `%(every)s` of them are wanted.
    """
    return f"""
WITH {REACH},
looked AS MATERIALIZED (
    SELECT place_id, min(priority) AS priority FROM (
        {looked}
        UNION ALL (
            SELECT id, NULL FROM places_place WHERE 'sell' = ANY(capabilities) AND NOT ({IS_POINT})
            ORDER BY position <-> (SELECT point FROM here) LIMIT {_SHOPS}
        )
    ) AS every GROUP BY place_id
)
SELECT p.id, p.ref, p.name, p.format, p.capabilities, e.currency, {KM}, r.priority, {ROOM}, {CLOSED}, {TRADING},
    g.has, g.shelf, {_LISTED}, v.rate, v.wrong, v.counted, v.hours, v.loss, v.fixed,
    collect.ids, collect.starts, collect.ends, collect.fees, {_slotted("collect", "g.online")},
    deliver.ids, deliver.starts, deliver.ends, deliver.fees, {_slotted("deliver", "g.online")},
    CASE WHEN g.online OR g.here OR %(every)s THEN {OPENS} END, p.keeps, p.country, p.latitude, p.longitude, areas.told
FROM looked r
CROSS JOIN LATERAL (SELECT * FROM places_place WHERE id = r.place_id LIMIT 1) AS p
CROSS JOIN LATERAL (SELECT currency FROM places_entity WHERE id = p.entity_id LIMIT 1) AS e
CROSS JOIN LATERAL (SELECT {_AREAS} AS told OFFSET 0) AS areas
CROSS JOIN LATERAL (
    SELECT array_agg(coalesce(b.available, 0) ORDER BY w.n) AS has, array_agg(coalesce(b.shelf, 0) ORDER BY w.n) AS shelf,
        r.priority IS NOT NULL AND bool_and(coalesce(b.available, 0) >= w.quantity) AS online,
        bool_and(coalesce(b.shelf, 0) >= w.quantity) AS here
    FROM unnest(%(products)s::uuid[], %(quantities)s::bigint[]) WITH ORDINALITY AS w(product_id, quantity, n)
    LEFT JOIN LATERAL (
        SELECT {PROMISABLE} AS available, on_hand - reserved AS shelf FROM stock_balance
        WHERE place_id = p.id AND product_id = w.product_id LIMIT 1
    ) AS b ON true
) AS g
CROSS JOIN LATERAL (
    SELECT array_agg(v.rate ORDER BY w.n) AS rate, array_agg(v.wrong ORDER BY w.n) AS wrong,
        array_agg(v.counted_at ORDER BY w.n) AS counted, array_agg(v.cover_hours ORDER BY w.n) AS hours,
        array_agg(v.loss ORDER BY w.n) AS loss, array_agg(v.fixed ORDER BY w.n) AS fixed
    FROM unnest(%(products)s::uuid[]) WITH ORDINALITY AS w(product_id, n)
    LEFT JOIN LATERAL (
        SELECT rate, wrong, counted_at, cover_hours, loss, fixed FROM sourcing_value
        WHERE place_id = p.id AND product_id = w.product_id LIMIT 1
    ) AS v ON true
    WHERE g.online OR g.here OR %(every)s
) AS v
{_windows("collect", _WINDOWS, when="g.online")}
{_windows("deliver", _WINDOWS, when="g.online AND areas.told IS NOT NULL")}
ORDER BY 7, p.ref
"""


_NEAR_SOURCES = Compiled(_sources(_NEAREST))
_WIDE_SOURCES = Compiled(_sources(_WITH_ALL))
_AT_POINTS = Compiled(f"""
WITH here AS MATERIALIZED (
    SELECT coalesce(
        places_position(%(latitude)s::float8, %(longitude)s::float8),
        (SELECT position FROM places_place WHERE id = %(near_place)s::uuid)
    ) AS point
),
near AS MATERIALIZED (
    SELECT id FROM places_place WHERE {IS_POINT} AND 'collect' = ANY(capabilities)
    ORDER BY position <-> (SELECT point FROM here) LIMIT {_POINTS}
)
SELECT p.id, p.ref, p.name, p.format, p.keeps, e.currency, {KM}, {CLOSED}, {TRADING},
    collect.ids, collect.starts, collect.ends, collect.fees, {_slotted("collect", "true")}, {OPENS}
FROM near
CROSS JOIN LATERAL (SELECT * FROM places_place WHERE id = near.id LIMIT 1) AS p
CROSS JOIN LATERAL (SELECT currency FROM places_entity WHERE id = p.entity_id LIMIT 1) AS e
{_windows("collect", 12, _ARRIVES)}
ORDER BY 7, p.ref
""")


def promise(
    basket: Sequence[WantedLine],
    where: Where,
    when: datetime | None = None,
    *,
    channel: str = "web",
) -> Promise:
    """What can be promised for a basket to whoever is at `where` (a position, or near a place), from `when` on (now).

    For each way of receiving: the places and their dates or slots, the fee as data for the quote, how sure it is, or why
    it cannot be. Nothing is held by asking. Two lines of one product add up.
    """
    wanted = combine(basket)
    check_lines(basket, wanted)
    at = when or now()
    if at > now() + LOOK_AHEAD:
        raise Invalid(f"Nothing is promised beyond {LOOK_AHEAD.days} days.", field="when")
    return _Asking(wanted, where, at, channel).answer()


class _Asking:
    """One question: what is read for it, once; and again where nothing near will do."""

    def __init__(self, wanted: Sequence[WantedLine], where: Where, at: datetime, channel: str) -> None:
        self.where, self.at = where, at
        self.wanted = wanted
        self.params = reach_params(where, channel, at, NEAR) | {
            "now": now(),
            "products": ids_array(line.product_id for line in wanted),
            "quantities": ints_array(line.quantity for line in wanted),
            "shown": 2 * NEAR,
            "every": False,
            "country": where.country if isinstance(where, capacity.Destination) else None,
            "codes": _beginnings(where),
        }
        self.own: places.Position | None = None
        self.areas: dict[tuple[UUID, str], capacity.Area | None] = {}

    def answer(self) -> Promise:
        """What is promised from near, or else from farther away."""
        with reading():
            kept = gather_policy(self.params["channel"])
            known = gather_needs(self.wanted)
            sources = later(_NEAR_SOURCES, self.params, self._read)
            points = later(_AT_POINTS, self.params, lambda rows: [_point(row) for row in rows])
        self.live, self.products = kept.result(), known.result()
        near, at_points = sources.result(), points.result()
        found = self._decide(near, at_points)
        online = [answer for answer in found.ways if answer.way in {Way.COLLECT, Way.SHIP}]
        if found.considered < NEAR or any(answer.possible for answer in online):
            return found
        # Nothing near will do: somebody farther away may have the whole basket.
        wide = self._decide(self._farther(near), at_points)
        return wide if any(answer.possible for answer in wide.ways) else found

    def _farther(self, near: Sequence[Source]) -> list[Source]:
        """Who has the whole basket among many more; what the fewest have near is looked for first."""
        having = [sum(one.has[number] >= line.quantity for one in near) for number, line in enumerate(self.wanted)]
        scarcest = [self.wanted[number] for number in sorted(range(len(having)), key=having.__getitem__)]
        more = {
            "most": WIDE,
            "scarcest": ids_array(line.product_id for line in scarcest),
            "scarcest_quantities": ints_array(line.quantity for line in scarcest),
        }
        with reading():
            sources = later(_WIDE_SOURCES, self.params | more, self._read)
        return sources.result()

    def _decide(self, sources: Sequence[Source], points: Sequence[Point]) -> Promise:
        asked = Asked(self.at, self.live.terms, self._area)
        return decide([one for one, _ in self.products], sources, points, asked, self._together)

    def _read(self, rows: list[Row]) -> list[Source]:
        sources = [_source(row) for row in rows]
        if self.own is None and isinstance(self.where, UUID):
            self.own = next((one.position for one in sources if one.place_id == self.where), None)
        return sources

    def _area(self, source: Source, method: str) -> capacity.Area | None:
        """The area that serves the address: of a position what lies around it, in the place's own country."""
        if source.areas is None:
            return None
        key = (source.place_id, method)
        if key not in self.areas:
            to = self.where
            if not isinstance(to, capacity.Destination):
                to = capacity.Destination(source.country, "", to if isinstance(to, places.Position) else self.own)
            self.areas[key] = capacity.area_for(_areas(source.place_id, source.areas, source.position), to, method)
        return self.areas[key]

    def _together(self, able: Sequence[Source]) -> Sequence[Source]:
        """How a shipment that no place has whole is put together: the cheapest plan's places, with all that is known of them."""
        needs = tuple(need(one.product_id, one.quantity, grams) for one, grams in self.products)
        with reading():
            every = later(_NEAR_SOURCES, self.params | {"every": True}, self._read)
        by_id = {one.place_id: one for one in every.result()}
        known = [by_id[one.place_id] for one in able if one.place_id in by_id]
        plan = Facts(needs, tuple(_seen(one, self.live.margin_share) for one in known)).choose(self.live.policy)
        return [] if plan is None else [by_id[place] for place in plan.places]


def _beginnings(where: Where) -> list[str]:
    """Every beginning of the address's postal code."""
    code = capacity.plain_code(where.postal_code) if isinstance(where, capacity.Destination) else ""
    return [code[:length] for length in range(1, len(code) + 1)]


def _seen(one: Source, margin: int) -> Seen:
    worth = zip(one.rate or (), one.hours or (), one.loss or (), one.fixed or (), strict=True)
    values = tuple(value_of(*each, margin=margin) for each in worth)
    return Seen(one.place_id, round((one.km or 0.0) * 1_000), tuple(one.has), values, one.priority or 0)


def _source(row: Row) -> Source:
    opens, keeping, country, latitude, longitude, areas = row[30:]
    around = None if latitude is None else places.Position(latitude, longitude)
    slots = (row[20:24], row[24], row[25:29], row[29])
    return Source._make((*row[:20], *slots, opens, keeping, country, around, areas))


@lru_cache(maxsize=32_768)
def _areas(place: UUID, told: str, around: places.Position | None) -> tuple[capacity.Area, ...]:
    """Areas as they were read; the same words mean the same areas, so they are made once."""
    return tuple(
        capacity.Area(
            UUID(key), place, method, name, country, tuple(codes), radius, fee, free_from, days, UUID(product), around
        )
        for key, method, name, country, codes, radius, fee, free_from, days, product in orjson.loads(told)
    )


def _point(row: Row) -> Point:
    *head, ids, starts, ends, fees, slotted, opens = row
    key, ref, name, form, keeping, currency, km, closed, trading = head
    slots = Slots(ids, starts, ends, fees)
    return Point(key, ref, name, form, keeping, currency, km, closed, trading, slots, slotted, opens)
