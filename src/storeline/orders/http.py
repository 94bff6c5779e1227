"""Orders over HTTP. Amounts are decimal text in the order's currency, quantities decimal text."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from django.http import HttpResponse
from ninja import Field, Router, Schema, Status

from storeline.identity.api import Request, requires
from storeline.kernel.api import (
    Actor,
    Error,
    Invalid,
    NotFound,
    body_hash,
    check_id,
    exponent,
    format_amount,
    format_quantity,
    parse_amount,
    parse_quantity,
)
from storeline.orders import api as orders
from storeline.orders.permissions import CANCEL, PLACE, QUOTE, SELL, VIEW
from storeline.payments import api as payments
from storeline.pricing import api as pricing

router = Router()
Code = Annotated[str, Field(min_length=1, max_length=64)]
Decimal = Annotated[str, Field(max_length=32, examples=["12.34"])]


class DiscountIn(Schema):
    """A reduction agreed at a till; `funder` says who pays for it."""

    kind: Code = "manual"
    funder: Literal["retailer", "manufacturer", "partner"] = "retailer"
    amount: Decimal
    label: Annotated[str, Field(max_length=200)] = ""


class LineIn(Schema):
    """A product and how much of it. `gross` and what follows only where amounts were agreed elsewhere."""

    product: UUID
    quantity: Decimal = "1"
    gross: Decimal | None = None
    discounts: Annotated[list[DiscountIn], Field(max_length=20)] = []
    tax: Decimal = "0"
    tax_rate_ppm: Annotated[int, Field(ge=0, le=10_000_000)] = 0


class PaymentIn(Schema):
    """One way of paying; without an `amount` it takes what the others leave."""

    tender: Code
    amount: Decimal | None = None
    token: Annotated[str | None, Field(max_length=200)] = None
    tendered: Decimal | None = None
    reference: Annotated[str, Field(max_length=200)] = ""


class BasketIn(Schema):
    """What somebody would buy."""

    place: UUID
    channel: Code = "web"
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=500)]
    method: Literal["carry_out", "collect", "deliver", "ship"] = "collect"
    served_by: UUID | None = None
    customer: UUID | None = None
    coupons: Annotated[list[Code], Field(max_length=50)] = []


class OrderIn(BasketIn):
    """An order. `id` is a fresh UUIDv7 of the client's: sending it again is safe."""

    id: UUID
    payments: Annotated[list[PaymentIn], Field(max_length=10)] = []
    slot: UUID | None = None
    expected_total: Decimal | None = None
    placed_at: datetime | None = None
    till: Code | None = None
    ref: Code | None = None


class OrdersIn(Schema):
    """Up to 1,000 orders, taken in this order."""

    orders: Annotated[list[OrderIn], Field(min_length=1, max_length=orders.MAX_ORDERS)]


class OrderOut(Schema):
    """How an order stands."""

    id: UUID
    state: str
    currency: str
    total: str
    payable: str


class VerdictOut(Schema):
    """What became of one order of a batch: `status` as if it had been sent alone."""

    id: UUID
    status: int
    order: OrderOut | None = None
    problem: dict[str, Any] | None = None


class VerdictsOut(Schema):
    verdicts: list[VerdictOut]


class StepOut(Schema):
    code: str
    before: str
    after: str
    source: UUID | None
    params: dict[str, Any]


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


class OrderViewOut(OrderOut):
    """An order with its lines; `not_found` is the quantity that was taken off."""

    ref: str | None
    place: UUID
    served_by: UUID
    channel: str
    method: str
    customer: UUID | None
    placed_at: datetime
    business_date: str
    reason: str | None
    lines: list[OrderLineOut]


class OrdersOut(Schema):
    items: list[OrderOut]
    next: UUID | None


class CancelIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=200)] = "customer"


def _line(line: LineIn, currency: str, path: str) -> orders.DraftLine:
    quantity = parse_quantity(line.quantity, field=f"{path}.quantity")
    if line.gross is None:
        if line.discounts:
            raise Invalid("Discounts go with agreed amounts only.", field=f"{path}.discounts")
        return orders.DraftLine(line.product, quantity)
    agreed = orders.Agreed(
        parse_amount(line.gross, currency, field=f"{path}.gross"),
        tuple(
            orders.LineDiscount(
                one.kind,
                one.funder,
                parse_amount(one.amount, currency, field=f"{path}.discounts[{index}].amount"),
                None,
                one.label,
            )
            for index, one in enumerate(line.discounts)
        ),
        parse_amount(line.tax, currency, field=f"{path}.tax"),
        line.tax_rate_ppm,
    )
    return orders.DraftLine(line.product, quantity, agreed)


