"""Which lots the stock of a retailer's file stands in."""

from __future__ import annotations

from storeline.kernel.api import Actor, LoadResult, Rule, refuse_rows, refuse_same, run, staged_result, transaction
from storeline.stock.commands.lots import RECALLED
from storeline.stock.domain.lots import LONGEST_LOT
from storeline.stock.locks import take_turn
from storeline.stock.permissions import ADJUST

LOTS_IN = "row bigint, place text, product text, lot text, expires_on date, quantity bigint"
"""Columns of ``pg_temp.in_lots``: references in the retailer's own codes, quantity in thousandths."""

_JOINS = """
LEFT JOIN places_place p ON p.ref = i.place
LEFT JOIN catalog_product c ON c.ref = i.product
LEFT JOIN stock_movement o ON o.kind = 'opening' AND o.place_id = p.id AND o.product_id = c.id
LEFT JOIN stock_lot t ON t.place_id = p.id AND t.product_id = c.id AND t.lot = i.lot
LEFT JOIN stock_lot_move m ON m.source_id = o.source_id AND m.line_no = o.line_no AND m.kind = 'opening' AND m.lot = i.lot
"""
_RULES = (
    Rule("place", "there is no place with this ref", "p.id IS NULL"),
    Rule("product", "there is no product with this ref", "c.id IS NULL"),
    Rule(
        "product",
        "this place has no opening of it in stock",
        "p.id IS NOT NULL AND c.id IS NOT NULL AND o.place_id IS NULL",
    ),
    # GS1 General Specifications, AI (10): characters of its set 82.
    Rule(
        "lot",
        f"1 to {LONGEST_LOT} characters, as its label shows them",
        f"(i.lot ~ '^[!-Z_a-z]{{1,{LONGEST_LOT}}}$') IS NOT TRUE",
    ),
    Rule("quantity", "above 0", "(i.quantity > 0) IS NOT TRUE"),
    Rule("quantity", "immutable", "t.lot IS NOT NULL AND m.quantity IS DISTINCT FROM i.quantity"),
    Rule("expires_on", "immutable", "t.lot IS NOT NULL AND t.expires_on IS DISTINCT FROM i.expires_on"),
)
_LOADING = f"""
CREATE TEMP TABLE lots_loading ON COMMIT DROP AS
SELECT i.row, p.id AS place_id, c.id AS product_id, i.lot, i.expires_on, i.quantity, o.source_id, o.line_no
FROM pg_temp.in_lots i {_JOINS}
WHERE t.lot IS NULL AND NOT EXISTS (SELECT FROM pg_temp.in_error x WHERE x.file = 'lots' AND x.row = i.row)
"""
_LOCK = """
SELECT count(*) FROM (
    SELECT FROM stock_balance b WHERE (b.place_id, b.product_id) IN (SELECT place_id, product_id FROM pg_temp.lots_loading)
    ORDER BY b.place_id, b.product_id FOR UPDATE OF b
) AS locked
"""
_TOO_MUCH = """
WITH refused AS (
    DELETE FROM pg_temp.lots_loading f USING (
        SELECT n.place_id, n.product_id FROM pg_temp.lots_loading n
        JOIN stock_balance b ON b.place_id = n.place_id AND b.product_id = n.product_id
        GROUP BY n.place_id, n.product_id, b.on_hand, b.lotted
        HAVING sum(n.quantity) + b.lotted > greatest(b.on_hand, 0)
    ) AS o WHERE f.place_id = o.place_id AND f.product_id = o.product_id RETURNING f.row
)
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'lots', row, 'quantity', 'its lots are more than is there' FROM refused
"""
_WRITE = f"""
INSERT INTO stock_lot (place_id, product_id, lot, expires_on, on_hand, expired, recalled)
SELECT w.place_id, w.product_id, w.lot, w.expires_on, w.quantity, blocked.recalled, blocked.recalled
FROM pg_temp.lots_loading w CROSS JOIN LATERAL (SELECT {RECALLED} AS recalled) AS blocked
ORDER BY w.place_id, w.product_id, w.lot
"""
_MOVED = """
INSERT INTO stock_lot_move (source_id, line_no, kind, lot, place_id, product_id, quantity)
SELECT source_id, line_no, 'opening', lot, place_id, product_id, quantity FROM pg_temp.lots_loading
"""
_SUM_UP = """
UPDATE stock_balance b SET lotted = b.lotted + f.quantity, expired = b.expired + f.recalled,
    recalled = b.recalled + f.recalled FROM (
    SELECT w.place_id, w.product_id, sum(w.quantity)::bigint AS quantity,
        coalesce(sum(w.quantity) FILTER (WHERE l.recalled), 0)::bigint AS recalled
    FROM pg_temp.lots_loading w
    JOIN stock_lot l ON l.place_id = w.place_id AND l.product_id = w.product_id AND l.lot = w.lot
    GROUP BY w.place_id, w.product_id
) AS f WHERE b.place_id = f.place_id AND b.product_id = f.product_id
"""


def load_lots(*, actor: Actor) -> LoadResult:
    """Take ``pg_temp.in_lots`` (`LOTS_IN`): how much of what is there now is of which lot, and good until when.

    All lots of a product at a place together are at most what is there. A lot that is there never changes by this.
    """
    actor.require(ADJUST)
    with transaction():
        take_turn()
        run("DROP TABLE IF EXISTS pg_temp.lots_loading")
        run("ANALYZE pg_temp.in_lots")
        refuse_rows("lots", _RULES, _JOINS)
        refuse_same("lots", "place, product, lot", "lot")
        run(_LOADING)
        run(_LOCK)
        run(_TOO_MUCH)
        fresh = run(_WRITE).rowcount
        run(_MOVED)
        run(_SUM_UP)
        return staged_result("lots", fresh, 0)
