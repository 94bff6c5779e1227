"""Where a basket can come from: two set statements for the places, and one for the hours of those that could."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from storeline.kernel.api import Invalid, Row, business_date, ids_array, ints_array, later, now, pipeline
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
LOOK_AHEAD = timedelta(days=7)
_NEEDS = """
SELECT wanted.product_id, wanted.quantity, c.id IS NOT NULL, coalesce(c.temperature, ''), coalesce(c.sellable, false),
    coalesce(c.online, false)
FROM unnest(%s::uuid[], %s::bigint[]) WITH ORDINALITY AS wanted(product_id, quantity, n)
LEFT JOIN catalog_product c ON c.id = wanted.product_id
ORDER BY wanted.n
"""
# The stock is read by one step along the balance's key for each place and product, the slot by one along its own:
# LIMIT 1 keeps a generic plan from reading the whole table instead, as it did.
# Days are each place's own. The great circle is the haversine formula with the Earth's mean radius, as in places.
_CANDIDATES = """
WITH origin AS (
    SELECT coalesce(%s::float8, (SELECT latitude FROM places_place WHERE id = %s)) AS latitude,
        coalesce(%s::float8, (SELECT longitude FROM places_place WHERE id = %s)) AS longitude
),
candidate AS (
    SELECT p.id, p.ref, p.name, p.format, p.keeps, %s = ANY(p.capabilities) AS capable,
        coalesce(p.opens_on <= (%s AT TIME ZONE p.zone)::date, true)
            AND coalesce(p.closes_on >= (%s AT TIME ZONE p.zone)::date, true) AS trading,
        (%s AT TIME ZONE p.zone)::date AS day,
        12742.0176 * asin(least(1, sqrt(
            sin(radians(p.latitude - o.latitude) / 2) ^ 2
            + cos(radians(o.latitude)) * cos(radians(p.latitude)) * sin(radians(p.longitude - o.longitude) / 2) ^ 2
        ))) AS km
    FROM places_place p CROSS JOIN origin o
    WHERE (%s::uuid[] IS NULL AND %s = ANY(p.capabilities)) OR p.id = ANY(%s::uuid[])
    ORDER BY km NULLS LAST, p.ref LIMIT %s
)
SELECT c.id, c.ref, c.name, c.format, c.capable, c.trading, c.km, s.available, s.listed, slot.id, slot.starts_at,
    EXISTS (
        SELECT FROM capacity_slot any_slot
        WHERE any_slot.place_id = c.id AND any_slot.method = %s AND any_slot.starts_at >= %s
    ), c.keeps
FROM candidate c
CROSS JOIN LATERAL (
    SELECT array_agg(coalesce(b.available, 0) ORDER BY w.n) AS available,
        array_agg(
            NOT EXISTS (SELECT FROM catalog_listing any_row WHERE any_row.place_id = c.id)
            OR EXISTS (
                SELECT FROM catalog_listing l WHERE l.place_id = c.id AND l.product_id = w.product_id
                    AND coalesce(l.starts_on <= c.day, true) AND coalesce(l.ends_on >= c.day, true)
            ) ORDER BY w.n
        ) AS listed
    FROM unnest(%s::uuid[]) WITH ORDINALITY AS w(product_id, n)
    LEFT JOIN LATERAL (
        SELECT on_hand - reserved AS available FROM stock_balance
        WHERE place_id = c.id AND product_id = w.product_id LIMIT 1
    ) AS b ON true
) AS s
LEFT JOIN LATERAL (
    SELECT id, starts_at FROM capacity_slot
    WHERE place_id = c.id AND method = %s AND starts_at >= %s AND cutoff_at >= %s AND held < capacity
    ORDER BY starts_at LIMIT 1
) AS slot ON true
"""


def options(
    lines: Sequence[WantedLine],
    *,
    method: Method | str,
    near: places.Position | None = None,
    near_place: UUID | None = None,
    only: Sequence[UUID] | None = None,
    at: datetime | None = None,
    limit: int = 20,
    consider: int = 1000,
) -> list[Option]:
    """Places that can serve the whole basket from `at` on (now if left out), nearest first, then those that cannot.

    `near` is a position, or `near_place` a place's own; without either there is no distance. `only` names the places
    to judge, even those without the capability. Each option carries its reasons. Nothing is held by asking.
    """
    way = _method(method)
    needs, candidates = _read(lines, way, near, near_place, only, at or now(), consider)
    answers: list[Option] = []
    able: list[Candidate] = []
    for candidate in candidates:
        if reasons := obstacles(candidate, needs, way):
            answers.append(_option(candidate, serves=False, reasons=reasons))
        else:
            able.append(candidate)
    return rank([*_opened(able, at or now(), limit), *answers])[:limit]


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


def _read(
    lines: Sequence[WantedLine],
    method: Method,
    near: places.Position | None,
    near_place: UUID | None,
    only: Sequence[UUID] | None,
    at: datetime,
    consider: int,
) -> tuple[list[ProductNeed], list[Candidate]]:
    wanted = combine(lines)
    if not wanted or len(wanted) > MOST_LINES:
        raise Invalid(f"A basket has 1 to {MOST_LINES} products.", field="lines")
    for index, line in enumerate(lines):
        if line.quantity <= 0:
            raise Invalid("A quantity is above 0.", field=f"lines[{index}].quantity")
    products = ids_array(line.product_id for line in wanted)
    latitude, longitude = (near.latitude, near.longitude) if near else (None, None)
    chosen = None if only is None else ids_array(only)
    with pipeline():
        needs = later(_NEEDS, [products, ints_array(line.quantity for line in wanted)], _needs)
        candidates = later(
            _CANDIDATES,
            [
                *(latitude, near_place, longitude, near_place, method.capability, at, at, at),
                *(chosen, method.capability, chosen, consider),
                *(method.value, at, products, method.value, at, now()),
            ],
            _candidates,
        )
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
