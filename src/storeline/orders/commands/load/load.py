"""The writing of past orders: the owners' sets are made here and handed down."""

from __future__ import annotations

from storeline.kernel.api import Actor, Event, LoadResult, new_id, publish, run, transaction
from storeline.ledger import api as ledger
from storeline.orders.commands.load.judge import judge, unchanged
from storeline.orders.commands.load.staged import resolve
from storeline.orders.permissions import RECORD
from storeline.payments import api as payments
from storeline.stock import api as stock

_NEW = """
CREATE TEMP TABLE rec_new ON COMMIT DROP AS
SELECT o.*, s.amount, s.tax, s.funded, s.total, s.payments
FROM rec_order o JOIN rec_sum s ON s.ref = o.ref
WHERE o.known_id IS NULL AND NOT EXISTS (SELECT FROM rec_bad b WHERE b.ref = o.ref)
"""
_ORDERS = """
INSERT INTO orders_order (id, ref, source, entity_id, place_id, served_by_id, channel, till, customer_id, method,
    currency, tax_included, amount, tax, total, funded, payable, state, reason, placed_at, business_date, completed_at,
    body_hash)
SELECT id, ref, 'import', entity_id, place_id, served_by_id, channel, till, customer_id, method, currency,
    tax_included, amount, tax, total, funded, total - funded, status, reason, placed_at, business_date, completed_at,
    ''
FROM rec_new ORDER BY id
"""
_LINES = """
INSERT INTO orders_line (order_id, line_no, product_id, quantity, gross, discount, amount, funded, tax, tax_rate, goods)
SELECT n.id, l.line_no, l.product_id, l.quantity, l.gross, l.discount, l.amount, l.funded, l.tax, l.tax_rate, l.goods
FROM rec_line l JOIN rec_new n ON n.ref = l.ref ORDER BY n.id, l.line_no
"""
_DISCOUNTS = """
INSERT INTO orders_discount (order_id, line_no, seq, kind, funder, amount, source_id, label)
SELECT n.id, d.line_no, d.seq, d.kind, d.funder, d.amount, d.source_id, d.label
FROM rec_discount d JOIN rec_new n ON n.ref = d.ref ORDER BY n.id, d.line_no, d.seq
"""
_MOVEMENTS = """
CREATE TEMP TABLE rec_movements ON COMMIT DROP AS
SELECT n.id AS source_id, l.line_no, 'sale'::text AS kind, n.served_by_id AS place_id, l.product_id,
    -l.quantity AS quantity, n.placed_at AS at, n.business_date
FROM rec_line l JOIN rec_new n ON n.ref = l.ref
WHERE l.goods AND l.quantity > 0 AND n.status = 'completed'
"""
_INTENTS = """
CREATE TEMP TABLE rec_intents ON COMMIT DROP AS
SELECT kernel_source_id('payment', n.ref || ':' || i.seq, n.placed_at) AS id, n.id AS source_id, n.entity_id,
    n.place_id, i.tender, n.currency, i.amount, i.reference, n.placed_at AS at, n.business_date, i.seq
FROM pg_temp.in_payments i JOIN rec_new n ON n.ref = i."order"
UNION ALL
SELECT kernel_source_id('payment', n.ref || ':0', n.placed_at), n.id, n.entity_id, n.place_id, 'unspecified',
    n.currency, n.total - n.funded, NULL, n.placed_at, n.business_date, 0
FROM rec_new n WHERE n.payments IS NULL AND n.status = 'completed'
"""
# One sale a transaction: what was handed over by tender, what a maker owes, what was earned, what is owed in tax.
_POSTINGS = """
CREATE TEMP TABLE rec_postings ON COMMIT DROP AS
SELECT n.id AS transaction_id,
    (row_number() OVER (PARTITION BY n.id ORDER BY p.part, p.seq))::int AS line_no, n.entity_id, n.place_id,
    p.account, n.currency, p.amount, n.business_date, n.placed_at AS at, 'sale'::text AS kind, n.id AS source_id
FROM rec_new n CROSS JOIN LATERAL (
    VALUES (2, 0, %s, n.funded), (3, 0, %s, n.tax - n.total), (4, 0, %s, -n.tax)
) AS p(part, seq, account, amount)
WHERE p.amount <> 0 AND n.status = 'completed'
UNION ALL
SELECT i.source_id, (-i.seq - 1)::int, i.entity_id, i.place_id, coalesce(t.account, %s), i.currency, i.amount,
    i.business_date, i.at, 'sale', i.source_id
FROM pg_temp.rec_intents i
LEFT JOIN unnest(%s::text[], %s::text[]) AS t(tender, account) ON t.tender = i.tender
WHERE i.amount <> 0
"""
_SPAN = "SELECT min(business_date)::text, max(business_date)::text FROM pg_temp.rec_new"
_MADE = ("rec_new", "rec_movements", "rec_intents", "rec_postings")


def load_orders(*, actor: Actor) -> LoadResult:
    """Take in the staged orders with their lines, discounts and payments, in one transaction.

    Orders that do not hold are refused whole, with reasons in ``in_error``; known ones are left as they are
    and refused where the file differs (`immutable`). The owners of stock, payments and books get their sets.
    """
    actor.require(RECORD)
    with transaction():
        resolve()
        refused = judge()
        same = unchanged()
        inserted = _write()
        if inserted:
            since, until = run(_SPAN).fetchall()[0]
            publish([Event("orders.recorded", new_id(), payload={"orders": inserted, "since": since, "until": until})])
    return LoadResult(inserted=inserted, unchanged=same, refused=refused)


def _write() -> int:
    for table in _MADE:
        run(f"DROP TABLE IF EXISTS pg_temp.{table}")
    run(_NEW)
    run("ANALYZE pg_temp.rec_new")
    inserted = run(_ORDERS).rowcount
    if not inserted:
        return 0
    run(_LINES)
    run(_DISCOUNTS)
    run(_INTENTS)
    accounts = payments.tender_accounts()
    run(
        _POSTINGS,
        [
            ledger.MANUFACTURER_RECEIVABLE,
            ledger.SALES,
            ledger.TAX_PAYABLE,
            ledger.IMPORTED_TENDER,
            list(accounts),
            list(accounts.values()),
        ],
    )
    payments.record_from_temp()
    ledger.record_from_temp()
    run(_MOVEMENTS)
    stock.record_from_temp()  # last: whoever loads beside this one waits for its turn no longer than need be
    return inserted
