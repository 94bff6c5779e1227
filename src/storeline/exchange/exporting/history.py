"""Where orders, returns and redemptions come from. Orders still under way are not history: they are left out.

What was taken off an order after it was placed (a short pick) is taken off its lines; such a line keeps no discounts of
the retailer's, and its funded part as one discount.
"""

from __future__ import annotations

from storeline.exchange.exporting.master import PRODUCT, Query
from storeline.exchange.exporting.sql import amount, flag, moment, percent, quantity

REF = 'coalesce(o.ref, o.id::text) COLLATE "C"'
PAST = "o.state IN ('completed', 'cancelled')"
ORDER = f"JOIN orders_order o ON o.id = t.order_id AND {PAST}"
CUSTOMER = "LEFT JOIN customers_customer customer ON customer.id = t.customer_id AND customer.erased_at IS NULL"
TAKEN = """LEFT JOIN LATERAL (
    SELECT sum(quantity)::bigint AS quantity, sum(amount)::bigint AS amount, sum(funded)::bigint AS funded,
        sum(tax)::bigint AS tax
    FROM orders_amendment a WHERE a.order_id = t.order_id AND a.line_no = t.line_no
) taken ON true"""


def _less(column: str) -> str:
    return f"(t.{column} - coalesce(taken.{column}, 0))"


