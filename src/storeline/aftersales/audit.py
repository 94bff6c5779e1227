"""What must hold of returns."""

from __future__ import annotations

from datetime import timedelta

from storeline.kernel.api import SHOWN, CheckResult, check, now, run

_SUMS = """
SELECT r.id, r.refunded, l.lines, r.amount - l.amount, r.tax - l.tax, r.funded - l.funded,
    r.refunded - coalesce(f.amount, 0)
FROM aftersales_return r
LEFT JOIN (
    SELECT return_id, count(*) AS lines, sum(amount) AS amount, sum(tax) AS tax, sum(funded) AS funded
    FROM aftersales_line GROUP BY return_id
) l ON l.return_id = r.id
LEFT JOIN (SELECT return_id, sum(amount) AS amount FROM aftersales_refund GROUP BY return_id) f ON f.return_id = r.id
WHERE l.lines IS NULL OR (r.amount, r.tax, r.funded, r.refunded) <> (l.amount, l.tax, l.funded, coalesce(f.amount, 0))
ORDER BY r.id
"""
_SOLD = """
SELECT back.order_id, back.order_line
FROM (
    SELECT r.order_id, l.order_line, sum(l.quantity) AS quantity, sum(l.amount) AS amount, sum(l.funded) AS funded,
        sum(l.tax) AS tax
    FROM aftersales_return r JOIN aftersales_line l ON l.return_id = r.id
    WHERE r.order_id IS NOT NULL GROUP BY r.order_id, l.order_line
) back
LEFT JOIN orders_line s ON s.order_id = back.order_id AND s.line_no = back.order_line
LEFT JOIN LATERAL (
    SELECT coalesce(sum(quantity), 0) AS quantity, coalesce(sum(amount), 0) AS amount,
        coalesce(sum(funded), 0) AS funded, coalesce(sum(tax), 0) AS tax
    FROM orders_amendment a WHERE a.order_id = back.order_id AND a.line_no = back.order_line
) a ON true
WHERE s.order_id IS NULL OR back.quantity > s.quantity - a.quantity OR back.amount > s.amount - a.amount
    OR back.funded > s.funded - a.funded OR back.tax > greatest(s.tax - a.tax, 0)
ORDER BY back.order_id, back.order_line
"""
_GOODS = """
SELECT coalesce(l.return_id, m.source_id), coalesce(l.line_no, m.line_no), l.quantity, m.quantity
FROM (
    SELECT l.return_id, l.line_no, l.quantity, r.place_id, l.product_id
    FROM aftersales_line l JOIN aftersales_return r ON r.id = l.return_id
    JOIN catalog_product p ON p.id = l.product_id
    LEFT JOIN orders_line s ON s.order_id = r.order_id AND s.line_no = l.order_line
    WHERE l.restock AND l.quantity > 0 AND coalesce(s.goods, NOT p.service)
) l
FULL JOIN (
    SELECT source_id, line_no, place_id, product_id, quantity FROM stock_movement WHERE kind = 'return'
) m ON m.source_id = l.return_id AND m.line_no = l.line_no
WHERE (l.quantity, l.place_id, l.product_id) IS DISTINCT FROM (m.quantity, m.place_id, m.product_id)
ORDER BY 1, 2
"""
_BOOKS = """
SELECT r.id, r.total - r.tax, coalesce(p.sales, 0), r.tax, coalesce(p.tax, 0)
FROM aftersales_return r
LEFT JOIN (
    SELECT transaction_id, sum(amount) FILTER (WHERE account = 'sales') AS sales,
        sum(amount) FILTER (WHERE account = 'tax_payable') AS tax
    FROM ledger_posting WHERE kind = 'return' GROUP BY transaction_id
) p ON p.transaction_id = r.id
WHERE (r.total - r.tax, r.tax) <> (coalesce(p.sales, 0), coalesce(p.tax, 0))
ORDER BY r.id
"""
_REFUNDS = """
SELECT r.return_id, r.seq, r.state, o.state
FROM aftersales_refund r
LEFT JOIN payments_operation o ON o.intent_id = r.payment_id
    AND (o.key = 'return:' || r.return_id AND o.kind = 'refund' AND o.amount = r.amount
        OR o.key = 'settle' AND o.amount = -r.amount AND NOT EXISTS (
            SELECT FROM payments_operation x WHERE x.intent_id = r.payment_id AND x.key = 'return:' || r.return_id))
WHERE o.intent_id IS NULL OR (r.state = 'settled') <> (o.state = 'succeeded')
ORDER BY r.return_id, r.seq
"""

