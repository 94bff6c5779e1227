"""Parcels that wait at a place: announced by a partner, received by scanning, handed over, opened by a machine."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.http.router import Key, router
from storeline.fulfilment.permissions import ANNOUNCE, HAND_OVER, RENEW, VIEW
from storeline.identity.api import Request, requires
from storeline.kernel.api import Answer, once
from storeline.web.openapi import also_refuses

StateName = Literal["announced", "arrived", "handed_over", "returning", "returned"]
Text = Annotated[str, Field(min_length=1, max_length=64)]
Language = Annotated[str, Field(max_length=35, pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]


class ContactIn(Schema):
    """How to tell whoever it is for; forgotten when the parcel is handed over or back."""

    email: Annotated[str, Field(max_length=254)] = ""
    phone: Annotated[str, Field(max_length=16, pattern=r"^(\+[1-9][0-9]{6,14})?$")] = ""
    language: Language = "en"


class ParcelIn(Schema):
    """`reference` is the partner's own, once; `label` the bar code that will be scanned, else the reference."""

    place: UUID
    reference: Text
    label: Text | None = None
    temperature: Literal["ambient", "fresh", "chilled", "frozen", "hot"] = "ambient"
    contact: ContactIn = ContactIn()


class ParcelOut(Schema):
    """`order` is of our own; a partner's has none. `keep_until` is when it goes back unclaimed."""

    id: UUID
    place: UUID
    order: UUID | None
    reference: str
    label: str
    temperature: str
    compartment: str
    state: str
    announced_at: datetime
    arrived_at: datetime | None
    keep_until: datetime | None
    closed_at: datetime | None


class OwnParcelOut(ParcelOut):
    """`code` is what whoever it is for shows, while it waits: for a partner who tells its customers itself."""

    code: str | None


class ParcelsOut(Schema):
    items: list[ParcelOut]
    next: UUID | None


class ArrivalIn(Schema):
    """`compartment` is the box of a locker that it lies in."""

    compartment: Annotated[str, Field(max_length=20)] = ""


class CodeIn(Schema):
    code: Annotated[str, Field(min_length=1, max_length=32)]


class OpenIn(Schema):
    """What the shopper's QR holds: the parcel, and its code."""

    parcel: UUID
    code: Annotated[str, Field(min_length=1, max_length=32)]


class OpenedOut(Schema):
    """The box to open now, once."""

    parcel: UUID
    compartment: str


@router.put("/parcels/{uuid:parcel}", auth=requires(ANNOUNCE), response=ParcelOut, summary="Announce a parcel")
def put_parcel(request: Request, parcel: UUID, body: ParcelIn) -> ParcelOut:
    """It will come to a place, where it is received, kept and handed over. `parcel` is a fresh UUIDv7 of the client's."""
    contact = fulfilment.Contact(body.contact.email, body.contact.phone, body.contact.language)
    wanted = fulfilment.Announced(
        parcel, body.place, body.reference, body.label or body.reference, body.temperature, contact
    )
    return _out(fulfilment.announce(wanted, actor=request.actor))


@router.get("/parcels/{uuid:parcel}", auth=requires(ANNOUNCE), response=OwnParcelOut, summary="A parcel of one's own")
def get_own_parcel(request: Request, parcel: UUID) -> OwnParcelOut:
    """For the partner who announced it, with its code while it waits."""
    found = fulfilment.get_parcel(parcel)
    if found.client_id != request.actor.id:
        raise fulfilment.NoParcel("There is no such parcel.")
    code = fulfilment.codes([parcel]).get(parcel) if found.state == "arrived" else None
    return OwnParcelOut(**_out(found).dict(), code=code)


@router.get("/fulfilment/parcels", auth=requires(VIEW), response=ParcelsOut, summary="A place's parcels")
def list_parcels(
    request: Request,
    place: UUID,
    state: StateName = "arrived",
    cursor: UUID | None = None,
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
) -> ParcelsOut:
    """In one state, by id."""
    request.actor.require(VIEW, place)
    found = fulfilment.parcels_at(place, [state], after=cursor, limit=limit)
    return ParcelsOut(items=[_out(one) for one in found], next=found[-1].id if len(found) == limit else None)


@router.post(
    "/fulfilment/parcels/{uuid:parcel}/arrival",
    auth=requires(HAND_OVER),
    response=ParcelOut,
    summary="A parcel has arrived",
)
def post_arrival(request: Request, parcel: UUID, body: ArrivalIn) -> ParcelOut:
    """Whoever it is for is told, and gets a code."""
    return _out(fulfilment.arrive(parcel, actor=request.actor, compartment=body.compartment))


@router.post(
    "/fulfilment/parcels/{uuid:parcel}/hand-over",
    auth=requires(HAND_OVER),
    response=ParcelOut,
    summary="Hand a parcel over",
)
def post_hand_over(request: Request, parcel: UUID, body: CodeIn) -> ParcelOut:
    """Against its code, once."""
    return _out(fulfilment.give(parcel, body.code, actor=request.actor))


@router.post(
    "/fulfilment/parcels/{uuid:parcel}/code",
    auth=requires(RENEW),
    response=ParcelOut,
    summary="Another code for a parcel",
    openapi_extra=also_refuses(429),
)
def post_code(request: Request, parcel: UUID, key: Key = None) -> ParcelOut:
    """Where somebody tried too often, or lost theirs: the one before ends, and whoever it is for is told the new one."""

    def deed() -> Answer:
        fulfilment.renew_parcel_code(parcel, actor=request.actor)
        return Answer(200, None)

    once(f"fulfilment.parcel_code {parcel}", key, request.body, deed)
    return _out(fulfilment.get_parcel(parcel))


@router.post(
    "/fulfilment/parcels/{uuid:parcel}/return",
    auth=requires(HAND_OVER),
    response=ParcelOut,
    summary="An unclaimed parcel is back",
)
def post_return(request: Request, parcel: UUID) -> ParcelOut:
    """With who sent it. An order of our own ends with it, and its money goes back."""
    return _out(fulfilment.came_back(parcel, actor=request.actor))


@router.post(
    "/machines/{uuid:place}/open", auth=requires(HAND_OVER), response=OpenedOut, summary="Open a box of a machine"
)
def open_box(request: Request, place: UUID, body: OpenIn) -> OpenedOut:
    """For the machine itself: a right code opens its box once, and hands the parcel over."""
    request.actor.require(HAND_OVER, place)
    if fulfilment.get_parcel(body.parcel).place_id != place:
        raise fulfilment.NoParcel("There is no such parcel here.")
    found = fulfilment.give(body.parcel, body.code, actor=request.actor)
    return OpenedOut(parcel=found.id, compartment=found.compartment)


def _out(parcel: fulfilment.Parcel) -> ParcelOut:
    return ParcelOut(
        id=parcel.id,
        place=parcel.place_id,
        order=parcel.order_id,
        reference=parcel.reference,
        label=parcel.label,
        temperature=parcel.temperature,
        compartment=parcel.compartment,
        state=parcel.state,
        announced_at=parcel.announced_at,
        arrived_at=parcel.arrived_at,
        keep_until=parcel.keep_until,
        closed_at=parcel.closed_at,
    )
