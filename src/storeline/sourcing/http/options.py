"""Which places can serve a basket."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema

from storeline.identity.api import Request, requires
from storeline.kernel.api import format_quantity
from storeline.places import api as places
from storeline.sourcing.domain import Method, Option, Reason
from storeline.sourcing.http.router import LineIn, PositionIn, router, wanted
from storeline.sourcing.permissions import OPTIONS
from storeline.sourcing.queries.options import options
from storeline.stock import api as stock
from storeline.web.fields import Moment


class OptionsIn(Schema):
    """A basket, how it is to be received, and near where: a position or a place."""

    lines: Annotated[list[LineIn], Field(min_length=1, max_length=500)]
    method: Literal["carry_out", "collect", "deliver", "ship"]
    near: PositionIn | None = None
    near_place: UUID | None = None
    places: Annotated[list[UUID], Field(max_length=100)] | None = None
    at: Moment | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class ReasonOut(Schema):
    """Why; `missing` is for staff and partners only."""

    code: str
    text: str
    product: UUID | None
    missing: str | None


class OptionOut(Schema):
    """One place's answer."""

    place: UUID
    ref: str
    name: str
    serves: bool
    distance_km: float | None
    at: datetime | None
    slot: UUID | None
    reasons: list[ReasonOut]


class OptionsOut(Schema):
    """The options, best first."""

    items: list[OptionOut]
    next: None = None


@router.post("/sourcing/options", auth=requires(OPTIONS, guest=True), response=OptionsOut)
def find_options(request: Request, body: OptionsIn) -> OptionsOut:
    """Which places can serve the whole basket and when, nearest first, each with its reasons. Holds nothing."""
    near = places.Position(body.near.latitude, body.near.longitude) if body.near else None
    found = options(
        wanted(body.lines),
        method=Method(body.method),
        near=near,
        near_place=body.near_place,
        only=body.places,
        at=body.at,
        limit=body.limit,
    )
    exact = request.actor.may(stock.READ)
    return OptionsOut(items=[_option(option, exact=exact) for option in found])


def _option(option: Option, *, exact: bool) -> OptionOut:
    return OptionOut(
        place=option.place_id,
        ref=option.ref,
        name=option.name,
        serves=option.serves,
        distance_km=None if option.distance_km is None else round(option.distance_km, 3),
        at=option.at,
        slot=option.slot_id,
        reasons=[reason_out(reason, exact=exact) for reason in option.reasons],
    )


def reason_out(reason: Reason, *, exact: bool) -> ReasonOut:
    """A reason; how much is missing only for those who may see stock."""
    missing = format_quantity(reason.missing) if exact and reason.missing else None
    return ReasonOut(code=reason.code, text=reason.text, product=reason.product_id, missing=missing)
