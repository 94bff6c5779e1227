"""Returns over HTTP. Amounts are decimal text in the return's currency, quantities decimal text."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Router, Schema, Status

from storeline.aftersales import api as aftersales
from storeline.aftersales.permissions import RETURN, VIEW
from storeline.fiscal import api as fiscal
from storeline.identity.api import Request, requires
from storeline.kernel.api import (
    Actor,
    Invalid,
    check_id,
    exponent,
    format_amount,
    format_quantity,
    parse_amount,
    parse_quantity,
)
from storeline.orders import api as orders
from storeline.stock import api as stock

router = Router()
Lot = Annotated[str, Field(min_length=1, max_length=20)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
Decimal = Annotated[str, Field(max_length=32, examples=["12.34"])]
Words = Annotated[str, Field(max_length=200)]


class ReturnLineIn(Schema):
    """Goods that come back: a line of the order, or, without one, a product with the amount to give back.

    Without a word on `restock` they go back into stock, unless the reason is `damaged` or `spoiled`.
    """

    order_line: Annotated[int, Field(ge=1, le=100_000)] | None = None
    product: UUID | None = None
    quantity: Decimal = "1"
    amount: Decimal | None = None
    tax: Decimal = "0"
    tax_rate_ppm: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    restock: bool | None = None
    reason: Words = ""


class RefundIn(Schema):
    """One way to give money back; without an `amount` it takes what the others leave."""

    tender: Code
    amount: Decimal | None = None


class ReturnIn(Schema):
    """A return. `id` is a fresh UUIDv7 of the client's: sending it again is safe."""

    id: UUID
    place: UUID
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    order: UUID | None = None
    original_reference: Words | None = None
    lines: Annotated[list[ReturnLineIn], Field(min_length=1, max_length=500)]
    refunds: Annotated[list[RefundIn], Field(max_length=20)] = []
    reason: Words = ""
    channel: Code = "store"
    customer: UUID | None = None


class ReturnedLineOut(Schema):
    line: int
    order_line: int | None
    product: UUID
    quantity: str
    amount: str
    funded: str
    tax: str
    restock: bool
    reason: str


class RefundOut(Schema):
    """`state` is pending until the partner has answered, then settled or failed."""

    tender: str
    amount: str
    state: str
    payment: UUID


class NumberOut(Schema):
    """What a person reads on the receipt."""

    series: str | None
    number: str


class ReturnHeadOut(Schema):
    """A return; `total` is what the goods cost, `refunded` what the shopper gets back.

    `ref` is its name where it was imported; one made here is known by the number of its `receipt`.
    """

    id: UUID
    ref: str | None
    receipt: NumberOut | None
    place: UUID
    order: UUID | None
    original_reference: str | None
    channel: str
    currency: str
    amount: str
    tax: str
    total: str
    refunded: str
    reason: str
    returned_at: datetime
    business_date: str


class ReturnOut(ReturnHeadOut):
    state: str
    lines: list[ReturnedLineOut]
    refunds: list[RefundOut]


class AffectedOut(Schema):
    """An order that got `quantity` of the lot; `back` is how much of the product came back from it since, of any lot."""

    order: UUID
    number: str
    place: UUID
    customer: UUID | None
    completed_at: datetime | None
    quantity: str
    back: str


class AffectedListOut(Schema):
    items: list[AffectedOut]
    next: UUID | None


class ToldOut(AffectedOut):
    """The same, and whether who placed it was told of the recall: as a `member`, or by what they gave with the `order`."""

    told: Literal["told", "cannot", "waiting"]
    how: Literal["member", "order"] | None
    told_at: datetime | None


class ToldListOut(Schema):
    items: list[ToldOut]
    next: UUID | None


class ReturnsOut(Schema):
    items: list[ReturnHeadOut]
    next: UUID | None


@router.post("/returns", auth=requires(RETURN), response={201: ReturnOut}, summary="Take goods back")
def take_back(request: Request, body: ReturnIn) -> Status[ReturnOut]:
    """Gives the money back to the tenders it came by, unless `refunds` say otherwise. The same return sent again
    gives the same answer.
    """
    check_id(body.id)
    view = aftersales.return_goods(_asked(body), actor=request.actor)
    return Status(201, _return_out(view))


def _asked(body: ReturnIn) -> aftersales.Return:
    exponent(body.currency)
    return aftersales.Return(
        id=body.id,
        place_id=body.place,
        lines=tuple(_line(line, body.currency, f"lines[{index}]") for index, line in enumerate(body.lines)),
        order_id=body.order,
        original_reference=body.original_reference,
        refunds=tuple(
            aftersales.Refund(one.tender, _amount(one.amount, body.currency, f"refunds[{index}].amount"))
            for index, one in enumerate(body.refunds)
        ),
        reason=body.reason,
        channel=body.channel,
        customer_id=body.customer,
        currency=body.currency,
    )


def _line(line: ReturnLineIn, currency: str, path: str) -> aftersales.ReturnLine:
    return aftersales.ReturnLine(
        parse_quantity(line.quantity, field=f"{path}.quantity"),
        line.order_line,
        line.product,
        _amount(line.amount, currency, f"{path}.amount"),
        parse_amount(line.tax, currency, field=f"{path}.tax"),
        line.tax_rate_ppm,
        line.reason not in aftersales.UNFIT if line.restock is None else line.restock,
        line.reason,
    )


