"""The writing of past returns: the owners' sets are made here and handed down."""

from __future__ import annotations

from storeline.aftersales.commands.load.judge import judge, unchanged
from storeline.aftersales.commands.load.staged import resolve
from storeline.aftersales.events import RECORDED
from storeline.aftersales.permissions import RECORD
from storeline.kernel.api import Actor, Event, LoadResult, new_id, publish, run, transaction
from storeline.ledger import api as ledger
from storeline.payments import api as payments
from storeline.stock import api as stock

_NEW = """
CREATE TEMP TABLE rtn_new ON COMMIT DROP AS
SELECT h.*, s.amount, s.tax, s.funded, s.total, s.total - s.funded AS refunded, s.refunds
FROM rtn_head h JOIN rtn_sum s ON s.ref = h.ref
WHERE h.known_id IS NULL AND NOT EXISTS (SELECT FROM rtn_bad b WHERE b.ref = h.ref)
"""
_RETURNS = """
INSERT INTO aftersales_return (id, ref, source, entity_id, place_id, order_id, original_reference, channel,
    customer_id, currency, tax_included, amount, tax, total, funded, refunded, reason, returned_at, business_date, digest)
SELECT id, ref, 'import', entity_id, place_id, order_id, original_reference, channel, customer_id, currency,
    tax_included, amount, tax, total, funded, refunded, reason, returned_at, business_date, ''
FROM rtn_new ORDER BY id
"""
_LINES = """
INSERT INTO aftersales_line (return_id, line_no, order_line, product_id, quantity, amount, funded, tax, tax_rate,
    restock, reason)
SELECT n.id, l.line_no, l.order_line, l.product_id, l.quantity, l.amount, l.funded, l.tax, l.tax_rate, l.restock, l.reason
FROM rtn_line l JOIN rtn_new n ON n.ref = l.ref ORDER BY n.id, l.line_no
"""
_MOVEMENTS = """
CREATE TEMP TABLE rec_movements ON COMMIT DROP AS
SELECT n.id AS source_id, l.line_no, 'return'::text AS kind, n.place_id, l.product_id, l.quantity,
    n.returned_at AS at, n.business_date
FROM rtn_line l JOIN rtn_new n ON n.ref = l.ref WHERE l.restock AND l.goods AND l.quantity > 0
"""
# Money that went out is a payment with a negative amount; where the file tells of none there was one, as for sales.
_INTENTS = """
CREATE TEMP TABLE rec_intents ON COMMIT DROP AS
SELECT kernel_source_id('payment', 'return:' || n.ref || ':' || r.seq, n.returned_at) AS id, n.id AS source_id,
    n.place_entity_id AS entity_id, n.place_id, r.tender, n.currency, -r.amount AS amount, r.reference,
    n.returned_at AS at, r.seq, n.business_date
FROM rtn_refund r JOIN rtn_new n ON n.ref = r.ref WHERE r.amount <> 0
UNION ALL
SELECT kernel_source_id('payment', 'return:' || n.ref || ':0', n.returned_at), n.id, n.place_entity_id, n.place_id,
    'unspecified', n.currency, -n.refunded, '', n.returned_at, 0, n.business_date
FROM rtn_new n WHERE n.refunds = 0 AND n.refunded <> 0
"""
_REFUNDS = """
INSERT INTO aftersales_refund (return_id, seq, tender, amount, payment_id, state, reference, settled_at)
SELECT source_id, seq, tender, -amount, id, 'settled', reference, at FROM pg_temp.rec_intents ORDER BY source_id, seq
"""
# The mirror of a sale, paid out at once. What another entity of the group sold goes through the group's account.
_POSTINGS = """
CREATE TEMP TABLE rec_postings ON COMMIT DROP AS
SELECT p.transaction_id, (row_number() OVER (PARTITION BY p.transaction_id ORDER BY p.part, p.seq))::int AS line_no,
    p.entity_id, p.place_id, p.account, p.currency, p.amount, p.business_date, p.at, 'return'::text AS kind,
    p.transaction_id AS source_id
FROM (
    SELECT n.id AS transaction_id, v.part, 0 AS seq, v.entity_id, v.place_id, v.account, n.currency, v.amount,
        n.business_date, n.returned_at AS at
    FROM rtn_new n CROSS JOIN LATERAL (VALUES
        (1, n.entity_id, n.books_place_id, %s, n.total - n.tax),
        (2, n.entity_id, n.books_place_id, %s, n.tax),
        (3, n.entity_id, n.books_place_id, %s, -n.funded),
        (4, n.entity_id, n.books_place_id, %s, CASE WHEN n.entity_id <> n.place_entity_id THEN -n.refunded ELSE 0 END),
        (5, n.place_entity_id, n.place_id, %s, CASE WHEN n.entity_id <> n.place_entity_id THEN n.refunded ELSE 0 END)
    ) AS v(part, entity_id, place_id, account, amount)
    UNION ALL
    SELECT i.source_id, 6, i.seq, i.entity_id, i.place_id, coalesce(t.account, %s), i.currency, i.amount,
        i.business_date, i.at
    FROM pg_temp.rec_intents i LEFT JOIN unnest(%s::text[], %s::text[]) AS t(tender, account) ON t.tender = i.tender
) p WHERE p.amount <> 0
"""
_SPAN = "SELECT min(business_date)::text, max(business_date)::text FROM pg_temp.rtn_new"
_MADE = ("rtn_new", "rec_movements", "rec_intents", "rec_postings")


def load_returns(*, actor: Actor) -> LoadResult:
    """Take in the staged returns with their lines and refunds, in one transaction; the counts are of returns.

    Returns that do not hold are refused whole, with reasons in ``in_error``; known ones are left as they are
    and refused where the file differs (`immutable`). The owners of stock, payments and books get their sets.
    Orders must be there before their returns.
    """
    actor.require(RECORD)
    with transaction():
        resolve()
        refused = judge()
        same = unchanged()
        inserted = _write()
        if inserted:
            since, until = run(_SPAN).fetchall()[0]
            publish([Event(RECORDED, new_id(), payload={"returns": inserted, "since": since, "until": until})])
    return LoadResult(inserted=inserted, unchanged=same, refused=refused)


def _write() -> int:
    for table in _MADE:
        run(f"DROP TABLE IF EXISTS pg_temp.{table}")
    run(_NEW)
    run("ANALYZE pg_temp.rtn_new")
    inserted = run(_RETURNS).rowcount
    if not inserted:
        return 0
    run(_LINES)
    run(_MOVEMENTS)
    stock.record_from_temp()
    run(_INTENTS)
    run(_REFUNDS)
    accounts = payments.tender_accounts()
    run(
        _POSTINGS,
        [
            ledger.SALES,
            ledger.TAX_PAYABLE,
            ledger.MANUFACTURER_RECEIVABLE,
            ledger.INTERCOMPANY,
            ledger.INTERCOMPANY,
            ledger.IMPORTED_TENDER,
            list(accounts),
            list(accounts.values()),
        ],
    )
    payments.record_from_temp()
    ledger.record_from_temp()
    return inserted
