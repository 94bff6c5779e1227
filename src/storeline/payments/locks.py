"""Every lock of payments: intents, in the order of their ids; an intent's operations change under its lock."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from storeline.kernel import api as kernel
from storeline.payments.domain import Sums

_LOCK = """
SELECT id, source_id, entity_id, place_id, tender, currency, provider, state, authorised, captured, voided, refunded FROM payments_intent
WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE
"""


def lock_intents(ids: Iterable[UUID]) -> kernel.Pending[dict[UUID, Sums]]:
    """Lock these intents until the transaction ends; an id that is absent from the answer is unknown."""
    return kernel.later(_LOCK, [kernel.ids_array(set(ids))], lambda rows: {row[0]: Sums(*row) for row in rows})
