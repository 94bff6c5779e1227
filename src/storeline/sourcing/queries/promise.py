"""What can be promised for a basket: everything is read in one wait (and its transaction ended in another), and looked at further out only where nothing near will do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.kernel.api import Invalid, Row, ids_array, ints_array, later, now, pipeline, transaction
from storeline.places import api as places
from storeline.sourcing.domain.costs import need
from storeline.sourcing.domain.options import ProductNeed, WantedLine, combine
from storeline.sourcing.domain.promise import promise as decide
from storeline.sourcing.domain.seen import Facts, Seen
from storeline.sourcing.domain.ways import Asked, Point, Promise, Slots, Source, Terms, Way
from storeline.sourcing.queries.plan import NEAR, WIDE, check_lines, gather_needs, value_of
from storeline.sourcing.queries.policies import PolicyRow, gather_policy
from storeline.sourcing.queries.reach import CLOSED, KM, PROMISABLE, REACH, ROOM, TRADING, Where, reach_params

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


def _windows(method: str, many: int, begin: str = "%(at)s") -> str:
    """Slots of a method with room from a moment on, as four arrays."""
    return f"""
LEFT JOIN LATERAL (
    SELECT array_agg(slot.id) AS ids, array_agg(slot.starts_at) AS starts, array_agg(slot.ends_at) AS ends,
        array_agg(slot.fee) AS fees
    FROM (
        SELECT id, starts_at, ends_at, fee FROM capacity_slot
        WHERE place_id = p.id AND method = '{method}' AND starts_at >= {begin} AND cutoff_at >= %(now)s AND held < capacity
        ORDER BY starts_at LIMIT {many}
    ) AS slot
) AS {method} ON '{method}' = ANY(p.capabilities)"""


def _slotted(method: str) -> str:
    return f"""EXISTS (
    SELECT FROM capacity_slot x WHERE x.place_id = p.id AND x.method = '{method}' AND x.starts_at >= %(at)s
)"""


_AREAS = """(
    SELECT array_agg(jsonb_build_array(
        a.id, a.method, a.name, a.country, a.postal_codes, a.radius_km, a.fee, a.free_from, a.days, a.product_id
    ) ORDER BY a.id) FROM capacity_area a WHERE a.place_id = p.id
)"""
_SOURCES = f"""
WITH {REACH},
looked AS MATERIALIZED (
    SELECT place_id, min(priority) AS priority FROM (
        (
            SELECT r.place_id, r.priority FROM reach r
            CROSS JOIN LATERAL (SELECT id, position FROM places_place WHERE id = r.place_id LIMIT 1) AS p
            WHERE NOT %(whole)s OR NOT EXISTS (
                SELECT FROM unnest(%(products)s::uuid[], %(quantities)s::bigint[]) AS w(product_id, quantity)
                LEFT JOIN LATERAL (
                    SELECT {PROMISABLE} AS available FROM stock_balance
                    WHERE place_id = p.id AND product_id = w.product_id LIMIT 1
                ) AS b ON true
                WHERE coalesce(b.available, 0) < w.quantity
            )
            ORDER BY p.position <-> (SELECT point FROM here) LIMIT %(shown)s
        )
        UNION ALL (
            SELECT id, NULL FROM places_place WHERE 'sell' = ANY(capabilities) AND format <> ALL(%(points)s::text[])
            ORDER BY position <-> (SELECT point FROM here) LIMIT {_SHOPS}
        )
    ) AS every GROUP BY place_id
)
SELECT p.id, p.ref, p.name, p.format, p.capabilities, e.currency, {KM}, r.priority, {ROOM}, {CLOSED}, {TRADING},
    g.has, g.listed, g.rate, g.wrong, g.counted, g.hours, g.loss, g.fixed,
    collect.ids, collect.starts, collect.ends, collect.fees, {_slotted("collect")},
    deliver.ids, deliver.starts, deliver.ends, deliver.fees, {_slotted("deliver")}, {OPENS},
    g.shelf, p.keeps, p.country, p.latitude, p.longitude, {_AREAS}
