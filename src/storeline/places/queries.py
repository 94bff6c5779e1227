"""Reads of places."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from storeline.kernel.api import Invalid, Pending, Row, ids_array, later, run
from storeline.places.domain import (
    CAPABILITIES,
    FORMATS,
    TEMPERATURES,
    Hours,
    Interval,
    PlaceFacts,
    Position,
    check_position,
    distance_km,
    kept_by,
    openings,
)
from storeline.places.errors import PlaceNotFound

MAX_PAGE = 200
_DIGITS = 6
_FACTS = """
SELECT p.id, p.ref, p.entity_id, e.currency, p.country, e.tax_regime, e.inclusive, p.tax_region, p.price_zone,
       p.zone, p.format, p.capabilities, p.opens_on, p.closes_on, p.keeps
FROM places_place p JOIN places_entity e ON e.id = p.entity_id
WHERE p.id = ANY (%s::uuid[])
"""
_PLACE = """
SELECT p.id, p.ref, p.name, p.names, e.ref, p.format, p.gln, p.zone, p.country, p.region, p.city, p.postal_code,
       p.address, p.phone, p.latitude, p.longitude, p.capabilities, p.opens_on, p.closes_on, p.keeps, e.currency
FROM places_place p JOIN places_entity e ON e.id = p.entity_id
"""
_AS_PEOPLE_COUNT = "CASE WHEN p.ref ~ '^[0-9]{1,18}$' THEN p.ref::bigint END, p.ref"
_SHOWN = 21
_MORE = ", p.entity_id, e.tax_regime, e.inclusive, p.tax_region, p.price_zone FROM"
"""What an order must know beyond what is shown."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place as people see it. `entity` is its legal entity's ref; `distance_km` is set when asked from a position."""

    id: UUID
    ref: str
    name: str
    names: Mapping[str, str]
    entity: str
    format: str
    gln: str | None
    zone: str
    country: str
    region: str
    city: str
    postal_code: str
    address: str
    phone: str
    position: Position | None
    capabilities: tuple[str, ...]
    opens_on: date | None
    closes_on: date | None
    keeps: tuple[str, ...]
    currency: str
    distance_km: float | None = None


