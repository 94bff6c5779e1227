"""What must hold of orders that wait for their shopper."""

from __future__ import annotations

from storeline.kernel.api import SHOWN, CheckResult, check, run

# What its consumer has not read yet is no difference: the task follows the event.
_UNREAD = """
SELECT e.subject_id FROM kernel_event e
LEFT JOIN kernel_checkpoint c ON c.name = 'fulfilment.tasks'
WHERE e.type IN ('orders.confirmed', 'orders.cancelled') AND (e.xid, e.id) > (coalesce(c.xid, '0'::xid8), coalesce(c.event_id, 0))
"""
_TASKS = f"""
SELECT coalesce(t.order_id, o.id), coalesce(t.state, 'not there'), coalesce(o.state, 'not there')
FROM fulfilment_task t FULL JOIN (
    SELECT id, state, served_by_id, method FROM orders_order WHERE method <> 'carry_out' AND source <> 'import'
) o ON o.id = t.order_id
WHERE (
    t.order_id IS NULL AND o.state IN ('confirmed', 'completed')
    OR t.order_id IS NOT NULL AND (
        o.id IS NULL OR t.place_id <> o.served_by_id OR t.method <> o.method
        OR (t.state = 'handed_over') <> (o.state = 'completed')
        OR (t.state = 'cancelled') <> (o.state = 'cancelled')
    )
) AND NOT EXISTS (SELECT FROM ({_UNREAD}) unread WHERE unread.subject_id = coalesce(t.order_id, o.id))
ORDER BY 1
"""
_LINES = """
SELECT coalesce(l.order_id, p.order_id), coalesce(l.line_no, p.line_no), l.quantity, p.ordered, p.picked, l.kept
FROM (
    SELECT l.order_id, l.line_no, l.product_id, l.quantity,
        l.quantity - coalesce((
            SELECT sum(a.quantity) FROM orders_amendment a WHERE a.order_id = l.order_id AND a.line_no = l.line_no
        ), 0) AS kept, t.state
    FROM fulfilment_task t JOIN orders_line l ON l.order_id = t.order_id AND l.goods
) l
FULL JOIN fulfilment_task_line p ON p.order_id = l.order_id AND p.line_no = l.line_no
WHERE (l.product_id, l.quantity) IS DISTINCT FROM (p.product_id, p.ordered)
    OR l.state IN ('ready', 'handed_over') AND p.picked IS DISTINCT FROM l.kept
ORDER BY 1, 2
"""
_MONEY = """
SELECT t.order_id, t.owed, coalesce(i.captured, 0)
FROM fulfilment_task t
LEFT JOIN (
    SELECT i.source_id, sum(i.captured - coalesce(o.back, 0)) AS captured
    FROM payments_intent i
    LEFT JOIN (
        SELECT intent_id, sum(amount) AS back FROM payments_operation
        WHERE kind = 'refund' AND state = 'succeeded' AND key LIKE 'refund:%%' GROUP BY intent_id
    ) o ON o.intent_id = i.id
    GROUP BY i.source_id
) i ON i.source_id = t.order_id
WHERE t.state IN ('ready', 'handed_over') AND t.owed <> coalesce(i.captured, 0)
ORDER BY t.order_id
"""
# Of one missing unit there is one offer at a time; an open one holds its goods, an accepted one is its order's line.
_OFFERS = """
SELECT o.order_id, o.line_no, o.state FROM fulfilment_offer o
LEFT JOIN orders_substitute s ON s.order_id = o.order_id AND s.line_no = o.line_no
LEFT JOIN stock_reservation r ON r.source_id = o.order_id AND r.line_no = o.line_no
WHERE (o.state = 'accepted') <> (s.replaces IS NOT NULL) OR s.replaces <> o.replaces
    OR o.state IN ('declined', 'expired', 'withdrawn') AND r.state = 'held'
UNION ALL
SELECT l.order_id, l.line_no, 'offered beyond what is missing' FROM fulfilment_task_line l
JOIN (
    SELECT order_id, replaces, sum(missing) AS missing FROM fulfilment_offer
    WHERE state IN ('offered', 'accepted') GROUP BY order_id, replaces
) o ON o.order_id = l.order_id AND o.replaces = l.line_no
WHERE o.missing + coalesce(l.picked, 0) > l.ordered
ORDER BY 1, 2
"""
_RESERVED = """
SELECT r.source_id, r.line_no, o.state, t.state
FROM stock_reservation r JOIN orders_order o ON o.id = r.source_id
LEFT JOIN fulfilment_task t ON t.order_id = o.id
WHERE r.state = 'held' AND (o.state IN ('completed', 'cancelled') OR t.state IN ('handed_over', 'cancelled'))
ORDER BY r.source_id, r.line_no
"""


