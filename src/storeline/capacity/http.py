"""Capacity over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Router, Schema

from storeline.capacity.commands.slots import generate, set_rule
from storeline.capacity.domain import Rule, Slot
from storeline.capacity.permissions import BROWSE, PLAN
from storeline.capacity.queries import open_slots, rule_of
from storeline.identity.api import Request, requires
from storeline.places import api as places

router = Router()
MethodIn = Literal["collect", "deliver"]


class SlotOut(Schema):
    """A slot that can be booked. `left` is how many orders still fit, for those who plan; null for others."""

    id: UUID
    place: UUID
    method: str
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    left: int | None


class SlotsOut(Schema):
    """The open slots of a day."""

    items: list[SlotOut]
    next: None = None


class RuleIn(Schema):
    """How slots are made: their length, how many orders each, and how long before the start they close."""

    minutes: Annotated[int, Field(ge=15, le=1440)] = 60
    capacity: Annotated[int, Field(ge=0, le=100_000)]
    lead_minutes: Annotated[int, Field(ge=0, le=14 * 1440)] = 120
    days: Annotated[int, Field(ge=1, le=31)] = 7


class RuleOut(Schema):
    """A place's rule, or the one of places that have none."""

    minutes: int
    capacity: int
    lead_minutes: int


class ChangedOut(Schema):
    """How many slots were made or changed."""

    changed: int


@router.get("/slots", auth=requires(BROWSE, guest=True), response=SlotsOut)
def get_slots(request: Request, place: UUID, method: MethodIn, day: date) -> SlotsOut:
    """The slots of a place that can still be booked on `day` of its own calendar, in order."""
    places.get_place(place)
    plans = request.actor.may(PLAN, place)
    return SlotsOut(items=[_slot(slot, exact=plans) for slot in open_slots(place, method, day)])


@router.get("/places/{uuid:place}/slots/{method}", auth=requires(PLAN), response=RuleOut)
def get_rule(request: Request, place: UUID, method: MethodIn) -> Rule:
    """How the slots of a place are made."""
    places.get_place(place)
    request.actor.require(PLAN, place)
    return rule_of(place, method)


@router.put("/places/{uuid:place}/slots/{method}", auth=requires(PLAN), response=ChangedOut)
def put_rule(request: Request, place: UUID, method: MethodIn, body: RuleIn) -> dict[str, int]:
    """Set the rule of a place and remake its slots from today; bookings stay."""
    places.get_place(place)
    rule = Rule(place, method, body.minutes, body.capacity, body.lead_minutes)
    set_rule(rule, actor=request.actor)
    return {"changed": generate([place], actor=request.actor, days=body.days)}


def _slot(slot: Slot, *, exact: bool) -> SlotOut:
    return SlotOut(
        id=slot.id,
        place=slot.place_id,
        method=slot.method,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        cutoff_at=slot.cutoff_at,
        left=slot.left if exact else None,
    )
