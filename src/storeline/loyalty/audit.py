"""What must balance in loyalty."""

from __future__ import annotations

from storeline.kernel.api import SHOWN, CheckResult, check, run

_WRONG = """
SELECT c.ref, n.member_id, n.redeemed, coalesce(u.uses, 0), count(*) OVER ()
FROM loyalty_coupon_count n JOIN loyalty_coupon c ON c.id = n.coupon_id
LEFT JOIN LATERAL (
  SELECT count(*) AS uses FROM loyalty_redemption r WHERE r.coupon_id = n.coupon_id AND r.released_at IS NULL
  AND (n.member_id IS NULL OR r.member_id = n.member_id)
) u ON true
WHERE n.redeemed <> u.uses ORDER BY c.ref, n.member_id LIMIT %s
"""
_LIMITS = """
SELECT c.ref, count(*) OVER () FROM loyalty_coupon c
LEFT JOIN loyalty_coupon_count n ON n.id = c.id
WHERE c.total_limit IS DISTINCT FROM n.at_most ORDER BY c.ref LIMIT %s
"""

_LOST_TARGETS = """
SELECT coalesce(c.ref, t.coupon_id::text), count(*) OVER () FROM loyalty_coupon_target t
LEFT JOIN loyalty_coupon c ON c.id = t.coupon_id
WHERE c.id IS NULL
   OR t.product_id IS NOT NULL AND NOT EXISTS (SELECT FROM catalog_product q WHERE q.id = t.product_id)
   OR t.category_id IS NOT NULL AND NOT EXISTS (SELECT FROM catalog_category k WHERE k.id = t.category_id)
ORDER BY t.id LIMIT %s
"""


@check("loyalty.references", "every target of a coupon is of things that are there")
def references() -> CheckResult:
    [(checked,)] = run("SELECT count(*) FROM loyalty_coupon_target").fetchall()
    rows = run(_LOST_TARGETS, [SHOWN]).fetchall()
    shown = tuple(f"coupon {ref} has a target of an unknown product or category" for ref, _ in rows)
    return CheckResult(checked, shown, rows[0][-1] if rows else 0)


@check("loyalty.coupon_counts", "every count of a coupon's uses equals its redemptions that stand")
def coupon_counts() -> CheckResult:
    [(checked,)] = run("SELECT count(*) FROM loyalty_coupon_count").fetchall()
    rows = run(_WRONG, [SHOWN]).fetchall()
    shown = tuple(
        f"coupon {ref}{'' if member is None else f' of member {member}'} counts {count} uses, its rows are {uses}"
        for ref, member, count, uses, _ in rows
    )
    return CheckResult(checked, shown, rows[0][-1] if rows else 0)


@check("loyalty.coupon_limits", "every coupon with a limit has its spendable row with that limit")
def coupon_limits() -> CheckResult:
    [(checked,)] = run("SELECT count(*) FROM loyalty_coupon").fetchall()
    rows = run(_LIMITS, [SHOWN]).fetchall()
    return CheckResult(
        checked,
        tuple(f"coupon {ref}'s limit and its spendable row differ" for ref, _ in rows),
        rows[0][-1] if rows else 0,
    )