ORDERS = Query(
    {
        "ref": 'coalesce(t.ref, t.id::text) COLLATE "C"',
        "place": "place.ref",
        "served_by": "CASE WHEN served.id <> place.id THEN served.ref END",
        "channel": "t.channel",
        "till": "t.till",
        "method": "t.method",
        "customer": "customer.ref",
        "ordered_at": moment("t.placed_at"),
        "completed_at": moment("t.completed_at"),
        "currency": "t.currency",
        "status": "t.state",
        "reason": "t.reason",
        "tax_included": flag("t.tax_included"),
    },
    f"""orders_order t JOIN places_place place ON place.id = t.place_id
        JOIN places_place served ON served.id = t.served_by_id {CUSTOMER}
        WHERE t.state IN ('completed', 'cancelled')""",
    "t.placed_at, 1",
)
ORDER_LINES = Query(
    {
        "order": REF,
        "line": "t.line_no",
        "product": "product.ref",
        "quantity": quantity(_less("quantity")),
        "amount": amount(_less("amount"), "o.currency"),
        "gross": f"CASE WHEN taken.quantity IS NULL THEN {amount('t.gross', 'o.currency')}"
        f" ELSE {amount(_less('amount'), 'o.currency')} END",
        "tax": amount(_less("tax"), "o.currency"),
        "tax_rate": percent("t.tax_rate"),
    },
    f"orders_line t {ORDER} {PRODUCT} {TAKEN}",
    f"o.placed_at, {REF}, t.line_no",
)
LINE_DISCOUNTS = Query(
    {
        "order": REF,
        "line": "t.line_no",
        "seq": "t.seq",
        "kind": "t.kind",
        "funder": "t.funder",
        "amount": amount("t.amount", "o.currency"),
        "promotion": "m.ref",
        "coupon": "c.ref",
        "label": "t.label",
    },
    f"""(
        SELECT d.order_id, d.line_no, d.seq, d.kind, d.funder, d.amount, d.source_id, d.label FROM orders_discount d
        WHERE NOT EXISTS (SELECT FROM orders_amendment a WHERE a.order_id = d.order_id AND a.line_no = d.line_no)
        UNION ALL
        SELECT l.order_id, l.line_no, 1, 'coupon', 'manufacturer', l.funded - sum(a.funded), NULL, ''
        FROM orders_line l JOIN orders_amendment a USING (order_id, line_no)
        GROUP BY l.order_id, l.line_no, l.funded HAVING l.funded > sum(a.funded)
    ) t {ORDER} LEFT JOIN pricing_promotion m ON m.id = t.source_id LEFT JOIN loyalty_coupon c ON c.id = t.source_id""",
    f"o.placed_at, {REF}, t.line_no, t.seq",
)
# What was given back before the hand-over (a short pick) never was the retailer's; what returns gave back is theirs.
PAYMENTS = Query(
    {
        "order": REF,
        "seq": "row_number() OVER (PARTITION BY o.id ORDER BY t.kept DESC, t.tender, t.reference, t.id)",
        "tender": "t.tender",
        "amount": amount("t.kept", "t.currency"),
        "currency": "t.currency",
        "reference": "nullif(t.reference, '')",
    },
    """(SELECT i.*, i.captured - coalesce(back.amount, 0) AS kept FROM payments_intent i LEFT JOIN (
            SELECT intent_id, sum(amount)::bigint AS amount FROM payments_operation
            WHERE kind = 'refund' AND state = 'succeeded' AND key LIKE 'refund:%' GROUP BY intent_id
        ) back ON back.intent_id = i.id) t
        JOIN orders_order o ON o.id = t.source_id AND o.state = 'completed' WHERE t.kept <> 0""",
    f"o.placed_at, {REF}, 2",
)
RECEIPTS = Query(
    {
        "order": REF,
        "series": "coalesce(t.imported_series, series.name)",
        "number": "coalesce(t.imported_number, t.number::text)",
        "issued_at": moment("t.issued_at"),
    },
    """fiscal_receipt t JOIN orders_order o ON o.id = t.source_id AND o.state = 'completed'
       LEFT JOIN fiscal_series series ON series.id = t.series_id WHERE t.kind = 'sale'""",
    f"o.placed_at, {REF}",
)
COUPON_REDEMPTIONS = Query(
    {
        "ref": 'coalesce(t.ref, t.id::text) COLLATE "C"',
        "coupon": "c.ref",
        "customer": "customer.ref",
        "order": REF,
        "redeemed_at": moment("t.at"),
        "amount": amount("t.amount", "coalesce(o.currency, c.currency)"),
        "currency": "coalesce(o.currency, c.currency)",
    },
    """loyalty_redemption t JOIN loyalty_coupon c ON c.id = t.coupon_id LEFT JOIN orders_order o ON o.id = t.order_id
       LEFT JOIN customers_customer customer ON customer.id = t.member_id AND customer.erased_at IS NULL
       WHERE t.released_at IS NULL AND (o.id IS NULL OR o.state = 'completed')""",
    "t.at, 1",
)
BACK = 'coalesce(r.ref, r.id::text) COLLATE "C"'
RETURN = "JOIN aftersales_return r ON r.id = t.return_id"
RETURNS = Query(
    {
        "ref": 'coalesce(t.ref, t.id::text) COLLATE "C"',
        "order": f"CASE WHEN o.id IS NOT NULL THEN {REF} END",
        "original_reference": "nullif(t.original_reference, '')",
        "place": "place.ref",
        "channel": "t.channel",
        "customer": "customer.ref",
        "returned_at": moment("t.returned_at"),
        "currency": "t.currency",
        "tax_included": flag("t.tax_included"),
        "reason": "nullif(t.reason, '')",
    },
    f"""aftersales_return t JOIN places_place place ON place.id = t.place_id
        LEFT JOIN orders_order o ON o.id = t.order_id {CUSTOMER}""",
    "t.returned_at, 1",
)
RETURN_LINES = Query(
    {
        "return": BACK,
        "line": "t.line_no",
        "order_line": "t.order_line",
        "product": "product.ref",
        "quantity": quantity("t.quantity"),
        "amount": amount("t.amount", "r.currency"),
        "funded": amount("t.funded", "r.currency"),
        "tax": amount("t.tax", "r.currency"),
        "tax_rate": percent("t.tax_rate"),
        "restock": flag("t.restock"),
        "reason": "nullif(t.reason, '')",
    },
    f"aftersales_line t {RETURN} {PRODUCT}",
    f"r.returned_at, {BACK}, t.line_no",
)
REFUNDS = Query(
    {
        "return": BACK,
        "seq": "t.seq",
        "tender": "t.tender",
        "amount": amount("t.amount", "r.currency"),
        "currency": "r.currency",
        "reference": "nullif(t.reference, '')",
    },
    f"aftersales_refund t {RETURN}",
    f"r.returned_at, {BACK}, t.seq",
)
RETURN_RECEIPTS = Query(
    {
        "return": BACK,
        "series": "coalesce(t.imported_series, series.name)",
        "number": "coalesce(t.imported_number, t.number::text)",
        "issued_at": moment("t.issued_at"),
    },
    """fiscal_receipt t JOIN aftersales_return r ON r.id = t.source_id
       LEFT JOIN fiscal_series series ON series.id = t.series_id WHERE t.kind = 'return'""",
    f"r.returned_at, {BACK}",
)

HISTORY: dict[str, Query] = {
    "orders": ORDERS,
    "order_lines": ORDER_LINES,
    "line_discounts": LINE_DISCOUNTS,
    "payments": PAYMENTS,
    "receipts": RECEIPTS,
    "coupon_redemptions": COUPON_REDEMPTIONS,
    "returns": RETURNS,
    "return_lines": RETURN_LINES,
    "refunds": REFUNDS,
    "return_receipts": RETURN_RECEIPTS,
}