@dataclass(frozen=True, slots=True)
class PlacePage:
    """One page of a list, and the cursor of the next one."""

    items: tuple[Place, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class EntityFacts:
    """A legal entity: whose books, in what currency, under which tax regime, with which receipt series."""

    id: UUID
    ref: str
    name: str
    country: str
    currency: str
    tax_regime: str
    inclusive: bool
    zone: str
    tax_number: str
    gln: str | None
    receipt_series: str


def gather(place_ids: Sequence[UUID]) -> Pending[dict[UUID, PlaceFacts]]:
    """What orders need of these places: one statement, in the caller's pipeline. Unknown ids are absent."""
    return later(_FACTS, [ids_array(place_ids)], _facts)


def _facts(rows: list[Row]) -> dict[UUID, PlaceFacts]:
    return {
        row[0]: PlaceFacts(*[*row[:11], frozenset(row[11]), *row[12:14], kept_by(row[10], row[14])]) for row in rows
    }


def list_entities(*, after: str | None = None, limit: int = MAX_PAGE) -> tuple[EntityFacts, ...]:
    """Legal entities by ref, after one of them."""
    sql = """
SELECT id, ref, name, country, currency, tax_regime, inclusive, zone, tax_number, gln, receipt_series
FROM places_entity WHERE ref > %s ORDER BY ref LIMIT %s
"""
    rows = run(sql, [after or "", _size(limit)])
    return tuple(EntityFacts(*row) for row in rows.fetchall())


def get_place(place_id: UUID) -> Place:
    """The place with this id. Raises PlaceNotFound."""
    rows = run(f"{_PLACE} WHERE p.id = %s", [place_id]).fetchall()
    if not rows:
        raise PlaceNotFound(f"There is no place {place_id}.")
    return _place(rows[0])


def find_by_ref(ref: str) -> Place | None:
    """The place with the retailer's own code `ref`, if any."""
    rows = run(f"{_PLACE} WHERE p.ref = %s", [ref]).fetchall()
    return _place(rows[0]) if rows else None


def find_with_facts(ref: str) -> tuple[Place, PlaceFacts] | None:
    """The place with this code and what an order needs of it, if any; one wait."""
    return gather_with_facts(ref).result()


def gather_with_facts(ref: str) -> Pending[tuple[Place, PlaceFacts] | None]:
    """The same, queued in the caller's pipeline."""
    return later(f"{_PLACE.replace('FROM', _MORE, 1)} WHERE p.ref = %s", [ref], _with_facts)


def _with_facts(rows: list[Row]) -> tuple[Place, PlaceFacts] | None:
    if not rows:
        return None
    place = _place(rows[0][:_SHOWN])
    entity_id, regime, inclusive, region, zone = rows[0][_SHOWN:]
    facts = PlaceFacts(
        place.id,
        place.ref,
        entity_id,
        place.currency,
        place.country,
        regime,
        inclusive,
        region,
        zone,
        place.zone,
        place.format,
        frozenset(place.capabilities),
        place.opens_on,
        place.closes_on,
        frozenset(place.keeps),
    )
    return place, facts


def list_places(
    *,
    near: Position | None = None,
    place_format: str | None = None,
    capability: str | Sequence[str] | None = None,
    on: date | None = None,
    named: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> PlacePage:
    """Places by ref, or the nearest first where `near` is given (then only those with a position).

    Of several capabilities they have all. `named` keeps those whose town, name or postal code begins so. `on` leaves out what does not exist on that day. `cursor` comes from the page before; `limit` is at most 200.
    """
    conditions, params = _conditions(near, place_format, capability, on)
    if named is not None:
        conditions.append("(p.city ILIKE %s OR p.name ILIKE %s OR p.postal_code ILIKE %s)")
        params += [_beginning(named)] * 3
    order, page = ("p.ref", "") if near is None else ("p.position <-> places_position(%s, %s), p.ref", "")
    offset = _offset(cursor) if near is not None else 0
    if near is None and cursor is not None:
        conditions.append("p.ref > %s")
        params.append(cursor)
    if near is not None:
        params += [near.latitude, near.longitude]
        page = " OFFSET %s"
    where = " AND ".join(conditions) or "true"
    size = _size(limit)
    sql = f"{_PLACE} WHERE {where} ORDER BY {order} LIMIT %s{page}"
    rows = run(sql, [*params, size + 1, *([offset] if near is not None else [])]).fetchall()
    items = tuple(_place(row, near) for row in rows[:size])
    more = len(rows) > size
    after = (str(offset + size) if near is not None else items[-1].ref) if more else None
    return PlacePage(items, after)


def find_among(
    place_ids: Collection[UUID] | None, *, text: str = "", capability: str | None = None, limit: int = 50
) -> tuple[Place, ...]:
    """Those of some places (None: of all) whose name, town and ref hold every word of `text`, by ref, numbers as such. One wait.

    `limit` is at most 200.
    """
    conditions, params = _conditions(None, None, capability, None)
    if place_ids is not None:
        conditions.append("p.id = ANY (%s::uuid[])")
        params.append(ids_array(place_ids))
    for word in text[:100].replace("\0", " ").split():
        conditions.append("concat_ws(' ', p.name, p.city, p.ref) ILIKE %s")
        params.append(f"%{_beginning(word)}")
    sql = f"{_PLACE} WHERE {' AND '.join(conditions) or 'true'} ORDER BY {_AS_PEOPLE_COUNT} LIMIT %s"
    return tuple(_place(row) for row in run(sql, [*params, _size(limit)]).fetchall())


def _beginning(text: str) -> str:
    """A LIKE pattern for what begins with `text`."""
    return re.sub(r"([\\%_])", r"\\\1", text.strip()[:100]) + "%"


def _conditions(
    near: Position | None, place_format: str | None, capability: str | Sequence[str] | None, on: date | None
) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    params: list[Any] = []
    if near is not None:
        check_position(near.latitude, near.longitude, field="near")
        conditions.append("p.position IS NOT NULL")
    if place_format is not None:
        if place_format not in FORMATS:
            raise Invalid(f"{place_format[:40]!r} is not a format of places.", field="format")
        conditions.append("p.format = %s")
        params.append(place_format)
    for one in (capability,) if isinstance(capability, str) else capability or ():
        if one not in CAPABILITIES:
            raise Invalid(f"{one[:40]!r} is not a capability of places.", field="capability")
        conditions.append("%s = ANY (p.capabilities)")
        params.append(one)
    if on is not None:
        conditions.append("coalesce(p.opens_on <= %s, true) AND coalesce(p.closes_on >= %s, true)")
        params += [on, on]
    return conditions, params


def _size(limit: int) -> int:
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"A page has from 1 to {MAX_PAGE} items.", field="limit")
    return limit


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= _DIGITS):
        raise Invalid("The cursor does not come from a page before.", field="cursor")
    return int(cursor)