FROM looked r
CROSS JOIN LATERAL (SELECT * FROM places_place WHERE id = r.place_id LIMIT 1) AS p
CROSS JOIN LATERAL (SELECT currency FROM places_entity WHERE id = p.entity_id LIMIT 1) AS e
CROSS JOIN LATERAL (
    SELECT array_agg(coalesce(b.available, 0) ORDER BY w.n) AS has,
        array_agg(coalesce(b.shelf, 0) ORDER BY w.n) AS shelf,
        array_agg(
            NOT EXISTS (SELECT FROM catalog_listing any_row WHERE any_row.place_id = p.id)
            OR EXISTS (
                SELECT FROM catalog_listing l WHERE l.place_id = p.id AND l.product_id = w.product_id
                    AND coalesce(l.starts_on <= (%(at)s AT TIME ZONE p.zone)::date, true)
                    AND coalesce(l.ends_on >= (%(at)s AT TIME ZONE p.zone)::date, true)
            ) ORDER BY w.n
        ) AS listed,
        array_agg(v.rate ORDER BY w.n) AS rate, array_agg(v.wrong ORDER BY w.n) AS wrong,
        array_agg(v.counted_at ORDER BY w.n) AS counted, array_agg(v.cover_hours ORDER BY w.n) AS hours,
        array_agg(v.loss ORDER BY w.n) AS loss, array_agg(v.fixed ORDER BY w.n) AS fixed
    FROM unnest(%(products)s::uuid[]) WITH ORDINALITY AS w(product_id, n)
    LEFT JOIN LATERAL (
        SELECT {PROMISABLE} AS available, on_hand - reserved AS shelf FROM stock_balance
        WHERE place_id = p.id AND product_id = w.product_id LIMIT 1
    ) AS b ON true
    LEFT JOIN LATERAL (
        SELECT rate, wrong, counted_at, cover_hours, loss, fixed FROM sourcing_value
        WHERE place_id = p.id AND product_id = w.product_id LIMIT 1
    ) AS v ON true
) AS g
{_windows("collect", _WINDOWS)}
{_windows("deliver", _WINDOWS)}
ORDER BY 7, p.ref
"""
_AT_POINTS = f"""
WITH here AS MATERIALIZED (
    SELECT coalesce(
        places_position(%(latitude)s::float8, %(longitude)s::float8),
        (SELECT position FROM places_place WHERE id = %(near_place)s::uuid)
    ) AS point
),
near AS MATERIALIZED (
    SELECT id FROM places_place WHERE format = ANY(%(points)s::text[]) AND 'collect' = ANY(capabilities)
    ORDER BY position <-> (SELECT point FROM here) LIMIT {_POINTS}
)
SELECT p.id, p.ref, p.name, p.format, p.keeps, e.currency, {KM}, {CLOSED}, {TRADING},
    collect.ids, collect.starts, collect.ends, collect.fees, {_slotted("collect")}, {OPENS}
