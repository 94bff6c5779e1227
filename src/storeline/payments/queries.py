"""Reads of payments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.kernel import api as kernel
from storeline.payments.domain import IntentState, Operation
from storeline.payments.providers import Kind


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as it stands, amounts in minor units, with its operations oldest first."""

    id: UUID
    source_id: UUID
    entity_id: UUID
    place_id: UUID | None
    tender: str
    currency: str
    amount: int
    authorised: int
    captured: int
    voided: int
    refunded: int
    tendered: int | None
    state: IntentState
    reference: str
    token_hint: str
    created_at: datetime
    expires_at: datetime | None
    operations: tuple[Operation, ...] = ()

    @property
    def refundable(self) -> int:
        """Captured, and neither given back, by whatever way, nor being given back."""
        return self.captured - self.refunded - self.held("refund")

    def held(self, kind: Kind) -> int:
        """What operations of this kind take that is not in the sums: of those without an answer, mostly."""
        return sum(one.amount for one in self.operations if one.kind == kind and one.holds_room)


_PAYMENTS = """
SELECT id, source_id, entity_id, place_id, tender, currency, amount, authorised, captured, voided, refunded,
 tendered, state, reference, token_hint, created_at, expires_at
FROM payments_intent WHERE source_id = ANY(%s::uuid[]) ORDER BY source_id, created_at, id
"""
_OPERATIONS = """
SELECT o.intent_id, o.key, o.kind, o.amount, o.state, o.provider_reference, o.error_code, r.paid_by, o.at
FROM payments_operation o JOIN payments_intent i ON i.id = o.intent_id
LEFT JOIN payments_repayment r ON r.intent_id = o.intent_id AND r.key = o.key
WHERE i.source_id = ANY(%s::uuid[]) ORDER BY o.intent_id, o.at, o.key
"""


def payments_of(source_ids: Sequence[UUID]) -> dict[UUID, tuple[Payment, ...]]:
    """The payments of these orders or returns; one without payments is absent."""
    ids = kernel.ids_array(source_ids)
    with kernel.pipeline():
        intents = kernel.later(_PAYMENTS, [ids], list)
        operations = kernel.later(_OPERATIONS, [ids], list)
    done: dict[UUID, list[Operation]] = {}
    for row in operations.result():
        done.setdefault(row[0], []).append(Operation(*row))
    found: dict[UUID, list[Payment]] = {}
    for row in intents.result():
        found.setdefault(row[1], []).append(Payment(*(*row, tuple(done.get(row[0], ())))))
    return {source: tuple(payments) for source, payments in found.items()}


_SURE = """
SELECT source_id FROM payments_intent WHERE source_id = ANY(%s::uuid[])
GROUP BY source_id HAVING bool_and(state IN ('authorised', 'captured') AND cancelled_at IS NULL)
"""
_CAPTURED = """
SELECT source_id, sum(captured - refunded)::bigint FROM payments_intent
WHERE source_id = ANY(%s::uuid[]) GROUP BY source_id
"""


def sure(source_ids: Collection[UUID]) -> kernel.Pending[set[UUID]]:
    """Queue: which of these orders have payments, every one of them authorised or captured and none let go."""
    return kernel.later(_SURE, [kernel.ids_array(source_ids)], lambda rows: {row[0] for row in rows})


def captured(source_ids: Collection[UUID]) -> kernel.Pending[dict[UUID, int]]:
    """Queue: what the payments of these orders brought in, less what was given back, in minor units."""
    return kernel.later(_CAPTURED, [kernel.ids_array(source_ids)], lambda rows: {row[0]: row[1] for row in rows})


@dataclass(frozen=True, slots=True)
class Owed:
    """A refund that its partner refused and nobody has paid yet; `code` is what the partner said."""

    intent_id: UUID
    key: str
    source_id: UUID
    place_id: UUID | None
    tender: str
    currency: str
    amount: int
    code: str
    at: datetime


_OWED = """
SELECT o.intent_id, o.key, i.source_id, i.place_id, i.tender, i.currency, o.amount, o.error_code, o.at
FROM payments_operation o JOIN payments_intent i ON i.id = o.intent_id
WHERE o.kind = 'refund' AND o.state = 'failed' AND (%s::uuid[] IS NULL OR i.place_id = ANY(%s::uuid[]))
AND NOT EXISTS (SELECT FROM payments_repayment r WHERE r.intent_id = o.intent_id AND r.key = o.key)
AND (%s::uuid IS NULL OR (o.intent_id, o.key) > (%s::uuid, %s)) ORDER BY o.intent_id, o.key LIMIT %s
"""


def list_owed(
    *, places: Collection[UUID] | None = None, after: tuple[UUID, str] | None = None, limit: int = 50
) -> list[Owed]:
    """Refunds that are owed and wait to be paid another way, after the cursor; `places` None is everywhere."""
    where = None if places is None else kernel.ids_array(places)
    payment, key = after or (None, "")
    rows = kernel.run(_OWED, [where, where, payment, payment, key, limit]).fetchall()
    return [Owed(*row) for row in rows]
