"""Let go of an order's payments when it is cancelled or expires."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from storeline.kernel import api as kernel
from storeline.ledger import api as ledger
from storeline.payments.commands import books
from storeline.payments.commands.books import Belongs
from storeline.payments.domain import Operation

RELEASE_KEY: Final = "release"

_LOCK = "SELECT id FROM payments_intent WHERE source_id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE"
# An answer that is still out is marked: when it comes as a late yes, it is voided at once.
_MARK = """
UPDATE payments_intent SET cancelled_at = %s
WHERE source_id = ANY(%s::uuid[]) AND cancelled_at IS NULL
AND (state IN ('pending', 'unknown', 'authorised') OR authorised > captured + voided)
"""
_VOID = """
INSERT INTO payments_operation (intent_id, key, kind, amount, state, provider_reference, error_code, at)
SELECT i.id, %s, 'void', i.authorised - i.captured - i.voided - o.open, 'pending', '', '', %s
FROM payments_intent i CROSS JOIN LATERAL (
 SELECT coalesce(sum(amount), 0)::bigint AS open FROM payments_operation
 WHERE intent_id = i.id AND kind IN ('capture', 'void') AND state IN ('pending', 'unknown')) o
WHERE i.source_id = ANY(%s::uuid[]) AND i.authorised > i.captured + i.voided + o.open
ON CONFLICT (intent_id, key) DO NOTHING
"""
# What settled now is given back now: there is nobody to ask.
_GIVE_BACK = """
WITH back AS (
 INSERT INTO payments_operation (intent_id, key, kind, amount, state, provider_reference, error_code, at)
 SELECT id, %s, 'refund', captured - refunded, 'succeeded', '', '', %s FROM payments_intent
 WHERE source_id = ANY(%s::uuid[]) AND captured > refunded
 AND EXISTS (SELECT FROM payments_operation WHERE intent_id = id AND key = 'settle')
 ON CONFLICT (intent_id, key) DO NOTHING RETURNING intent_id, amount
)
UPDATE payments_intent i SET refunded = i.refunded + back.amount FROM back WHERE i.id = back.intent_id
RETURNING i.id, back.amount, i.source_id, i.entity_id, i.place_id, i.tender, i.currency
"""


def release(source_ids: Sequence[UUID], *, at: datetime) -> None:
    """Let go of everything these orders hold, in the caller's transaction; may be repeated. One wait.

    What is authorised gets a pending void, carried out by `perform_open` after the commit or by the job;
    what settled at once (cash, coupons) is given back, and posted against the shopper's deposit; what a
    partner has captured stays, and is refunded by `request`.
    """
    if not source_ids:
        return
    ids = kernel.ids_array(source_ids)
    kernel.run(_LOCK, [ids])
    kernel.run(_MARK, [at, ids])
    kernel.run(_VOID, [RELEASE_KEY, at, ids])
    back = kernel.run(_GIVE_BACK, [RELEASE_KEY, at, ids]).fetchall()
    books.post(
        [(Operation(row[0], RELEASE_KEY, "refund", row[1], "succeeded"), Belongs(*row[2:])) for row in back],
        at,
        against=ledger.CUSTOMER_DEPOSITS,
    )
