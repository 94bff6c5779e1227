"""What must hold of orders."""

from __future__ import annotations

from storeline.kernel.api import SHOWN, CheckResult, check, run

_LINES = """
WITH sums AS (
    SELECT order_id, sum(amount)::bigint AS amount, sum(tax)::bigint AS tax, sum(funded)::bigint AS funded
    FROM orders_line GROUP BY order_id
)
SELECT o.id, o.amount, o.tax, o.funded, s.amount, s.tax, s.funded
FROM orders_order o FULL JOIN sums s ON s.order_id = o.id
WHERE (o.amount, o.tax, o.funded) IS DISTINCT FROM (s.amount, s.tax, s.funded)
"""
_DISCOUNTS = """
WITH sums AS (
    SELECT order_id, line_no, coalesce(sum(amount) FILTER (WHERE funder = 'retailer'), 0)::bigint AS own,
        coalesce(sum(amount) FILTER (WHERE funder <> 'retailer'), 0)::bigint AS others
    FROM orders_discount GROUP BY order_id, line_no
)
SELECT l.order_id, l.line_no FROM orders_line l FULL JOIN sums s USING (order_id, line_no)
WHERE (l.discount, l.funded) IS DISTINCT FROM (coalesce(s.own, 0), coalesce(s.others, 0))
"""
# What the shopper's payments must come to: everything for a completed order, less what was taken off it (and given
# back before the hand-over, where it had been paid: not to be confused with what returns gave back);
# for a cancelled one, nothing that is not given back, or owed (`payments.owed` is about that).
_PAYMENTS = """
WITH taken AS (
    SELECT a.order_id, sum(a.amount + CASE WHEN o.tax_included THEN 0 ELSE a.tax END - a.funded)::bigint AS payable
    FROM orders_amendment a JOIN orders_order o ON o.id = a.order_id GROUP BY a.order_id
),
paid AS (
    SELECT source_id, sum(captured)::bigint AS captured, sum(refunded)::bigint AS refunded FROM payments_intent
    GROUP BY source_id
),
back AS (
    SELECT i.source_id, sum(p.amount)::bigint AS amount FROM payments_operation p JOIN payments_intent i ON i.id = p.intent_id
    WHERE p.kind = 'refund' AND p.state = 'succeeded' AND p.key LIKE 'refund:%%' GROUP BY i.source_id
),
owed AS (
    SELECT i.source_id, sum(p.amount)::bigint AS amount FROM payments_operation p JOIN payments_intent i ON i.id = p.intent_id
    WHERE p.kind = 'refund' AND p.state <> 'succeeded' GROUP BY i.source_id
)
SELECT o.id, o.state, o.payable - coalesce(t.payable, 0), coalesce(p.captured, 0) - coalesce(b.amount, 0)
FROM orders_order o LEFT JOIN taken t ON t.order_id = o.id LEFT JOIN paid p ON p.source_id = o.id
LEFT JOIN back b ON b.source_id = o.id LEFT JOIN owed w ON w.source_id = o.id
WHERE (o.state = 'completed' AND coalesce(p.captured, 0) - coalesce(b.amount, 0) <> o.payable - coalesce(t.payable, 0))
    OR (o.state = 'cancelled' AND o.source <> 'import'
        AND coalesce(p.captured, 0) <> coalesce(p.refunded, 0) + coalesce(w.amount, 0))
"""
_POSTINGS = """
WITH posted AS (
    SELECT source_id, -sum(amount)::bigint AS earned FROM ledger_posting
    WHERE kind = 'sale' AND account IN ('sales', 'tax_payable') GROUP BY source_id
),
taken AS (
    SELECT a.order_id, sum(a.amount + CASE WHEN o.tax_included THEN 0 ELSE a.tax END)::bigint AS total
    FROM orders_amendment a JOIN orders_order o ON o.id = a.order_id GROUP BY a.order_id
)
SELECT o.id, o.total - coalesce(t.total, 0), coalesce(p.earned, 0)
FROM orders_order o LEFT JOIN posted p ON p.source_id = o.id LEFT JOIN taken t ON t.order_id = o.id
WHERE coalesce(p.earned, 0) <> CASE o.state WHEN 'completed' THEN o.total - coalesce(t.total, 0) ELSE 0 END
"""
_HELD = """
SELECT r.source_id, r.line_no, coalesce(o.state, 'gone') FROM stock_reservation r
JOIN orders_order o ON o.id = r.source_id
WHERE r.state = 'held' AND o.state NOT IN ('pending', 'confirmed')
"""
_BOOKED = """
SELECT b.source_id, o.state FROM capacity_booking b JOIN orders_order o ON o.id = b.source_id
WHERE b.state = 'held' AND o.state NOT IN ('pending', 'confirmed')
"""
_MOVED = """
WITH moved AS (
    SELECT source_id, -sum(quantity)::bigint AS quantity FROM stock_movement WHERE kind = 'sale' GROUP BY source_id
),
sold AS (
    SELECT l.order_id, (sum(l.quantity) - coalesce(sum(a.quantity), 0))::bigint AS quantity
    FROM orders_line l JOIN orders_order o ON o.id = l.order_id
    LEFT JOIN (SELECT order_id, line_no, sum(quantity) AS quantity FROM orders_amendment GROUP BY 1, 2) a
        USING (order_id, line_no)
    WHERE l.goods AND o.state = 'completed' AND o.source <> 'import' GROUP BY l.order_id
)
SELECT coalesce(s.order_id, m.source_id), coalesce(s.quantity, 0), coalesce(m.quantity, 0)
FROM sold s FULL JOIN moved m ON m.source_id = s.order_id
WHERE coalesce(s.quantity, 0) <> coalesce(m.quantity, 0)
    AND NOT EXISTS (SELECT FROM orders_order o WHERE o.id = m.source_id AND o.source = 'import')
"""
_SUBSTITUTES = """
SELECT s.order_id, s.line_no FROM orders_substitute s
LEFT JOIN orders_line l ON l.order_id = s.order_id AND l.line_no = s.line_no
LEFT JOIN LATERAL (
    SELECT sum(a.amount - a.funded) AS price FROM orders_amendment a
    WHERE a.order_id = s.order_id AND a.line_no = s.replaces AND a.kind = 'substituted'
) a ON true
LEFT JOIN LATERAL (
    SELECT sum(n.amount - n.funded) AS price FROM orders_substitute t JOIN orders_line n USING (order_id, line_no)
    WHERE t.order_id = s.order_id AND t.replaces = s.replaces
) n ON true
WHERE l.order_id IS NULL OR n.price > coalesce(a.price, -1)
"""
# What is held for a line is held where the line says that its goods stand; an offer's hold is of no line yet.
_PLACES = """
SELECT r.source_id, r.line_no, r.place_id, coalesce(l.from_place_id, o.served_by_id) FROM stock_reservation r
JOIN orders_order o ON o.id = r.source_id JOIN orders_line l ON l.order_id = r.source_id AND l.line_no = r.line_no
WHERE r.state = 'held' AND (r.place_id, r.product_id) <> (coalesce(l.from_place_id, o.served_by_id), l.product_id)
"""
_MOVES = """
WITH off AS (
    SELECT order_id, line_no, sum(quantity) AS quantity, sum(amount) AS amount, sum(funded) AS funded, sum(tax) AS tax
    FROM orders_amendment WHERE kind = 'moved' GROUP BY order_id, line_no
),
came AS (
    SELECT order_id, continues AS line_no, sum(quantity) AS quantity, sum(amount) AS amount, sum(funded) AS funded,
        sum(tax) AS tax
    FROM orders_line WHERE continues IS NOT NULL GROUP BY order_id, continues
)
SELECT coalesce(o.order_id, c.order_id), coalesce(o.line_no, c.line_no), coalesce(o.amount, 0), coalesce(c.amount, 0)
FROM off o FULL JOIN came c ON c.order_id = o.order_id AND c.line_no = o.line_no
WHERE (o.quantity, o.amount, o.funded, o.tax) IS DISTINCT FROM (c.quantity, c.amount, c.funded, c.tax)
"""
_DESTINATIONS = """
SELECT o.id, CASE WHEN d.order_id IS NULL THEN 'names no address' ELSE 'names another fee, or a way that it does not go' END
FROM orders_order o LEFT JOIN orders_destination d ON d.order_id = o.id
LEFT JOIN orders_line l ON l.order_id = o.id AND l.line_no = d.fee_line
WHERE o.source <> 'import' AND (
    d.order_id IS NULL AND o.method IN ('deliver', 'ship')
    OR d.order_id IS NOT NULL AND (o.method IN ('deliver', 'ship')) <> (d.place_id IS NULL)
    OR d.fee_line IS NOT NULL AND (l.order_id IS NULL OR l.goods)
)
"""
_REFERENCES = """
SELECT 'order ' || o.id || ' names a place or customer that is not there' FROM orders_order o
LEFT JOIN places_place p ON p.id = o.place_id LEFT JOIN places_place s ON s.id = o.served_by_id
LEFT JOIN places_entity e ON e.id = o.entity_id LEFT JOIN customers_customer c ON c.id = o.customer_id
WHERE p.id IS NULL OR s.id IS NULL OR e.id IS NULL OR (o.customer_id IS NOT NULL AND c.id IS NULL)
UNION ALL
SELECT 'order ' || d.order_id || ' waits at a place that is not there' FROM orders_destination d
LEFT JOIN places_place p ON p.id = d.place_id WHERE d.place_id IS NOT NULL AND p.id IS NULL
UNION ALL
SELECT 'a line of order ' || l.order_id || ' names a product that is not there' FROM orders_line l
LEFT JOIN catalog_product p ON p.id = l.product_id WHERE p.id IS NULL
"""


