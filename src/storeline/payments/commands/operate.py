"""Capture, void and refund: first the wish, durable and guarded, then the partner, then the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from storeline.kernel import api as kernel
from storeline.payments import locks
from storeline.payments.commands import books
from storeline.payments.commands.ask import ask, partner_key
from storeline.payments.commands.books import Belongs
from storeline.payments.commands.outcomes import STATE_OF, Changed, record
from storeline.payments.domain import (
    Operation,
    OperationRequest,
    RequestVerdict,
    Sums,
    decide_operations,
)
from storeline.payments.events import events_of
from storeline.payments.providers import Kind, Outcome, PartnerRequest, Provider, provider

BATCH = 500

_OPERATIONS = """
SELECT o.intent_id, o.key, o.kind, o.amount, o.state, o.provider_reference, o.error_code, r.paid_by
FROM payments_operation o LEFT JOIN payments_repayment r ON r.intent_id = o.intent_id AND r.key = o.key
WHERE o.intent_id = ANY(%s::uuid[])
"""
_INSERT = """
INSERT INTO payments_operation (intent_id, key, kind, amount, state, provider_reference, error_code, at)
SELECT intent_id, key, kind, amount, state, '', '', %s
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::bigint[], %s::text[]) AS o(intent_id, key, kind, amount, state)
"""
_SETTLE = """
UPDATE payments_intent i SET refunded = i.refunded + c.refunded
FROM unnest(%s::uuid[], %s::bigint[]) AS c(id, refunded) WHERE i.id = c.id
"""


def request(requests: Sequence[OperationRequest], *, at: datetime) -> list[RequestVerdict]:
    """Write the wish to capture, void or refund, many at once in arrival order, each with its own verdict.

    Belongs inside the caller's transaction (two waits). Locks the intents in the order of their ids;
    what is open already counts as used. Where a partner must be asked the operation is pending, and
    `perform` after the commit asks; a refund of what settled at once is done here and now.
    """
    if not requests:
        return []
    ids = {one.intent_id for one in requests}
    with kernel.pipeline():
        locked = locks.lock_intents(ids)
        # Read after the locks: what another request wrote while we waited counts.
        found = operations_of(ids)
    intents = locked.result()
    verdicts = decide_operations(requests, intents, found.result(), _partners(intents))
    accepted = [v.operation for v in verdicts if v.code == "accepted" and v.operation]
    with kernel.pipeline():
        _write(accepted, at)
        books.post([(one, _belongs(intents[one.intent_id])) for one in accepted], at)
    return verdicts


def _belongs(intent: Sums) -> Belongs:
    return Belongs(intent.source_id, intent.entity_id, intent.place_id, intent.tender, intent.currency)


def operations_of(intent_ids: Iterable[UUID]) -> kernel.Pending[dict[tuple[UUID, str], Operation]]:
    """Queue: the operations of these payments, by payment and key."""
    return kernel.later(
        _OPERATIONS, [kernel.ids_array(intent_ids)], lambda rows: {(row[0], row[1]): Operation(*row) for row in rows}
    )


def _partners(intents: Mapping[UUID, Sums]) -> frozenset[str]:
    return frozenset(code for code in {intent.provider for intent in intents.values()} if provider(code))


def _write(operations: Sequence[Operation], at: datetime) -> None:
    if not operations:
        return
    kernel.run(
        _INSERT,
        [
            at,
            kernel.ids_array(one.intent_id for one in operations),
            kernel.texts_array(one.key for one in operations),
            kernel.texts_array(one.kind for one in operations),
            kernel.ints_array(one.amount for one in operations),
            kernel.texts_array(one.state for one in operations),
        ],
    )
    refunds: dict[UUID, int] = {}
    for one in operations:
        if one.state == "succeeded":
            refunds[one.intent_id] = refunds.get(one.intent_id, 0) + one.amount
    if refunds:
        kernel.run(_SETTLE, [kernel.ids_array(refunds), kernel.ints_array(refunds.values())])


# --- asking ------------------------------------------------------------------------------------------

_OPEN = """
SELECT o.intent_id, o.key, o.kind, o.amount, i.provider, i.currency, i.token_hint, i.reference, o.at
FROM payments_operation o JOIN payments_intent i ON i.id = o.intent_id
"""
_BY_KEY = """JOIN unnest(%s::uuid[], %s::text[]) AS k(intent_id, key) ON k.intent_id = o.intent_id AND k.key = o.key
WHERE o.state = 'pending' AND o.kind <> 'authorise' ORDER BY o.intent_id, o.key"""
_BY_SOURCE = """WHERE i.source_id = ANY(%s::uuid[]) AND o.state = 'pending' AND o.kind <> 'authorise'
ORDER BY o.intent_id, o.key"""

OpenOperation = tuple[str, PartnerRequest, str]
"""Provider, what to ask, and our own key."""


def open_operations(where: str, params: Sequence[object]) -> list[OpenOperation]:
    """Operations without an answer, as they are to be put to their partners."""
    return [
        (row[4], PartnerRequest(partner_key(row[0], row[1]), row[2], row[0], row[3], row[5], "", *row[6:9]), row[1])
        for row in kernel.run(_OPEN + where, params).fetchall()
    ]


def perform(keys: Iterable[tuple[UUID, str]]) -> list[Changed]:
    """Ask the partners for these pending (intent, key) operations and record the answers; never in a transaction."""
    pairs = list(keys)
    if not pairs:
        return []
    return carry_out(open_operations(_BY_KEY, [kernel.ids_array(i for i, _ in pairs), [k for _, k in pairs]]))


def perform_open(source_ids: Sequence[UUID]) -> list[Changed]:
    """The same for all that these orders or returns have pending."""
    return carry_out(open_operations(_BY_SOURCE, [kernel.ids_array(source_ids)])) if source_ids else []


_ASK: Final[dict[Kind, Callable[[Provider, Sequence[PartnerRequest]], Sequence[Outcome]]]] = {
    "capture": lambda partner, batch: partner.capture(batch),
    "void": lambda partner, batch: partner.void(batch),
    "refund": lambda partner, batch: partner.refund(batch),
}


def carry_out(operations: Sequence[OpenOperation]) -> list[Changed]:
    """Ask, kind by kind, and write down the answers with their events."""
    changed: list[Changed] = []
    for kind, how in _ASK.items():
        batch = [one for one in operations if one[1].kind == kind]
        outcomes = ask([(code, asked) for code, asked, _ in batch], how)
        changed += write_answers(batch, outcomes)
    return changed


def write_answers(asked: Sequence[OpenOperation], outcomes: Sequence[Outcome]) -> list[Changed]:
    """Record answers, post what they moved and publish what they changed, in one transaction."""
    answers = [
        Operation(one.intent_id, key, one.kind, one.amount, STATE_OF[outcome.status], outcome.reference, outcome.code)
        for (_, one, key), outcome in zip(asked, outcomes, strict=True)
    ]
    if not answers:
        return []
    with kernel.transaction():
        changed = record(answers).result()
        with kernel.pipeline():
            books.post([(one.operation, one.to) for one in changed], kernel.now())
            kernel.publish(events_of(changed))
    return changed
