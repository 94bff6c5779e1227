"""What may be promised, with every step, and what is kept back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Query, Schema

from storeline.identity.api import Request, requires
from storeline.kernel.api import Forbidden, Invalid, format_quantity, parse_quantity
from storeline.stock.commands.policies import PolicyByRef, set_policies
from storeline.stock.domain.promise import Atp
from storeline.stock.http.router import router
from storeline.stock.permissions import POLICY, READ
from storeline.stock.queries.policies import PolicyRow, list_policies
from storeline.stock.queries.promise import atp
from storeline.web.bulk import Bulk, FieldError, Item, field_errors, sift
from storeline.web.fields import Moment, Quantity, Ref

Channel = Annotated[str, Field(pattern=r"^[a-z0-9_.-]{0,40}$", max_length=40)]
Limit = Annotated[int, Query(ge=1, le=1000)]
MOST_PRODUCTS = 200


class StepOut(Schema):
    """One step: `quantity` is signed; `at` is when goods are due, `source` the transfer that brings them."""

    name: str = Field(
        json_schema_extra={
            "enum": ["on_hand", "reserved", "expired", "recalled", "safety", "buffer", "inbound", "overdue", "floor"]
        }
    )
    quantity: str
    reason: str
    at: datetime | None
    source: UUID | None


class AtpOut(Schema):
    """What a channel may promise of a product at a place at a moment: the sum of the steps."""

    place: UUID
    product: UUID
    channel: str
    at: datetime
    quantity: str
    steps: list[StepOut]


class AtpsOut(Schema):
    """One for each product, in the order asked."""

    items: list[AtpOut]


class PolicyIn(Item):
    """What is kept back of a product, by the retailer's codes: of every place without `place`, from every channel online
    without `channel` (safety stock). A `quantity` of null takes the policy away.
    """

    product: Ref
    place: Ref | None = None
    channel: Channel = ""
    quantity: Quantity | None


class PolicyVerdictOut(Schema):
    """What became of one row."""

    product: str
    place: str | None
    channel: str
    outcome: str = Field(json_schema_extra={"enum": ["created", "updated", "unchanged", "refused"]})
    errors: list[FieldError]


class PolicyVerdictsOut(Schema):
    """The verdicts, in the order of the rows."""

    items: list[PolicyVerdictOut]


class PolicyOut(Schema):
    """A policy, with the retailer's codes beside the ids."""

    id: UUID
    product_id: UUID
    product: str
    place_id: UUID | None
    place: str | None
    channel: str
    quantity: str


class PoliciesOut(Schema):
    """A page of policies."""

    items: list[PolicyOut]
    next: UUID | None


@router.get("/stock/atp", auth=requires(READ), response=AtpsOut)
def get_atp(
    request: Request,
    place: UUID,
    product: Annotated[list[UUID], Query(min_length=1, max_length=MOST_PRODUCTS)],
    channel: Channel = "online",
    at: Moment | None = None,
) -> AtpsOut:
    """Available to promise: on hand less reserved, lots past their day, safety stock and the channel's buffer, and what is due by then."""
    if not request.actor.may(READ, place):
        raise Forbidden("You may not see the stock of this place.", permission=READ)
    found = atp([(place, one) for one in product], channel=channel, at=at)
    return AtpsOut(items=[_atp(found[place, one]) for one in dict.fromkeys(product)])


@router.get("/stock/policies", auth=requires(READ), response=PoliciesOut)
def get_policies(
    request: Request,
    product: UUID | None = None,
    place: UUID | None = None,
    cursor: UUID | None = None,
    limit: Limit = 100,
) -> PoliciesOut:
    """What is kept back, of one product or at one place or all of it."""
    if place is None and request.actor.places_for(READ) is not None:
        raise Invalid("Name a place of yours.", field="place")
    if place is not None and not request.actor.may(READ, place):
        raise Forbidden("You may not see the stock of this place.", permission=READ)
    found = list_policies(product_id=product, place_id=place, after=cursor, limit=limit)
    return PoliciesOut(items=[_policy(one) for one in found], next=found[-1].id if len(found) == limit else None)


@router.put("/stock/policies/bulk", auth=requires(POLICY), response=PolicyVerdictsOut)
def put_policies(request: Request, body: Bulk[PolicyIn]) -> PolicyVerdictsOut:
    """Set or take away safety stock and buffers, up to 1000 rows, each with its own verdict."""
    good, misfits = sift(body)
    asked = [
        PolicyByRef(row.product, None if row.quantity is None else parse_quantity(row.quantity), row.place, row.channel)
        for row in good.values()
    ]
    verdicts = dict(zip(good, set_policies(asked, actor=request.actor), strict=True))
    items = {
        index: PolicyVerdictOut(
            product=row.product,
            place=row.place,
            channel=row.channel,
            outcome=verdicts[index].outcome,
            errors=field_errors(verdicts[index].errors),
        )
        for index, row in good.items()
    }
    items |= {
        index: PolicyVerdictOut(
            product=one.word("product"),
            place=one.word("place") or None,
            channel=one.word("channel"),
            outcome="refused",
            errors=field_errors(one.errors),
        )
        for index, one in misfits.items()
    }
    return PolicyVerdictsOut(items=[items[index] for index in range(len(body))])


def _atp(one: Atp) -> AtpOut:
    return AtpOut(
        place=one.place_id,
        product=one.product_id,
        channel=one.channel,
        at=one.at,
        quantity=format_quantity(one.quantity),
        steps=[
            StepOut(
                name=step.name,
                quantity=format_quantity(step.quantity),
                reason=step.reason,
                at=step.at,
                source=step.source_id,
            )
            for step in one.steps
        ],
    )


def _policy(one: PolicyRow) -> PolicyOut:
    return PolicyOut(
        id=one.id,
        product_id=one.product_id,
        product=one.product,
        place_id=one.place_id,
        place=one.place,
        channel=one.channel,
        quantity=format_quantity(one.quantity),
    )
