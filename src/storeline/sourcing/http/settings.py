"""What sourcing goes by: policies, groups, channels, closures, limits and values from above."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Schema, Status
from pydantic import BaseModel

from storeline.identity.api import Request, requires
from storeline.kernel.api import NotFound
from storeline.sourcing.commands.groups import (
    MOST_MEMBERS,
    Closure,
    Limits,
    close_place,
    find_closure,
    open_place,
    set_channel,
    set_group,
    set_limits,
)
from storeline.sourcing.commands.policies import MOST, set_policy
from storeline.sourcing.commands.values import Dual, set_duals
from storeline.sourcing.domain.costs import MOST_PLACES, Policy
from storeline.sourcing.domain.ways import Terms
from storeline.sourcing.http.router import Channel, router
from storeline.sourcing.permissions import CLOSE, CONFIGURE, PLANS
from storeline.sourcing.queries import groups
from storeline.sourcing.queries.policies import COSTS, TERMS, PolicyRow, get_policy
from storeline.web.fields import Cursor, Moment, Ref, Text
from storeline.web.problems import told_as

Amount = Annotated[int, Field(ge=0, le=MOST)]
_DEFAULT, _TERMS = Policy(), Terms()


class CostsIn(Schema):
    """What sourcing weighs: costs in thousandths of a minor unit, weights in grams, shares in thousandths."""

    visit: Amount = _DEFAULT.visit
    line: Amount = _DEFAULT.line
    parcel: Amount = _DEFAULT.parcel
    parcel_km: Amount = _DEFAULT.parcel_km
    kg: Amount = _DEFAULT.kg
    parcel_grams: Annotated[int, Field(ge=1, le=10_000_000)] = _DEFAULT.parcel_grams
    split: Amount = _DEFAULT.split
    most_places: Annotated[int, Field(ge=1, le=MOST_PLACES)] = _DEFAULT.most_places
    keep_share: Annotated[int, Field(ge=0, le=100_000)] = _DEFAULT.keep_share
    waste_share: Annotated[int, Field(ge=0, le=100_000)] = _DEFAULT.waste_share
    reach_km: Annotated[int, Field(ge=0, le=50_000)] = _DEFAULT.reach_km

    def policy(self, ref: str) -> Policy:
        """As a policy of that name."""
        return Policy(ref, *[getattr(self, name) for name in COSTS])


class PolicyIn(CostsIn):
    """A policy with the fees (minor units) and times that go with it. `live`: used for its channel, or for all others."""

    channel: Channel | None = None
    live: bool = False
    margin_share: Annotated[int, Field(ge=0, le=1_000)] = 250
    fee_collect: Amount = _TERMS.fee_collect
    fee_point: Amount = _TERMS.fee_point
    point_hours: Annotated[int, Field(ge=0, le=2_000)] = _TERMS.point_hours


class PolicyOut(PolicyIn):
    """A policy as it is kept."""

    ref: str


class GroupIn(Schema):
    """A group's name and its places."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    places: Annotated[list[UUID], Field(max_length=MOST_MEMBERS)]


class GroupOut(Schema):
    """A group."""

    ref: str
    name: str
    places: list[UUID]


class GroupItem(Schema):
    """A group in a list."""

    ref: str
    name: str
    places: int


class GroupsOut(Schema):
    """Groups by ref."""

    items: list[GroupItem]
    next: str | None


class TierIn(Schema):
    """A group that a channel sells from; lower priorities first."""

    ref: Ref
    priority: Annotated[int, Field(ge=0, le=99)] = 0


class ChannelIn(Schema):
    """From which groups a channel sells; none: from every place."""

    groups: Annotated[list[TierIn], Field(max_length=100)]


class LimitsIn(BaseModel):
    """Most online orders in an hour, own costs of picking; null: none of its own."""

    per_hour: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    visit: Amount | None = None
    line: Amount | None = None


class ClosureIn(Schema):
    """A place takes no online orders for a time; `id` is the record of this."""

    id: UUID
    place: UUID
    starts_at: Moment
    ends_at: Moment | None = None
    reason: Annotated[Text, Field(min_length=1)]
    channel: Channel | None = None


class ClosureOut(Schema):
    """A closure as it is kept."""

    id: UUID
    place: UUID
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    channel: str | None


class DualIn(Schema):
    """What a unit is worth where it stands, in thousandths of a minor unit; null: as stock moves."""

    place: UUID
    product: UUID
    value: Amount | None
    until: Moment | None = None


class DualsIn(Schema):
    """Values set from above."""

    items: Annotated[list[DualIn], Field(max_length=10_000)]


class ChangedOut(Schema):
    """How many were changed."""

    changed: int


@router.get("/sourcing/policies/{ref}", auth=requires(CONFIGURE), response=PolicyOut)
def read_policy(request: Request, ref: Ref) -> PolicyOut:
    """A policy; `default` is the program's own where nobody has set it."""
    return _policy(get_policy(ref))


