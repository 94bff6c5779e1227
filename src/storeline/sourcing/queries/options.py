"""Where a basket can come from: two set statements for the places, and one for the hours of those that could."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from storeline.kernel.api import Compiled, Invalid, Row, business_date, ids_array, ints_array, later, now, reading
from storeline.places import api as places
from storeline.sourcing.domain import (
    Candidate,
    Code,
    Method,
    Option,
    ProductNeed,
    Reason,
    WantedLine,
    combine,
    obstacles,
    rank,
)

MOST_LINES = 500
NEAR, WIDE, EVERY = 24, 240, 1_000
"""How many of the nearest places are looked at, how many where too few of these serve, and how many where nobody is near."""
LOOK_AHEAD = timedelta(days=7)
_NEEDS = """
SELECT wanted.product_id, wanted.quantity, c.id IS NOT NULL, coalesce(c.temperature, ''), coalesce(c.sellable, false),
    coalesce(c.online, false)
FROM unnest(%s::uuid[], %s::bigint[]) WITH ORDINALITY AS wanted(product_id, quantity, n)
LEFT JOIN catalog_product c ON c.id = wanted.product_id
ORDER BY wanted.n
"""
KM = """12742.0176 * asin(least(1, (p.position <-> (SELECT point FROM origin)) / 2))"""
_NEAREST = "p.position <-> (SELECT point FROM origin)"


@cache
def _candidates_sql(which: str, order: str) -> Compiled:
    """Places of which `which` holds, as they stand for a basket.

    The nearest are found by the index over positions. The stock is read by one step along the balance's key for each place and
    product, the slot by one along its own: LIMIT 1 keeps a generic plan from reading the whole table instead, as it did.
    Days are each place's own.
    """
    return Compiled(f"""
WITH origin AS MATERIALIZED (
    SELECT coalesce(
        places_position(%(latitude)s::float8, %(longitude)s::float8),
        (SELECT position FROM places_place WHERE id = %(near_place)s::uuid)
    ) AS point
),
candidate AS MATERIALIZED (
    SELECT p.id, p.ref, p.name, p.format, p.keeps, %(capability)s = ANY(p.capabilities) AS capable,
        coalesce(p.opens_on <= (%(at)s::timestamptz AT TIME ZONE p.zone)::date, true)
            AND coalesce(p.closes_on >= (%(at)s AT TIME ZONE p.zone)::date, true) AS trading,
        (%(at)s AT TIME ZONE p.zone)::date AS day, {KM} AS km
    FROM places_place p WHERE {which}
    ORDER BY {order} LIMIT %(consider)s
)
SELECT c.id, c.ref, c.name, c.format, c.capable, c.trading, c.km, s.available,
    CASE WHEN EXISTS (SELECT FROM catalog_listing any_row WHERE any_row.place_id = c.id) THEN (
        SELECT array_agg(
            EXISTS (
                SELECT FROM catalog_listing l WHERE l.place_id = c.id AND l.product_id = w.product_id
                    AND coalesce(l.starts_on <= c.day, true) AND coalesce(l.ends_on >= c.day, true)
            ) ORDER BY w.n
        ) FROM unnest(%(products)s::uuid[]) WITH ORDINALITY AS w(product_id, n)
    ) ELSE array_fill(true, ARRAY[cardinality(%(products)s::uuid[])]) END,
    slot.id, slot.starts_at,
    EXISTS (
        SELECT FROM capacity_slot any_slot
        WHERE any_slot.place_id = c.id AND any_slot.method = %(method)s AND any_slot.starts_at >= %(at)s
    ), c.keeps