def _place(row: Row, near: Position | None = None) -> Place:
    position = None if row[14] is None else Position(row[14], row[15])
    away = None if near is None or position is None else round(distance_km(near, position), 3)
    kept = kept_by(row[5], row[19])
    keeps = tuple(one for one in TEMPERATURES if one in kept)
    return Place(*[*row[:14], position, tuple(row[16]), *row[17:19], keeps, *row[20:], away])


def open_hours(place_id: UUID, day: date) -> tuple[Interval, ...]:
    """When the place is open on `day` of its own calendar, in UTC. Raises PlaceNotFound."""
    found = open_hours_many([place_id], day, day)
    if place_id not in found:
        raise PlaceNotFound(f"There is no place {place_id}.")
    return found[place_id]


def open_hours_many(place_ids: Sequence[UUID], first: date, last: date) -> dict[UUID, tuple[Interval, ...]]:
    """When each place is open from `first` to `last` (local days, both included), in UTC and in order.

    A place is closed before it opens for good and after it closes for good. Unknown ids are absent.
    """
    ids = ids_array(place_ids)
    places = run("SELECT id, zone, opens_on, closes_on FROM places_place WHERE id = ANY (%s::uuid[])", [ids]).fetchall()
    weeks: dict[UUID, dict[int, list[Hours]]] = {}
    for place, weekday, opens, closes in run(
        "SELECT place_id, weekday, opens, closes FROM places_hours WHERE place_id = ANY (%s::uuid[])", [ids]
    ).fetchall():
        weeks.setdefault(place, {}).setdefault(weekday, []).append(Hours(opens, closes))
    exceptions = _exceptions(ids, first, last)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return {
        place: tuple(
            interval
            for day in days
            if (begins is None or begins <= day) and (ends is None or day <= ends)
            for interval in openings(weeks.get(place, {}), exceptions.get(place, {}), day, zone)
        )
        for place, zone, begins, ends in places
    }


def _exceptions(ids: str, first: date, last: date) -> dict[UUID, dict[date, list[Hours]]]:
    found: dict[UUID, dict[date, list[Hours]]] = {}
    rows = run(
        """
SELECT place_id, day, opens, closes FROM places_hours_exception
WHERE place_id = ANY (%s::uuid[]) AND day BETWEEN %s AND %s
""",
        [ids, first, last],
    )
    for place, day, opens, closes in rows.fetchall():
        openings_of_day = found.setdefault(place, {}).setdefault(day, [])
        if opens is not None:
            openings_of_day.append(Hours(opens, closes))
    return found


@dataclass(frozen=True, slots=True)
class PlaceGroup:
    """How many places share a format, a region, a zone and a currency."""

    format: str
    region: str
    zone: str
    currency: str
    places: int


def list_groups() -> tuple[PlaceGroup, ...]:
    """The groups that places fall into: what a page offers to choose by. A row for each, however many places."""
    sql = """
SELECT p.format, p.region, p.zone, e.currency, count(*)
FROM places_place p JOIN places_entity e ON e.id = p.entity_id
GROUP BY p.format, p.region, p.zone, e.currency ORDER BY p.format, p.region, p.zone, e.currency
"""
    return tuple(PlaceGroup(*row) for row in run(sql).fetchall())


def choose_places(
    formats: Sequence[str] = (), regions: Sequence[str] = (), refs: Sequence[str] = ()
) -> tuple[tuple[UUID, str, str], ...]:
    """Id, ref and name of the places with one of these refs, and of those of a group: each named format and region.

    Neither formats nor regions: no group.
    """
    sql = """
SELECT id, ref, name FROM places_place
WHERE ref = ANY (%s::text[]) OR cardinality(%s::text[] || %s::text[]) > 0
  AND (cardinality(%s::text[]) = 0 OR format = ANY (%s::text[]))
  AND (cardinality(%s::text[]) = 0 OR region = ANY (%s::text[]))
ORDER BY ref
"""
    kinds, areas = list(formats), list(regions)
    params = [list(refs), kinds, areas, kinds, kinds, areas, areas]
    return tuple((row[0], row[1], row[2]) for row in run(sql, params).fetchall())


def names_of(place_ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Ref and name of these places."""
    sql = "SELECT id, ref, name FROM places_place WHERE id = ANY (%s::uuid[])"
    return {row[0]: (row[1], row[2]) for row in run(sql, [ids_array(place_ids)]).fetchall()}


def gather_names(place_ids: Sequence[UUID]) -> Pending[dict[UUID, tuple[str, str, str]]]:
    """Ref, name and zone of these places: one statement, in the caller's pipeline."""
    sql = "SELECT id, ref, name, zone FROM places_place WHERE id = ANY (%s::uuid[])"
    return later(sql, [ids_array(place_ids)], lambda rows: {row[0]: (row[1], row[2], row[3]) for row in rows})
