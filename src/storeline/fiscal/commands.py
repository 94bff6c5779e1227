"""Issue receipts. Idempotent and for many at once: whoever comes second finds the receipt that is there."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from storeline.fiscal import locks
from storeline.fiscal.domain import Document, Kind, Numbered, Series, number_all
from storeline.fiscal.queries import Receipt, receipts_of
from storeline.kernel import api as kernel
from storeline.orders import api as orders

_ISSUED = "SELECT source_id, kind FROM fiscal_receipt WHERE source_id = ANY(%s::uuid[])"
_INSERT = """
INSERT INTO fiscal_receipt (source_id, kind, series_id, number, entity_id, place_id, business_date, at, issued_at,
 currency, total, tax_rates, taxable, taxes, hash)
SELECT r.source_id, r.kind, s.id, r.number, s.entity_id, s.place_id, r.business_date, r.at, %s,
 r.currency, r.total, r.tax_rates::bigint[], r.taxable::bigint[], r.taxes::bigint[], decode(r.hash, 'hex')
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::bigint[], %s::date[], %s::timestamptz[],
 %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
AS r(source_id, kind, series_id, number, business_date, at, currency, total, tax_rates, taxable, taxes, hash)
JOIN fiscal_series s ON s.id = r.series_id
"""
_MOVE = """
UPDATE fiscal_series s SET last_number = m.last_number, last_hash = m.last_hash
FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[]) AS m(id, last_number, last_hash) WHERE s.id = m.id
"""


def issue(order_ids: Sequence[UUID]) -> dict[UUID, Receipt]:
    """The receipts of these orders, issued now where they have none; an order that is not completed has none.

    A till's order is numbered in the till's own series, any other in its place's series of that channel.
    Call it after the order's commit. In a transaction that is open it joins that.
    """
    issue_orders(order_ids)
    return receipts_of(order_ids)


def issue_orders(order_ids: Sequence[UUID]) -> int:
    """Issue the receipts of these orders as `issue` does; how many are new."""
    documents = [
        Document(
            "sale",
            facts.order_id,
            facts.entity_id,
            facts.place_id,
            facts.till or facts.channel,
            facts.business_date,
            facts.at,
            facts.currency,
            facts.total,
            facts.taxes,
        )
        for facts in orders.receipt_facts(order_ids)
    ]
    return issue_documents(documents)


def issue_documents(documents: Sequence[Document]) -> int:
    """Give each document its receipt, once; how many are new. Three waits, whatever the number of documents.

    Only the series that are used are locked, in the order of their ids, and only for this.
    """
    if not documents:
        return 0
    with kernel.transaction():
        with kernel.pipeline():
            locked = locks.lock_series(documents)
            # Read after the locks, so that a receipt issued while we waited is seen.
            issued = kernel.later(_ISSUED, [kernel.ids_array(one.source_id for one in documents)], _pairs)
        numbered, moved = number_all(documents, locked.result(), issued.result())
        if numbered:
            with kernel.pipeline():
                _write(numbered, moved)
    return len(numbered)


def _pairs(rows: list[kernel.Row]) -> set[tuple[UUID, Kind]]:
    return {(row[0], row[1]) for row in rows}


def _write(numbered: Sequence[Numbered], moved: Sequence[Series]) -> None:
    documents = [one.document for one in numbered]
    kernel.run(
        _INSERT,
        [
            kernel.now(),
            kernel.ids_array(one.source_id for one in documents),
            kernel.texts_array(one.kind for one in documents),
            kernel.ids_array(one.series_id for one in numbered),
            kernel.ints_array(one.number for one in numbered),
            kernel.dates_array(one.business_date for one in documents),
            kernel.times_array(one.at for one in documents),
            kernel.texts_array(one.currency for one in documents),
            kernel.ints_array(one.total for one in documents),
            *(
                kernel.texts_array(kernel.ints_array(tax[part] for tax in one.taxes) for one in documents)
                for part in range(3)
            ),
            kernel.texts_array(one.hash.hex() for one in numbered),
        ],
    )
    kernel.run(
        _MOVE,
        [
            kernel.ids_array(one.id for one in moved),
            kernel.ints_array(one.last_number for one in moved),
            [one.last_hash for one in moved],
        ],
    )


_MISSING = """
SELECT o.id FROM orders_order o
WHERE o.state = 'completed' AND o.source <> 'import'
AND NOT EXISTS (SELECT FROM fiscal_receipt r WHERE r.source_id = o.id AND r.kind = 'sale')
ORDER BY o.id LIMIT %s
"""


def issue_missing(limit: int = 5000) -> int:
    """Issue receipts for orders completed here that have none, up to `limit`; repeat until it gives 0."""
    return issue_orders([row[0] for row in kernel.run(_MISSING, [limit]).fetchall()])


RECEIPTS_IN = """source_id uuid, kind text, series text, number text, entity_id uuid, place_id uuid, business_date date,
at timestamptz, issued_at timestamptz, currency text, total bigint, tax_rates bigint[], taxable bigint[], taxes bigint[]"""
"""Columns of ``pg_temp.rec_receipts``: `number` (and `series`, which may be null) are text as they came."""

_RECORD = """
INSERT INTO fiscal_receipt (source_id, kind, imported_series, imported_number, entity_id, place_id, business_date, at,
 issued_at, currency, total, tax_rates, taxable, taxes)
SELECT source_id, kind, series, number, entity_id, place_id, business_date, at, coalesce(issued_at, at), currency, total,
 coalesce(tax_rates, '{}'), coalesce(taxable, '{}'), coalesce(taxes, '{}') FROM pg_temp.rec_receipts
ON CONFLICT (source_id, kind) DO NOTHING
"""


def record_from_temp() -> int:
    """Take in the rows of ``pg_temp.rec_receipts``, outside every series of ours; how many were new."""
    return kernel.run(_RECORD).rowcount
