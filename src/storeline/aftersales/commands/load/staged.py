"""The tables that are handed down, and the same with references resolved.

`rtn_head`, `rtn_line` and `rtn_refund` are what will be written; `rtn_bad` collects the returns that will not, each
refused whole.
"""

from __future__ import annotations

from storeline.kernel.api import make_error_table, run

RETURNS_IN = (
    'row bigint, ref text, "order" text, original_reference text, place text, channel text, customer text, '
    "returned_at timestamptz, currency text, tax_included boolean, reason text, total bigint"
)
RETURN_LINES_IN = (
    'row bigint, "return" text, line int, order_line int, product text, quantity bigint, amount bigint, '
    "funded bigint, tax bigint, tax_rate int, restock boolean, reason text"
)
REFUNDS_IN = 'row bigint, "return" text, seq int, tender text, amount bigint, currency text, reference text'
"""Columns of ``pg_temp.in_returns``, ``in_return_lines`` and ``in_refunds``: refs are the retailer's own codes, amounts
minor units of the return's currency, quantities thousandths, rates millionths; empty cells are NULL."""

_HEADS = """
CREATE TEMP TABLE rtn_head ON COMMIT DROP AS
SELECT i.row, i.ref, kernel_source_id('return', i.ref, i.returned_at) AS id, known.id AS known_id,
    i."order" AS order_ref, o.id AS order_id, o.state AS order_state, o.currency AS order_currency,
    o.tax_included AS order_included, coalesce(o.entity_id, p.entity_id) AS entity_id, p.entity_id AS place_entity_id,
    p.id AS place_id, CASE WHEN o.entity_id <> p.entity_id THEN o.place_id ELSE p.id END AS books_place_id,
    i.original_reference, coalesce(i.channel, 'store') AS channel, i.customer AS customer_ref,
    CASE WHEN c.erased_at IS NULL THEN c.id END AS customer_id, c.erased_at IS NOT NULL AS customer_erased,
    i.currency, coalesce(i.tax_included, o.tax_included, e.inclusive) AS tax_included,
    coalesce(i.reason, '') AS reason, i.total AS stated_total, i.returned_at,
    (i.returned_at AT TIME ZONE p.zone)::date AS business_date, count(*) OVER (PARTITION BY i.ref) AS copies
FROM pg_temp.in_returns i
LEFT JOIN places_place p ON p.ref = i.place
LEFT JOIN places_entity e ON e.id = p.entity_id
LEFT JOIN customers_customer c ON c.ref = i.customer
LEFT JOIN orders_order o ON o.ref = i."order"
LEFT JOIN aftersales_return known ON known.ref = i.ref
"""
# A return that comes twice is refused; its parts belong to the first, so that they are not told twice.
_FIRST = """
CREATE TEMP TABLE rtn_first ON COMMIT DROP AS
SELECT DISTINCT ON (ref) ref, id, order_id FROM rtn_head ORDER BY ref, row
"""
_LINES = """
CREATE TEMP TABLE rtn_line ON COMMIT DROP AS
SELECT i.row, i."return" AS ref, h.id AS return_id, i.line AS line_no, i.order_line, h.order_id, p.id AS product_id,
    sold.product_id AS sold_product_id, i.quantity, i.amount, coalesce(i.funded, 0) AS funded,
    coalesce(i.tax, 0) AS tax, coalesce(i.tax_rate, 0) AS tax_rate, coalesce(i.restock, true) AS restock,
    coalesce(i.reason, '') AS reason,
    coalesce(sold.goods, p.service IS FALSE) AS goods
FROM pg_temp.in_return_lines i
LEFT JOIN rtn_first h ON h.ref = i."return"
LEFT JOIN catalog_product p ON p.ref = i.product
LEFT JOIN orders_line sold ON sold.order_id = h.order_id AND sold.line_no = i.order_line
"""
_REFUNDS = """
CREATE TEMP TABLE rtn_refund ON COMMIT DROP AS
SELECT i.row, i."return" AS ref, h.id AS return_id, i.seq, i.tender, i.amount, i.currency,
    coalesce(i.reference, '') AS reference
FROM pg_temp.in_refunds i LEFT JOIN rtn_first h ON h.ref = i."return"
"""
_SUMS = """
CREATE TEMP TABLE rtn_sum ON COMMIT DROP AS
SELECT h.ref, l.lines, l.amount, l.tax, l.funded, l.amount + CASE WHEN h.tax_included THEN 0 ELSE l.tax END AS total,
    coalesce(r.refunds, 0) AS refunds, r.refunded
FROM rtn_head h
LEFT JOIN (
    SELECT ref, count(*) AS lines, sum(amount)::bigint AS amount, sum(tax)::bigint AS tax, sum(funded)::bigint AS funded
    FROM rtn_line GROUP BY ref
) l ON l.ref = h.ref
LEFT JOIN (SELECT ref, count(*) AS refunds, sum(amount)::bigint AS refunded FROM rtn_refund GROUP BY ref) r
    ON r.ref = h.ref
"""
_BAD = "CREATE TEMP TABLE rtn_bad (ref text PRIMARY KEY) ON COMMIT DROP"
_TABLES = ("rtn_bad", "rtn_sum", "rtn_refund", "rtn_line", "rtn_first", "rtn_head")


def resolve() -> None:
    """Make the resolved tables from the staged ones; a file that was not handed down counts as empty."""
    for file, columns in (("returns", RETURNS_IN), ("return_lines", RETURN_LINES_IN), ("refunds", REFUNDS_IN)):
        run(f"CREATE TEMP TABLE IF NOT EXISTS in_{file} ({columns}) ON COMMIT DROP")
    make_error_table()
    for table in _TABLES:
        run(f"DROP TABLE IF EXISTS pg_temp.{table}")
    run(_BAD)
    for statement, table in (
        (_HEADS, "rtn_head"),
        (_FIRST, "rtn_first"),
        (_LINES, "rtn_line"),
        (_REFUNDS, "rtn_refund"),
        (_SUMS, "rtn_sum"),
    ):
        run(statement)
        run(f"ANALYZE pg_temp.{table}")
