"""Places over HTTP: where they are, when they are open; entities, places and hours kept by their refs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from ninja import Field, Query, Router, Schema

from storeline.identity.api import Request, requires
from storeline.kernel.api import Invalid
from storeline.places import loading, queries
from storeline.places.domain import Position
from storeline.places.permissions import READ, WRITE
from storeline.web.bulk import Bulk, Item, VerdictsOut, upsert
from storeline.web.fields import Country, Currency, Cursor, Names, Ref, Text

router = Router()
LONGEST_SPAN = 31
Gln = Annotated[str, Field(pattern=r"^([0-9]{13})?$", examples=["4012345000009"])]
Limit = Annotated[int, Query(ge=1, le=queries.MAX_PAGE)]


class PositionOut(Schema):
    """Degrees of WGS 84."""

    latitude: float
    longitude: float


class PlaceOut(Schema):
    """A place; `entity` is the ref of its legal entity, `zone` its IANA time zone.

    `keeps` are the temperature classes that goods can wait there in.
    """

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
    keeps: list[str]
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
    """A page of legal entities."""

    items: list[EntityOut]
    next: str | None


class EntityIn(Item):
    """A legal entity by its ref; what is left out stays as it is."""

    ref: Ref
    name: Text | None = None
    country: Country | None = None
    currency: Currency | None = None
    tax_regime: Ref | None = None
    tax_included: bool | None = None
    zone: Text | None = None
    tax_number: Text | None = None
    gln: Gln | None = None
    receipt_series: Text | None = None


class PlaceIn(Item):
    """A place by its ref; what is left out stays as it is."""

    ref: Ref
    entity: Ref | None = None
    name: Text | None = None
    names: Names | None = None
    format: Ref | None = None
    zone: Text | None = None
    country: Country | None = None
    region: Text | None = None
    city: Text | None = None
    postal_code: Text | None = None
    address: Text | None = None
    phone: Text | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    gln: Gln | None = None
    price_zone: Text | None = None
    tax_region: Text | None = None
    capabilities: Annotated[list[Ref], Field(max_length=20)] | None = None
    opens_on: date | None = None
    closes_on: date | None = None
    keeps: Annotated[list[Ref], Field(max_length=10)] | None = None


@router.get("/places", auth=requires(READ, guest=True), response=PlacesOut)
def list_places(
    request: Request,
    latitude: Annotated[float, Query(ge=-90, le=90)] | None = None,
    longitude: Annotated[float, Query(ge=-180, le=180)] | None = None,
    format: Ref | None = None,  # noqa: A002 (the parameter's name in the address)
    capability: Ref | None = None,
    on: date | None = None,
    cursor: Cursor | None = None,
    limit: Limit = 50,
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
def list_entities(request: Request, cursor: Cursor | None = None, limit: Limit = 50) -> dict[str, Any]:
    """The legal entities behind the places, by ref."""
    found = queries.list_entities(after=cursor, limit=limit)
    return {"items": found, "next": found[-1].ref if len(found) == limit else None}


@router.put("/entities/bulk", auth=requires(WRITE), response=VerdictsOut)
def upsert_entities(request: Request, body: Bulk[EntityIn]) -> VerdictsOut:
    """Create or change legal entities by ref, each with its own verdict."""
    return upsert(body, partial(loading.upsert_entities, actor=request.actor))


@router.put("/places/bulk", auth=requires(WRITE), response=VerdictsOut)
def upsert_places(request: Request, body: Bulk[PlaceIn]) -> VerdictsOut:
    """Create or change places by ref, each with its own verdict."""
    return upsert(body, partial(loading.upsert_places, actor=request.actor))
