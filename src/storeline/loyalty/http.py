"""Coupons over HTTP. Amounts are decimal text in the coupon's currency; minor units where an order's is meant."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from ninja import Field, Query, Router, Schema

from storeline.identity.api import Request, requires
from storeline.kernel.api import format_amount
from storeline.loyalty import queries
from storeline.loyalty.commands import put_coupons
from storeline.loyalty.permissions import READ, WRITE
from storeline.pricing.api import MILLION
from storeline.web.bulk import Bulk, Item, VerdictsOut, upsert
from storeline.web.fields import Currency, Cursor, Moment, Names, Ref, Text

router = Router()
Limit = Annotated[int, Query(ge=1, le=queries.MAX_PAGE)]
Code = Annotated[str, Field(max_length=100)]
Value = Annotated[str, Field(max_length=32, pattern=r"^[0-9]{1,12}(\.[0-9]{1,4})?$")]
Count = Annotated[int, Field(ge=0, le=2_000_000_000)]


class CouponIn(Item):
    """A coupon by its code. `value`: percent off, or an amount off, or a price, by `kind`. `names` left out stay."""

    ref: Ref
    name: Text
    names: Names | None = None
    kind: Code
    value: Value | None = None
    currency: Currency | None = None
    funder: Code = "retailer"
    min_spend: Value | None = None
    valid_from: Moment
    valid_to: Moment | None = None
    max_uses: Count | None = None
    max_uses_per_customer: Count | None = None
    stackable: bool = True


class CouponOut(Schema):
    id: UUID
    ref: str
    name: str
    names: dict[str, str]
    kind: str
    funder: str
    currency: str | None
    amount: str | None
    percent: str | None
    valid_from: datetime
    valid_to: datetime | None
    max_uses: int | None
    max_uses_per_customer: int | None
    stackable: bool
    redeemed: int


class CouponsOut(Schema):
    items: list[CouponOut]
    next: str | None


class RedemptionOut(Schema):
    """One use; `amount_minor` in minor units of the order's currency."""

    id: UUID
    order: UUID | None
    customer: UUID | None
    amount_minor: int | None
    at: datetime
    released_at: datetime | None


class RedemptionsOut(Schema):
    items: list[RedemptionOut]
    next: UUID | None


@router.get("/coupons", auth=requires(READ), response=CouponsOut)
def get_coupons(request: Request, cursor: Cursor | None = None, limit: Limit = 50) -> CouponsOut:
    """Coupons by code."""
    rows, after = queries.list_coupons(cursor=cursor, limit=limit, actor=request.actor)
    return CouponsOut(items=[_coupon(row) for row in rows], next=after)


@router.put("/coupons/bulk", auth=requires(WRITE), response=VerdictsOut)
def put_coupon_rows(request: Request, body: Bulk[CouponIn]) -> VerdictsOut:
    """Make or change up to 1,000 coupons by code; each has its own verdict."""
    return upsert(body, partial(put_coupons, actor=request.actor), row=_row)


def _row(item: CouponIn) -> dict[str, Any]:
    decimals = {name: getattr(item, name) for name in ("value", "min_spend")}
    given = item.dict(exclude=set() if item.names is not None else {"names"})
    return given | {name: None if text is None else Decimal(text) for name, text in decimals.items()}


@router.get("/coupons/{coupon}", auth=requires(READ), response=CouponOut)
def get_coupon(request: Request, coupon: UUID) -> CouponOut:
    """One coupon."""
    return _coupon(queries.get_coupon(coupon, actor=request.actor))


@router.get("/coupons/{coupon}/redemptions", auth=requires(READ), response=RedemptionsOut)
def get_redemptions(request: Request, coupon: UUID, cursor: UUID | None = None, limit: Limit = 50) -> RedemptionsOut:
    """Where a coupon was used, newest first."""
    queries.get_coupon(coupon, actor=request.actor)
    rows, after = queries.list_redemptions(coupon, cursor=cursor, limit=limit, actor=request.actor)
    items = [
        RedemptionOut(
            id=row.id,
            order=row.order_id,
            customer=row.member_id,
            amount_minor=row.amount,
            at=row.at,
            released_at=row.released_at,
        )
        for row in rows
    ]
    return RedemptionsOut(items=items, next=after)


def _coupon(row: queries.CouponView) -> CouponOut:
    return CouponOut(
        id=row.id,
        ref=row.ref,
        name=row.name,
        names=dict(row.names),
        kind=row.kind,
        funder=row.funder,
        currency=row.currency,
        amount=None if row.amount is None or row.currency is None else format_amount(row.amount, row.currency),
        percent=None if row.rate_ppm is None else format((Decimal(row.rate_ppm * 100) / MILLION).normalize(), "f"),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        max_uses=row.total_limit,
        max_uses_per_customer=row.per_member_limit,
        stackable=row.stackable,
        redeemed=row.redeemed,
    )
