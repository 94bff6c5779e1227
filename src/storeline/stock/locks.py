"""Every lock of stock, in the global order.

0. `stock_transfer`, the transfer's own row;
1. the turn to create balances: an advisory lock, only where one that is asked for does not exist yet;
2. `stock_balance` rows by (place_id, product_id), with `FOR UPDATE`;
3. `stock_reservation` rows by (source_id, line_no);
4. `stock_exception` and `stock_lot` rows, always under their balance's lock.

Above these come the rows of higher modules (an order's own row), below them nothing. A transaction locks all the
balances that it will touch at once, before anything else of stock; the balance's row is what makes two transactions
on one product take turns, so 3 and 4 meet no one.
Policies are written by whoever has the turn, and balances then take them over in their order.

Why the turn: a row that is not there cannot be locked. Without it, a balance that another transaction created between
our lock and our write would be updated out of order, and two such transactions wait for each other (the race test
with missing balances did, in seconds). Whoever finds one missing takes the turn first; then nobody else creates any.

PostgreSQL locks rows above its sort, so `ORDER BY … FOR UPDATE` takes them in that order; UUIDs sort bytewise, as
Python's do.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from storeline.kernel.api import Pending, Ready, Row, ids_array, later, now, pipeline, run
from storeline.stock.domain.goods import Level, Pair

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
SELECT b.place_id, b.product_id, b.on_hand, b.reserved, b.safety, b.expired, b.buffers, b.lotted, b.recalled,
    EXISTS (SELECT FROM stock_reservation WHERE state = 'held' AND expires_at <= %s)
FROM unnest(%s::uuid[], %s::uuid[]) AS asked(place_id, product_id)
JOIN stock_balance b ON b.place_id = asked.place_id AND b.product_id = asked.product_id
ORDER BY b.place_id, b.product_id
FOR UPDATE OF b
"""
# Holds that have ended free their goods here, before the job that looks for them comes by: whoever decides under the
# lock decides on what is really left. Whether any has ended is one look at an index, in the statement that locks; where
# none has, nothing follows. All the balances are locked already, so that one statement (a function, see the migration)
# may see to the exceptions too.
ENDED = """(
    SELECT source_id, line_no, place_id, product_id, quantity FROM stock_reservation
    WHERE state = 'held' AND expires_at <= %s ORDER BY expires_at LIMIT 5000
)"""
FREE = "SELECT place_id, product_id, quantity FROM stock_free_ended(%s, %s::uuid[], %s::uuid[])"


def lock(pairs: Collection[Pair]) -> Pending[dict[Pair, Level]]:
    """Lock the balances of these (place, product) pairs until the transaction ends, and give their levels.

    A pair that the place never kept is absent. Holds that have ended are freed as the answer is read, which then waits
    once more. Queue this before every other statement of stock.
    """
    asked = set(pairs)
    if not asked:
        return Ready({})
    params = [ids_array(place for place, _ in asked), ids_array(product for _, product in asked)]
    moment = now()
    with pipeline():
        run(TURN, params)
        return later(LOCK, [moment, *params], lambda rows: _levels(rows, [moment, *params]))


def lock_transfer(transfer_id: UUID) -> bool:
    """Lock a transfer's row until the transaction ends, before any balance; whether there is one."""
    return run("SELECT 1 FROM stock_transfer WHERE id = %s FOR UPDATE", [transfer_id]).fetchone() is not None


def take_turn() -> None:
    """Queue the taking of the turn to create balances: for bulk loads, which then write in the order of the keys."""
    run(f"SELECT pg_advisory_xact_lock({_KEY})")


def _levels(rows: list[Row], params: list[object]) -> dict[Pair, Level]:
    levels = {(row[0], row[1]): Level(*row[2:9]) for row in rows}
    if rows and rows[0][9]:
        for place, product, quantity in run(FREE, params).fetchall():
            level = levels[place, product]
            levels[place, product] = level._replace(reserved=level.reserved - quantity)
    return levels
