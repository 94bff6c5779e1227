"""Pure rules of payments: which tenders pay an order, and what the sums of a payment still allow.

Amounts are integer minor units of the payment's currency. A payment ("intent") of a tender that settles now
may be negative: cash handed back, or rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from storeline.kernel import api as kernel
from storeline.payments import errors
from storeline.payments.providers import MANUFACTURER_COUPON, Kind, Status, Tender, settles_now, tender
from storeline.places.api import PlaceFacts

IntentState = Literal["pending", "unknown", "authorised", "captured", "declined", "voided"]
OperationState = Literal["pending", "succeeded", "failed", "unknown"]
RequestKind = Literal["capture", "void", "refund"]

AUTHORISE_KEY = "authorise"
SETTLE_KEY = "settle"


# --- paying an order ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """How the shopper wants to pay: `amount` None takes what the others leave.

    `tendered` is what was handed over in cash; the change is the till's matter and never a payment.
    """

    tender: str
    amount: int | None = None
    token: str = field(default="", repr=False)
    tendered: int | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """One payment to open: `amount` is owed by it, `authorise` is what a partner is asked to hold."""

    tender: str
    amount: int
    authorise: int
    token: str = field(default="", repr=False)
    tendered: int | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class IntentRow:
    """A payment to write with its order. `token` is never stored."""

    id: UUID
    source_id: UUID
    entity_id: UUID
    place_id: UUID | None
    tender: str
    currency: str
    amount: int
    authorise: int
    at: datetime
    expires_at: datetime | None = None
    token: str = field(default="", repr=False)
    tendered: int | None = None
    reference: str = ""

    @property
    def settles_now(self) -> bool:
        """Whether there is nobody to ask for this payment."""
        return settles_now(self.tender)


def plan(total: int, funded: int, offers: Sequence[Offer], *, tolerance: int = 0) -> tuple[Planned, ...]:
    """The payments that make up `total`, of which `funded` is owed by manufacturers and not by the shopper.

    `tolerance` minor units more are held by the last partner, for goods that are weighed when picked.
    Raises UnknownTender or InvalidPayment (bad offers) and PaymentMismatch (they do not add up).
    """
    planned = [Planned(MANUFACTURER_COUPON, funded, funded)] if funded else []
    for index, (offer, amount) in enumerate(zip(offers, _shares(total - funded, offers), strict=True)):
        if amount:
            planned.append(_planned(offer, amount, f"payments[{index}]"))
    if tolerance:
        _hold_more(planned, tolerance)
    return tuple(planned)


def _shares(payable: int, offers: Sequence[Offer]) -> list[int]:
    open_ended = [index for index, offer in enumerate(offers) if offer.amount is None]
    if len(open_ended) > 1:
        raise errors.InvalidPayment(
            "Only one payment may be without an amount.", field=f"payments[{open_ended[1]}].amount"
        )
    rest = payable - sum(offer.amount or 0 for offer in offers)
    if rest and not open_ended:
        raise errors.PaymentMismatch(
            f"The payments are off by {rest} minor units.", field="payments", payable=payable, missing=rest
        )
    return [rest if offer.amount is None else offer.amount for offer in offers]


def _planned(offer: Offer, amount: int, where: str) -> Planned:
    partner = tender(offer.tender, field=f"{where}.tender").settles == "partner"
    if abs(amount) >= kernel.MAX_AMOUNT:
        raise errors.InvalidPayment("The amount is too large.", field=f"{where}.amount")
    if partner and amount < 0:
        raise errors.InvalidPayment("This way to pay takes no negative amount.", field=f"{where}.amount")
    if partner and not offer.token:
        raise errors.InvalidPayment("This way to pay needs a token.", field=f"{where}.token")
    if offer.tendered is not None and offer.tendered < amount:
        raise errors.InvalidPayment("Less was handed over than is owed.", field=f"{where}.tendered")
    return Planned(offer.tender, amount, amount, offer.token, offer.tendered, offer.reference)


def _hold_more(planned: list[Planned], tolerance: int) -> None:
    for index in reversed(range(len(planned))):
        one = planned[index]
        if tender(one.tender).settles == "partner":
            planned[index] = Planned(one.tender, one.amount, one.amount + tolerance, one.token, None, one.reference)
            return


def intents(
    planned: Sequence[Planned],
    *,
    source_id: UUID,
    entity_id: UUID,
    place_id: UUID | None,
    currency: str,
    at: datetime,
    expires_at: datetime | None = None,
) -> tuple[IntentRow, ...]:
    """The rows to open for one order; their ids follow from the order's, so that a repeat is the same."""
    return tuple(
        IntentRow(
            id=kernel.source_id("payment", f"{source_id}:{number}", at),
            source_id=source_id,
            entity_id=entity_id,
            place_id=place_id,
            tender=one.tender,
            currency=currency,
            amount=one.amount,
            authorise=one.authorise,
            at=at,
            expires_at=expires_at,
            token=one.token,
            tendered=one.tendered,
            reference=one.reference,
        )
        for number, one in enumerate(planned, 1)
    )


