"""Capacity over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Router, Schema

from storeline.capacity.commands.areas import set_areas
from storeline.capacity.commands.holds import HOLDING, HOLDS_PER_ADDRESS, hold
from storeline.capacity.commands.slots import generate, set_rule
from storeline.capacity.domain import Area, Peak, Rule, Slot, plain_code
from storeline.capacity.permissions import BROWSE, PLAN
from storeline.capacity.queries import areas_of, open_slots, rule_of
from storeline.identity.api import Request, requires, throttle
from storeline.kernel.api import format_amount, parse_amount
from storeline.places import api as places

router = Router()
MethodIn = Literal["collect", "deliver"]


class SlotOut(Schema):
    """A slot that can be booked. `fee` comes on top of a delivery's; `left` is how many orders still fit, for those who
    plan, and null for others.
    """

    id: UUID
    place: UUID
    method: str
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    fee: str
    left: int | None


class SlotsOut(Schema):
    """The open slots of a day."""

    items: list[SlotOut]
    next: None = None


class PeakIn(Schema):
    """When a delivery costs more: slots that begin on an ISO weekday between two minutes after midnight."""

    weekday: Annotated[int, Field(ge=1, le=7)]
    opens: Annotated[int, Field(ge=0, le=1439)]
    closes: Annotated[int, Field(ge=1, le=1440)]
    fee: Annotated[str, Field(max_length=32, examples=["2.50"])]


class RuleIn(Schema):
    """How slots are made: their length, how many orders each, and how long before the start they close."""

    minutes: Annotated[int, Field(ge=15, le=1440)] = 60
    capacity: Annotated[int, Field(ge=0, le=100_000)]
    lead_minutes: Annotated[int, Field(ge=0, le=14 * 1440)] = 120
    days: Annotated[int, Field(ge=1, le=31)] = 7
    peaks: Annotated[list[PeakIn], Field(max_length=50)] = []


class RuleOut(Schema):
    """A place's rule, or the one of places that have none."""

    minutes: int
    capacity: int
    lead_minutes: int
    peaks: list[PeakIn]


class ChangedOut(Schema):
    """How many slots were made or changed."""

    changed: int


class AreaIn(Schema):
    """Where a place brings goods: addresses whose postal code begins so, or within so far; all of the country otherwise.

    `fee` is waived where the goods come to `free_from`. `product` is the service of the catalogue that the fee is sold as.
    """

    method: Literal["deliver", "ship"]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    postal_codes: Annotated[list[Annotated[str, Field(min_length=1, max_length=20)]], Field(max_length=2000)] = []
    radius_km: Annotated[float, Field(ge=0.1, le=500)] | None = None
    fee: Annotated[str, Field(max_length=32, examples=["4.90"])]
    free_from: Annotated[str, Field(max_length=32, examples=["60.00"])] | None = None
    days: Annotated[int, Field(ge=0, le=60)] = 0
    product: UUID


class AreasIn(Schema):
    """Every area of a place."""

    areas: Annotated[list[AreaIn], Field(max_length=100)]


class HoldIn(Schema):
    """`id` is the one that the order will be placed under."""

    id: UUID


class HoldOut(Schema):
    """The slot is kept free until then."""

    slot: UUID
    order: UUID
    expires_at: datetime


@router.get("/slots", auth=requires(BROWSE, guest=True), response=SlotsOut)
def get_slots(request: Request, place: UUID, method: MethodIn, day: date) -> SlotsOut:
    """The slots of a place that can still be booked on `day` of its own calendar, in order."""
    currency = places.get_place(place).currency
    plans = request.actor.may(PLAN, place)
    return SlotsOut(items=[_slot(slot, currency, exact=plans) for slot in open_slots(place, method, day)])


