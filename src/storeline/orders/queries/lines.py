"""Lines of orders, with what was taken off each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from storeline.kernel.api import Pending, Row, ids_array, later
from storeline.orders.domain.shorts import OrderLine

_LINES = """
SELECT l.order_id, l.line_no, l.product_id, l.quantity, l.gross, l.discount, l.amount, l.funded, l.tax, l.tax_rate,
    coalesce(a.quantity, 0), coalesce(a.amount, 0), coalesce(a.funded, 0), coalesce(a.tax, 0), coalesce(a.times, 0),
    l.goods, l.from_place_id, l.continues
FROM orders_line l
LEFT JOIN LATERAL (
    SELECT sum(quantity)::bigint AS quantity, sum(amount)::bigint AS amount, sum(funded)::bigint AS funded,
        sum(tax)::bigint AS tax, count(*)::int AS times
    FROM orders_amendment a WHERE a.order_id = l.order_id AND a.line_no = l.line_no
) a ON true
WHERE l.order_id = ANY(%s::uuid[]) ORDER BY l.order_id, l.line_no
"""


def lines(order_ids: Collection[UUID]) -> Pending[dict[UUID, tuple[OrderLine, ...]]]:
    """Queue the reading of lines with what was taken off them."""
    return later(_LINES, [ids_array(sorted(order_ids))], _lines_by_order)


def _lines_by_order(rows: list[Row]) -> dict[UUID, tuple[OrderLine, ...]]:
    found: defaultdict[UUID, list[OrderLine]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(OrderLine(*row))
    return {order_id: tuple(of_order) for order_id, of_order in found.items()}
