"""What a return writes into the books: the mirror of its sale, then the money that goes back."""

from __future__ import annotations

from uuid import UUID

from storeline.aftersales.domain.terms import Counter, Decided, PlannedRefund
from storeline.kernel.api import source_id
from storeline.ledger import api as ledger
from storeline.payments import api as payments

RETURN = "return"
REFUND = "refund"
ELSEWHERE = "refund_elsewhere"


def entries(decided: Decided, counter: Counter, sold_at: UUID | None) -> list[ledger.Entry]:
    """What the books take beside what `payments` posts itself when it refunds a payment.

    That is the return, each pay-out for which no payment is refunded, and, where the returning place paid out itself
    what had come in at `sold_at`, the money's way between the two. For another entity's sale it goes through the
    group's account, so that each entity's books balance.
    """
    found = [_entry(decided, decided.asked.id, decided.entity_id, decided.books_place, RETURN, _taken_back(decided))]
    for refund in decided.refunds:
        if refund.paid is None:
            found += _paid_out(decided, counter, refund)
        elif refund.local and sold_at is not None and sold_at != counter.id:
            found += _moved(decided, counter, sold_at, refund)
    return [entry for entry in found if any(amount for _, amount in entry.postings)]


def _paid_out(decided: Decided, counter: Counter, refund: PlannedRefund) -> list[ledger.Entry]:
    transaction_id = source_id(REFUND, f"{decided.asked.id}:{refund.seq}", decided.returned_at)
    owed = _entry(decided, transaction_id, decided.entity_id, decided.books_place, REFUND, ())
    return payments.paid_out(owed, counter.entity_id, counter.id, refund.account, refund.amount)


def _moved(decided: Decided, counter: Counter, sold_at: UUID, refund: PlannedRefund) -> list[ledger.Entry]:
    transaction_id = source_id(ELSEWHERE, f"{decided.asked.id}:{refund.seq}", decided.returned_at)
    back: tuple[tuple[str, int], ...] = ((refund.account, refund.amount),)
    out: tuple[tuple[str, int], ...] = ((refund.account, -refund.amount),)
    if counter.entity_id != decided.entity_id:
        back = (*back, (ledger.INTERCOMPANY, -refund.amount))
        out = (*out, (ledger.INTERCOMPANY, refund.amount))
    return [
        _entry(decided, transaction_id, decided.entity_id, sold_at, ELSEWHERE, back),
        _entry(decided, transaction_id, counter.entity_id, counter.id, ELSEWHERE, out),
    ]


def _taken_back(decided: Decided) -> tuple[tuple[str, int], ...]:
    return (
        (ledger.SALES, decided.total - decided.tax),
        (ledger.TAX_PAYABLE, decided.tax),
        (ledger.MANUFACTURER_RECEIVABLE, -decided.funded),
        (ledger.REFUNDS_PAYABLE, -decided.refunded),
    )


def _entry(
    decided: Decided,
    transaction_id: UUID,
    entity_id: UUID,
    place_id: UUID,
    kind: str,
    postings: tuple[tuple[str, int], ...],
) -> ledger.Entry:
    return ledger.Entry(
        transaction_id,
        entity_id,
        place_id,
        decided.currency,
        decided.business_date,
        decided.returned_at,
        kind,
        decided.asked.id,
        postings,
    )