@dataclass(frozen=True, slots=True)
class Authorisation:
    """A partner's answer to one intent."""

    intent_id: UUID
    status: Status
    reference: str = ""
    code: str = ""


# --- what comes after --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """Capture, void or refund `amount` of an intent, once for its `key`; a void without an amount lets go of the rest."""

    intent_id: UUID
    kind: RequestKind
    key: str
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it stands. "pending" and "unknown" have no answer yet and hold their room.

    `paid_by` is the payment that a refused refund was paid by instead; `at` is told where it is read to be shown.
    """

    intent_id: UUID
    key: str
    kind: Kind
    amount: int
    state: OperationState
    reference: str = ""
    code: str = ""
    paid_by: UUID | None = None
    at: datetime | None = None

    @property
    def holds_room(self) -> bool:
        """Whether its amount is not in the payment's sums, and yet cannot be had again."""
        return self.state in {"pending", "unknown"} or self.paid_by is not None


@dataclass(frozen=True, slots=True)
class Sums:
    """A locked intent: what was authorised, and how much of it is used."""

    id: UUID
    source_id: UUID
    entity_id: UUID
    place_id: UUID | None
    tender: str
    currency: str
    provider: str
    state: IntentState
    authorised: int
    captured: int
    voided: int
    refunded: int

    @property
    def uncaptured(self) -> int:
        """Authorised, neither taken nor let go."""
        return self.authorised - self.captured - self.voided


RequestCode = Literal["accepted", "known", "key_reused", "unknown_payment", "invalid_amount", "no_room"]


@dataclass(frozen=True, slots=True)
class RequestVerdict:
    """What became of a request: accepted (its operation is written) or known (it was before); else why not."""

    request: OperationRequest
    code: RequestCode
    operation: Operation | None = None

    def result(self) -> Operation:
        """The operation; raises what the verdict says where there is none."""
        if self.operation is not None and self.code in {"accepted", "known"}:
            return self.operation
        raise self._error()

    def _error(self) -> kernel.Error:
        request = self.request
        match self.code:
            case "key_reused":
                return errors.KeyReused(f"Key {request.key!r} was used for another operation.", field="key")
            case "unknown_payment":
                return errors.UnknownIntent(f"There is no payment {request.intent_id}.", field="intent_id")
            case "invalid_amount":
                return errors.InvalidPayment("The amount must be greater than zero.", field="amount")
            case _:
                return errors.PaymentRefused(
                    f"There is not that much left to {request.kind} on this payment.", field="amount"
                )


def decide_operations(
    requests: Sequence[OperationRequest],
    intents: Mapping[UUID, Sums],
    operations: Mapping[tuple[UUID, str], Operation],
    partners: frozenset[str],
) -> list[RequestVerdict]:
    """Decide requests in arrival order over locked intents and their operations; `partners` are providers to be asked.

    Room is what succeeded and what is still open: two captures in flight cannot both take the same money.
    """
    room = {intent.id: _Room.of(intent) for intent in intents.values()}
    for operation in operations.values():
        if operation.holds_room and operation.intent_id in room:
            room[operation.intent_id].take(operation.kind, operation.amount)
    seen = dict(operations)
    verdicts: list[RequestVerdict] = []
    for request in requests:
        verdict = _judge(request, intents, seen, room, partners)
        if verdict.operation is not None:
            seen[request.intent_id, request.key] = verdict.operation
        verdicts.append(verdict)
    return verdicts


