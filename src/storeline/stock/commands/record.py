"""History: movements whose trade is recorded elsewhere in the same transaction."""

from __future__ import annotations

from storeline.kernel.api import new_id, now, run
from storeline.stock.commands.statements import CHANGED, CLOSE, SHORT, TAKEN, big_sorts, name_at_risk
from storeline.stock.locks import take_turn

RECORDED = (
    "source_id uuid, line_no int, kind text, place_id uuid, product_id uuid, quantity bigint, at timestamptz, "
    "business_date date"
)
"""Columns of ``pg_temp.rec_movements``: signed quantities, kinds as in `Kind`; ids were resolved by the caller."""

# Statements of their own around an analysed table, not one with common table expressions: the planner knows nothing
# of those, and at a million rows a wrong join costs a minute.
_FRESH = """
CREATE TEMP TABLE stock_recording ON COMMIT DROP AS
SELECT r.source_id, r.line_no, r.kind, r.place_id, r.product_id, r.quantity, r.at, r.business_date
FROM pg_temp.rec_movements r
WHERE r.quantity <> 0 AND NOT EXISTS (
    SELECT FROM stock_movement m WHERE m.source_id = r.source_id AND m.line_no = r.line_no AND m.kind = r.kind
)
ORDER BY r.source_id, r.line_no
"""
_POST = """
INSERT INTO stock_movement (source_id, line_no, kind, place_id, product_id, quantity, at, business_date)
SELECT source_id, line_no, kind, place_id, product_id, quantity, at, business_date FROM pg_temp.stock_recording
"""
_PAIRS = """
CREATE TEMP TABLE stock_moving ON COMMIT DROP AS
SELECT f.*, o.at AS opened_at, o.business_date AS opened_on
FROM (
    SELECT place_id, product_id, sum(quantity)::bigint AS quantity, min(at) AS at, min(business_date) AS business_date
    FROM pg_temp.stock_recording GROUP BY place_id, product_id
) f
LEFT JOIN stock_movement o ON o.kind = 'opening' AND o.place_id = f.place_id AND o.product_id = f.product_id
"""
# An opening says what was there at its moment, so what happened before it is already inside it; and where nothing was
# ever counted, past trade says nothing of what is there now. Such movements are kept, since their orders are, and one
# balancing row for each product takes them out again.
_TAKE_OUT = """
WITH outside AS (
    SELECT place_id, product_id, 'uncounted' AS kind, at, business_date, NULL AS reason, -quantity AS quantity
    FROM pg_temp.stock_moving WHERE opened_at IS NULL AND quantity <> 0
    UNION ALL
    SELECT m.place_id, m.product_id, 'adjustment', m.opened_at, m.opened_on, 'before the opening count',
        -sum(f.quantity)::bigint
    FROM pg_temp.stock_moving m JOIN pg_temp.stock_recording f USING (place_id, product_id)
    WHERE m.at < m.opened_at AND f.at < m.opened_at
    GROUP BY m.place_id, m.product_id, m.opened_at, m.opened_on
    HAVING sum(f.quantity) <> 0
),
posted AS (
    INSERT INTO stock_movement
        (source_id, line_no, kind, place_id, product_id, quantity, at, business_date, reason)
    SELECT %s, row_number() OVER (ORDER BY place_id, product_id), kind, place_id, product_id, quantity, at,
        business_date, reason
    FROM outside
)
INSERT INTO pg_temp.stock_moving (place_id, product_id, quantity) SELECT place_id, product_id, quantity FROM outside
"""
_BALANCE = f"""
WITH {CHANGED.format(changes="SELECT place_id, product_id, quantity AS on_hand, 0 AS freed FROM pg_temp.stock_moving")},
{SHORT.format(balances="changed")}
SELECT (SELECT count(*) FROM changed)
"""
# Where something is taken out again, or more came than went, no lot is touched.
_LEFT = """(
    SELECT r.* FROM pg_temp.stock_recording r JOIN (
        SELECT place_id, product_id FROM pg_temp.stock_moving GROUP BY place_id, product_id HAVING sum(quantity) < 0
    ) AS net USING (place_id, product_id) ORDER BY r.source_id, r.line_no
)"""
_TAKE = TAKEN.format(lines=_LEFT, balances="stock_balance")
_CLOSE = CLOSE.format(pairs="SELECT DISTINCT place_id, product_id FROM pg_temp.stock_moving WHERE quantity > 0")


def record_from_temp() -> int:
    """Post the movements of ``pg_temp.rec_movements`` (`RECORDED`) that are not there yet; gives their number.

    Balances and exceptions follow. Where a place has no opening of a product its stock stays as it is. Runs in the
    caller's transaction; a repeat changes nothing.
    """
    with big_sorts():
        run("DROP TABLE IF EXISTS pg_temp.stock_recording, pg_temp.stock_moving")
        run(_FRESH)
        run("ANALYZE pg_temp.stock_recording")
        posted = run(_POST).rowcount
        if posted:
            take_turn()  # the movements meet nobody; only the balances do
            run(_PAIRS)
            run("ANALYZE pg_temp.stock_moving")
            run(_TAKE_OUT, [new_id()])
            run(_BALANCE, [now()])
            run(_TAKE)
            name_at_risk()
            run(_CLOSE, [now()])
    return posted
