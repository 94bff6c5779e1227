"""What must hold at tills: a sale that was paid is one completed order, of that till."""

from __future__ import annotations

from storeline.kernel import api as kernel

_PAID = """
SELECT s.id, s.order_id, o.state, count(*) OVER () FROM till_sale s LEFT JOIN orders_order o ON o.id = s.order_id
WHERE s.state = 'done' AND (o.state IS DISTINCT FROM 'completed' OR o.place_id <> s.place_id OR o.till <> s.till::text)
ORDER BY s.id LIMIT %s
"""


@kernel.check("till.sales", "every sale that was paid at a till is one completed order of that till")
def paid() -> kernel.CheckResult:
    rows = kernel.run(_PAID, [kernel.SHOWN]).fetchall()
    shown = tuple(f"sale {row[0]} was paid as order {row[1]}, which is {row[2] or 'not there'}" for row in rows)
    looked_at = kernel.run("SELECT count(*) FROM till_sale WHERE state = 'done'").fetchone()
    return kernel.CheckResult(looked_at[0] if looked_at else 0, shown, rows[0][-1] if rows else 0)
