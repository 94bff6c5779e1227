"""What an order writes into the books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from storeline.kernel.api import source_id
from storeline.ledger import api as ledger
from storeline.orders.domain.drafts import Accepted
from storeline.payments import api as payments

SALE = "sale"
PREPAYMENT = "prepayment"


def earned(total: int, tax: int, funded: int) -> tuple[tuple[str, int], ...]:
    """The credit side of a sale: what was earned and what is owed to the tax office, less what a maker owes us."""
    return (
        (ledger.MANUFACTURER_RECEIVABLE, funded),
        (ledger.SALES, tax - total),
        (ledger.TAX_PAYABLE, -tax),
    )


def order_entry(order: Accepted) -> ledger.Entry | None:
    """The entry of what settles as the order is placed: a sale if it is completed, else money on deposit.

    What a partner takes later is posted with its answer.
    """
    priced, draft = order.priced, order.draft
    paid = tuple(
        (payments.account_of(payment.tender), payment.amount)
        for payment in order.payments
        if payments.settles_now(payment.tender)
    )
    if order.state == "completed":
        kind, transaction_id = SALE, draft.id
        postings = (*paid, *earned(priced.total, priced.tax, priced.funded))
    else:
        kind, transaction_id = PREPAYMENT, source_id(PREPAYMENT, str(draft.id), order.placed_at)
        postings = (*paid, (ledger.CUSTOMER_DEPOSITS, -sum(amount for _, amount in paid)))
    if not any(amount for _, amount in postings):
        return None
    return ledger.Entry(
        transaction_id,
        order.entity_id,
        draft.place_id,
        draft.currency,
        order.business_date,
        order.placed_at,
        kind,
        draft.id,
        postings,
    )


@dataclass(frozen=True, slots=True)
class Sums:
    """What is kept of an order: ``total - funded`` is the shopper's."""

    total: int
    tax: int
    funded: int


def completion_entry(
    *, order_id: UUID, entity_id: UUID, place_id: UUID, currency: str, business_date: date, at: datetime, sums: Sums
) -> ledger.Entry:
    """The sale of goods handed over: the shopper's deposit becomes earned."""
    postings = (
        (ledger.CUSTOMER_DEPOSITS, sums.total - sums.funded),
        *earned(sums.total, sums.tax, sums.funded),
    )
    return ledger.Entry(order_id, entity_id, place_id, currency, business_date, at, SALE, order_id, postings)
