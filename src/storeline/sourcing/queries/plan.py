"""The cheapest plan for a basket: what the nearest places have and what it is worth there, read in one wait."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from storeline.kernel.api import Compiled, Invalid, Pending, Row, ids_array, ints_array, later, now, reading
from storeline.places import api as places
from storeline.sourcing.domain.costs import Policy, need
from storeline.sourcing.domain.options import Code, Method, ProductNeed, Reason, WantedLine, combine
from storeline.sourcing.domain.seen import Facts, Seen, Sourced, why_not
from storeline.sourcing.domain.values import Value, value_of
from storeline.sourcing.queries.policies import gather_policy
from storeline.sourcing.queries.reach import CLOSED, GRAMS, KM, PROMISABLE, REACH, ROOM, TRADING, Where, reach_params

MOST_LINES = 100
NEAR, WIDE = 24, 240
"""How many of the nearest places are looked at, and among how many more for what these do not have."""
_UNFIT = {Code.UNKNOWN_PRODUCT, Code.NOT_SOLD, Code.NOT_ONLINE, Code.NOT_KEPT_COLD}
"""What no place farther away could help."""
_NEEDS = f"""
SELECT wanted.product_id, wanted.quantity, c.id IS NOT NULL, coalesce(c.temperature, ''), coalesce(c.sellable, false),
    coalesce(c.online, false), {GRAMS}
FROM unnest(%s::uuid[], %s::bigint[]) WITH ORDINALITY AS wanted(product_id, quantity, n)
LEFT JOIN catalog_product c ON c.id = wanted.product_id
ORDER BY wanted.n
"""
SOON = 4
"""Units whose last day is within so many days are worth taking."""
_OURS = """(NOT %(supplies)s OR NOT EXISTS (
    SELECT FROM stock_ownership o WHERE o.place_id IN (stock_balance.place_id, %(near_place)s)
        AND o.product_id = stock_balance.product_id AND o.until IS NULL
))"""
"""A partner's goods do not leave its corner for another shop's orders, and ours would be its own in it (docs/adr/0017-consignment.md)."""
# The stock and its value are read by one step along their keys for each place and product: LIMIT 1 keeps a generic plan
# from reading the whole table instead.


def more_of(ours: str = "true") -> str:
    """Who covers most of what is missing near, of many more places; the nearest of those."""
    return f"""(
    SELECT r.place_id, r.priority, r.away FROM reach r JOIN (
        SELECT b.place_id, sum((least(b.available, w.quantity) * 1000000 / w.quantity)::int) AS covered
        FROM unnest(%(missing)s::uuid[], %(missing_quantities)s::bigint[]) AS w(product_id, quantity)
        CROSS JOIN reach AS place CROSS JOIN LATERAL (
            SELECT place.place_id, {PROMISABLE} AS available FROM stock_balance
            WHERE product_id = w.product_id AND place_id = place.place_id AND {ours} LIMIT 1
        ) AS b
        WHERE b.available > 0 GROUP BY b.place_id
    ) AS more ON more.place_id = r.place_id
    ORDER BY more.covered DESC, r.away, r.place_id LIMIT {NEAR}
)"""


def _seen_of(looked: str) -> Compiled:
    """What the places that `looked` gives have of each product, and what it is worth there."""
    return Compiled(f"""
WITH {REACH}
SELECT p.id, {KM}, r.priority, s.visit, s.line, {ROOM}, {CLOSED}, {TRADING}, p.format, p.keeps,
    g.has, g.rate, g.hours, g.loss, g.fixed, g.spoilt, g.old, g.old_days
