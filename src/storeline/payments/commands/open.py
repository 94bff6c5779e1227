"""Open the payments of orders, inside the orders' own transaction."""

from __future__ import annotations

from collections.abc import Sequence

from storeline.kernel import api as kernel
from storeline.payments.domain import AUTHORISE_KEY, SETTLE_KEY, IntentRow
from storeline.payments.providers import Tender, tender

_INTENTS = """
INSERT INTO payments_intent (id, source_id, entity_id, place_id, tender, provider, currency, amount,
 authorised, captured, voided, refunded, tendered, state, reference, token_hint, created_at, expires_at)
SELECT id, source_id, entity_id, place_id, tender, provider, currency, amount,
 settled, settled, 0, 0, tendered, CASE settled WHEN 0 THEN 'pending' ELSE 'captured' END, reference, hint, at, expires_at
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::bigint[],
 %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
AS i(id, source_id, entity_id, place_id, tender, provider, currency, amount,
 settled, tendered, reference, hint, at, expires_at)
"""
_OPERATIONS = """
INSERT INTO payments_operation (intent_id, key, kind, amount, state, provider_reference, error_code, at)
SELECT intent_id, kind, kind, amount, state, '', '', at
FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::text[], %s::timestamptz[]) AS o(intent_id, kind, amount, state, at)
"""


def open_intents(rows: Sequence[IntentRow]) -> None:
    """Write payments with their orders: two statements, queued in the caller's pipeline.

    Tenders that settle now are captured as they are written. The others are pending, each with its pending
    operation, so that the wish to pay is durable before any partner hears of it.
    """
    if not rows:
        return
    known = {row.tender: tender(row.tender) for row in rows}
    kernel.run(_INTENTS, _intent_columns(rows, known))
    now = [known[row.tender].settles == "now" for row in rows]
    kernel.run(
        _OPERATIONS,
        [
            kernel.ids_array(row.id for row in rows),
            kernel.texts_array(SETTLE_KEY if settled else AUTHORISE_KEY for settled in now),
            kernel.ints_array(row.amount if settled else row.authorise for row, settled in zip(rows, now, strict=True)),
            kernel.texts_array("succeeded" if settled else "pending" for settled in now),
            kernel.times_array(row.at for row in rows),
        ],
    )


def _intent_columns(rows: Sequence[IntentRow], known: dict[str, Tender]) -> list[object]:
    tenders = [known[row.tender] for row in rows]
    return [
        kernel.ids_array(row.id for row in rows),
        kernel.ids_array(row.source_id for row in rows),
        kernel.ids_array(row.entity_id for row in rows),
        kernel.ids_array(row.place_id for row in rows),
        kernel.texts_array(row.tender for row in rows),
        kernel.texts_array(one.provider_code for one in tenders),
        kernel.texts_array(row.currency for row in rows),
        kernel.ints_array(row.amount for row in rows),
        kernel.ints_array(row.amount if one.settles == "now" else 0 for row, one in zip(rows, tenders, strict=True)),
        kernel.ints_array(row.tendered for row in rows),
        kernel.texts_array(row.reference for row in rows),
        kernel.texts_array(
            one.provider.hint(row.token) if one.provider else "" for row, one in zip(rows, tenders, strict=True)
        ),
        kernel.times_array(row.at for row in rows),
        kernel.times_array(row.expires_at for row in rows),
    ]