# A supply asks its place for what the order holds there; sent, it is a transfer of the same goods. None outlives its order.
_SUPPLIES = f"""
WITH goods AS (
    SELECT supply_id, product_id, sum(ordered)::bigint AS ordered, sum(arrived)::bigint AS arrived, sum(gone)::bigint AS gone
    FROM fulfilment_supply_line GROUP BY supply_id, product_id
)
SELECT s.id, s.order_id, 'is ' || s.state || ', the order ' || coalesce(o.state, 'not there') || ', its task '
    || coalesce(t.state, 'not there')
FROM fulfilment_supply s LEFT JOIN orders_order o ON o.id = s.order_id LEFT JOIN fulfilment_task t ON t.order_id = s.order_id
WHERE s.state IN ('to_pick', 'sent') AND (t.state IN ('to_pick', 'picking')) IS NOT TRUE
    AND NOT EXISTS (SELECT FROM ({_UNREAD}) unread WHERE unread.subject_id = s.order_id)
UNION ALL
SELECT s.id, s.order_id, 'asks for more of line ' || l.line_no || ' than the order still wants from there'
FROM fulfilment_supply s JOIN fulfilment_supply_line l ON l.supply_id = s.id
LEFT JOIN orders_line o ON o.order_id = s.order_id AND o.line_no = l.line_no
LEFT JOIN stock_reservation r ON r.source_id = s.order_id AND r.line_no = l.line_no AND r.state = 'held'
WHERE o.order_id IS NULL OR o.product_id <> l.product_id
    OR s.state = 'to_pick' AND (o.from_place_id IS DISTINCT FROM s.place_id OR r.quantity IS DISTINCT FROM l.ordered)
    OR s.state = 'sent' AND (o.from_place_id IS NOT NULL OR coalesce(r.quantity, 0) <> l.arrived)
UNION ALL
SELECT s.id, s.order_id, 'is there after its order is due' FROM fulfilment_supply s
JOIN fulfilment_task t ON t.order_id = s.order_id AND t.state IN ('to_pick', 'picking')
WHERE s.state IN ('to_pick', 'sent') AND s.due_at > t.due_at
UNION ALL
SELECT s.id, s.order_id, 'is not what its transfer is'
FROM fulfilment_supply s LEFT JOIN stock_transfer x ON x.id = s.id
LEFT JOIN goods g ON g.supply_id = s.id
LEFT JOIN stock_transfer_line l ON l.transfer_id = s.id AND l.product_id = g.product_id
WHERE (s.sent_at IS NULL) <> (x.id IS NULL)
    OR x.id IS NOT NULL AND (
        (x.from_place_id, x.to_place_id) <> (s.place_id, s.to_place_id) OR l.shipped IS DISTINCT FROM g.ordered
        OR s.state IN ('sent', 'received') AND (
            (s.state = 'received') <> (x.state = 'received')
            OR (l.received - l.found, l.lost + l.damaged) IS DISTINCT FROM (g.arrived, g.gone)
        )
    )
ORDER BY 1, 3
"""
_REJECTIONS = """
SELECT coalesce(r.id, t.order_id), coalesce(r.order_id, t.order_id), CASE WHEN r.id IS NULL
    THEN 'line ' || t.line_no || ' says that other quantities moved, or are not there' ELSE 'corrected stock otherwise' END
FROM (
    SELECT r.id, r.order_id FROM fulfilment_rejection r LEFT JOIN stock_adjustment a
        ON a.source_id = r.id AND a.place_id = r.place_id AND a.product_id = r.product_id
    WHERE r.corrected <> coalesce(-a.quantity, 0)
) r FULL JOIN (
    SELECT t.order_id, t.line_no FROM fulfilment_task_line t FULL JOIN (
        SELECT order_id, line_no, sum(moved) AS moved, sum(quantity - moved) AS rejected FROM fulfilment_rejection
        GROUP BY order_id, line_no
    ) r ON r.order_id = t.order_id AND r.line_no = t.line_no
    WHERE (t.moved, t.rejected) IS DISTINCT FROM (coalesce(r.moved, 0), coalesce(r.rejected, 0))
) t ON false
ORDER BY 1
"""
_SHIPMENTS = """
SELECT coalesce(t.order_id, s.order_id), coalesce(t.state, 'not there'), s.order_id IS NOT NULL
FROM (SELECT order_id, state FROM fulfilment_task WHERE method = 'ship') t
FULL JOIN fulfilment_shipment s ON s.order_id = t.order_id
WHERE (t.state = 'handed_over') IS DISTINCT FROM (s.order_id IS NOT NULL)
ORDER BY 1
"""
# An order that a manager cancelled while a van is out with it is out until the driver says that it goes back.
_DROPS = """
SELECT d.order_id, d.state, r.state, t.state FROM fulfilment_drop d JOIN fulfilment_run r ON r.id = d.run_id
LEFT JOIN fulfilment_task t ON t.order_id = d.order_id
LEFT JOIN fulfilment_proof p ON p.subject_id = d.order_id AND p.kind = 'shopper'
WHERE t.order_id IS NULL OR (d.state = 'loaded') <> (r.state = 'loading')
    OR d.state = 'out' AND (r.state <> 'out' OR t.state NOT IN ('ready', 'cancelled'))
    OR d.state = 'given' AND (t.state <> 'handed_over' OR p.id IS NULL)
UNION ALL
SELECT r.id, 'without a proof', r.state, '' FROM fulfilment_run r
LEFT JOIN fulfilment_proof p ON p.subject_id = r.id AND p.kind = 'van'
WHERE r.state <> 'loading' AND p.id IS NULL
ORDER BY 1
"""


