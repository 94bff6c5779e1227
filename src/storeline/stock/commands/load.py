"""Opening stock from a retailer's file."""

from __future__ import annotations

from uuid import UUID

from storeline.kernel.api import Actor, LoadResult, new_id, now, run, transaction
from storeline.stock.commands.statements import CLOSE, SHORT, big_sorts, name_at_risk
from storeline.stock.locks import take_turn
from storeline.stock.permissions import ADJUST

STOCK_IN = "row bigint, place text, product text, as_of timestamptz, quantity bigint, lot text"
"""Columns of ``pg_temp.in_stock``: references in the retailer's own codes, quantity in thousandths."""

_RESOLVE = """
CREATE TEMP TABLE stock_loading ON COMMIT DROP AS
SELECT i.row, p.id AS place_id, c.id AS product_id, i.as_of,
    i.quantity, i.lot, (i.as_of AT TIME ZONE p.zone)::date AS business_date, o.at AS known_at,
    o.quantity AS known_quantity, o.reason AS known_lot, row_number() OVER (PARTITION BY p.id, c.id ORDER BY i.row) AS nth
FROM pg_temp.in_stock i
LEFT JOIN places_place p ON p.ref = i.place
LEFT JOIN catalog_product c ON c.ref = i.product
LEFT JOIN stock_movement o ON o.kind = 'opening' AND o.place_id = p.id AND o.product_id = c.id
"""
_REFUSE = """
WITH refused AS (
    INSERT INTO pg_temp.in_error (file, row, col, reason)
    SELECT 'stock', row, col, reason FROM (
        SELECT row,
            CASE WHEN place_id IS NULL THEN 'place' WHEN product_id IS NULL THEN 'product'
                WHEN quantity IS NULL THEN 'quantity' WHEN as_of IS NULL THEN 'as_of' WHEN nth > 1 THEN 'product'
                WHEN known_at <> as_of THEN 'as_of' WHEN known_quantity <> quantity THEN 'quantity'
                WHEN known_at IS NOT NULL AND lot <> coalesce(known_lot, '') THEN 'lot' END AS col,
            CASE WHEN place_id IS NULL OR product_id IS NULL THEN 'unknown'
                WHEN quantity IS NULL OR as_of IS NULL THEN 'required' WHEN nth > 1 THEN 'duplicate'
                WHEN known_at <> as_of OR known_quantity <> quantity OR known_at IS NOT NULL AND lot <> coalesce(known_lot, '')
                THEN 'immutable' END AS reason
        FROM pg_temp.stock_loading
    ) AS judged WHERE reason IS NOT NULL
    RETURNING row
),
gone AS (DELETE FROM pg_temp.stock_loading WHERE row IN (SELECT row FROM refused))
SELECT count(*) FROM refused
"""
# What happened before an opening's moment is inside it already, and so is what moved while nothing was counted.
_BEFORE = """
CREATE TEMP TABLE stock_before ON COMMIT DROP AS
SELECT f.row, f.place_id, f.product_id, f.as_of, f.business_date, sum(m.quantity)::bigint AS quantity
FROM pg_temp.stock_loading f JOIN stock_movement m ON m.place_id = f.place_id AND m.product_id = f.product_id
    AND (m.at < f.as_of OR m.kind = 'uncounted')
WHERE f.known_at IS NULL
GROUP BY f.row, f.place_id, f.product_id, f.as_of, f.business_date
HAVING sum(m.quantity) <> 0
"""
# One load is one document: its rows are the file's. That a product opens only once at a place is a constraint.
_OPEN = """
INSERT INTO stock_movement (source_id, line_no, kind, place_id, product_id, quantity, at, business_date, reason)
SELECT %s, row, 'opening', place_id, product_id, quantity, as_of, business_date, lot
FROM pg_temp.stock_loading WHERE known_at IS NULL ORDER BY place_id, product_id
"""
_ADJUST = """
INSERT INTO stock_movement (source_id, line_no, kind, place_id, product_id, quantity, at, business_date, reason)
SELECT %s, row, 'adjustment', place_id, product_id, -quantity, as_of, business_date, 'before the opening count'
FROM pg_temp.stock_before
"""
_LOCK = """
SELECT count(*) FROM (
    SELECT FROM stock_balance b JOIN pg_temp.stock_loading f USING (place_id, product_id)
    WHERE f.known_at IS NULL ORDER BY b.place_id, b.product_id FOR UPDATE OF b
) AS locked
"""
_CHANGE = """
UPDATE stock_balance b SET on_hand = b.on_hand + f.quantity - coalesce(before.quantity, 0)
FROM pg_temp.stock_loading f LEFT JOIN pg_temp.stock_before before USING (place_id, product_id)
WHERE f.known_at IS NULL AND b.place_id = f.place_id AND b.product_id = f.product_id
"""
# Whoever holds the turn may create balances without asking for conflicts; a new one has no movements before it.
_CREATE = """
INSERT INTO stock_balance (place_id, product_id, on_hand)
SELECT place_id, product_id, quantity FROM pg_temp.stock_loading f
WHERE known_at IS NULL AND NOT EXISTS (
    SELECT FROM stock_balance b WHERE b.place_id = f.place_id AND b.product_id = f.product_id
) ORDER BY place_id, product_id
"""
# A lot that was received before the opening is in its count: what the count has not is gone.
_LESS = """
SELECT count(stock_take_lots(%s, f.row::int, 'opening', b.place_id, b.product_id, b.lotted - greatest(b.on_hand, 0)))
FROM stock_balance b JOIN pg_temp.stock_loading f ON f.place_id = b.place_id AND f.product_id = b.product_id
WHERE f.known_at IS NULL AND b.lotted > greatest(b.on_hand, 0)
"""
_SHORTFALLS = """(
    SELECT b.* FROM stock_balance b JOIN pg_temp.stock_loading f USING (place_id, product_id)
    WHERE f.known_at IS NULL AND b.on_hand < b.reserved
)"""
_SHORT = f"WITH {SHORT.format(balances=_SHORTFALLS)} SELECT count(*) FROM short"
_COUNT = "SELECT count(*) FILTER (WHERE known_at IS NULL), count(*) FROM pg_temp.stock_loading"
_CLOSE = CLOSE.format(pairs="SELECT place_id, product_id FROM pg_temp.stock_loading")


def load_stock(*, actor: Actor) -> LoadResult:
    """Take ``pg_temp.in_stock`` (`STOCK_IN`): what each place had of each product at a moment.

    Trade at or after that moment moves it, earlier trade does not, whichever is loaded first. An opening cannot be
    changed afterwards (`immutable`): count the product instead.
    """
    actor.require(ADJUST)
    with transaction(), big_sorts():
        take_turn()
        run("DROP TABLE IF EXISTS pg_temp.stock_loading, pg_temp.stock_before")
        run(_RESOLVE)
        refused = run(_REFUSE).fetchone()
        run("ANALYZE pg_temp.stock_loading")
        loaded = run(_COUNT).fetchone()
        _write(new_id())
    refusals, fresh, good = (refused or (0,))[0], *(loaded or (0, 0))
    return LoadResult(inserted=fresh, unchanged=good - fresh, refused=refusals)


def _write(document: UUID) -> None:
    run(_BEFORE)
    kept = run(_LOCK).fetchone()
    run(_OPEN, [document])
    run(_ADJUST, [document])
    if kept and kept[0]:
        run(_CHANGE)
        run(_LESS, [document])
    run(_CREATE)
    run(_SHORT, [now()])
    name_at_risk()
    run(_CLOSE, [now()])
