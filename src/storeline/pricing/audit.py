"""What must hold of prices and taxes."""

from __future__ import annotations

from storeline.kernel.api import SHOWN, CheckResult, check, run

_TAX = """
SELECT e.ref, r.regime, r.inclusive, count(*) OVER () FROM places_entity e
JOIN (SELECT DISTINCT regime, inclusive FROM pricing_tax_rate) r ON r.regime = e.tax_regime AND r.inclusive <> e.inclusive
ORDER BY e.ref LIMIT %s
"""
_EMPTY = """
SELECT p.ref, count(*) OVER () FROM pricing_promotion p
WHERE p.state = 'scheduled' AND p.amount IS NULL AND p.rate_ppm IS NULL AND (p.everything OR EXISTS (
  SELECT FROM pricing_promotion_target t WHERE t.promotion_id = p.id AND t.amount IS NULL AND t.rate_ppm IS NULL))
ORDER BY p.ref LIMIT %s
"""

_ORPHANS = """
SELECT p.id, count(*) OVER () FROM pricing_price p
WHERE NOT EXISTS (SELECT FROM catalog_product q WHERE q.id = p.product_id)
   OR p.place_id IS NOT NULL AND NOT EXISTS (SELECT FROM places_place l WHERE l.id = p.place_id)
ORDER BY p.id LIMIT %s
"""
_LOST_TARGETS = """
SELECT coalesce(p.ref, t.promotion_id::text), count(*) OVER () FROM pricing_promotion_target t
LEFT JOIN pricing_promotion p ON p.id = t.promotion_id
WHERE p.id IS NULL
   OR t.product_id IS NOT NULL AND NOT EXISTS (SELECT FROM catalog_product q WHERE q.id = t.product_id)
   OR t.category_id IS NOT NULL AND NOT EXISTS (SELECT FROM catalog_category c WHERE c.id = t.category_id)
   OR t.place_id IS NOT NULL AND NOT EXISTS (SELECT FROM places_place l WHERE l.id = t.place_id)
ORDER BY t.id LIMIT %s
"""


@check("pricing.references", "every price and every target of a promotion is of things that are there")
def references() -> CheckResult:
    [(checked,)] = run(
        "SELECT (SELECT count(*) FROM pricing_price) + count(*) FROM pricing_promotion_target"
    ).fetchall()
    prices, targets = run(_ORPHANS, [SHOWN]).fetchall(), run(_LOST_TARGETS, [SHOWN]).fetchall()
    shown = (
        *(f"price {key} is of an unknown product or place" for key, _ in prices),
        *(f"promotion {ref} has a target of an unknown product, category or place" for ref, _ in targets),
    )
    return CheckResult(checked, shown[:SHOWN], sum(rows[0][-1] for rows in (prices, targets) if rows))


@check("pricing.tax_inclusion", "tax rates are quoted as the legal entities of their regime quote prices")
def tax_inclusion() -> CheckResult:
    [(checked,)] = run("SELECT count(*) FROM places_entity").fetchall()
    rows = run(_TAX, [SHOWN]).fetchall()
    shown = tuple(
        f"entity {ref} quotes prices {'without' if inside else 'with'} tax, the rates of {regime} the other way"
        for ref, regime, inside, _ in rows
    )
    return CheckResult(checked, shown, rows[0][-1] if rows else 0)


@check("pricing.promotion_values", "every scheduled promotion says what each of its targets is worth")
def promotion_values() -> CheckResult:
    [(checked,)] = run("SELECT count(*) FROM pricing_promotion").fetchall()
    rows = run(_EMPTY, [SHOWN]).fetchall()
    return CheckResult(
        checked,
        tuple(f"promotion {ref} has targets without a value" for ref, _ in rows),
        rows[0][-1] if rows else 0,
    )
