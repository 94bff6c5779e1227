"""The tables that are handed down, and the same with references resolved.

References are resolved by hash joins over whole sets. An order that comes twice is refused, and its parts
belong to the first, so that nothing is told twice. `rec_order`, `rec_line` and `rec_discount` are what
will be written; `rec_bad` collects the orders that will not, each refused whole.
"""

from __future__ import annotations

from storeline.kernel.api import run

ORDERS_IN = (
    "row bigint, ref text, place text, served_by text, channel text, till text, method text, customer text, "
    "ordered_at timestamptz, completed_at timestamptz, currency text, status text, reason text, tax_included boolean, "
    "total bigint"
)
ORDER_LINES_IN = (
    'row bigint, "order" text, line int, product text, quantity bigint, amount bigint, gross bigint, tax bigint, '
    "tax_rate int"
)
LINE_DISCOUNTS_IN = (
    'row bigint, "order" text, line int, seq int, kind text, funder text, amount bigint, promotion text, '
    "coupon text, label text"
)
PAYMENTS_IN = 'row bigint, "order" text, seq int, tender text, amount bigint, currency text, reference text'
"""Columns of ``pg_temp.in_orders``, ``in_order_lines``, ``in_line_discounts`` and ``in_payments``: refs are the
retailer's own codes, amounts minor units of the order's currency, quantities thousandths, rates millionths;
empty cells are NULL."""

_ORDERS = """
CREATE TEMP TABLE rec_order ON COMMIT DROP AS
SELECT i.row, i.ref, kernel_source_id('order', i.ref, i.ordered_at) AS id, known.id AS known_id,
    known.source AS known_source, p.id AS place_id, p.entity_id, CASE WHEN i.served_by IS NULL THEN p.id ELSE s.id END AS served_by_id,
    coalesce(i.channel, 'store') AS channel, i.till, coalesce(i.method, 'carry_out') AS method,
    CASE WHEN c.erased_at IS NULL THEN c.id END AS customer_id, c.erased_at IS NOT NULL AS customer_erased,
    i.currency, coalesce(i.tax_included, e.inclusive) AS tax_included, coalesce(i.status, 'completed') AS status,
    i.reason, CASE WHEN i.status IS DISTINCT FROM 'cancelled' THEN coalesce(i.completed_at, i.ordered_at) END
    AS completed_at, i.ordered_at AS placed_at, (i.ordered_at AT TIME ZONE p.zone)::date AS business_date, i.total AS stated_total,
    i.place AS place_ref, i.served_by AS served_by_ref, i.customer AS customer_ref,
    count(*) OVER (PARTITION BY i.ref) AS copies, row_number() OVER (PARTITION BY i.ref ORDER BY i.row) AS nth
FROM pg_temp.in_orders i
LEFT JOIN places_place p ON p.ref = i.place
LEFT JOIN places_entity e ON e.id = p.entity_id
LEFT JOIN places_place s ON s.ref = i.served_by
LEFT JOIN customers_customer c ON c.ref = i.customer
LEFT JOIN orders_order known ON known.ref = i.ref
"""
_DISCOUNTS = """
CREATE TEMP TABLE rec_discount ON COMMIT DROP AS
SELECT i.row, i."order" AS ref, i.line AS line_no, i.seq, i.kind, coalesce(i.funder, 'retailer') AS funder, i.amount,
    coalesce(p.id, c.id) AS source_id, coalesce(i.label, '') AS label,
    (i.promotion IS NOT NULL AND p.id IS NULL) AS no_promotion, (i.coupon IS NOT NULL AND c.id IS NULL) AS no_coupon
FROM pg_temp.in_line_discounts i
LEFT JOIN pricing_promotion p ON p.ref = i.promotion
LEFT JOIN loyalty_coupon c ON c.ref = i.coupon
"""
_LINES = """
CREATE TEMP TABLE rec_line ON COMMIT DROP AS
SELECT i.row, i."order" AS ref, o.id AS order_id, i.line AS line_no, p.id AS product_id, i.quantity, i.amount,
    coalesce(d.retailer, 0) AS discount, coalesce(i.gross, i.amount + coalesce(d.retailer, 0)) AS gross,
    coalesce(d.others, 0) AS funded, coalesce(i.tax, 0) AS tax, coalesce(i.tax_rate, 0) AS tax_rate,
    p.service IS FALSE AS goods
FROM pg_temp.in_order_lines i
LEFT JOIN rec_order o ON o.ref = i."order" AND o.nth = 1
LEFT JOIN catalog_product p ON p.ref = i.product
LEFT JOIN (
    SELECT ref, line_no, (sum(amount) FILTER (WHERE funder = 'retailer'))::bigint AS retailer,
        (sum(amount) FILTER (WHERE funder <> 'retailer'))::bigint AS others
    FROM rec_discount GROUP BY ref, line_no
) d ON d.ref = i."order" AND d.line_no = i.line
"""
_SUMS = """
CREATE TEMP TABLE rec_sum ON COMMIT DROP AS
SELECT o.ref, o.id, o.tax_included, l.amount, l.tax, l.funded, l.lines,
    l.amount + CASE WHEN o.tax_included THEN 0 ELSE l.tax END AS total, p.paid, p.payments
FROM rec_order o
LEFT JOIN (
    SELECT ref, sum(amount)::bigint AS amount, sum(tax)::bigint AS tax, sum(funded)::bigint AS funded, count(*) AS lines
    FROM rec_line GROUP BY ref
) l ON l.ref = o.ref
LEFT JOIN (
    SELECT "order" AS ref, sum(amount)::bigint AS paid, count(*) AS payments FROM pg_temp.in_payments GROUP BY 1
) p ON p.ref = o.ref
WHERE o.nth = 1
"""
_BAD = "CREATE TEMP TABLE rec_bad (ref text PRIMARY KEY) ON COMMIT DROP"
_TABLES = ("rec_bad", "rec_sum", "rec_line", "rec_discount", "rec_order")


def resolve() -> None:
    """Make the resolved tables from the staged ones."""
    for table in _TABLES:
        run(f"DROP TABLE IF EXISTS pg_temp.{table}")
    run(_BAD)
    for statement, table in (
        (_ORDERS, "rec_order"),
        (_DISCOUNTS, "rec_discount"),
        (_LINES, "rec_line"),
        (_SUMS, "rec_sum"),
    ):
        run(statement)
        run(f"ANALYZE pg_temp.{table}")