_PARCELS = """
SELECT p.id, p.state, coalesce(o.state, 'not there'), coalesce(t.state, 'not there') FROM fulfilment_parcel p
LEFT JOIN orders_order o ON o.id = p.order_id LEFT JOIN fulfilment_task t ON t.order_id = p.order_id
WHERE p.order_id IS NOT NULL AND (
    o.id IS NULL OR t.order_id IS NULL OR (p.state = 'handed_over') <> (o.state = 'completed')
    OR p.state IN ('announced', 'arrived') AND t.state <> 'ready' OR p.state = 'returned' AND o.state <> 'cancelled'
)
UNION ALL
SELECT p.id, 'handed over without its code', '', '' FROM fulfilment_parcel p
LEFT JOIN fulfilment_proof f ON f.subject_id = p.id WHERE p.state = 'handed_over' AND f.id IS NULL
UNION ALL
SELECT d.order_id, 'not announced', o.state, t.state FROM orders_destination d JOIN orders_order o ON o.id = d.order_id
JOIN fulfilment_task t ON t.order_id = d.order_id LEFT JOIN fulfilment_parcel p ON p.order_id = d.order_id
WHERE d.place_id IS NOT NULL AND p.id IS NULL AND t.state IN ('ready', 'handed_over')
ORDER BY 1
"""


def _found(sql: str, words: str, counted: str) -> CheckResult:
    rows = run(sql).fetchall()
    total = run(f"SELECT count(*) FROM {counted}").fetchone()
    return CheckResult(total[0] if total else 0, tuple(words.format(*row) for row in rows[:SHOWN]), len(rows))


@check("fulfilment.tasks", "every order to be collected has its task, and no task outlives its order")
def tasks() -> CheckResult:
    """Tasks against orders, both ways."""
    return _found(_TASKS, "order {0}: the task is {1}, the order {2}", "fulfilment_task")


@check("fulfilment.lines", "what is ready was picked line by line, and the rest taken off the order")
def lines() -> CheckResult:
    """Lines to pick against the order's."""
    words = "order {0}, line {1}: {2} ordered, {3} on the task, {4} picked, {5} kept"
    return _found(_LINES, words, "fulfilment_task_line")


@check("fulfilment.money", "what is ready or handed over was paid, to the cent")
def money() -> CheckResult:
    """What the picked goods come to against what the payments brought in."""
    return _found(_MONEY, "order {0}: {1} owed, {2} taken", "fulfilment_task WHERE state IN ('ready', 'handed_over')")


@check(
    "fulfilment.offers", "what was offered instead holds its goods while it is open, and is a line once it is accepted"
)
def offers() -> CheckResult:
    """Offers against the order's lines, what is held and what is missing."""
    return _found(_OFFERS, "order {0}, line {1}: the offer is {2}", "fulfilment_offer")


@check("fulfilment.reservations", "nothing is held for orders that are completed or cancelled")
def reservations() -> CheckResult:
    """Held reservations against orders and tasks."""
    return _found(
        _RESERVED, "order {0}, line {1}: still held, but the order is {2}", "stock_reservation WHERE state = 'held'"
    )


@check("fulfilment.drops", "what vans took over and gave is shown by a proof, and is where its turn is")
def drops() -> CheckResult:
    """Orders in vans against the turns, the tasks and the proofs."""
    return _found(_DROPS, "{0} is {1}, its turn {2}, its task {3}", "fulfilment_drop")


@check("fulfilment.parcels", "a parcel of our own stands as its order does, and each was handed over against its code")
def parcels() -> CheckResult:
    """Parcels against orders, tasks and proofs."""
    return _found(_PARCELS, "parcel {0} is {1}, its order {2}, its task {3}", "fulfilment_parcel")


@check(
    "fulfilment.supplies", "what other places send for an order is held there for it, then a transfer, and ends with it"
)
def supplies() -> CheckResult:
    """Supplies against orders, what is held and transfers."""
    return _found(_SUPPLIES, "supply {0} of order {1} {2}", "fulfilment_supply")


@check("fulfilment.rejections", "what was rejected left the books of its place, and is short or a line of its own")
def rejections() -> CheckResult:
    """Rejections against corrections of stock and lines to pick."""
    return _found(_REJECTIONS, "rejection {0} of order {1}: {2}", "fulfilment_rejection")


@check("fulfilment.shipments", "what went to a carrier has its tracking number, and nothing else has one")
def shipments() -> CheckResult:
    """Parcels against tasks."""
    return _found(_SHIPMENTS, "order {0}: the task is {1}, a tracking number is there: {2}", "fulfilment_shipment")