@router.post(
    "/slots/{uuid:slot}/holds",
    auth=requires(BROWSE, guest=True),
    response=HoldOut,
    summary="Keep a slot free while a basket is paid",
)
def post_hold(request: Request, slot: UUID, body: HoldIn) -> HoldOut:
    """For some minutes, for the order that will be placed under that id; another slot that it held is freed.

    Guests may do so thirty times in a quarter of an hour from one network address.
    """
    if request.actor.kind == "guest":
        throttle(request, HOLDING, HOLDS_PER_ADDRESS)
    return HoldOut(slot=slot, order=body.id, expires_at=hold(body.id, slot, actor=request.actor))


@router.get("/places/{uuid:place}/slots/{method}", auth=requires(PLAN), response=RuleOut)
def get_rule(request: Request, place: UUID, method: MethodIn) -> RuleOut:
    """How the slots of a place are made."""
    currency = places.get_place(place).currency
    request.actor.require(PLAN, place)
    rule = rule_of(place, method)
    return RuleOut(
        minutes=rule.minutes,
        capacity=rule.capacity,
        lead_minutes=rule.lead_minutes,
        peaks=[
            PeakIn(weekday=peak.weekday, opens=peak.opens, closes=peak.closes, fee=format_amount(peak.fee, currency))
            for peak in rule.peaks
        ],
    )


@router.put("/places/{uuid:place}/slots/{method}", auth=requires(PLAN), response=ChangedOut)
def put_rule(request: Request, place: UUID, method: MethodIn, body: RuleIn) -> dict[str, int]:
    """Set the rule of a place and remake its slots from today; bookings stay."""
    currency = places.get_place(place).currency
    peaks = tuple(
        Peak(peak.weekday, peak.opens, peak.closes, parse_amount(peak.fee, currency, field=f"peaks[{index}].fee"))
        for index, peak in enumerate(body.peaks)
    )
    rule = Rule(place, method, body.minutes, body.capacity, body.lead_minutes, peaks)
    set_rule(rule, actor=request.actor)
    return {"changed": generate([place], actor=request.actor, days=body.days)}


@router.get("/places/{uuid:place}/areas", auth=requires(BROWSE, guest=True), response=AreasIn)
def get_areas(request: Request, place: UUID) -> AreasIn:  # every route has it
    """Where a place brings goods, and for how much."""
    currency = places.get_place(place).currency
    return AreasIn(areas=[_area_out(area, currency) for area in areas_of(place)])


@router.put("/places/{uuid:place}/areas", auth=requires(PLAN), response=AreasIn)
def put_areas(request: Request, place: UUID, body: AreasIn) -> AreasIn:
    """Let a place bring goods to exactly these areas. Orders that were placed keep their fee."""
    currency = places.get_place(place).currency
    areas = [_area_in(area, place, currency, f"areas[{index}]") for index, area in enumerate(body.areas)]
    set_areas(place, areas, actor=request.actor)
    return get_areas(request, place)


def _area_in(area: AreaIn, place: UUID, currency: str, path: str) -> Area:
    return Area(
        UUID(int=0),
        place,
        area.method,
        area.name,
        area.country,
        tuple(plain_code(code) for code in area.postal_codes),
        area.radius_km,
        parse_amount(area.fee, currency, field=f"{path}.fee"),
        None if area.free_from is None else parse_amount(area.free_from, currency, field=f"{path}.free_from"),
        area.days,
        area.product,
    )


def _area_out(area: Area, currency: str) -> AreaIn:
    return AreaIn(
        method="ship" if area.method == "ship" else "deliver",
        name=area.name,
        country=area.country,
        postal_codes=list(area.postal_codes),
        radius_km=area.radius_km,
        fee=format_amount(area.fee, currency),
        free_from=None if area.free_from is None else format_amount(area.free_from, currency),
        days=area.days,
        product=area.product_id,
    )


def _slot(slot: Slot, currency: str, *, exact: bool) -> SlotOut:
    return SlotOut(
        id=slot.id,
        place=slot.place_id,
        method=slot.method,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        cutoff_at=slot.cutoff_at,
        fee=format_amount(slot.fee, currency),
        left=slot.left if exact else None,
    )
