"""Pay another way what a partner would not give back: once, and never while the partner may still do it."""

from __future__ import annotations

from uuid import UUID

from storeline.kernel import api as kernel
from storeline.ledger import api as ledger
from storeline.payments import locks
from storeline.payments.commands.books import paid_out
from storeline.payments.commands.open import open_intents
from storeline.payments.commands.operate import operations_of
from storeline.payments.domain import IntentRow, Operation, Repayment, Sums, check_owed, check_pays_out
from storeline.payments.events import repaid
from storeline.payments.permissions import REFUND
from storeline.payments.providers import Tender
from storeline.payments.queries import Payment, payments_of
from storeline.places import api as places

_KNOWN = """
SELECT r.intent_id, r.key, i.tender, i.place_id FROM payments_intent i LEFT JOIN payments_repayment r ON r.paid_by = i.id
WHERE i.id = %s
"""
_WRITE = "INSERT INTO payments_repayment (intent_id, key, paid_by, at) VALUES (%s, %s, %s, %s)"


def repay(asked: Repayment, *, actor: kernel.Actor) -> Payment:
    """Pay a refused refund out at a place, in one transaction; the payment that it went out by.

    A repeat of the same id and contents gives the same answer, another under that id raises BodyMismatch. Raises
    UnknownIntent, RefundOpen, NotOwed, UnknownTender or CannotPayOut, naming the field, and changes nothing then.
    """
    actor.require(REFUND, asked.place_id)
    kernel.check_id(asked.id, skew=None)
    with kernel.transaction():
        with kernel.pipeline():
            locked = locks.lock_intents([asked.intent_id])
            # Read after the lock: a twin, another till's pay-out and the partner's late answer count.
            operations = operations_of([asked.intent_id])
            there = kernel.later(_KNOWN, [asked.id], list)
            found = places.gather([asked.place_id])
        if known := there.result():
            _same(asked, known)
        else:
            intent = locked.result().get(asked.intent_id)
            refund = check_owed(intent, operations.result(), asked)
            assert intent is not None  # it has a refund
            tender, place = check_pays_out(asked, found.result().get(asked.place_id), intent.currency)
            _write(asked, intent, refund, tender, place, actor)
    (payment,) = payments_of([asked.id])[asked.id]
    return payment


def _same(asked: Repayment, known: list[kernel.Row]) -> None:
    if known != [(asked.intent_id, asked.key, asked.tender, asked.place_id)]:
        raise kernel.BodyMismatch("This id names another payment.", field="id")


def _write(
    asked: Repayment, intent: Sums, refund: Operation, tender: Tender, place: places.PlaceFacts, actor: kernel.Actor
) -> None:
    at = kernel.now()
    owed = ledger.Entry(
        kernel.source_id("repayment", str(asked.id), at),
        intent.entity_id,
        intent.place_id,
        intent.currency,
        kernel.business_date(at, place.zone),
        at,
        "repayment",
        asked.id,
        (),
    )
    detail = {"payment": str(asked.intent_id), "key": asked.key, "tender": asked.tender, "amount": refund.amount}
    with kernel.pipeline():
        kernel.run(_WRITE, [asked.intent_id, asked.key, asked.id, at])
        open_intents([_pay_out(asked, intent, refund.amount, place.entity_id)])
        ledger.post(paid_out(owed, place.entity_id, place.id, tender.account, refund.amount))
        kernel.publish([repaid(intent, refund, asked)])
        kernel.trail(actor, "payments.repay", asked.id, place_id=place.id, detail=detail)


def _pay_out(asked: Repayment, intent: Sums, amount: int, entity_id: UUID) -> IntentRow:
    """A payment of its own: it belongs to no order, whose payments still come to what its goods cost."""
    return IntentRow(
        id=asked.id,
        source_id=asked.id,
        entity_id=entity_id,
        place_id=asked.place_id,
        tender=asked.tender,
        currency=intent.currency,
        amount=-amount,
        authorise=-amount,
        at=kernel.now(),
    )
