"""Every lock of stock, in the global order.

1. the turn to create balances: an advisory lock, only where one that is asked for does not exist yet;
2. `stock_balance` rows by (place_id, product_id), with `FOR UPDATE`;
3. `stock_reservation` rows by (source_id, line_no);
4. `stock_exception` rows, always under their balance's lock.

Above these come the rows of higher modules (an order's own row), below them nothing. A transaction locks all the
balances that it will touch at once, before anything else of stock; the balance's row is what makes two transactions
on one product take turns, so 3 and 4 meet no one.

Why the turn: a row that is not there cannot be locked. Without it, a balance that another transaction created between
our lock and our write would be updated out of order, and two such transactions wait for each other (the race test
with missing balances did, in seconds). Whoever finds one missing takes the turn first; then nobody else creates any.

PostgreSQL locks rows above its sort, so `ORDER BY … FOR UPDATE` takes them in that order; UUIDs sort bytewise, as
Python's do.
"""

from __future__ import annotations

from collections.abc import Collection

from storeline.kernel.api import Pending, Ready, Row, ids_array, later, run
from storeline.stock.domain import Level, Pair

_KEY = "7201, 1"
TURN = f"""
SELECT pg_advisory_xact_lock({_KEY}) WHERE EXISTS (
    SELECT FROM unnest(%s::uuid[], %s::uuid[]) AS asked(place_id, product_id)
    WHERE NOT EXISTS (
        SELECT FROM stock_balance b WHERE b.place_id = asked.place_id AND b.product_id = asked.product_id
    )
)
"""
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
    asked = set(pairs)
    if not asked:
        return Ready({})
    params = [ids_array(place for place, _ in asked), ids_array(product for _, product in asked)]
    run(TURN, params)
    return later(LOCK, params, _levels)


def take_turn() -> None:
    """Queue the taking of the turn to create balances: for bulk loads, which then write in the order of the keys."""
    run(f"SELECT pg_advisory_xact_lock({_KEY})")


def _levels(rows: list[Row]) -> dict[Pair, Level]:
    return {(place, product): Level(on_hand, reserved) for place, product, on_hand, reserved in rows}
