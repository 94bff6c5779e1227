"""What can be promised for a basket."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Schema

from storeline.capacity import api as capacity
from storeline.identity.api import Request, requires
from storeline.places import api as places
from storeline.sourcing.domain.ways import Answer, Fee, Offer, Sure
from storeline.sourcing.http.options import ReasonOut, reason_out
from storeline.sourcing.http.router import Channel, LineIn, PositionIn, router, wanted, where
from storeline.sourcing.permissions import OPTIONS
from storeline.sourcing.queries.promise import promise
from storeline.sourcing.queries.reach import Where
from storeline.stock import api as stock
from storeline.web.fields import Moment


class AddressIn(Schema):
    """Of an address what says who brings goods there; `near` is its position."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["FR"])]
    postal_code: Annotated[str, Field(max_length=20)] = ""


class PromiseIn(Schema):
    """A basket, and where and from when on it is to be received: near a position or near a place."""

    lines: Annotated[list[LineIn], Field(min_length=1, max_length=100)]
    near: PositionIn | None = None
    near_place: UUID | None = None
    address: AddressIn | None = None
    at: Moment | None = None
    channel: Channel = "web"


class WindowOut(Schema):
    """A slot with room; `fee` comes on top where goods are brought then."""

    slot: UUID
    starts_at: datetime
    ends_at: datetime
    fee: int


class SureOut(Schema):
    """How sure: a share in thousandths, its word, and what speaks for or against it."""

    chance: int
    level: str
    reasons: list[ReasonOut]


class FeeOut(Schema):
    """What receiving it so costs, in minor units; waived where the goods come to `free_from`."""

    amount: int
    currency: str
    free_from: int | None
    product: UUID | None
    area: UUID | None


class SourceOut(Schema):
    """A place that something of the basket comes from."""

    place: UUID
    ref: str
    name: str


class OfferOut(Schema):
    """One place; `sources` where the goods come from elsewhere: where they are put together, then who gives to it."""

    place: UUID
    ref: str
    name: str
    distance_km: float | None
    at: datetime
    slots: list[WindowOut]
    sure: SureOut
    sources: list[SourceOut]
    fee: FeeOut | None


class WayOut(Schema):
    """One way of receiving: possible, or why not."""

    way: str
    possible: bool
    at: datetime | None
    fee: FeeOut | None
    sure: SureOut | None
    offers: list[OfferOut]
    reasons: list[ReasonOut]


class PromiseOut(Schema):
    """Every way of receiving the basket."""

    asked_at: datetime
    ways: list[WayOut]


@router.post("/sourcing/promise", auth=requires(OPTIONS, guest=True), response=PromiseOut)
def get_promise(request: Request, body: PromiseIn) -> PromiseOut:
    """For each way of receiving the basket the places and times, the fee, and how sure it is. Holds nothing."""
    here: Where = where(body.near, body.near_place)
    if body.address is not None and isinstance(here, places.Position):
        here = capacity.Destination(body.address.country, body.address.postal_code, here)
    found = promise(wanted(body.lines), here, body.at, channel=body.channel)
    exact = request.actor.may(stock.READ)
    return PromiseOut(asked_at=found.asked_at, ways=[_way(answer, exact=exact) for answer in found.ways])


def _way(answer: Answer, *, exact: bool) -> WayOut:
    return WayOut(
        way=answer.way,
        possible=answer.possible,
        at=answer.at,
        fee=_fee(answer.fee),
        sure=None if answer.sure is None else _sure(answer.sure, exact=exact),
        offers=[_offer(offer, exact=exact) for offer in answer.offers],
        reasons=[reason_out(reason, exact=exact) for reason in answer.reasons],
    )


def _offer(offer: Offer, *, exact: bool) -> OfferOut:
    return OfferOut(
        place=offer.place_id,
        ref=offer.ref,
        name=offer.name,
        distance_km=None if offer.km is None else round(offer.km, 3),
        at=offer.at,
        slots=[
            WindowOut(slot=one.slot_id, starts_at=one.starts_at, ends_at=one.ends_at, fee=one.fee)
            for one in offer.windows
        ],
        sure=_sure(offer.sure, exact=exact),
        sources=[SourceOut(place=one.place_id, ref=one.ref, name=one.name) for one in offer.givers],
        fee=_fee(offer.fee),
    )


def _fee(fee: Fee | None) -> FeeOut | None:
    if fee is None:
        return None
    return FeeOut(
        amount=fee.amount, currency=fee.currency, free_from=fee.free_from, product=fee.product_id, area=fee.area_id
    )


def _sure(sure: Sure, *, exact: bool) -> SureOut:
    reasons = [reason_out(reason, exact=exact) for reason in sure.reasons]
    return SureOut(chance=sure.chance, level=sure.level, reasons=reasons)
