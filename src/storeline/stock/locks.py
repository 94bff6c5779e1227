"""Every lock of stock, in the global order.

1. `stock_balance` rows by (place_id, product_id), with `FOR UPDATE`;
2. `stock_reservation` rows by (source_id, line_no);
3. `stock_exception` rows, always under their balance's lock.

Above these come the rows of higher modules (an order's own row), below them nothing. A transaction locks all the
balances that it will touch in one statement, before anything else of stock; the balance's row is what makes two
transactions on one product take turns, so 2 and 3 meet no one. Balances that do not exist yet are inserted in the
same order.

PostgreSQL locks rows above its sort, so `ORDER BY … FOR UPDATE` takes them in that order; UUIDs sort bytewise, as
Python's do.
"""

from __future__ import annotations

from collections.abc import Collection

from storeline.kernel.api import Pending, Ready, Row, ids_array, later
from storeline.stock.domain import Level, Pair

LOCK = """
SELECT b.place_id, b.product_id, b.on_hand, b.reserved
FROM unnest(%s::uuid[], %s::uuid[]) AS asked(place_id, product_id)
JOIN stock_balance b ON b.place_id = asked.place_id AND b.product_id = asked.product_id
ORDER BY b.place_id, b.product_id
FOR UPDATE OF b
"""


def lock(pairs: Collection[Pair]) -> Pending[dict[Pair, Level]]:
    """Lock the balances of these (place, product) pairs until the transaction ends, and give their levels.

    A pair that the place never kept is absent. Queue this before every other statement of stock.
    """
    asked = sorted(set(pairs))
    if not asked:
        return Ready({})
    return later(LOCK, [ids_array(place for place, _ in asked), ids_array(product for _, product in asked)], _levels)


def _levels(rows: list[Row]) -> dict[Pair, Level]:
    return {(place, product): Level(on_hand, reserved) for place, product, on_hand, reserved in rows}
