"""Payments over HTTP, for the service desk and finance. Amounts are decimal text in the payment's currency."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Query, Router, Schema, Status

from storeline.identity.api import Request, requires
from storeline.kernel.api import Invalid, check_id, format_amount, now
from storeline.payments.commands.repay import repay
from storeline.payments.commands.resolve import resolve_unknown
from storeline.payments.domain import Repayment
from storeline.payments.permissions import REFUND, RESOLVE, VIEW
from storeline.payments.providers import tenders
from storeline.payments.queries import Owed, Payment, list_owed, payments_of

router = Router()


class OperationOut(Schema):
    """One thing done with a payment, once for its `key`; `code` says why a partner refused.

    `paid_by` is the payment that a refused refund went out by instead.
    """

    key: str
    kind: str
    amount: str
    state: str
    reference: str
    code: str
    paid_by: UUID | None


class PaymentOut(Schema):
    """A payment as it stands."""

    id: UUID
    source_id: UUID
    place_id: UUID | None
    tender: str
    state: str
    currency: str
    amount: str
    authorised: str
    captured: str
    voided: str
    refunded: str
    tendered: str | None
    reference: str
    created_at: datetime
    expires_at: datetime | None
    operations: list[OperationOut]


class PaymentsOut(Schema):
    """Payments of one order or return."""

    items: list[PaymentOut]
    next: None = None


class TenderOut(Schema):
    """A way to pay; `settles` is "now" or "partner", `account` where it stands in the books.

    `pays_out` tells whether money can be given out by it to somebody who never paid by it.
    """

    code: str
    name: str
    settles: str
    account: str
    pays_out: bool


class TendersOut(Schema):
    """All of them, by code."""

    items: list[TenderOut]
    next: None = None


class ResolvedOut(Schema):
    """An operation whose outcome became known."""

    payment_id: UUID
    source_id: UUID
    key: str
    kind: str
    state: str


class ResolvedListOut(Schema):
    """What became known by asking."""

    items: list[ResolvedOut]
    next: None = None


class OwedOut(Schema):
    """A refund that its partner refused and nobody has paid yet: `code` is what the partner said."""

    payment: UUID
    key: str
    source: UUID
    place: UUID | None
    tender: str
    currency: str
    amount: str
    code: str
    at: datetime


class OwedListOut(Schema):
    items: list[OwedOut]
    next: str | None


class RepaymentIn(Schema):
    """How a refused refund is paid: `id` is a fresh UUIDv7 of the client's, so that sending it again is safe."""

    id: UUID
    key: Annotated[str, Field(min_length=1, max_length=255)]
    tender: Annotated[str, Field(min_length=1, max_length=64)] = "cash"
    place: UUID


@router.get("/payments", auth=requires(VIEW), response=PaymentsOut)
def list_payments(request: Request, source: UUID) -> PaymentsOut:
    """The payments of one order or return, with everything that was done with them."""
    found = payments_of([source]).get(source, ())
    return PaymentsOut(items=[_payment(one) for one in found if request.actor.may(VIEW, one.place_id)])


def _payment(one: Payment) -> PaymentOut:
    def text(amount: int) -> str:
        return format_amount(amount, one.currency)

    return PaymentOut(
        id=one.id,
        source_id=one.source_id,
        place_id=one.place_id,
        tender=one.tender,
        state=one.state,
        currency=one.currency,
        amount=text(one.amount),
        authorised=text(one.authorised),
        captured=text(one.captured),
        voided=text(one.voided),
        refunded=text(one.refunded),
        tendered=None if one.tendered is None else text(one.tendered),
        reference=one.reference,
        created_at=one.created_at,
        expires_at=one.expires_at,
        operations=[
            OperationOut(
                key=done.key,
                kind=done.kind,
                amount=text(done.amount),
                state=done.state,
                reference=done.reference,
                code=done.code,
                paid_by=done.paid_by,
            )
            for done in one.operations
        ],
    )


@router.get("/payments/tenders", auth=requires(VIEW), response=TendersOut)
def list_tenders(request: Request) -> TendersOut:
    """The ways to pay that this installation knows."""
    items = [
        TenderOut(code=one.code, name=one.name, settles=one.settles, account=one.account, pays_out=one.pays_out)
        for one in tenders()
    ]
    return TendersOut(items=items)


@router.get("/payments/owed", auth=requires(VIEW), response=OwedListOut, summary="Refunds that wait to be paid")
def get_owed(
    request: Request,
    cursor: Annotated[str | None, Field(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OwedListOut:
    """What partners would not give back, of the places that one may see."""
    after = None if cursor is None else _cursor(cursor)
    found = list_owed(places=request.actor.places_for(VIEW), after=after, limit=limit)
    last = found[-1] if len(found) == limit else None
    return OwedListOut(
        items=[_owed(one) for one in found], next=None if last is None else f"{last.intent_id}_{last.key}"
    )


def _cursor(text: str) -> tuple[UUID, str]:
    payment, _, key = text.partition("_")
    try:
        return UUID(payment), key
    except ValueError:
        raise Invalid("Send the `next` of the page before.", field="cursor") from None


def _owed(one: Owed) -> OwedOut:
    return OwedOut(
        payment=one.intent_id,
        key=one.key,
        source=one.source_id,
        place=one.place_id,
        tender=one.tender,
        currency=one.currency,
        amount=format_amount(one.amount, one.currency),
        code=one.code,
        at=one.at,
    )


@router.post(
    "/payments/{payment_id}/repayments",
    auth=requires(REFUND),
    response={201: PaymentOut},
    summary="Pay a refused refund another way",
)
def repay_refund(request: Request, payment_id: UUID, body: RepaymentIn) -> Status[PaymentOut]:
    """Pays it out at a place with a till, once; the answer is the payment that it went out by, its amount negative."""
    check_id(body.id)
    asked = Repayment(body.id, payment_id, body.key, body.tender, body.place)
    return Status(201, _payment(repay(asked, actor=request.actor)))


@router.post("/payments/resolve", auth=requires(RESOLVE), response=ResolvedListOut)
def resolve(request: Request) -> ResolvedListOut:
    """Ask partners now about payments whose outcome is unknown; may be repeated at will."""
    changed = resolve_unknown(now(), actor=request.actor)
    return ResolvedListOut(
        items=[
            ResolvedOut(
                payment_id=one.operation.intent_id,
                source_id=one.to.source_id,
                key=one.operation.key,
                kind=one.operation.kind,
                state=one.operation.state,
            )
            for one in changed
        ]
    )