FROM candidate c
CROSS JOIN LATERAL (
    SELECT array_agg(coalesce(b.available, 0) ORDER BY w.n) AS available
    FROM unnest(%(products)s::uuid[]) WITH ORDINALITY AS w(product_id, n)
    LEFT JOIN LATERAL (
        SELECT on_hand - reserved AS available FROM stock_balance
        WHERE place_id = c.id AND product_id = w.product_id LIMIT 1
    ) AS b ON true
) AS s
LEFT JOIN LATERAL (
    SELECT id, starts_at FROM capacity_slot
    WHERE place_id = c.id AND method = %(method)s AND starts_at >= %(at)s AND cutoff_at >= %(now)s AND held < capacity
    ORDER BY starts_at LIMIT 1
) AS slot ON true
ORDER BY c.km NULLS LAST, c.ref
""")


def options(
    lines: Sequence[WantedLine],
    *,
    method: Method | str,
    near: places.Position | None = None,
    near_place: UUID | None = None,
    only: Sequence[UUID] | None = None,
    at: datetime | None = None,
    limit: int = 20,
) -> list[Option]:
    """Places that can serve the whole basket from `at` on (now if left out), nearest first, then those that cannot.

    `near` is a position, or `near_place` a place's own; without either there is no distance. `only` names the places
    to judge, even those without the capability. Each option carries its reasons. Nothing is held by asking.

    Near a position the nearest are looked at, and more of them only where too few of those can serve.
    """
    way = _method(method)
    wanted = _wanted(lines)
    somewhere = near is not None or near_place is not None
    found: list[Option] = []
    for most in (max(NEAR, 2 * limit), WIDE) if somewhere and only is None else (EVERY,):
        needs, candidates = _read(wanted, way, near, near_place, only, at or now(), most)
        found = _judged(needs, candidates, way, at or now(), limit)
        if len(candidates) < most or sum(option.serves for option in found) >= limit:
            break
    return found


def _judged(
    needs: Sequence[ProductNeed], candidates: Sequence[Candidate], way: Method, at: datetime, limit: int
) -> list[Option]:
    answers: list[Option] = []
    able: list[Candidate] = []
    for candidate in candidates:
        if reasons := obstacles(candidate, needs, way):
            answers.append(_option(candidate, serves=False, reasons=reasons))
        else:
            able.append(candidate)
    return rank([*_opened(able, at, limit), *answers])[:limit]


def _opened(able: Sequence[Candidate], at: datetime, limit: int) -> list[Option]:
    """Options of these candidates, who come nearest first: hours are read for as many as the answer has room for."""
    found: list[Option] = []
    for start in range(0, len(able), limit):
        some = able[start : start + limit]
        times = _hours([candidate for candidate in some if candidate.slot_id is None], at)
        found += [_serving(candidate, times, at) for candidate in some]
        if sum(option.serves for option in found) >= limit:
            break
    return found


def _method(method: Method | str) -> Method:
    try:
        return Method(method)
    except ValueError:
        raise Invalid(f"The method is one of {', '.join(Method)}.", field="method") from None


def _wanted(lines: Sequence[WantedLine]) -> list[WantedLine]:
    wanted = combine(lines)
    if not wanted or len(wanted) > MOST_LINES:
        raise Invalid(f"A basket has 1 to {MOST_LINES} products.", field="lines")
    for index, line in enumerate(lines):
        if line.quantity <= 0:
            raise Invalid("A quantity is above 0.", field=f"lines[{index}].quantity")
    return wanted


def _read(
    wanted: Sequence[WantedLine],
    method: Method,
    near: places.Position | None,
    near_place: UUID | None,
    only: Sequence[UUID] | None,
    at: datetime,
    consider: int,
) -> tuple[list[ProductNeed], list[Candidate]]:
    products = ids_array(line.product_id for line in wanted)
    somewhere = near is not None or near_place is not None
    which = "p.id = ANY(%(only)s::uuid[])" if only is not None else f"'{method.capability}' = ANY(p.capabilities)"
    params = {
        "latitude": near.latitude if near else None,
        "longitude": near.longitude if near else None,
        "near_place": near_place,
        "only": None if only is None else ids_array(only),
        "capability": method.capability,
        "method": method.value,
        "at": at,
        "now": now(),
        "products": products,
        "consider": consider,
    }
    with reading():
        needs = later(_NEEDS, [products, ints_array(line.quantity for line in wanted)], _needs)
        candidates = later(_candidates_sql(which, _NEAREST if somewhere else "p.ref"), params, _candidates)
    return needs.result(), candidates.result()


def _needs(rows: list[Row]) -> list[ProductNeed]:
    return [ProductNeed(*row) for row in rows]


def _candidates(rows: list[Row]) -> list[Candidate]:
    return [Candidate(*row) for row in rows]


def _hours(candidates: Sequence[Candidate], at: datetime) -> dict[UUID, datetime]:
    """The first moment from `at` on when each place is open; places that stay closed are absent."""
    if not candidates:
        return {}
    ids = [candidate.place_id for candidate in candidates]
    today = business_date(at, "UTC")
    hours = places.open_hours_many(ids, today - timedelta(days=1), today + LOOK_AHEAD)
    first: dict[UUID, datetime] = {}
    for place, openings in hours.items():
        for opening in openings:
            if opening.closes > at:
                first[place] = max(opening.opens, at)
                break
    return first


def _serving(candidate: Candidate, times: dict[UUID, datetime], at: datetime) -> Option:
    if candidate.slot_id is not None:
        served = _option(candidate, serves=True, reasons=[_ALL_THERE, Reason(Code.SLOT, "The next slot with room.")])
        return replace(served, at=candidate.slot_at, slot_id=candidate.slot_id)
    opens = times.get(candidate.place_id)
    if opens is None:
        return _option(
            candidate, serves=False, reasons=[Reason(Code.CLOSED, "This place does not open in the next days.")]
        )
    words = "It is open." if opens == at else "It opens then."
    return replace(_option(candidate, serves=True, reasons=[_ALL_THERE, Reason(Code.OPEN, words)]), at=opens)


_ALL_THERE = Reason(Code.ALL_THERE, "Everything is there.")


def _option(candidate: Candidate, *, serves: bool, reasons: Sequence[Reason]) -> Option:
    return Option(
        candidate.place_id,
        candidate.ref,
        candidate.name,
        serves,
        candidate.distance_km,
        None,
        None,
        tuple(reasons),
    )
