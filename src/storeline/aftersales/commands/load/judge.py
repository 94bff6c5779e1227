"""Which staged returns cannot be taken, and why: each rule one statement, one row of ``in_error`` per finding."""

from __future__ import annotations

from storeline.kernel.api import refuse_documents, run, twice

# (file, column, reason, rows): `rows` selects (row, ref of the return)
_RULES = (
    ("returns", "ref", "duplicate", "SELECT row, ref FROM rtn_head WHERE copies > 1"),
    ("returns", "place", "unknown", "SELECT row, ref FROM rtn_head WHERE place_id IS NULL"),
    (
        "returns",
        "customer",
        "unknown",
        "SELECT row, ref FROM rtn_head WHERE customer_id IS NULL AND customer_ref IS NOT NULL AND NOT customer_erased",
    ),
    ("returns", "order", "unknown", "SELECT row, ref FROM rtn_head WHERE order_id IS NULL AND order_ref IS NOT NULL"),
    ("returns", "order", "not completed", "SELECT row, ref FROM rtn_head WHERE order_state <> 'completed'"),
    (
        "returns",
        "currency",
        "not the order's currency",
        "SELECT row, ref FROM rtn_head WHERE order_currency <> currency",
    ),
    (
        "returns",
        "tax_included",
        "not as in the order",
        "SELECT row, ref FROM rtn_head WHERE order_included <> tax_included",
    ),
    ("return_lines", "return", "unknown", "SELECT row, ref FROM rtn_line WHERE return_id IS NULL"),
    ("return_lines", "product", "unknown", "SELECT row, ref FROM rtn_line WHERE product_id IS NULL"),
    (
        "return_lines",
        "line",
        "duplicate",
        twice("rtn_line", "line_no"),
    ),
    (
        "return_lines",
        "order_line",
        "required",
        "SELECT row, ref FROM rtn_line WHERE order_id IS NOT NULL AND order_line IS NULL",
    ),
    (
        "return_lines",
        "order_line",
        "unknown",
        """SELECT l.row, l.ref FROM rtn_line l JOIN rtn_head h ON h.ref = l.ref
        WHERE l.order_line IS NOT NULL AND l.sold_product_id IS NULL
            AND (l.order_id IS NOT NULL OR h.order_ref IS NULL)""",
    ),
    (
        "return_lines",
        "product",
        "not the product of that line",
        "SELECT row, ref FROM rtn_line WHERE sold_product_id <> product_id",
    ),
    (
        "return_lines",
        "amount",
        "negative: returns are positive",
        "SELECT row, ref FROM rtn_line WHERE least(quantity, amount, funded) < 0",
    ),
    ("refunds", "return", "unknown", "SELECT row, ref FROM rtn_refund WHERE return_id IS NULL"),
    (
        "refunds",
        "seq",
        "duplicate",
        twice("rtn_refund", "seq"),
    ),
    (
        "refunds",
        "currency",
        "not the return's currency",
        "SELECT r.row, r.ref FROM rtn_refund r JOIN rtn_head h ON h.ref = r.ref WHERE r.currency <> h.currency",
    ),
    (
        "returns",
        "ref",
        "no lines",
        "SELECT h.row, h.ref FROM rtn_head h JOIN rtn_sum s USING (ref) WHERE s.lines IS NULL",
    ),
    (
        "returns",
        "total",
        "not what the lines come to",
        "SELECT h.row, h.ref FROM rtn_head h JOIN rtn_sum s USING (ref) WHERE h.stated_total <> s.total",
    ),
    (
        "returns",
        "total",
        "the refunds are not what the shopper gets back",
        """SELECT h.row, h.ref FROM rtn_head h JOIN rtn_sum s USING (ref)
        WHERE s.refunds > 0 AND s.refunded <> s.total - s.funded""",
    ),
)
# A known return must be what is there, row for row.
_CHANGED = """
WITH changed AS (
    SELECT h.ref FROM rtn_head h JOIN aftersales_return k ON k.id = h.known_id JOIN rtn_sum s ON s.ref = h.ref
    WHERE (k.source, k.order_id, k.original_reference, k.place_id, k.channel, k.customer_id, k.currency,
            k.tax_included, k.reason, k.returned_at, k.amount, k.tax, k.funded)
        IS DISTINCT FROM ('import', h.order_id, h.original_reference, h.place_id, h.channel, h.customer_id, h.currency,
            h.tax_included, h.reason, h.returned_at, s.amount, s.tax, s.funded)
        OR s.lines <> (SELECT count(*) FROM aftersales_line l WHERE l.return_id = k.id)
    UNION
    SELECT h.ref FROM rtn_head h JOIN rtn_line l ON l.ref = h.ref
    LEFT JOIN aftersales_line k ON k.return_id = h.known_id AND k.line_no = l.line_no
    WHERE h.known_id IS NOT NULL
        AND (k.order_line, k.product_id, k.quantity, k.amount, k.funded, k.tax, k.tax_rate, k.restock, k.reason)
        IS DISTINCT FROM
            (l.order_line, l.product_id, l.quantity, l.amount, l.funded, l.tax, l.tax_rate, l.restock, l.reason)
    UNION
    SELECT h.ref FROM rtn_head h JOIN rtn_sum s ON s.ref = h.ref
    LEFT JOIN (
        SELECT ref, array_agg(words ORDER BY words) AS all
        FROM (SELECT ref, (tender, amount, reference)::text AS words FROM rtn_refund WHERE amount <> 0) back GROUP BY ref
    ) r ON r.ref = h.ref
    LEFT JOIN (
        SELECT return_id, array_agg(words ORDER BY words) AS all
        FROM (SELECT return_id, (tender, amount, reference)::text AS words FROM aftersales_refund
            WHERE return_id IN (SELECT known_id FROM rtn_head)) back GROUP BY return_id
    ) k ON k.return_id = h.known_id
    WHERE h.known_id IS NOT NULL
        AND coalesce(r.all, CASE WHEN s.refunds = 0 AND s.total <> s.funded
            THEN ARRAY[('unspecified', s.total - s.funded, '')::text] END) IS DISTINCT FROM k.all
),
bad AS (INSERT INTO rtn_bad (ref) SELECT ref FROM changed ON CONFLICT DO NOTHING RETURNING ref)
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'returns', h.row, 'ref', 'immutable: a known return differs' FROM rtn_head h JOIN bad USING (ref)
"""

