"""Whose goods a product at a place are."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Schema

from storeline.identity.api import Request, requires
from storeline.kernel.api import Forbidden
from storeline.stock.commands import owners
from storeline.stock.domain.owners import Owned, Ownership
from storeline.stock.http.router import router
from storeline.stock.permissions import OWN, READ
from storeline.stock.queries.owners import owners_of


class OwnedIn(Schema):
    """A product at a place that is sold for a partner under an agreement; null: it is the retailer's own.

    `value` is what a unit is worth to its owner where it is missing, in the smallest unit of the place's currency.
    """

    place: UUID
    product: UUID
    agreement: UUID | None
    value: Annotated[int, Field(ge=0, le=10**15)] | None = None


class OwnersIn(Schema):
    """Rows; all are taken or none."""

    rows: Annotated[list[OwnedIn], Field(min_length=1, max_length=1000)]


class ChangedOut(Schema):
    """How many of them changed."""

    changed: int


class OwnerOut(Schema):
    """Whose a product at a place is; null: the retailer's own."""

    place: UUID
    product: UUID
    partner: UUID | None
    agreement: UUID | None
    value: int | None
    since: datetime | None


@router.get("/stock/owner", auth=requires(READ), response=OwnerOut)
def get_owner(request: Request, place: UUID, product: UUID) -> OwnerOut:
    """Whose goods a product at a place are."""
    if not request.actor.may(READ, place):
        raise Forbidden("You may not see the stock of this place.", permission=READ)
    return _owner(place, product, owners_of([(place, product)]).result().get((place, product)))


@router.put("/stock/owners/bulk", auth=requires(OWN), response=ChangedOut)
def set_owners(request: Request, body: OwnersIn) -> dict[str, int]:
    """Say whose goods products at places are from now on; goods that are there never change their owner by it."""
    rows = [Owned(row.place, row.product, row.agreement, row.value) for row in body.rows]
    return {"changed": owners.set_owners(rows, actor=request.actor)}


def _owner(place: UUID, product: UUID, found: Ownership | None) -> OwnerOut:
    if found is None:
        return OwnerOut(place=place, product=product, partner=None, agreement=None, value=None, since=None)
    return OwnerOut(
        place=place,
        product=product,
        partner=found.organisation_id,
        agreement=found.agreement_id,
        value=found.value,
        since=found.since,
    )