# What its consumer has not read yet is no difference: the receipt follows the event at the latest.
_RECEIPTS = """
SELECT r.id, -r.total, f.total FROM aftersales_return r
LEFT JOIN fiscal_receipt f ON f.source_id = r.id AND f.kind = 'return'
WHERE r.source <> 'import' AND f.total IS DISTINCT FROM -r.total AND (f.source_id IS NOT NULL OR NOT EXISTS (
    SELECT FROM kernel_event e LEFT JOIN kernel_checkpoint c ON c.name = 'fiscal.return_receipts'
    WHERE e.type = 'aftersales.returned' AND e.subject_id = r.id
        AND (e.xid, e.id) > (coalesce(c.xid, '0'::xid8), coalesce(c.event_id, 0))))
ORDER BY r.id
"""

# A request is closed with its return; neither is there without the other.
_REQUESTS = """
SELECT q.code, q.return_id FROM aftersales_request q
LEFT JOIN aftersales_return r ON r.id = q.return_id AND r.order_id = q.order_id
WHERE q.state = 'accepted' AND r.id IS NULL ORDER BY q.code
"""

# What was sold or sent in just now is told by the job within a minute, and what the event's consumer has not read yet by it.
_RECALLS = """
SELECT o.id, r.lot FROM stock_recall r
JOIN stock_lot_move m ON m.product_id = r.product_id AND m.lot = r.lot AND m.kind = 'sale'
JOIN orders_order o ON o.id = m.source_id
LEFT JOIN aftersales_recall_notice n ON n.recall_id = r.id AND n.order_id = o.id
WHERE r.state = 'open' AND n.order_id IS NULL
    AND NOT EXISTS (SELECT FROM kernel_event e WHERE e.subject_id = o.id AND e.at > %s)
    AND NOT EXISTS (
        SELECT FROM kernel_event e LEFT JOIN kernel_checkpoint c ON c.name = 'aftersales.recalls'
        WHERE e.type = 'stock.recall_started' AND e.subject_id = r.id
            AND (e.xid, e.id) > (coalesce(c.xid, '0'::xid8), coalesce(c.event_id, 0))
    )
ORDER BY o.id
"""
_JUST_NOW = timedelta(minutes=5)


def _found(sql: str, words: str, counted: str, *params: object) -> CheckResult:
    rows = run(sql, params).fetchall()
    total = run(f"SELECT count(*) FROM {counted}").fetchone()
    return CheckResult(total[0] if total else 0, tuple(words.format(*row) for row in rows[:SHOWN]), len(rows))


@check("aftersales.sums", "every return equals its lines and its refunds")
def sums() -> CheckResult:
    """Head against lines and refunds."""
    words = "return {0} gives back {1}: off by {3} in amount, {4} in tax, {5} in funded, {6} in refunds"
    return _found(_SUMS, words, "aftersales_return")


@check("aftersales.sold", "no more came back of a sold line than was sold")
def sold() -> CheckResult:
    """Σ returned ≤ sold, in quantity, amount, funded and tax."""
    return _found(_SOLD, "order {0}, line {1}: more came back than was sold", "aftersales_line")


@check("aftersales.goods", "what came back on sale is in stock, and nothing else as a return")
def goods() -> CheckResult:
    """Lines put back on sale against movements."""
    return _found(_GOODS, "return {0}, line {1}: {2} came back, {3} moved", "aftersales_line")


@check("aftersales.books", "every return is the mirror of a sale in the books")
def books() -> CheckResult:
    """Returns against postings."""
    return _found(_BOOKS, "return {0}: {1} of sales but {2} posted, {3} of tax but {4} posted", "aftersales_return")


@check("aftersales.refunds", "every refund is one of its payment, in the same state")
def refunds() -> CheckResult:
    """Refunds against payments' operations."""
    return _found(_REFUNDS, "refund {1} of return {0} is {2}, its payment's operation {3}", "aftersales_refund")


@check("aftersales.receipts", "every return made here has one receipt, over what it was worth")
def receipts() -> CheckResult:
    """Returns against fiscal's receipts."""
    return _found(
        _RECEIPTS, "return {0} is worth {1}, its receipt says {2}", "aftersales_return WHERE source <> 'import'"
    )


@check("aftersales.requests", "every request that was accepted became a return of its order")
def requests() -> CheckResult:
    """Requests against returns."""
    return _found(_REQUESTS, "request {0} was accepted, but there is no return {1} of its order", "aftersales_request")


@check("aftersales.recalls", "whoever bought of a lot that is recalled was told, or cannot be")
def recalls() -> CheckResult:
    """Orders that got some of a recalled lot against notices."""
    words = "order {0} got some of the recalled lot {1}: nobody was told"
    return _found(_RECALLS, words, "aftersales_recall_notice", now() - _JUST_NOW)
