"""Payments over HTTP, for the service desk and finance. Amounts are decimal text in the payment's currency."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Router, Schema

from storeline.identity.api import Request, requires
from storeline.kernel.api import format_amount, now
from storeline.payments.commands.resolve import resolve_unknown
from storeline.payments.permissions import RESOLVE, VIEW
from storeline.payments.providers import tenders
from storeline.payments.queries import Payment, payments_of

router = Router()


class OperationOut(Schema):
    """One thing done with a payment, once for its `key`; `code` says why a partner refused."""

    key: str
    kind: str
    amount: str
    state: str
    reference: str
    code: str


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
    """A way to pay; `settles` is "now" or "partner", `account` where it stands in the books."""

    code: str
    name: str
    settles: str
    account: str


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
            )
            for done in one.operations
        ],
    )


@router.get("/payments/tenders", auth=requires(VIEW), response=TendersOut)
def list_tenders(request: Request) -> TendersOut:
    """The ways to pay that this installation knows."""
    items = [TenderOut(code=one.code, name=one.name, settles=one.settles, account=one.account) for one in tenders()]
    return TendersOut(items=items)


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
