"""What is to be sold to those who came first."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from storeline.catalog import api as catalog
from storeline.identity.api import Request, requires
from storeline.shop import hot
from storeline.shop.errors import NotHot
from storeline.web.fields import Moment

router = Router()


class HotIn(Schema):
    """From when on buyers of a product wait in line in the online shop, and how many of them pay at a time."""

    starts_at: Moment
    ends_at: Moment | None = None
    at_once: Annotated[int, Field(ge=1, le=hot.MOST_AT_ONCE)] = 50


class HotOut(Schema):
    """A product whose buyers wait in line."""

    product: UUID
    starts_at: datetime
    ends_at: datetime | None
    at_once: int


@router.get("/products/{uuid:product}/hot", auth=requires(catalog.WRITE), response=HotOut)
def get_hot(request: Request, product: UUID) -> HotOut:  # every route has it
    """Whether, and from when on, a product's buyers wait in line."""
    heat = hot.heat_of(product)
    if heat is None:
        raise NotHot("Buyers of this product do not wait in line.", field="product")
    return HotOut(product=product, starts_at=heat.starts_at, ends_at=heat.ends_at, at_once=heat.at_once)


@router.put("/products/{uuid:product}/hot", auth=requires(catalog.WRITE), response=HotOut)
def put_hot(request: Request, product: UUID, body: HotIn) -> HotOut:
    """Have the online shop's buyers of a product come in first come, first served."""
    hot.mark(product, hot.Heat(body.starts_at, body.ends_at, body.at_once), actor=request.actor)
    return get_hot(request, product)


@router.delete("/products/{uuid:product}/hot", auth=requires(catalog.WRITE), response={204: None})
def delete_hot(request: Request, product: UUID) -> None:
    """Let everybody buy it as anything else. Whoever waits comes in at the next look."""
    hot.unmark(product, actor=request.actor)
