"""History: movements whose trade is recorded elsewhere in the same transaction."""

from __future__ import annotations

from storeline.kernel.api import new_id, now, run
from storeline.stock.commands.statements import CHANGED, CLOSE, SHORT, name_at_risk

RECORDED = (
    "source_id uuid, line_no int, kind text, place_id uuid, product_id uuid, quantity bigint, at timestamptz, "
    "business_date date"
)
"""Columns of ``pg_temp.rec_movements``: signed quantities, kinds as in `Kind`; ids were resolved by the caller."""

# An opening says what was there at its moment, so what happened before it is already inside it: such movements are
# kept, since their orders are, and one balancing row for each product takes them out again.
_RECORD = f"""
WITH posted AS (
    INSERT INTO stock_movement (source_id, line_no, kind, place_id, product_id, quantity, at, business_date)
    SELECT r.source_id, r.line_no, r.kind, r.place_id, r.product_id, r.quantity, r.at, r.business_date
    FROM pg_temp.rec_movements r
    WHERE r.quantity <> 0 AND NOT EXISTS (
        SELECT FROM stock_movement m
        WHERE m.source_id = r.source_id AND m.line_no = r.line_no AND m.kind = r.kind
    )
    ORDER BY r.source_id, r.line_no
    RETURNING place_id, product_id, quantity, at
),
opening AS (
    SELECT place_id, product_id, at, business_date FROM stock_movement WHERE kind = 'opening'
),
earlier AS (
    SELECT p.place_id, p.product_id, o.at, o.business_date, sum(p.quantity)::bigint AS quantity
    FROM posted p JOIN opening o ON o.place_id = p.place_id AND o.product_id = p.product_id AND p.at < o.at
    GROUP BY p.place_id, p.product_id, o.at, o.business_date
    HAVING sum(p.quantity) <> 0
),
balanced AS (
    INSERT INTO stock_movement
        (source_id, line_no, kind, place_id, product_id, quantity, at, business_date, reason)
    SELECT %s, row_number() OVER (ORDER BY place_id, product_id), 'adjustment', place_id, product_id, -quantity, at,
        business_date, 'before the opening count'
    FROM earlier
),
{CHANGED.format(changes='''
    SELECT place_id, product_id, quantity AS on_hand, 0 AS freed FROM posted
    UNION ALL SELECT place_id, product_id, -quantity, 0 FROM earlier
''')},
{SHORT.format(balances="changed")}
SELECT (SELECT count(*) FROM posted)
"""
_CLOSE = CLOSE.format(pairs="SELECT DISTINCT place_id, product_id FROM pg_temp.rec_movements WHERE quantity > 0")


def record_from_temp() -> int:
    """Post the movements of ``pg_temp.rec_movements`` (`RECORDED`) that are not there yet; gives their number.

    Balances, openings and exceptions follow. Runs in the caller's transaction; a repeat changes nothing.
    """
    posted = run(_RECORD, [new_id(), now()]).fetchone()
    name_at_risk()
    run(_CLOSE, [now()])
    return int(posted[0]) if posted else 0