def _count(table: str) -> int:
    row = run(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def _result(table: str, sql: str, words: str) -> CheckResult:
    rows = run(sql).fetchall()
    return CheckResult(_count(table), tuple(words.format(*row) for row in rows[:SHOWN]), len(rows))


@check("orders.lines", "every order's amounts are the sums of its lines")
def lines() -> CheckResult:
    return _result("orders_order", _LINES, "order {0} says {1}, {2}, {3}; its lines come to {4}, {5}, {6}")


@check("orders.discounts", "every line's discount and funded part are the sums of its discounts")
def discounts() -> CheckResult:
    return _result("orders_line", _DISCOUNTS, "order {0} line {1}: its discounts do not sum to it")


@check("orders.payments", "what completed orders cost was paid, what cancelled ones cost given back or owed")
def payments() -> CheckResult:
    return _result("orders_order", _PAYMENTS, "order {0} is {1}: {2} payable, {3} captured")


@check("orders.postings", "every completed order is in the books as a sale, and no other")
def postings() -> CheckResult:
    return _result("orders_order", _POSTINGS, "order {0} is worth {1}, the books earned {2}")


@check("orders.reservations", "no reservation outlives its order")
def reservations() -> CheckResult:
    return _result("stock_reservation", _HELD, "order {0} line {1} still holds stock but is {2}")


@check("orders.slots", "no slot outlives its order")
def slots() -> CheckResult:
    return _result("capacity_booking", _BOOKED, "order {0} still holds a slot but is {1}")


@check("orders.movements", "what live orders sold is what left the stock")
def movements() -> CheckResult:
    return _result("orders_line", _MOVED, "order {0} sold {1}, {2} left the stock")


@check("orders.substitutes", "no substitute costs its shopper more than what it replaces")
def substitutes() -> CheckResult:
    return _result("orders_substitute", _SUBSTITUTES, "order {0} line {1}: a substitute dearer than what was missing")


@check("orders.places", "what is held for a line is held where its goods stand")
def places() -> CheckResult:
    return _result(
        "stock_reservation WHERE state = 'held'", _PLACES, "order {0} line {1} holds goods at {2}, they come from {3}"
    )


@check("orders.moves", "what moves off a line is what the lines that continue it came to, to the cent")
def moves() -> CheckResult:
    return _result("orders_amendment WHERE kind = 'moved'", _MOVES, "order {0} line {1}: {2} moved off, {3} came")


@check("orders.destinations", "what is brought has an address, and its fee is a line of the order")
def destinations() -> CheckResult:
    return _result("orders_destination", _DESTINATIONS, "order {0} {1}")


@check("orders.references", "every id that an order names is there")
def references() -> CheckResult:
    return _result("orders_line", _REFERENCES, "{0}")