def _offer(payment: PaymentIn, currency: str, path: str) -> payments.Offer:
    def amount(text: str | None, name: str) -> int | None:
        return None if text is None else parse_amount(text, currency, field=f"{path}.{name}")

    return payments.Offer(
        payment.tender,
        amount(payment.amount, "amount"),
        payment.token or "",
        amount(payment.tendered, "tendered"),
        payment.reference,
    )


def _draft(body: OrderIn, actor: Actor) -> orders.Draft:
    """The order as the writer takes it. Times, tills and refs of one's own are for those who may sell."""
    exponent(body.currency)
    may_sell = actor.may(SELL, body.place)
    for name in ("placed_at", "till", "ref", "customer"):
        if getattr(body, name) is not None and not may_sell:
            raise Invalid("Only a till or a partner may set this.", field=name)
    check_id(body.id, skew=None) if may_sell and body.channel == "till" else check_id(body.id)
    return orders.Draft(
        id=body.id,
        place_id=body.place,
        channel=body.channel,
        lines=tuple(_line(line, body.currency, f"lines[{index}]") for index, line in enumerate(body.lines)),
        currency=body.currency,
        method=body.method,
        payments=tuple(
            _offer(payment, body.currency, f"payments[{index}]") for index, payment in enumerate(body.payments)
        ),
        served_by=body.served_by,
        customer_id=body.customer,
        slot_id=body.slot,
        coupons=tuple(body.coupons),
        expected_total=None
        if body.expected_total is None
        else parse_amount(body.expected_total, body.currency, field="expected_total"),
        placed_at=body.placed_at,
        till=body.till,
        ref=body.ref,
        body_hash=body_hash(orjson.dumps(body.dict(), option=orjson.OPT_SORT_KEYS)),
    )


def _order_out(verdict: orders.Verdict) -> OrderOut:
    return OrderOut(
        id=verdict.order_id,
        state=str(verdict.state),
        currency=verdict.currency,
        total=format_amount(verdict.total, verdict.currency),
        payable=format_amount(verdict.payable, verdict.currency),
    )


@router.post(
    "/orders", auth=requires(PLACE, guest=True), response={201: OrderOut, 200: OrderOut}, summary="Place an order"
)
def place_order(request: Request, body: OrderIn) -> Status[OrderOut]:
    """201 for a new order, 200 for the same one sent again, else a problem that names the field."""
    actor = request.actor
    verdict = orders.checkout_gathered(_draft(body, actor), actor=actor)
    if verdict.error is not None:
        raise verdict.error
    return Status(200 if verdict.again else 201, _order_out(verdict))


@router.post("/orders/batch", auth=requires(PLACE, guest=True), response=VerdictsOut, summary="Place many orders")
def place_orders(request: Request, body: OrdersIn) -> VerdictsOut:
    """Each order is taken or refused on its own; the verdicts come in the order sent."""
    actor = request.actor
    verdicts: dict[int, VerdictOut] = {}
    drafts: dict[int, orders.Draft] = {}
    for index, order in enumerate(body.orders):
        try:
            drafts[index] = _draft(order, actor)
        except Error as error:
            verdicts[index] = VerdictOut(id=order.id, status=error.status, problem=error.problem())
    placed = orders.checkout(list(drafts.values()), actor=actor) if drafts else []
    for index, verdict in zip(drafts, placed, strict=True):
        verdicts[index] = _verdict_out(verdict)
    return VerdictsOut(verdicts=[verdicts[index] for index in range(len(body.orders))])


def _verdict_out(verdict: orders.Verdict) -> VerdictOut:
    if verdict.error is not None:
        return VerdictOut(id=verdict.order_id, status=verdict.error.status, problem=verdict.error.problem())
    return VerdictOut(id=verdict.order_id, status=200 if verdict.again else 201, order=_order_out(verdict))


