"""From where an order is served and why; the cheapest plan for a basket; the same orders under other policies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema

from storeline.identity.api import Request, requires
from storeline.kernel.api import format_quantity
from storeline.sourcing.commands.policies import check_policy
from storeline.sourcing.domain.costs import Costs, Plan
from storeline.sourcing.http.options import ReasonOut, reason_out
from storeline.sourcing.http.router import Channel, LineIn, PositionIn, router, wanted, where
from storeline.sourcing.http.settings import CostsIn
from storeline.sourcing.permissions import CONFIGURE, PLANS
from storeline.sourcing.queries.kept import kept_plan, what_if
from storeline.sourcing.queries.plan import plan
from storeline.sourcing.queries.policies import PolicyRow, get_policy
from storeline.web.fields import Moment


class CostsOut(Schema):
    """A cost in thousandths of a minor unit, and what it is made of: the components add up to the total."""

    total: int
    visit: int
    lines: int
    shipping: int
    weight: int
    split: int
    keep: int
    waste: int
    refused: int


class PickOut(Schema):
    """So much of a product."""

    product: UUID
    quantity: str


class PartOut(Schema):
    """What one place does."""

    place: UUID
    distance_km: float
    parcels: int
    grams: int
    picks: list[PickOut]
    costs: CostsOut


class PlanOut(Schema):
    """Who serves an order, at what cost; `next_cost` is the cheapest plan's without one of these places."""

    parts: list[PartOut]
    costs: CostsOut
    next_cost: int | None
    next_places: list[UUID]


class KeptOut(Schema):
    """The plan of an order."""

    order: UUID
    channel: str
    method: str
    policy: str
    made_at: datetime
    plan: PlanOut


class PlanIn(Schema):
    """A basket, where it goes to, by which channel."""

    lines: Annotated[list[LineIn], Field(min_length=1, max_length=100)]
    near: PositionIn | None = None
    near_place: UUID | None = None
    method: Literal["ship", "deliver"] = "ship"
    channel: Channel = "web"
    at: Moment | None = None


class PlannedOut(Schema):
    """The cheapest plan, or why there is none."""

    policy: str
    plan: PlanOut | None
    reasons: list[ReasonOut]


class WhatIfIn(Schema):
    """Recorded orders of a time, and a policy to weigh them by beside the one that is kept as `against`."""

    since: Moment
    until: Moment
    policy: CostsIn
    against: Annotated[str, Field(max_length=200)] = "default"
    channel: Channel | None = None
    limit: Annotated[int, Field(ge=1, le=5_000)] = 1_000


class OutcomeOut(Schema):
    """The orders under one policy."""

    policy: str
    served: int
    refused: int
    parcels: int
    splits: int
    distance_km: float
    costs: CostsOut


class WhatIfOut(Schema):
    """The policies side by side: first the kept one, then the tried one."""

    orders: int
    outcomes: list[OutcomeOut]


@router.get("/sourcing/plans/{uuid:order_id}", auth=requires(PLANS), response=KeptOut)
def get_plan(request: Request, order_id: UUID) -> KeptOut:
    """From where an order is served, what that costs by component, and what the next best plan would have."""
    kept = kept_plan(order_id)
    return KeptOut(
        order=kept.order_id,
        channel=kept.channel,
        method=kept.method,
        policy=kept.policy,
        made_at=kept.made_at,
        plan=_plan(kept.plan),
    )


@router.post("/sourcing/plan", auth=requires(PLANS), response=PlannedOut)
def find_plan(request: Request, body: PlanIn) -> PlannedOut:
    """The cheapest plan for a basket as things stand. Holds and keeps nothing."""
    found = plan(
        wanted(body.lines), where(body.near, body.near_place), channel=body.channel, method=body.method, at=body.at
    )
    reasons = [reason_out(reason, exact=True) for reason in found.reasons]
    return PlannedOut(policy=found.policy.ref, plan=None if found.plan is None else _plan(found.plan), reasons=reasons)


@router.post("/sourcing/what-if", auth=requires(CONFIGURE), response=WhatIfOut)
def try_policy(request: Request, body: WhatIfIn) -> WhatIfOut:
    """What recorded orders would have cost under another policy, before it goes live; each as its places stood then."""
    request.actor.require_everywhere(CONFIGURE)
    row = PolicyRow(body.policy.policy("tried"), get_policy(body.against).terms)
    check_policy(row)
    policies = [get_policy(body.against).policy, row.policy]
    told = what_if(policies, body.since, body.until, channel=body.channel, limit=body.limit)
    return WhatIfOut(
        orders=told.orders,
        outcomes=[
            OutcomeOut(
                policy=one.policy.ref,
                served=one.served,
                refused=one.refused,
                parcels=one.parcels,
                splits=one.splits,
                distance_km=one.metres / 1_000,
                costs=_costs(one.costs),
            )
            for one in told.outcomes
        ],
    )


def _plan(found: Plan) -> PlanOut:
    parts = [
        PartOut(
            place=part.place_id,
            distance_km=round(part.km, 3),
            parcels=part.parcels,
            grams=part.grams,
            picks=[PickOut(product=pick.product_id, quantity=format_quantity(pick.quantity)) for pick in part.picks],
            costs=_costs(part.costs),
        )
        for part in found.parts
    ]
    costs = _costs(found.costs)
    return PlanOut(parts=parts, costs=costs, next_cost=found.next_cost, next_places=list(found.next_places))


def _costs(costs: Costs) -> CostsOut:
    return CostsOut(
        total=costs.total,
        visit=costs.visit,
        lines=costs.lines,
        shipping=costs.shipping,
        weight=costs.weight,
        split=costs.split,
        keep=costs.keep,
        waste=costs.waste,
        refused=costs.refused,
    )