@router.put("/sourcing/policies/{ref}", auth=requires(CONFIGURE), response=PolicyOut)
def write_policy(request: Request, ref: Ref, body: PolicyIn) -> PolicyOut:
    """Make or change a policy; a live one takes the place of its channel's."""
    terms = Terms(*[getattr(body, name) for name in TERMS])
    row = PolicyRow(body.policy(ref), terms, body.channel, body.live, body.margin_share)
    set_policy(row, actor=request.actor)
    return _policy(get_policy(ref))


def _policy(row: PolicyRow) -> PolicyOut:
    costs = {name: getattr(row.policy, name) for name in COSTS} | {name: getattr(row.terms, name) for name in TERMS}
    return PolicyOut(ref=row.policy.ref, channel=row.channel, live=row.live, margin_share=row.margin_share, **costs)


@router.get("/sourcing/groups", auth=requires(PLANS), response=GroupsOut)
def list_groups(
    request: Request, cursor: Cursor | None = None, limit: Annotated[int, Field(ge=1, le=200)] = 100
) -> GroupsOut:
    """Groups by ref, with how many places each has."""
    found = groups.list_groups(after=cursor or "", limit=limit + 1)
    items = [GroupItem(ref=one.ref, name=one.name, places=one.places) for one in found[:limit]]
    return GroupsOut(items=items, next=items[-1].ref if len(found) > limit else None)


@router.get("/sourcing/groups/{ref}", auth=requires(PLANS), response=GroupOut)
def read_group(request: Request, ref: Ref) -> GroupOut:
    """A group and its places."""
    group = groups.get_group(ref)
    return GroupOut(ref=group.ref, name=group.name, places=list(group.places))


@router.put("/sourcing/groups/{ref}", auth=requires(CONFIGURE), response=GroupOut)
def write_group(request: Request, ref: Ref, body: GroupIn) -> GroupOut:
    """Make a group, or make it these places."""
    set_group(ref, body.name, body.places, actor=request.actor)
    return read_group(request, ref)


@router.get("/sourcing/channels/{channel}", auth=requires(PLANS), response=ChannelIn)
def read_channel(request: Request, channel: Channel) -> ChannelIn:
    """From which groups a channel sells; none: from every place."""
    return ChannelIn(groups=[TierIn(ref=ref, priority=priority) for ref, priority in groups.groups_of(channel)])


@router.put("/sourcing/channels/{channel}", auth=requires(CONFIGURE), response=ChannelIn)
def write_channel(request: Request, channel: Channel, body: ChannelIn) -> ChannelIn:
    """Set from which groups a channel sells."""
    set_channel(channel, [(tier.ref, tier.priority) for tier in body.groups], actor=request.actor)
    return read_channel(request, channel)


@router.get("/sourcing/places/{uuid:place}/limits", auth=requires(CLOSE), response=LimitsIn)
def read_limits(request: Request, place: UUID) -> LimitsIn:
    """What is particular to a place."""
    request.actor.require(CLOSE, place)
    limits = groups.limits_of(place)
    return LimitsIn(per_hour=limits.per_hour, visit=limits.visit, line=limits.line)


@router.put("/sourcing/places/{uuid:place}/limits", auth=requires(CLOSE), response=LimitsIn)
def write_limits(request: Request, place: UUID, body: LimitsIn) -> LimitsIn:
    """Set how many online orders a place may be asked to pick in an hour, and what picking costs there."""
    set_limits(Limits(place, body.per_hour, body.visit, body.line), actor=request.actor)
    return read_limits(request, place)


@router.post("/sourcing/closures", auth=requires(CLOSE), response=ClosureOut)
def add_closure(request: Request, body: ClosureIn) -> ClosureOut:
    """Close a place to online orders for a time."""
    closure = Closure(body.id, body.place, body.starts_at, body.ends_at, body.reason, body.channel)
    close_place(closure, actor=request.actor)
    return _closure(closure)


@router.get("/sourcing/closures/{uuid:closure_id}", auth=requires(CLOSE), response=ClosureOut)
def read_closure(request: Request, closure_id: UUID) -> ClosureOut:
    """A closure."""
    closure = find_closure(closure_id)
    if closure is None:
        raise NotFound(f"There is no closure {closure_id}.")
    request.actor.require(CLOSE, closure.place_id)
    return _closure(closure)


@router.delete("/sourcing/closures/{uuid:closure_id}", auth=requires(CLOSE), response={204: None})
def end_closure(request: Request, closure_id: UUID) -> Status[None]:
    """Open the place again, now."""
    open_place(closure_id, actor=request.actor)
    return Status(204, None)


@router.put("/sourcing/values/bulk", auth=requires(CONFIGURE), response=ChangedOut)
def write_values(request: Request, body: DualsIn) -> ChangedOut:
    """Set what units are worth where they stand: dual prices of whoever plans above."""
    duals = [Dual(item.place, item.product, item.value, item.until) for item in body.items]
    with told_as({"duals": "items"}):
        return ChangedOut(changed=set_duals(duals, actor=request.actor))


def _closure(closure: Closure) -> ClosureOut:
    return ClosureOut(
        id=closure.id,
        place=closure.place_id,
        starts_at=closure.starts_at,
        ends_at=closure.ends_at,
        reason=closure.reason,
        channel=closure.channel,
    )