@router.post("/quotes", auth=requires(QUOTE, guest=True), response=QuoteOut, summary="Price a basket")
def quote_basket(request: Request, body: BasketIn) -> QuoteOut:
    """Every step from the shelf price to the total. Nothing is written or held."""
    actor = request.actor
    draft = orders.Draft(
        id=UUID(int=0),
        place_id=body.place,
        channel=body.channel,
        lines=tuple(_line(line, body.currency, f"lines[{index}]") for index, line in enumerate(body.lines)),
        currency=body.currency,
        method=body.method,
        served_by=body.served_by,
        customer_id=body.customer if actor.may(SELL, body.place) else None,
        coupons=tuple(body.coupons),
    )
    return _quote_out(orders.quote(draft, actor=actor))


def _quote_out(quote: pricing.Quote) -> QuoteOut:
    def money(amount: int) -> str:
        return format_amount(amount, quote.currency)

    return QuoteOut(
        currency=quote.currency,
        tax_included=quote.inclusive,
        lines=[
            QuotedLineOut(
                line=line.line_no,
                kind=line.kind,
                product=line.product_id,
                quantity=format_quantity(line.quantity),
                gross=money(line.gross),
                discount=money(line.discount),
                amount=money(line.amount),
                funded=money(line.funded),
                tax=money(line.tax),
                tax_rate_ppm=line.tax_rate_ppm,
                steps=[
                    StepOut(
                        code=step.code,
                        before=money(step.before),
                        after=money(step.after),
                        source=step.source_id,
                        params=dict(step.params),
                    )
                    for step in line.steps
                ],
            )
            for line in quote.lines
        ],
        amount=money(quote.amount),
        tax=money(quote.tax),
        total=money(quote.total),
        payable=money(quote.payable),
    )


@router.get("/orders", auth=requires(VIEW), response=OrdersOut, summary="Orders of a place, newest first")
def list_orders(
    request: Request,
    place: UUID | None = None,
    state: Literal["pending", "confirmed", "completed", "cancelled"] | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
) -> OrdersOut:
    """Newest first. Who may see only some places must name one of them."""
    actor = request.actor
    if place is None and actor.places is not None:
        raise Invalid("Name the place.", field="place")
    actor.require(VIEW, place)
    heads = orders.list_orders(place_id=place, state=state, before=cursor, limit=limit)
    items = [
        OrderOut(
            id=head.id,
            state=head.state,
            currency=head.currency,
            total=format_amount(head.total, head.currency),
            payable=format_amount(head.payable, head.currency),
        )
        for head in heads
    ]
    return OrdersOut(items=items, next=heads[-1].id if len(heads) == limit else None)


@router.get("/orders/{order_id}", auth=requires(VIEW), response=OrderViewOut, summary="One order")
def get_order(request: Request, order_id: UUID, response: HttpResponse) -> OrderViewOut:
    """An order with its lines, for staff of the places that sell or serve it."""
    actor = request.actor
    view = orders.get(order_id)
    head = view.head
    if not (actor.may(VIEW, head.place_id) or actor.may(VIEW, head.served_by)):
        raise NotFound("There is no such order.")
    response["ETag"] = f'"{head.state}-{sum(line.amendments for line in view.lines)}"'

    def money(amount: int) -> str:
        return format_amount(amount, head.currency)

    return OrderViewOut(
        id=head.id,
        state=head.state,
        currency=head.currency,
        total=money(head.total),
        payable=money(head.payable),
        ref=head.ref,
        place=head.place_id,
        served_by=head.served_by,
        channel=head.channel,
        method=head.method,
        customer=head.customer_id,
        placed_at=head.placed_at,
        business_date=head.business_date.isoformat(),
        reason=head.reason,
        lines=[
            OrderLineOut(
                line=line.line_no,
                product=line.product_id,
                quantity=format_quantity(line.quantity),
                gross=money(line.gross),
                discount=money(line.discount),
                amount=money(line.amount),
                funded=money(line.funded),
                tax=money(line.tax),
                not_found=format_quantity(line.taken_quantity),
            )
            for line in view.lines
        ],
    )


@router.post("/orders/{order_id}/cancel", auth=requires(CANCEL), response=dict[str, str], summary="Cancel an order")
def cancel_order(request: Request, order_id: UUID, body: CancelIn) -> dict[str, str]:
    """Frees all that the order holds and lets its payments go; a repeat gives the same answer."""
    actor = request.actor
    head = orders.get(order_id).head
    actor.require(CANCEL, head.place_id)
    states = orders.cancel([order_id], reason=body.reason, actor=actor)
    payments.perform_open([order_id])
    return {"id": str(order_id), "state": states[order_id]}
