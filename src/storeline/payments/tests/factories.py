"""Payments for tests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
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
    *offers: payments.Offer, payable: int = 1000, tolerance: int = 0, at: datetime = AT, **changes: Any
) -> tuple[payments.IntentRow, ...]:
    wanted: dict[str, Any] = {"entity_id": ENTITY, "place_id": PLACE, "currency": "USD"} | changes
    plan = payments.plan(payable, 0, offers, tolerance=tolerance)
    return payments.intents(plan, source_id=kernel.new_id(), at=at, **wanted)


def card(token: str = "tok_approve", amount: int | None = None) -> payments.Offer:
    return payments.Offer(payments.SANDBOX_CARD, amount, token)


def paid(*offers: payments.Offer, **changes: Any) -> UUID:
    """An order whose payments were opened and whose partners have answered."""
    rows = planned(*offers, **changes)
    with kernel.transaction():
        payments.open_intents(rows)
    answers = payments.authorise(rows)
    with kernel.transaction():
        payments.record_outcomes(answers).result()
    return rows[0].source_id


def operate(requests: Sequence[payments.OperationRequest]) -> list[payments.RequestVerdict]:
    """Request and perform, as modules above do it; the verdicts with their operations as they stand then."""
    with kernel.transaction():
        verdicts = payments.request(requests, at=kernel.now())
    found = [verdict.operation for verdict in verdicts if verdict.operation]
    changed = payments.perform((one.intent_id, one.key) for one in found)
    now = {(one.operation.intent_id, one.operation.key): one.operation for one in changed}
    return [replace(v, operation=now.get((v.request.intent_id, v.request.key), v.operation)) for v in verdicts]


def capture(intent_id: UUID, amount: int, key: str) -> payments.Operation:
    """Take so much of what is authorised."""
    return operate([payments.OperationRequest(intent_id, "capture", key, amount)])[0].result()


def void(intent_id: UUID, key: str) -> payments.Operation:
    """Let go of the rest."""
    return operate([payments.OperationRequest(intent_id, "void", key)])[0].result()


def refund(intent_id: UUID, amount: int, key: str) -> payments.Operation:
    """Give so much back."""
    return operate([payments.OperationRequest(intent_id, "refund", key, amount)])[0].result()


def only(source_id: UUID) -> payments.Payment:
    (payment,) = payments.payments_of([source_id])[source_id]
    return payment


def everything() -> list[list[kernel.Row]]:
    """All that payments and the books hold, to prove that nothing changed."""
    tables = ("payments_intent", "payments_operation", "payments_repayment", "ledger_posting", "kernel_event")
    trail = "(SELECT * FROM kernel_trail WHERE starts_with(action, 'payments.'))"
    return [kernel.run(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall() for table in (*tables, trail)]


def postings(source_id: UUID) -> list[tuple[str, str, int]]:
    rows = kernel.run(
        "SELECT kind, account, amount FROM ledger_posting WHERE source_id = %s ORDER BY at, transaction_id, line_no",
        [source_id],
    )
    return [tuple(row) for row in rows.fetchall()]


def events() -> list[tuple[str, UUID]]:
    return [tuple(row) for row in kernel.run("SELECT type, subject_id FROM kernel_event ORDER BY id").fetchall()]
