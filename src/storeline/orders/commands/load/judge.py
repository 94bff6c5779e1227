"""Which staged orders cannot be taken, and why: each rule one statement, one row of ``in_error`` per finding."""

from __future__ import annotations

from storeline.kernel.api import refuse_documents, run, twice

# (file, column, reason, rows): `rows` selects (row, ref of the order)
_RULES = (
    ("orders", "ref", "duplicate", "SELECT row, ref FROM rec_order WHERE copies > 1"),
    ("orders", "place", "unknown", "SELECT row, ref FROM rec_order WHERE place_id IS NULL"),
    (
        "orders",
        "served_by",
        "unknown",
        "SELECT row, ref FROM rec_order WHERE served_by_id IS NULL AND place_id IS NOT NULL",
    ),
    (
        "orders",
        "customer",
        "unknown",
        "SELECT row, ref FROM rec_order WHERE customer_id IS NULL AND customer_ref IS NOT NULL AND NOT customer_erased",
    ),
    ("order_lines", "order", "unknown", "SELECT row, ref FROM rec_line WHERE order_id IS NULL"),
    ("order_lines", "product", "unknown", "SELECT row, ref FROM rec_line WHERE product_id IS NULL"),
    (
        "order_lines",
        "line",
        "duplicate",
        twice("rec_line", "line_no"),
    ),
    (
        "order_lines",
        "gross",
        "gross is not amount plus the retailer's discounts",
        "SELECT row, ref FROM rec_line WHERE gross <> amount + discount",
    ),
    (
        "order_lines",
        "amount",
        "negative: use returns",
        "SELECT row, ref FROM rec_line WHERE least(quantity, gross, amount) < 0",
    ),
    (
        "line_discounts",
        "order",
        "unknown",
        """SELECT d.row, d.ref FROM rec_discount d
        WHERE NOT EXISTS (SELECT FROM rec_line l WHERE l.ref = d.ref AND l.line_no = d.line_no)""",
    ),
    ("line_discounts", "promotion", "unknown", "SELECT row, ref FROM rec_discount WHERE no_promotion"),
    ("line_discounts", "coupon", "unknown", "SELECT row, ref FROM rec_discount WHERE no_coupon"),
    (
        "line_discounts",
        "seq",
        "duplicate",
        twice("rec_discount", "line_no", "seq"),
    ),
    (
        "payments",
        "order",
        "unknown",
        """SELECT i.row, i."order" AS ref FROM pg_temp.in_payments i
        WHERE NOT EXISTS (SELECT FROM rec_order o WHERE o.ref = i."order")""",
    ),
    (
        "payments",
        "seq",
        "duplicate",
        twice("pg_temp.in_payments", "seq", ref='"order"'),
    ),
    (
        "payments",
        "currency",
        "not the order's currency",
        """SELECT i.row, o.ref FROM pg_temp.in_payments i JOIN rec_order o ON o.ref = i."order"
        WHERE o.nth = 1 AND i.currency <> o.currency""",
    ),
    (
        "orders",
        "ref",
        "no lines",
        "SELECT row, ref FROM rec_order o JOIN rec_sum s USING (ref) WHERE nth = 1 AND s.lines IS NULL",
    ),
    (
        "orders",
        "total",
        "not what the lines come to",
        "SELECT row, ref FROM rec_order o JOIN rec_sum s USING (ref) WHERE nth = 1 AND o.stated_total <> s.total",
    ),
    (
        "orders",
        "total",
        "the payments are not what the shopper had to pay",
        """SELECT row, ref FROM rec_order o JOIN rec_sum s USING (ref) WHERE nth = 1 AND s.payments > 0
        AND s.paid <> CASE o.status WHEN 'cancelled' THEN 0 ELSE s.total - s.funded END""",
    ),
)
# A known order must be what is there, row for row; amounts of the past never change. What was sold here and not
# imported may say more than a file does of its discounts and payments.
_CHANGED = """
INSERT INTO rec_bad (ref)
SELECT ref FROM (
    SELECT o.ref FROM rec_order o JOIN orders_order k ON k.id = o.known_id JOIN rec_sum s ON s.ref = o.ref
    WHERE (k.place_id, k.served_by_id, k.channel, k.till, k.method, k.customer_id, k.currency, k.tax_included,
            k.placed_at, k.completed_at, k.state, k.reason, k.amount, k.tax, k.funded)
        IS DISTINCT FROM (o.place_id, o.served_by_id, o.channel, o.till, o.method, o.customer_id, o.currency,
            o.tax_included, o.placed_at, o.completed_at, o.status, o.reason, s.amount, s.tax, s.funded)
    UNION
    SELECT o.ref FROM rec_order o JOIN rec_line l ON l.ref = o.ref
    LEFT JOIN orders_line k ON k.order_id = o.known_id AND k.line_no = l.line_no
    WHERE o.known_id IS NOT NULL AND (k.product_id, k.quantity, k.gross, k.discount, k.amount, k.funded, k.tax, k.tax_rate)
        IS DISTINCT FROM (l.product_id, l.quantity, l.gross, l.discount, l.amount, l.funded, l.tax, l.tax_rate)
    UNION
    SELECT o.ref FROM rec_order o JOIN rec_sum s ON s.ref = o.ref
    WHERE o.known_id IS NOT NULL AND s.lines <> (SELECT count(*) FROM orders_line k WHERE k.order_id = o.known_id)
    UNION
    SELECT o.ref FROM rec_order o
    LEFT JOIN (
        SELECT ref, array_agg((line_no, seq, kind, funder, amount, source_id, label)::text ORDER BY line_no, seq) AS all
        FROM rec_discount GROUP BY ref
    ) d ON d.ref = o.ref
    LEFT JOIN (
        SELECT order_id, array_agg((line_no, seq, kind, funder, amount, source_id, label)::text ORDER BY line_no, seq) AS all
        FROM orders_discount WHERE order_id IN (SELECT known_id FROM rec_order) GROUP BY order_id
    ) k ON k.order_id = o.known_id
    WHERE o.known_source = 'import' AND d.all IS DISTINCT FROM k.all
    UNION
    SELECT o.ref FROM rec_order o JOIN rec_sum s ON s.ref = o.ref
    LEFT JOIN (
        SELECT ref, array_agg(words ORDER BY words) AS all
        FROM (SELECT "order" AS ref, (tender, amount, coalesce(reference, ''))::text AS words
            FROM pg_temp.in_payments WHERE amount <> 0) paid GROUP BY ref
    ) p ON p.ref = o.ref
    LEFT JOIN (
        SELECT source_id, array_agg(words ORDER BY words) AS all
        FROM (SELECT source_id, (tender, captured, reference)::text AS words FROM payments_intent
            WHERE source_id IN (SELECT known_id FROM rec_order)) paid GROUP BY source_id
    ) k ON k.source_id = o.known_id
    WHERE o.known_source = 'import' AND o.status = 'completed'
        AND coalesce(p.all, CASE WHEN s.payments IS NULL AND s.total <> s.funded
            THEN ARRAY[('unspecified', s.total - s.funded, '')::text] END) IS DISTINCT FROM k.all
) changed ON CONFLICT DO NOTHING RETURNING ref
"""
_TELL_CHANGED = """
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'orders', row, 'ref', 'immutable: a known order differs' FROM rec_order WHERE ref = ANY(%s::text[])
"""
_KNOWN = "SELECT count(*) FROM rec_order WHERE known_id IS NOT NULL AND ref NOT IN (SELECT ref FROM rec_bad)"


def judge() -> int:
    """Put the orders that cannot be taken into ``rec_bad``, with their reasons; how many there are."""
    refuse_documents("rec_bad", _RULES)
    if run("SELECT FROM rec_order WHERE known_id IS NOT NULL LIMIT 1").fetchone() is not None:
        run(_TELL_CHANGED, [[row[0] for row in run(_CHANGED).fetchall()]])
    row = run("SELECT count(*) FROM rec_bad b WHERE EXISTS (SELECT FROM rec_order o WHERE o.ref = b.ref)").fetchone()
    return int(row[0]) if row else 0


def unchanged() -> int:
    """How many of the staged orders are there already, just so."""
    row = run(_KNOWN).fetchone()
    return int(row[0]) if row else 0
