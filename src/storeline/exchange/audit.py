"""What must hold of imported and replayed trade."""

from __future__ import annotations

from storeline.kernel.api import EXPONENTS, SHOWN, CheckResult, check, run

_SCALES = ", ".join(f"('{code}', {10**exponent})" for code, exponent in EXPONENTS.items())
_WEEK = """to_char(business_date, 'IYYY"-W"IW')"""
_COMPARE = f"""
WITH ours AS (
    SELECT d.kind, p.ref AS place, {_WEEK} AS week, o.currency, count(*) AS documents, sum(o.amount) / s.scale AS amount
    FROM exchange_document d
    JOIN (
        SELECT 'order' AS kind, ref, place_id, business_date, currency, amount - coalesce(later.sum, 0) AS amount
        FROM orders_order LEFT JOIN (
            -- What came into an order after it was agreed, instead of what was missing, the source never saw.
            SELECT order_id, sum(amount) FROM orders_line l WHERE continues IS NOT NULL
                OR (order_id, line_no) IN (SELECT order_id, line_no FROM orders_substitute) GROUP BY order_id
        ) AS later ON later.order_id = id WHERE state <> 'cancelled'
        UNION ALL SELECT 'return', ref, place_id, business_date, currency, amount FROM aftersales_return
    ) o ON o.kind = d.kind AND o.ref = d.ref
    JOIN places_place p ON p.id = o.place_id
    JOIN (VALUES {_SCALES}) AS s(currency, scale) ON s.currency = o.currency
    GROUP BY 1, 2, 3, 4, s.scale
),
theirs AS (
    SELECT kind, place, week, currency, count(*) AS documents, sum(amount) AS amount
    FROM exchange_document GROUP BY kind, place, week, currency
)
SELECT kind, place, week, currency, coalesce(t.documents, 0), coalesce(t.amount, 0), coalesce(o.documents, 0),
    coalesce(o.amount, 0), (t.documents, t.amount) IS DISTINCT FROM (o.documents, o.amount)
FROM theirs t FULL JOIN ours o USING (kind, place, week, currency)
ORDER BY 9 DESC, 1, 2, 3
"""
_UNREAD = """
SELECT count(*) FROM orders_order o
WHERE o.source = 'import' AND o.state <> 'cancelled'
    AND NOT EXISTS (SELECT FROM exchange_document d WHERE d.kind = 'order' AND d.ref = o.ref)
"""
_UNFINISHED = "SELECT count(*) FROM exchange_import WHERE finished_at IS NULL"


@check("exchange.totals", "sales by place and week are what a second reader found in the source, to the cent")
def totals() -> CheckResult:
    """Compare documents, place by place and week by week. While an import is unfinished, what it took is only counted."""
    rows = run(_COMPARE).fetchall()
    wrong = [row for row in rows if row[8]]
    differences = [
        f"{kind}s of {place} in {week}: the source has {count} worth {amount} {currency}, the books {ours} worth {mine}"
        for kind, place, week, currency, count, amount, ours, mine, _ in wrong[:SHOWN]
    ]
    [(unread,)], [(unfinished,)] = run(_UNREAD).fetchall(), run(_UNFINISHED).fetchall()
    if unread and not unfinished:
        differences.append(f"{unread} imported orders were never read a second time")
    facts = {"unfinished_imports": unfinished, "documents": sum(row[4] for row in rows)}
    return CheckResult(checked=len(rows), differences=tuple(differences), wrong=len(wrong), facts=facts)
