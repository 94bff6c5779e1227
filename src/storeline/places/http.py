"""Places over HTTP: where they are, when they are open; entities, places and hours kept by their refs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Body, Query, Router, Schema
from pydantic import WithJsonSchema

from storeline.identity.api import Request, requires
from storeline.kernel.api import MAX_BULK, Invalid, Verdict
from storeline.places import loading, queries
from storeline.places.domain import Position
from storeline.places.permissions import READ, WRITE

router = Router()
LONGEST_SPAN = 31


class PositionOut(Schema):
    """Degrees of WGS 84."""

    latitude: float
    longitude: float


class PlaceOut(Schema):
    """A place; `entity` is the ref of its legal entity, `zone` its IANA time zone."""

    id: UUID
    ref: str
    name: str
    names: dict[str, str]
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
    position: PositionOut | None
    capabilities: list[str]
    opens_on: date | None
    closes_on: date | None
    currency: str
    distance_km: float | None


class PlacesOut(Schema):
    """A page of places."""

    items: list[PlaceOut]
    next: str | None


class IntervalOut(Schema):
    """A time when the place is open, in UTC; `closes` is not in it."""

    opens: datetime
    closes: datetime


class HoursOut(Schema):
    """Openings in order."""

    items: list[IntervalOut]


class EntityOut(Schema):
    """A legal entity."""

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


class EntitiesOut(Schema):
    """Every legal entity."""

    items: list[EntityOut]


class EntityIn(Schema):
    """A legal entity by its ref; what is left out stays as it is."""

    ref: str
    name: str | None = None
    country: str | None = None
    currency: str | None = None
    tax_regime: str | None = None
    tax_included: bool | None = None
    zone: str | None = None
    tax_number: str | None = None
    gln: str | None = None
    receipt_series: str | None = None


class PlaceIn(Schema):
    """A place by its ref; what is left out stays as it is."""

    ref: str
    entity: str | None = None
    name: str | None = None
    names: dict[str, str] | None = None
    format: str | None = None
    zone: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    postal_code: str | None = None
    address: str | None = None
    phone: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    gln: str | None = None
    price_zone: str | None = None
    tax_region: str | None = None
    capabilities: list[str] | None = None
    opens_on: date | None = None
    closes_on: date | None = None


class FieldError(Schema):
    """What is wrong with one field."""

    field: str
    detail: str


class VerdictOut(Schema):
    """What became of one item: created, updated, unchanged or refused."""

    ref: str
    outcome: str
    errors: list[FieldError]


class VerdictsOut(Schema):
    """The verdicts, in the order of the items."""

    items: list[VerdictOut]


# An item with a wrong field is refused by itself, not with all the others: so items are read as they come.
EntitiesIn = Annotated[
    list[Annotated[dict[str, Any], WithJsonSchema(EntityIn.model_json_schema())]], Body(max_length=MAX_BULK)
]
PlacesIn = Annotated[
    list[Annotated[dict[str, Any], WithJsonSchema(PlaceIn.model_json_schema())]], Body(max_length=MAX_BULK)
]


def verdicts_out(verdicts: tuple[Verdict, ...]) -> dict[str, Any]:
    """Verdicts as JSON."""
    return {
        "items": [
            {
                "ref": verdict.ref,
                "outcome": verdict.outcome,
                "errors": [{"field": field, "detail": detail} for field, detail in verdict.errors],
            }
            for verdict in verdicts
        ]
    }


@router.get("/places", auth=requires(READ, guest=True), response=PlacesOut)
def list_places(
    request: Request,
    latitude: float | None = None,
    longitude: float | None = None,
    format: str | None = None,  # noqa: A002 (the parameter's name in the address)
    capability: str | None = None,
    on: date | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=queries.MAX_PAGE)] = 50,
) -> dict[str, Any]:
    """Places by ref, or the nearest to a position first."""
    if (latitude is None) != (longitude is None):
        raise Invalid("A position needs both latitude and longitude.", field="latitude")
    near = None if latitude is None or longitude is None else Position(latitude, longitude)
    page = queries.list_places(near=near, place_format=format, capability=capability, on=on, cursor=cursor, limit=limit)
    return {"items": [asdict(place) for place in page.items], "next": page.next}


@router.get("/places/{uuid:place_id}", auth=requires(READ, guest=True), response=PlaceOut)
def get_place(request: Request, place_id: UUID) -> queries.Place:
    """One place."""
    return queries.get_place(place_id)


@router.get("/places/{uuid:place_id}/hours", auth=requires(READ, guest=True), response=HoursOut)
def get_hours(request: Request, place_id: UUID, first: date, last: date | None = None) -> dict[str, Any]:
    """When the place is open from `first` to `last`, days of its own calendar; at most 31 of them."""
    last = last or first
    if not 0 <= (last - first).days < LONGEST_SPAN:
        raise Invalid(f"Ask for 1 to {LONGEST_SPAN} days.", field="last")
    queries.get_place(place_id)
    found = queries.open_hours_many([place_id], first, last)[place_id]
    return {"items": [{"opens": interval.opens, "closes": interval.closes} for interval in found]}


@router.get("/entities", auth=requires(READ, guest=True), response=EntitiesOut)
def list_entities(request: Request) -> dict[str, Any]:
    """The legal entities behind the places."""
    return {"items": [asdict(entity) for entity in queries.list_entities()]}


@router.put("/entities/bulk", auth=requires(WRITE), response=VerdictsOut)
def upsert_entities(request: Request, body: EntitiesIn) -> dict[str, Any]:
    """Create or change legal entities by ref, each with its own verdict."""
    return verdicts_out(loading.upsert_entities(body, actor=request.actor))


@router.put("/places/bulk", auth=requires(WRITE), response=VerdictsOut)
def upsert_places(request: Request, body: PlacesIn) -> dict[str, Any]:
    """Create or change places by ref, each with its own verdict."""
    return verdicts_out(loading.upsert_places([_dated(item) for item in body], actor=request.actor))


def _dated(item: Mapping[str, Any]) -> dict[str, Any]:
    """Dates as dates, where they are; anything else is refused with its item."""
    return {name: _date(value) if name in {"opens_on", "closes_on"} else value for name, value in item.items()}


def _date(value: Any) -> Any:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value