# What would come back of a sold line in all, return after return. Only the first that goes too far is refused at a
# time, since without it the next may fit.
_TOO_MUCH = """
WITH coming AS (
    SELECT l.row, l.ref, l.order_id, l.order_line, h.returned_at, l.quantity, l.amount, l.funded, l.tax
    FROM rtn_line l JOIN rtn_head h ON h.ref = l.ref
    WHERE l.order_id IS NOT NULL AND h.known_id IS NULL AND NOT EXISTS (SELECT FROM rtn_bad b WHERE b.ref = l.ref)
),
touched AS (SELECT DISTINCT order_id, order_line FROM coming),
before AS (
    SELECT t.order_id, t.order_line, sum(k.quantity)::bigint AS quantity, sum(k.amount)::bigint AS amount,
        sum(k.funded)::bigint AS funded, sum(k.tax)::bigint AS tax
    FROM touched t JOIN aftersales_return r ON r.order_id = t.order_id
    JOIN aftersales_line k ON k.return_id = r.id AND k.order_line = t.order_line
    GROUP BY t.order_id, t.order_line
),
taken AS (
    SELECT t.order_id, t.order_line, sum(a.quantity)::bigint AS quantity, sum(a.amount)::bigint AS amount,
        sum(a.funded)::bigint AS funded, sum(a.tax)::bigint AS tax
    FROM touched t JOIN orders_amendment a ON a.order_id = t.order_id AND a.line_no = t.order_line
    GROUP BY t.order_id, t.order_line
),
running AS (
    SELECT c.row, c.ref, c.order_id, c.order_line, c.returned_at,
        sum(c.quantity) OVER w + coalesce(b.quantity, 0) > s.quantity - coalesce(t.quantity, 0) AS quantity,
        sum(c.amount) OVER w + coalesce(b.amount, 0) > s.amount - coalesce(t.amount, 0) AS amount,
        sum(c.funded) OVER w + coalesce(b.funded, 0) > s.funded - coalesce(t.funded, 0) AS funded,
        sum(c.tax) OVER w + coalesce(b.tax, 0) > greatest(s.tax - coalesce(t.tax, 0), 0) AS tax
    FROM coming c
    JOIN orders_line s ON s.order_id = c.order_id AND s.line_no = c.order_line
    LEFT JOIN before b ON b.order_id = c.order_id AND b.order_line = c.order_line
    LEFT JOIN taken t ON t.order_id = c.order_id AND t.order_line = c.order_line
    WINDOW w AS (PARTITION BY c.order_id, c.order_line ORDER BY c.returned_at, c.row)
),
first AS (
    SELECT DISTINCT ON (order_id, order_line) row, ref,
        CASE WHEN quantity THEN 'quantity' WHEN amount THEN 'amount' WHEN funded THEN 'funded' ELSE 'tax' END AS col
    FROM running WHERE quantity OR amount OR funded OR tax
    ORDER BY order_id, order_line, returned_at, row
),
told AS (
    INSERT INTO pg_temp.in_error (file, row, col, reason)
    SELECT 'return_lines', row, col, 'more would come back than was sold' FROM first
)
INSERT INTO rtn_bad (ref) SELECT DISTINCT ref FROM first ON CONFLICT DO NOTHING
"""
_REFUSED = "SELECT count(*) FROM rtn_head WHERE ref IN (SELECT ref FROM rtn_bad)"
_KNOWN = "SELECT count(*) FROM rtn_head WHERE known_id IS NOT NULL AND ref NOT IN (SELECT ref FROM rtn_bad)"


def judge() -> int:
    """Put the returns that cannot be taken into ``rtn_bad``, with their reasons; how many staged rows they are."""
    refuse_documents("rtn_bad", _RULES)
    run(_CHANGED)
    while run(_TOO_MUCH).rowcount:
        pass
    return _count(_REFUSED)


def unchanged() -> int:
    """How many of the staged returns are there already, just so."""
    return _count(_KNOWN)


def _count(sql: str) -> int:
    row = run(sql).fetchone()
    return int(row[0]) if row else 0
