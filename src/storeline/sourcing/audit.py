"""What must balance in sourcing."""

from __future__ import annotations

from storeline.kernel.api import SHOWN, CheckResult, check, run

_PLANS = """
SELECT count(*) OVER (), p.order_id, p.cost, p.split + p.refused + coalesce(s.sums, 0)
FROM sourcing_plan p LEFT JOIN (
    SELECT order_id, sum(visit + lines + shipping + weight + keep + waste) AS sums FROM sourcing_part GROUP BY order_id
) AS s ON s.order_id = p.order_id
WHERE p.cost <> p.split + p.refused + coalesce(s.sums, 0)
ORDER BY 2 LIMIT %s
"""
_LOST = """
SELECT count(*) OVER (), k.order_id, k.place_id FROM sourcing_pick k
LEFT JOIN sourcing_part p ON p.order_id = k.order_id AND p.place_id = k.place_id
WHERE p.order_id IS NULL ORDER BY 2, 3 LIMIT %s
"""
_LOADS = """
SELECT count(*) OVER (), coalesce(l.place_id, p.place_id), coalesce(l.hour, p.hour), coalesce(l.orders, 0), coalesce(p.orders, 0)
FROM sourcing_load l FULL JOIN (
    SELECT place_id, hour, count(*)::int AS orders FROM (
        SELECT place_id, hour FROM sourcing_part WHERE hour IS NOT NULL
        UNION ALL SELECT place_id, hour FROM sourcing_ask
    ) AS asked GROUP BY place_id, hour
) AS p ON p.place_id = l.place_id AND p.hour = l.hour
WHERE coalesce(l.orders, 0) <> coalesce(p.orders, 0)
ORDER BY 2, 3 LIMIT %s
"""


@check("sourcing.plans", "each plan costs what its parts do, and every pick has its part")
def plans() -> CheckResult:
    wrong = run(_PLANS, [SHOWN]).fetchall()
    lost = run(_LOST, [SHOWN]).fetchall()
    checked = run("SELECT count(*) FROM sourcing_plan").fetchall()[0][0]
    words = [f"order {order}: the plan says {cost}, its parts {sums}" for _, order, cost, sums in wrong]
    words += [f"order {order}: a pick of place {place} has no part" for _, order, place in lost]
    return CheckResult(checked, tuple(words), sum(rows[0][0] for rows in (wrong, lost) if rows))


@check("sourcing.loads", "what an hour of a place counts is the orders and kept plans that ask it")
def loads() -> CheckResult:
    wrong = run(_LOADS, [SHOWN]).fetchall()
    checked = run("SELECT count(*) FROM sourcing_load").fetchall()[0][0]
    words = [
        f"place {place}, {hour}: counts {have}, orders and plans are {want}" for _, place, hour, have, want in wrong
    ]
    return CheckResult(checked, tuple(words), wrong[0][0] if wrong else 0)
