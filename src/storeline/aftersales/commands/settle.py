"""Take note of what became of refunds that a partner had to be asked for."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from storeline.aftersales.events import REFUND_FAILED, REFUNDED
from storeline.kernel.api import Event, Row, ids_array, now, publish, run, transaction

_CHANGED = """
WITH settled AS ({update} RETURNING r.return_id, r.seq, r.tender, r.amount, r.state)
SELECT s.*, b.place_id, b.entity_id, b.currency FROM settled s JOIN aftersales_return b ON b.id = s.return_id
ORDER BY s.return_id, s.seq
"""
# The payment's operation is the truth; a refund follows it once, however often this is called.
_SETTLE = _CHANGED.format(
    update="""
    UPDATE aftersales_refund r
    SET state = CASE o.state WHEN 'succeeded' THEN 'settled' ELSE 'failed' END,
        settled_at = CASE o.state WHEN 'succeeded' THEN %s::timestamptz END,
        reference = o.provider_reference
    FROM payments_operation o
    WHERE r.return_id = ANY(%s::uuid[]) AND r.state = 'pending' AND o.intent_id = r.payment_id
        AND o.key = 'return:' || r.return_id AND o.state IN ('succeeded', 'failed')
"""
)
# What the partner refused and a till paid out is a refund by that till's tender.
_REPAID = _CHANGED.format(
    update="""
    UPDATE aftersales_refund r
    SET state = 'settled', settled_at = p.at, tender = i.tender, payment_id = i.id, reference = i.reference
    FROM payments_repayment p JOIN payments_intent i ON i.id = p.paid_by
    WHERE r.return_id = ANY(%s::uuid[]) AND r.state <> 'settled' AND p.intent_id = r.payment_id
        AND p.key = 'return:' || r.return_id
"""
)


def settle(return_ids: Collection[UUID]) -> int:
    """Bring refunds of these returns to what their payments say; how many changes there were. May be repeated."""
    if not return_ids:
        return 0
    with transaction():
        changed = run(_SETTLE, [now(), ids_array(return_ids)]).fetchall()
        changed += run(_REPAID, [ids_array(return_ids)]).fetchall()
        publish([_event(row) for row in changed])
    return len(changed)


def _event(row: Row) -> Event:
    return_id, seq, tender, amount, state, place_id, entity_id, currency = row
    return Event(
        REFUNDED if state == "settled" else REFUND_FAILED,
        return_id,
        place_id,
        entity_id,
        {"return": str(return_id), "seq": seq, "tender": tender, "amount": amount, "currency": currency},
    )
