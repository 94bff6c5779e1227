"""What must hold of receipts: numbers without gaps, chains that hold, and one receipt for each completed order."""

from __future__ import annotations

from storeline.kernel import api as kernel

_SERIES = """
SELECT s.id, s.name, s.last_number, r.receipts, r.first, r.last, count(*) OVER () FROM (
 SELECT series_id, count(*) AS receipts, min(number) AS first, max(number) AS last FROM fiscal_receipt
 WHERE series_id IS NOT NULL GROUP BY series_id
) r FULL JOIN fiscal_series s ON s.id = r.series_id
WHERE (s.last_number, s.last_number, s.last_number) IS DISTINCT FROM (coalesce(r.receipts, 0), coalesce(r.last, 0),
 CASE WHEN r.first IS NULL THEN 0 WHEN r.first = 1 THEN r.last END)
ORDER BY s.id LIMIT %s
"""
# The same text as `domain.content`, made from the columns as they stand now.
_CHAIN = """
SELECT series_id, number, count(*) OVER () FROM (
 SELECT series_id, number, hash, sha256(
  lag(hash, 1, ''::bytea) OVER (PARTITION BY series_id ORDER BY number) || convert_to(concat_ws('|',
   series_id, entity_id, place_id, number, kind, source_id, business_date,
   (extract(epoch FROM at) * 1000000)::bigint, currency, total,
   array_to_string(tax_rates, ','), array_to_string(taxable, ','), array_to_string(taxes, ',')), 'UTF8')) AS expected
 FROM fiscal_receipt WHERE series_id IS NOT NULL
) chained WHERE hash <> expected
UNION ALL
SELECT s.id, s.last_number, 1 FROM fiscal_series s
LEFT JOIN fiscal_receipt r ON r.series_id = s.id AND r.number = s.last_number
WHERE s.last_hash <> coalesce(r.hash, '')
ORDER BY 1, 2 LIMIT %s
"""
# What was imported without a receipt was receipted elsewhere.
_ORDERS = """
SELECT o.id, o.kept, r.total, count(*) OVER () FROM (
 SELECT o.id, o.source, o.total - coalesce(sum(a.amount + CASE WHEN o.tax_included THEN 0 ELSE a.tax END), 0) AS kept
 FROM orders_order o LEFT JOIN orders_amendment a ON a.order_id = o.id
 WHERE o.state = 'completed' GROUP BY o.id
) o FULL JOIN (SELECT source_id, total FROM fiscal_receipt WHERE kind = 'sale') r ON r.source_id = o.id
WHERE o.kept IS DISTINCT FROM r.total AND (o.source <> 'import' OR r.total IS NOT NULL OR o.id IS NULL) ORDER BY o.id LIMIT %s
"""


def _count(sql: str) -> int:
    row = kernel.run(sql).fetchone()
    return int(row[0]) if row else 0


def _wrong(rows: list[kernel.Row]) -> int:
    return int(rows[0][-1]) if rows else 0


@kernel.check("fiscal.series", "every number series runs from 1 without a gap")
def without_gaps() -> kernel.CheckResult:
    rows = kernel.run(_SERIES, [kernel.SHOWN]).fetchall()
    shown = tuple(
        f"series {row[1]} ({row[0]}) gave {row[2]} numbers and has {row[3] or 0} receipts, {row[4]} to {row[5]}"
        for row in rows
    )
    return kernel.CheckResult(_count("SELECT count(*) FROM fiscal_series"), shown, _wrong(rows))


@kernel.check("fiscal.chain", "every receipt's hash follows from the one before it and its own facts")
def chained() -> kernel.CheckResult:
    rows = kernel.run(_CHAIN, [kernel.SHOWN]).fetchall()
    shown = tuple(f"receipt {row[1]} of series {row[0]} does not follow from what is stored" for row in rows)
    checked = _count("SELECT count(*) FROM fiscal_receipt WHERE series_id IS NOT NULL")
    return kernel.CheckResult(checked, shown, max([int(row[2]) for row in rows], default=0))


@kernel.check("fiscal.sales", "every order completed here has one receipt, and a receipt says its order's total")
def receipted() -> kernel.CheckResult:
    rows = kernel.run(_ORDERS, [kernel.SHOWN]).fetchall()
    shown = tuple(_difference(row) for row in rows)
    return kernel.CheckResult(_count("SELECT count(*) FROM fiscal_receipt WHERE kind = 'sale'"), shown, _wrong(rows))


def _difference(row: kernel.Row) -> str:
    order_id, kept, total, _ = row
    if total is None:
        return f"order {order_id} has no receipt"
    if order_id is None:
        return f"a receipt over {total} belongs to no completed order"
    return f"order {order_id} came to {kept}, its receipt says {total}"
