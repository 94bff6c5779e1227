"""Payments for tests."""

from datetime import UTC, datetime
from uuid import UUID

from storeline.kernel import api as kernel
from storeline.payments import api as payments

ENTITY = UUID(int=1)
PLACE = UUID(int=3)
AT = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)


def order(*offers: payments.Offer, payable: int = 1000, tolerance: int = 0, at: datetime = AT) -> UUID:
    """An order's payments, opened in a transaction of their own; the order's id."""
    rows = planned(*offers, payable=payable, tolerance=tolerance, at=at)
    with kernel.transaction():
        payments.open_intents(rows)
    return rows[0].source_id


def planned(
    *offers: payments.Offer, payable: int = 1000, tolerance: int = 0, at: datetime = AT
) -> tuple[payments.IntentRow, ...]:
    return payments.intents(
        payments.plan(payable, 0, offers, tolerance=tolerance),
        source_id=kernel.new_id(),
        entity_id=ENTITY,
        place_id=PLACE,
        currency="USD",
        at=at,
    )


def card(token: str = "tok_approve", amount: int | None = None) -> payments.Offer:
    return payments.Offer(payments.SANDBOX_CARD, amount, token)


def paid(*offers: payments.Offer, payable: int = 1000, tolerance: int = 0, at: datetime = AT) -> UUID:
    """An order whose payments were opened and whose partners have answered."""
    rows = planned(*offers, payable=payable, tolerance=tolerance, at=at)
    with kernel.transaction():
        payments.open_intents(rows)
    answers = payments.authorise(rows)
    with kernel.transaction():
        payments.record_outcomes(answers).result()
    return rows[0].source_id


def only(source_id: UUID) -> payments.Payment:
    (payment,) = payments.payments_of([source_id])[source_id]
    return payment


def everything() -> list[list[kernel.Row]]:
    """All that payments and the books hold, to prove that nothing changed."""
    return [
        kernel.run(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall()
        for table in ("payments_intent", "payments_operation", "ledger_posting", "kernel_event")
    ]


def postings(source_id: UUID) -> list[tuple[str, str, int]]:
    rows = kernel.run(
        "SELECT kind, account, amount FROM ledger_posting WHERE source_id = %s ORDER BY at, transaction_id, line_no",
        [source_id],
    )
    return [tuple(row) for row in rows.fetchall()]


def events() -> list[tuple[str, UUID]]:
    return [tuple(row) for row in kernel.run("SELECT type, subject_id FROM kernel_event ORDER BY id").fetchall()]