FROM {looked} AS r CROSS JOIN LATERAL (
    SELECT * FROM places_place WHERE id = r.place_id AND capabilities && %(capabilities)s::text[] LIMIT 1
) AS p
LEFT JOIN sourcing_site s ON s.place_id = p.id
CROSS JOIN LATERAL (
    SELECT array_agg(coalesce(b.available, 0) ORDER BY w.n) AS has, array_agg(v.rate ORDER BY w.n) AS rate,
        array_agg(v.cover_hours ORDER BY w.n) AS hours, array_agg(v.loss ORDER BY w.n) AS loss,
        array_agg(v.fixed ORDER BY w.n) AS fixed, array_agg(v.spoilt ORDER BY w.n) AS spoilt,
        array_agg(old.units ORDER BY w.n) AS old, array_agg(old.days ORDER BY w.n) AS old_days
    FROM unnest(%(products)s::uuid[]) WITH ORDINALITY AS w(product_id, n)
    LEFT JOIN LATERAL (
        SELECT {PROMISABLE} AS available, lotted > expired AS dated FROM stock_balance
        WHERE place_id = p.id AND product_id = w.product_id AND {_OURS} LIMIT 1
    ) AS b ON true
    LEFT JOIN LATERAL (
        SELECT rate, cover_hours, loss, CASE WHEN fixed_until IS NULL OR fixed_until > %(at)s THEN fixed END AS fixed, spoilt
        FROM sourcing_value WHERE place_id = p.id AND product_id = w.product_id AND b.available > 0 LIMIT 1
    ) AS v ON true
    LEFT JOIN LATERAL (
        SELECT sum(l.on_hand)::bigint AS units, min(l.expires_on) + 1 - (%(at)s AT TIME ZONE p.zone)::date AS days
        FROM stock_lot l WHERE l.place_id = p.id AND l.product_id = w.product_id AND l.on_hand > 0 AND NOT l.expired
            AND l.expires_on < (%(at)s AT TIME ZONE p.zone)::date + {SOON} AND b.dated
    ) AS old ON true
) AS g
ORDER BY 2, p.ref
""")


_SEEN_NEAR = _seen_of("reach")
_SEEN_MORE = _seen_of(more_of(_OURS))


def plan(
    lines: Sequence[WantedLine],
    where: Where,
    *,
    channel: str,
    method: Method | str = Method.SHIP,
    at: datetime | None = None,
    policy: Policy | None = None,
    without: Collection[UUID] = (),
    supplies: bool = False,
) -> Sourced:
    """The cheapest way to serve these lines to `where` (a position, or a place's own), by what the live policy weighs.

    Exact over the nearest places that the channel sells from. Parcels may come from several places, a van from one.
    `without` are places that are not asked. With `supplies` they give to the place `where`, which puts the order together: whoever
    serves this way can, and whoever sends parcels. Nothing is held by asking; `keep_plan` keeps it.
    """
    way = Method(method)
    wanted = combine(lines)
    check_lines(lines, wanted)
    at = at or now()
    return _Planning(wanted, where, channel, way, at, policy, without, supplies=supplies).answer()


def check_lines(lines: Sequence[WantedLine], wanted: Sequence[WantedLine]) -> None:
    """Raise Invalid for a basket that cannot be asked about."""
    if not wanted or len(wanted) > MOST_LINES:
        raise Invalid(f"A basket has 1 to {MOST_LINES} products.", field="lines")
    for index, line in enumerate(lines):
        if line.quantity <= 0:
            raise Invalid("A quantity is above 0.", field=f"lines[{index}].quantity")


def gather_needs(wanted: Sequence[WantedLine]) -> Pending[list[tuple[ProductNeed, int]]]:
    """What is known of the wanted products, each with the grams of a unit."""
    params = [ids_array(line.product_id for line in wanted), ints_array(line.quantity for line in wanted)]
    return later(_NEEDS, params, lambda rows: [(ProductNeed(*row[:6]), max(int(row[6]), 0)) for row in rows])


class _Planning:
    """One order: what is read for it, and what more of where the nearest places cannot serve it."""

    def __init__(
        self,
        wanted: Sequence[WantedLine],
        where: Where,
        channel: str,
        method: Method,
        at: datetime,
        policy: Policy | None,
        without: Collection[UUID],
        *,
        supplies: bool,
    ) -> None:
        self.wanted, self.channel, self.method, self.at, self.policy = wanted, channel, method, at, policy
        self.without, self.supplies = without, supplies
        self.params = reach_params(where, channel, at, NEAR) | {
            "capabilities": sorted({method.capability, "ship"} if supplies else {method.capability}),
            "products": ids_array(line.product_id for line in wanted),
            "supplies": supplies,
        }

    def answer(self) -> Sourced:
        """The plan from near, else with those farther away who have what is missing near."""
        with reading():
            kept = gather_policy(self.channel)
            known = gather_needs(self.wanted)
            rows = later(_SEEN_NEAR, self.params, lambda rows: rows)
        self.products, self.live = known.result(), kept.result()
        near = self._seen(rows.result())
        wrong = [reason for one, _ in self.products for reason in _unfit(one, self.method)]
        found = self._choose(near, wrong)
        if found.plan is not None or wrong or len(near) < NEAR // 2:
            return found
        more = self._more(near)
        return self._choose((*near, *more), ()) if more else found

    def _choose(self, seen: tuple[Seen, ...], wrong: Sequence[Reason]) -> Sourced:
        weighed = self.policy or self.live.policy
        if self.method is Method.DELIVER and not self.supplies:
            weighed = replace(weighed, most_places=1)
        needs = tuple(need(one.product_id, one.quantity, grams) for one, grams in self.products)
        facts = Facts(needs, seen)
        chosen = None if wrong else facts.choose(weighed)
        reasons = () if chosen is not None else why_not(facts, wrong)
        takes = timedelta(hours=self.live.terms.point_hours)
        return Sourced(chosen, reasons, self.channel, self.method.value, weighed, self.at, facts, takes)

    def _more(self, near: Sequence[Seen]) -> list[Seen]:
        """Places farther away that have what those near have too little of; of everything, if it is only too many parcels."""
        open_now = [one for one in near if one.barred is None]
        together = [sum(max(one.has[number], 0) for one in open_now) for number in range(len(self.wanted))]
        missing = [
            line for line, many in zip(self.wanted, together, strict=True) if many < line.quantity
        ] or self.wanted
        more = {
            "most": WIDE,
            "missing": ids_array(line.product_id for line in missing),
            "missing_quantities": ints_array(line.quantity for line in missing),
        }
        with reading():
            rows = later(_SEEN_MORE, self.params | more, lambda rows: rows)
        known = {one.place_id for one in near}
        return [one for one in self._seen(rows.result()) if one.place_id not in known]

    def _seen(self, rows: Sequence[Row]) -> tuple[Seen, ...]:
        classes = {one.temperature for one, _ in self.products if one.temperature in places.TEMPERATURES}
        kept = cache(lambda form, *stated: classes <= places.kept_by(form, stated))
        return tuple([_seen(row, kept) for row in rows if row[0] not in self.without])


def _unfit(one: ProductNeed, method: Method) -> list[Reason]:
    """Why no place could send a product."""
    product = one.product_id
    if not one.known:
        return [Reason(Code.UNKNOWN_PRODUCT, "There is no such product.", product, one.quantity)]
    if not one.sellable:
        return [Reason(Code.NOT_SOLD, "This product is not sold any more.", product, one.quantity)]
    if not one.online:
        return [Reason(Code.NOT_ONLINE, "This product is sold at tills only.", product, one.quantity)]
    if method is Method.SHIP and one.temperature != "ambient":
        words = f"A parcel does not keep {one.temperature} goods."
        return [Reason(Code.NOT_KEPT_COLD, words, product, one.quantity)]
    return []


def _seen(row: Row, kept: Callable[..., bool]) -> Seen:
    place, km, priority, visit, line, room, closed, trading, form, keeping, has, *worth = row
    barred = None
    if closed:
        barred = Code.CLOSED_ONLINE
    elif not trading:
        barred = Code.NOT_TRADING
    elif room is not None and room <= 0:
        barred = Code.NO_ROOM
    elif not kept(form, *keeping):
        barred = Code.NOT_KEPT_COLD
    if worth == [[None] * len(has)] * len(worth):  # as most are where little is sold
        values = (Value(),) * len(has)
    else:
        values = tuple([value_of(*one) for one in zip(*worth, strict=True)])
    return Seen(place, round((km or 0.0) * 1_000), tuple(has), values, priority, visit, line, barred)
