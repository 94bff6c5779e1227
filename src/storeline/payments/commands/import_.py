"""Take in payments of imported history: they happened, so nobody is asked and nothing is guarded but the sums."""

from __future__ import annotations

from storeline.kernel import api as kernel
from storeline.payments import errors

INTENTS_IN = """id uuid, source_id uuid, entity_id uuid, place_id uuid, tender text, currency text, amount bigint,
reference text, at timestamptz"""
"""Columns of ``pg_temp.rec_intents``: `amount` signed, any text as `tender`, zero amounts are left out."""
REFUNDS_IN = "intent_id uuid, key text, amount bigint, at timestamptz"
"""Columns of ``pg_temp.rec_refunds``: refunds to imported payments; the key names the refund within its payment."""

_INTENTS = """
INSERT INTO payments_intent (id, source_id, entity_id, place_id, tender, provider, currency, amount,
 authorised, captured, voided, refunded, state, reference, token_hint, created_at)
SELECT id, source_id, entity_id, place_id, tender, 'imported', currency, amount,
 amount, amount, 0, 0, 'captured', coalesce(reference, ''), '', at
FROM pg_temp.rec_intents WHERE amount <> 0
ON CONFLICT (id) DO NOTHING
"""
_OPERATIONS = """
INSERT INTO payments_operation (intent_id, key, kind, amount, state, provider_reference, error_code, at)
SELECT id, 'settle', 'settle', amount, 'succeeded', '', '', at FROM pg_temp.rec_intents WHERE amount <> 0
ON CONFLICT (intent_id, key) DO NOTHING
"""
_TOO_MUCH = """
SELECT r.intent_id FROM pg_temp.rec_refunds r
LEFT JOIN payments_operation o ON o.intent_id = r.intent_id AND o.key = r.key
LEFT JOIN payments_intent i ON i.id = r.intent_id
WHERE o.intent_id IS NULL
GROUP BY r.intent_id, i.id, i.captured, i.refunded
HAVING i.id IS NULL OR sum(r.amount) > i.captured - i.refunded OR min(r.amount) <= 0
ORDER BY r.intent_id LIMIT 1
"""
_REFUNDS = """
WITH new AS (
 INSERT INTO payments_operation (intent_id, key, kind, amount, state, provider_reference, error_code, at)
 SELECT intent_id, key, 'refund', amount, 'succeeded', 'imported', '', at FROM pg_temp.rec_refunds
 ON CONFLICT (intent_id, key) DO NOTHING RETURNING intent_id, amount
), sums AS (SELECT intent_id, sum(amount)::bigint AS amount FROM new GROUP BY intent_id)
UPDATE payments_intent i SET refunded = i.refunded + s.amount FROM sums s WHERE i.id = s.intent_id
"""


def record_from_temp() -> int:
    """Take in the rows of ``pg_temp.rec_intents`` as settled payments; how many were new. A repeat changes nothing."""
    new = kernel.run(_INTENTS).rowcount
    kernel.run(_OPERATIONS)
    return new


def record_refunds_from_temp() -> int:
    """Take in ``pg_temp.rec_refunds``; how many payments were touched. A repeat changes nothing.

    The whole set is refused (PaymentRefused) when any payment in it is unknown or would give back more than it took.
    """
    if row := kernel.run(_TOO_MUCH).fetchone():
        raise errors.PaymentRefused(f"Payment {row[0]} is unknown or would be refunded beyond what it took.")
    return kernel.run(_REFUNDS).rowcount
