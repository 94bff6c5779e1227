"""What orders look like in JSON. Amounts are decimal text in the order's currency, quantities decimal text."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Header, Schema
from pydantic import BaseModel

from storeline.kernel.api import format_amount
from storeline.orders import api as orders

Code = Annotated[str, Field(min_length=1, max_length=64)]
Token = Annotated[
    str | None,
    Header(
        alias="Order-Token", max_length=64, description="The `token` that came with the order, instead of a sign-in."
    ),
]
Decimal = Annotated[str, Field(max_length=32, examples=["12.34"])]


class DiscountIn(BaseModel):
    """A reduction agreed at a till; `funder` says who pays for it."""

    kind: Code = "manual"
    funder: Literal["retailer", "manufacturer", "partner"] = "retailer"
    amount: Decimal
    label: Annotated[str, Field(max_length=200)] = ""


class LineIn(BaseModel):
    """A product and how much of it. `gross` and what follows only where amounts were agreed elsewhere."""

    product: UUID
    quantity: Decimal = "1"
    gross: Decimal | None = None
    discounts: Annotated[list[DiscountIn], Field(max_length=20, default_factory=list)]
    tax: Decimal = "0"
    tax_rate_ppm: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    from_place: Annotated[
        UUID | None,
        Field(description="The place that gives it, if not the one that serves the order, and sends it there."),
    ] = None


class PaymentIn(BaseModel):
    """One way of paying; without an `amount` it takes what the others leave."""

    tender: Code
    amount: Decimal | None = None
    token: Annotated[str | None, Field(max_length=200)] = None
    tendered: Decimal | None = None
    reference: Annotated[str, Field(max_length=200)] = ""


class PositionIn(BaseModel):
    """Degrees of WGS 84."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class AddressIn(BaseModel):
    """Where it is brought. Country and postal code are enough for a quote; an order needs who and where exactly."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    postal_code: Annotated[str, Field(min_length=1, max_length=20)]
    name: Annotated[str, Field(max_length=100)] = ""
    lines: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=4, default_factory=list)
    ]
    city: Annotated[str, Field(max_length=100)] = ""
    region: Annotated[str, Field(max_length=100)] = ""
    phone: Annotated[str, Field(max_length=32)] = ""
    note: Annotated[str, Field(max_length=500)] = ""
    position: PositionIn | None = None


class ContactIn(BaseModel):
    """How to tell whoever orders when it is ready, late or not all there; forgotten when the order has ended."""

    email: Annotated[str, Field(max_length=254)] = ""
    phone: Annotated[str, Field(max_length=32, description="With the country's code.", examples=["+16145550123"])] = ""
    language: Annotated[
        str,
        Field(max_length=35, pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", description="In which to write (BCP 47)."),
    ] = "en"


class BasketIn(BaseModel):
    """What somebody would buy. A signed-in shopper's is theirs; `customer` is for those who sell to others.

    `deliver` and `ship` need an `address`, and are refused as `not_served` where nobody brings goods. `collect_at` is
    where it is collected, if not at the place that picks it.
    """

    place: UUID
    channel: Code = "web"
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=500)]
    method: Literal["carry_out", "collect", "deliver", "ship"] = "collect"
    served_by: UUID | None = None
    customer: UUID | None = None
    coupons: Annotated[list[Code], Field(max_length=50, default_factory=list)]
    slot: UUID | None = None
    address: AddressIn | None = None
    collect_at: UUID | None = None


class OrderIn(BasketIn):
    """An order. `id` is a fresh UUIDv7 of the client's: sending it again is safe."""

    id: UUID
    payments: Annotated[list[PaymentIn], Field(max_length=10, default_factory=list)]
    expected_total: Decimal | None = None
    placed_at: datetime | None = None
    till: Code | None = None
    ref: Code | None = None
    source: Annotated[
        bool,
        Field(
            description="Let the cheapest plan say which places give what the serving one lacks, and without a `served_by`"
            " which one ships it."
        ),
    ] = False
    substitutes: Annotated[
        orders.Wish, Field(description="Where something is missing: be asked, never, or accept what the picker finds.")
    ] = "offer"
    contact: ContactIn | None = None


class OrdersIn(BaseModel):
    """Up to 1,000 orders, taken in this order."""

    orders: Annotated[list[OrderIn], Field(min_length=1, max_length=orders.MAX_ORDERS)]


class OrderOut(Schema):
    """How an order stands."""

    id: UUID
    state: str
    currency: str
    total: str
    payable: str


class PlacedOut(OrderOut):
    """`token` lets whoever has it follow this order and call it off; the same one each time."""

    token: str


class ListedOut(OrderOut):
    """An order in a list."""

    place: UUID
    channel: str
    method: str
    placed_at: datetime


class VerdictOut(Schema):
    """What became of one order of a batch: `status` as if it had been sent alone."""

    id: UUID
    status: int
    order: PlacedOut | None = None
    problem: dict[str, Any] | None = None


class VerdictsOut(Schema):
    verdicts: list[VerdictOut]


class StepOut(Schema):
    """Why the amount changed; `params` are what a sentence on it needs, amounts and quantities as text.

    `names` are the label in other languages (BCP 47).
    """

    code: str
    before: str
    after: str
    source: UUID | None
    names: dict[str, str]
    params: dict[str, str | int]


class QuotedLineOut(Schema):
    line: int
    kind: str
    product: UUID | None
    quantity: str
    gross: str
    discount: str
    amount: str
    funded: str
    tax: str
    tax_rate_ppm: int
    steps: list[StepOut]


class QuoteOut(Schema):
    """A basket's price; each step begins where the one before it ended."""

    currency: str
    tax_included: bool
    lines: list[QuotedLineOut]
    amount: str
    tax: str
    total: str
    payable: str


class OrderLineOut(Schema):
    line: int
    product: UUID
    quantity: str
    gross: str
    discount: str
    amount: str
    funded: str
    tax: str
    not_found: str
    moved: str
    continues: int | None
    from_place: UUID | None


class OrderViewOut(OrderOut):
    """An order with its lines; `not_found` is the quantity that was taken off, `moved` what comes from elsewhere instead.

    A line that `continues` another is what moved off that one; `from_place` is where its goods still are, if not where the
    order is served. `address` until it is forgotten, `contact` until the order has ended.
    """

    ref: str | None
    place: UUID
    served_by: UUID
    channel: str
    method: str
    customer: UUID | None
    placed_at: datetime
    business_date: str
    reason: str | None
    collect_at: UUID | None
    address: AddressIn | None
    contact: ContactIn | None
    fee_line: int | None
    lines: list[OrderLineOut]


class OrdersOut(Schema):
    items: list[ListedOut]
    next: UUID | None


class CancelIn(Schema):
    """`reason` is the staff's to say."""

    reason: Annotated[str | None, Field(min_length=1, max_length=200)] = None


class CancelledOut(Schema):
    id: UUID
    state: str


def placed_out(verdict: orders.Verdict) -> PlacedOut:
    """An order that was taken."""
    return PlacedOut(**placed_fields(verdict))


def placed_fields(verdict: orders.Verdict) -> dict[str, Any]:
    """The same, as plain values."""
    return {
        "id": verdict.order_id,
        "state": str(verdict.state),
        "currency": verdict.currency,
        "total": format_amount(verdict.total, verdict.currency),
        "payable": format_amount(verdict.payable, verdict.currency),
        "token": orders.token_of(verdict.order_id),
    }
