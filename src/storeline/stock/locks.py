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
from dataclasses import replace
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
SELECT b.place_id, b.product_id, b.on_hand, b.reserved, b.safety, b.expired, b.buffers
FROM unnest(%s::uuid[], %s::uuid[]) AS asked(place_id, product_id)
JOIN stock_balance b ON b.place_id = asked.place_id AND b.product_id = asked.product_id
ORDER BY b.place_id, b.product_id
FOR UPDATE OF b
"""
# Holds that have ended free their goods here, before the job that looks for them comes by: whoever decides under the
# lock decides on what is really left. There are few of them, the oldest in the index; all their balances are locked
# already, so that one statement may see to the exceptions too.
ENDED = """(
    SELECT source_id, line_no, place_id, product_id, quantity FROM stock_reservation
    WHERE state = 'held' AND expires_at <= %s ORDER BY expires_at LIMIT 5000
)"""
FREE = f"""
WITH ended AS (
    SELECT r.source_id, r.line_no, r.place_id, r.product_id, r.quantity
    FROM {ENDED} AS r JOIN unnest(%s::uuid[], %s::uuid[]) AS asked(place_id, product_id) USING (place_id, product_id)
),
released AS (
    UPDATE stock_reservation r SET state = 'released'
    FROM ended WHERE r.source_id = ended.source_id AND r.line_no = ended.line_no
),
freed AS (
    UPDATE stock_balance b SET reserved = b.reserved - e.quantity
    FROM (
        SELECT place_id, product_id, sum(quantity)::bigint AS quantity FROM ended GROUP BY place_id, product_id
    ) AS e
    WHERE b.place_id = e.place_id AND b.product_id = e.product_id
    RETURNING b.place_id, b.product_id, e.quantity, b.reserved - greatest(b.on_hand, 0) AS short
),
eased AS (
    UPDATE stock_exception x SET quantity = CASE WHEN f.short > 0 THEN f.short ELSE x.quantity END,
        closed_at = CASE WHEN f.short <= 0 THEN %s END,
        reservations = CASE WHEN f.short > 0 THEN (
            SELECT coalesce(jsonb_agg(
                jsonb_build_object('source_id', source_id, 'line_no', line_no, 'quantity', quantity)
                ORDER BY source_id DESC, line_no DESC
            ), '[]'::jsonb)
            FROM (
                SELECT r.source_id, r.line_no, r.quantity,
                    sum(r.quantity) OVER (ORDER BY r.source_id DESC, r.line_no DESC) - r.quantity AS newer
                FROM stock_reservation r
                WHERE r.place_id = f.place_id AND r.product_id = f.product_id AND r.state = 'held' AND NOT EXISTS (
                    SELECT FROM ended e WHERE e.source_id = r.source_id AND e.line_no = r.line_no
                )
            ) AS held
            WHERE newer < f.short
        ) ELSE x.reservations END
    FROM freed f
    WHERE x.place_id = f.place_id AND x.product_id = f.product_id AND x.closed_at IS NULL
        AND x.kind = 'below_reserved'
)
SELECT place_id, product_id, quantity FROM freed
"""


def lock(pairs: Collection[Pair]) -> Pending[dict[Pair, Level]]:
    """Lock the balances of these (place, product) pairs until the transaction ends, and give their levels.

    A pair that the place never kept is absent. Holds that have ended are freed at once. Queue this before every other
    statement of stock.
    """
    asked = set(pairs)
    if not asked:
        return Ready({})
    params = [ids_array(place for place, _ in asked), ids_array(product for _, product in asked)]
    moment = now()
    with pipeline():
        run(TURN, params)
        levels = later(LOCK, params, _levels)
        freed = later(FREE, [moment, *params, moment], list)
    return levels.map(lambda found: _without(found, freed.result()))


def lock_transfer(transfer_id: UUID) -> bool:
    """Lock a transfer's row until the transaction ends, before any balance; whether there is one."""
    return run("SELECT 1 FROM stock_transfer WHERE id = %s FOR UPDATE", [transfer_id]).fetchone() is not None


def take_turn() -> None:
    """Queue the taking of the turn to create balances: for bulk loads, which then write in the order of the keys."""
    run(f"SELECT pg_advisory_xact_lock({_KEY})")


def _levels(rows: list[Row]) -> dict[Pair, Level]:
    return {(row[0], row[1]): Level(*row[2:]) for row in rows}


def _without(levels: dict[Pair, Level], freed: list[Row]) -> dict[Pair, Level]:
    for place, product, quantity in freed:
        level = levels[place, product]
        levels[place, product] = replace(level, reserved=level.reserved - quantity)
    return levels