@dataclass(slots=True)
class _Room:
    uncaptured: int
    refundable: int

    @classmethod
    def of(cls, intent: Sums) -> _Room:
        return cls(intent.uncaptured, intent.captured - intent.refunded)

    def left(self, kind: RequestKind) -> int:
        return self.refundable if kind == "refund" else self.uncaptured

    def take(self, kind: Kind, amount: int) -> None:
        if kind == "refund":
            self.refundable -= amount
        elif kind in {"capture", "void"}:
            self.uncaptured -= amount


def _judge(
    request: OperationRequest,
    intents: Mapping[UUID, Sums],
    operations: Mapping[tuple[UUID, str], Operation],
    room: Mapping[UUID, _Room],
    partners: frozenset[str],
) -> RequestVerdict:
    intent = intents.get(request.intent_id)
    if intent is None:
        return RequestVerdict(request, "unknown_payment")
    known = operations.get((request.intent_id, request.key))
    if known is not None:
        same = known.kind == request.kind and request.amount in {None, known.amount}
        return RequestVerdict(request, "known" if same else "key_reused", known if same else None)
    left = room[intent.id].left(request.kind)
    amount = left if request.amount is None and request.kind == "void" else request.amount
    if amount is None or (amount <= 0 and request.amount is not None):
        return RequestVerdict(request, "invalid_amount")
    if not 0 < amount <= left:
        return RequestVerdict(request, "no_room")
    room[intent.id].take(request.kind, amount)
    state: OperationState = "pending" if intent.provider in partners else "succeeded"
    operation = Operation(request.intent_id, request.key, request.kind, amount, state)
    return RequestVerdict(request, "accepted", operation)


# --- a refund that cannot go back the way it came ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Repayment:
    """The wish to pay refused refund (`intent_id`, `key`) out at a place by another tender.

    `id` is the client's: that of the new payment, and the idempotency record.
    """

    id: UUID
    intent_id: UUID
    key: str
    tender: str
    place_id: UUID


def check_owed(intent: Sums | None, operations: Mapping[tuple[UUID, str], Operation], asked: Repayment) -> Operation:
    """The refund that is to be paid another way; raises UnknownIntent, RefundOpen or NotOwed."""
    refund = operations.get((asked.intent_id, asked.key))
    if intent is None or refund is None or refund.kind != "refund":
        raise errors.UnknownIntent("There is no such refund.", field="key")
    if refund.state in {"pending", "unknown"}:
        raise errors.RefundOpen("The partner has not answered: the money may still go back that way.", field="key")
    if refund.state == "succeeded":
        raise errors.NotOwed("The partner gave this money back.", field="key")
    if refund.paid_by is not None:
        raise errors.NotOwed("This money was paid out already.", field="key")
    if _refundable(intent, operations) < refund.amount:
        raise errors.NotOwed("No more can go back than came in.", field="key")
    return refund


def _refundable(intent: Sums, operations: Mapping[tuple[UUID, str], Operation]) -> int:
    room = _Room.of(intent)
    for one in operations.values():
        if one.intent_id == intent.id and one.holds_room:
            room.take(one.kind, one.amount)
    return room.refundable


def check_pays_out(asked: Repayment, place: PlaceFacts | None, currency: str) -> tuple[Tender, PlaceFacts]:
    """The tender and the place that can pay `currency` out; raises UnknownTender or CannotPayOut."""
    found = tender(asked.tender)
    if not found.pays_out:
        raise errors.CannotPayOut(f"Nobody is given money by {found.name}.", field="tender")
    if place is None or "sell" not in place.capabilities:
        raise errors.CannotPayOut("Money is paid out where there is a till.", field="place")
    if place.currency != currency:
        raise errors.CannotPayOut(f"This place pays out in {place.currency} only.", field="place")
    return found, place
