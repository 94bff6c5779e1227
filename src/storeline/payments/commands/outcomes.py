"""Write down what partners answered: each answer counts once, however often it is heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from storeline.kernel import api as kernel
from storeline.payments.commands.books import Belongs
from storeline.payments.domain import AUTHORISE_KEY, Authorisation, Operation, OperationState
from storeline.payments.providers import Status

STATE_OF: Final[dict[Status, OperationState]] = {
    "approved": "succeeded",
    "declined": "failed",
    "unknown": "unknown",
}

# Only an operation that is still open changes, and the intent's sums change by what did: a second
# hearing of the same answer finds nothing open. Intents are locked first, in the order of their ids.
_RECORD = """
WITH answer AS (
 SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[])
  AS a(intent_id, key, state, reference, code)
), locked AS (
 SELECT id FROM payments_intent WHERE id IN (SELECT intent_id FROM answer) ORDER BY id FOR UPDATE
), changed AS (
 UPDATE payments_operation o SET state = a.state, provider_reference = a.reference, error_code = a.code
 FROM answer a, (SELECT count(*) FROM locked) AS all_locked
 WHERE o.intent_id = a.intent_id AND o.key = a.key AND o.state IN ('pending', 'unknown') AND o.state <> a.state
 RETURNING o.intent_id, o.key, o.kind, o.amount, o.state, o.provider_reference, o.error_code
), sums AS (
 SELECT intent_id,
  coalesce(sum(amount) FILTER (WHERE kind = 'authorise' AND state = 'succeeded'), 0)::bigint AS authorised,
  coalesce(sum(amount) FILTER (WHERE kind = 'capture' AND state = 'succeeded'), 0)::bigint AS captured,
  coalesce(sum(amount) FILTER (WHERE kind = 'void' AND state = 'succeeded'), 0)::bigint AS voided,
  coalesce(sum(amount) FILTER (WHERE kind = 'refund' AND state = 'succeeded'), 0)::bigint AS refunded,
  max(state) FILTER (WHERE kind = 'authorise') AS authorisation,
  coalesce(max(provider_reference) FILTER (WHERE kind = 'authorise'), '') AS reference
 FROM changed GROUP BY intent_id
), written AS (
 UPDATE payments_intent i SET
  authorised = i.authorised + s.authorised, captured = i.captured + s.captured,
  voided = i.voided + s.voided, refunded = i.refunded + s.refunded,
  reference = CASE WHEN s.reference <> '' THEN s.reference ELSE i.reference END,
  state = CASE
   WHEN s.authorisation = 'failed' THEN 'declined'
   WHEN s.authorisation = 'unknown' THEN 'unknown'
   WHEN i.captured + s.captured > 0 THEN 'captured'
   WHEN i.authorised + s.authorised = i.voided + s.voided THEN 'voided'
   ELSE 'authorised' END
 FROM sums s WHERE i.id = s.intent_id
 RETURNING i.id, i.source_id, i.entity_id, i.place_id, i.tender, i.currency, i.cancelled_at IS NOT NULL AS released
)
SELECT c.intent_id, c.key, c.kind, c.amount, c.state, c.provider_reference, c.error_code,
 w.source_id, w.entity_id, w.place_id, w.tender, w.currency, w.released
FROM changed c JOIN written w ON w.id = c.intent_id ORDER BY c.intent_id, c.key
"""


@dataclass(frozen=True, slots=True)
class Changed:
    """An operation that an answer changed, with what it belongs to, and whether its order has let go of it."""

    operation: Operation
    to: Belongs
    released: bool


def record_outcomes(outcomes: Sequence[Authorisation]) -> kernel.Pending[int]:
    """Write partners' answers to authorisations, queued in the caller's pipeline; how many were news.

    Fewer than given means that another process heard the same answers first: the sums are right all the same.
    """
    if not outcomes:
        return kernel.Ready(0)
    changed = record(
        [
            Operation(o.intent_id, AUTHORISE_KEY, "authorise", 0, STATE_OF[o.status], o.reference, o.code)
            for o in outcomes
        ]
    )
    return _Count(changed)


class _Count(kernel.Pending[int]):
    __slots__ = ("_changed",)

    def __init__(self, changed: kernel.Pending[list[Changed]]) -> None:
        self._changed = changed

    def result(self) -> int:
        return len(self._changed.result())


def record(operations: Sequence[Operation]) -> kernel.Pending[list[Changed]]:
    """Write the states of operations that were asked, queued; those that changed by it."""
    return kernel.later(
        _RECORD,
        [
            kernel.ids_array(one.intent_id for one in operations),
            kernel.texts_array(one.key for one in operations),
            kernel.texts_array(one.state for one in operations),
            kernel.texts_array(one.reference for one in operations),
            kernel.texts_array(one.code for one in operations),
        ],
        lambda rows: [Changed(Operation(*row[:7]), Belongs(*row[7:12]), row[12]) for row in rows],
    )