FROM near
CROSS JOIN LATERAL (SELECT * FROM places_place WHERE id = near.id LIMIT 1) AS p
CROSS JOIN LATERAL (SELECT currency FROM places_entity WHERE id = p.entity_id LIMIT 1) AS e
{_windows("collect", 12, _ARRIVES)}
ORDER BY 7, p.ref
"""


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
    found = _promise(wanted, where, at, channel, NEAR)
    online = [answer for answer in found.ways if answer.way in {Way.COLLECT, Way.SHIP}]
    if found.considered >= NEAR and not any(answer.possible for answer in online):
        # Nothing near will do: somebody farther away may have the whole basket.
        wide = _promise(wanted, where, at, channel, WIDE)
        return wide if any(answer.possible for answer in wide.ways) else found
    return found


def _promise(wanted: Sequence[WantedLine], where: Where, at: datetime, channel: str, most: int) -> Promise:
    params = reach_params(where, channel, at, most) | {
        "now": now(),
        "products": ids_array(line.product_id for line in wanted),
        "quantities": ints_array(line.quantity for line in wanted),
        "whole": most > NEAR,
        "shown": 2 * NEAR,
    }
    # One plan for each statement: planning these anew costs more than running them.
    with transaction(keep_plans=True), pipeline():
        kept = gather_policy(channel)
        known = gather_needs(wanted)
        sources = later(_SOURCES, params, lambda rows: rows)
        points = later(_AT_POINTS, params, lambda rows: [_point(row) for row in rows])
    products = known.result()
    rows = sources.result()
    policy = kept.result()
    needs = [one for one, _ in products]
    split = _splitter(products, {row[0]: row for row in rows}, policy)
    countries = {row[0]: row[32] for row in rows}
    near = next(((row[33], row[34]) for row in rows if row[0] == where), None)

    def to(source: Source) -> capacity.Destination:
        """An address as it is given; of a position what lies around it, in the place's own country."""
        if isinstance(where, capacity.Destination):
            return where
        position = where if isinstance(where, places.Position) else places.Position(*near) if near else None
        return capacity.Destination(countries[source.place_id], "", position)

    return decide(needs, [_source(row) for row in rows], points.result(), Asked(at, policy.terms, to), split)


def _splitter(
    products: Sequence[tuple[ProductNeed, int]], rows: dict[UUID, Row], live: PolicyRow
) -> Callable[[Sequence[Source]], Sequence[Source]]:
    """How a shipment that no place has whole is put together: the cheapest plan's places."""

    def choose(able: Sequence[Source]) -> Sequence[Source]:
        if any(not one.known or not one.sellable or not one.online for one, _ in products):
            return ()
        needs = tuple(need(one.product_id, one.quantity, grams) for one, grams in products)
        seen = tuple(_seen(one, rows[one.place_id], live.margin_share) for one in able)
        plan = Facts(needs, seen).choose(live.policy)
        by_id = {one.place_id: one for one in able}
        return [] if plan is None else [by_id[place] for place in plan.places]

    return choose


def _seen(one: Source, row: Row, margin: int) -> Seen:
    worth = zip(row[13], row[16], row[17], row[18], strict=True)
    values = tuple(value_of(*each, margin=margin) for each in worth)
    return Seen(one.place_id, round((one.km or 0.0) * 1_000), tuple(one.has), values, one.priority or 0)


def _source(row: Row) -> Source:
    (key, ref, name, form, can, currency, km, priority, room, closed, trading, has, listed, rate, wrong, counted) = row[
        :16
    ]
    collect, deliver = row[19:24], row[24:29]
    opens, shelf, keeping, _, latitude, longitude, areas = row[29:]
    around = None if latitude is None else places.Position(latitude, longitude)
    return Source(
        key,
        ref,
        name,
        form,
        frozenset(can),
        currency,
        km,
        priority,
        room,
        closed,
        trading,
        has,
        listed,
        rate,
        wrong,
        counted,
        Slots(*collect[:4]),
        collect[4],
        Slots(*deliver[:4]),
        deliver[4],
        opens,
        shelf,
        keeping,
        tuple(_area(key, area, around) for area in areas or ()),
    )


def _area(place: UUID, row: Sequence[Any], around: places.Position | None) -> capacity.Area:
    key, method, name, country, codes, radius, fee, free_from, days, product = row
    return capacity.Area(
        UUID(key), place, method, name, country, tuple(codes), radius, fee, free_from, days, UUID(product), around
    )


def _point(row: Row) -> Point:
    *head, ids, starts, ends, fees, slotted, opens = row
    key, ref, name, form, keeping, currency, km, closed, trading = head
    slots = Slots(ids, starts, ends, fees)
    return Point(key, ref, name, form, keeping, currency, km, closed, trading, slots, slotted, opens)