def _amount(text: str | None, currency: str, field: str) -> int | None:
    return None if text is None else parse_amount(text, currency, field=field)


@router.get("/returns", auth=requires(VIEW), response=ReturnsOut, summary="Returns, newest first")
def list_returns(
    request: Request,
    place: UUID | None = None,
    order: UUID | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
) -> ReturnsOut:
    """The returns of the places that one may see, or of one of them, or of one order."""
    heads = aftersales.list_returns(
        places=_visible(request.actor, place), place_id=place, order_id=order, before=cursor, limit=limit
    )
    receipts = fiscal.receipts_of([head.id for head in heads], "return")
    return ReturnsOut(
        items=[ReturnHeadOut(**_head(head, receipts.get(head.id))) for head in heads],
        next=heads[-1].id if len(heads) == limit else None,
    )


def _visible(actor: Actor, place: UUID | None) -> frozenset[UUID] | None:
    if place is not None and not actor.may(VIEW, place):
        raise Invalid("You may not see the returns of this place.", field="place")
    return actor.places_for(VIEW)


@router.get("/returns/{return_id}", auth=requires(VIEW), response=ReturnOut, summary="One return")
def get_return(request: Request, return_id: UUID) -> ReturnOut:
    """With its lines and refunds, for staff of the place that took the goods back."""
    view = aftersales.get_return(return_id)
    if not request.actor.may(VIEW, view.head.place_id):
        raise aftersales.ReturnNotFound("There is no such return.")
    return _return_out(view)


def _head(head: aftersales.ReturnHead, receipt: fiscal.Receipt | None) -> dict[str, Any]:
    def money(amount: int) -> str:
        return format_amount(amount, head.currency)

    return {
        "id": head.id,
        "ref": head.ref,
        "receipt": receipt and NumberOut(series=receipt.series, number=receipt.number),
        "place": head.place_id,
        "order": head.order_id,
        "original_reference": head.original_reference,
        "channel": head.channel,
        "currency": head.currency,
        "amount": money(head.amount),
        "tax": money(head.tax),
        "total": money(head.total),
        "refunded": money(head.refunded),
        "reason": head.reason,
        "returned_at": head.returned_at,
        "business_date": head.business_date.isoformat(),
    }


def _return_out(view: aftersales.ReturnView) -> ReturnOut:
    def money(amount: int) -> str:
        return format_amount(amount, view.head.currency)

    return ReturnOut(
        **_head(view.head, fiscal.receipts_of([view.head.id], "return").get(view.head.id)),
        state=view.state,
        lines=[
            ReturnedLineOut(
                line=line.line_no,
                order_line=line.order_line,
                product=line.product_id,
                quantity=format_quantity(line.quantity),
                amount=money(line.amount),
                funded=money(line.funded),
                tax=money(line.tax),
                restock=line.restock,
                reason=line.reason,
            )
            for line in view.lines
        ],
        refunds=[
            RefundOut(tender=one.tender, amount=money(one.amount), state=one.state, payment=one.payment_id)
            for one in view.refunds
        ],
    )


@router.get("/stock/recalls/orders", auth=requires(stock.RECALL), response=AffectedListOut, summary="Who got a lot")
def list_affected(
    request: Request,
    product: UUID,
    lot: Lot,
    cursor: UUID | None = None,
    limit: Annotated[int, Field(ge=1, le=1000)] = 200,
) -> AffectedListOut:
    """Every order that got some of a lot, and whose it is; how a guest can be reached is with the order."""
    found = aftersales.affected_by(product, lot, after=cursor, limit=limit)
    items = [AffectedOut(**_affected(one)) for one in found]
    return AffectedListOut(items=items, next=found[-1].order_id if len(found) == limit else None)


@router.get("/recalls/{recall_id}/orders", auth=requires(stock.RECALL), response=ToldListOut, summary="Who was told")
def list_told(
    request: Request,  # ninja gives it
    recall_id: UUID,
    cursor: UUID | None = None,
    limit: Annotated[int, Field(ge=1, le=1000)] = 200,
) -> ToldListOut:
    """Every order that got some of a recalled lot, and whether who placed it was told."""
    recall = stock.get_recall(recall_id)
    found = aftersales.affected_by(recall.product_id, recall.lot, after=cursor, limit=limit)
    told = aftersales.notices_of(recall_id, [one.order_id for one in found])
    items = [ToldOut(**_affected(one), **_told(told.get(one.order_id))) for one in found]
    return ToldListOut(items=items, next=found[-1].order_id if len(found) == limit else None)


def _affected(one: aftersales.Affected) -> dict[str, Any]:
    return {
        "order": one.order_id,
        "number": orders.order_number(one.order_id),
        "place": one.place_id,
        "customer": one.customer_id,
        "completed_at": one.completed_at,
        "quantity": format_quantity(one.quantity),
        "back": format_quantity(one.back),
    }


def _told(notice: aftersales.Notice | None) -> dict[str, Any]:
    if notice is None:
        return {"told": "waiting", "how": None, "told_at": None}
    return {"told": notice.state, "how": notice.how or None, "told_at": notice.at}
