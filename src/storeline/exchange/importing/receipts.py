"""Printed receipt numbers of orders and returns: their owner lies above both, so it gets its set here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from storeline.fiscal import api as fiscal
from storeline.kernel.api import run


@dataclass(frozen=True, slots=True)
class Printed:
    """A file of receipts: whose they are, and how the books have those. A return's amounts are negative."""

    file: str
    kind: str
    key: str
    heads: str
    table: str
    lines: str
    moment: str
    """Columns of `table` and `lines`: the moment of the document, and what names it in its lines."""
    owner: str
    sign: str = ""
    which: str = "true"


ORDERS = Printed("receipts", "sale", "order", "orders", "orders_order", "orders_line", "placed_at", "order_id",
                 which="o.state = 'completed'")  # fmt: skip
RETURNS = Printed("return_receipts", "return", "return", "returns", "aftersales_return", "aftersales_line",
                  "returned_at", "return_id", sign="-")  # fmt: skip


def judge(of: Printed, parts: Iterable[str]) -> None:
    """Leave the staged documents out, all their `parts`, that are known with another receipt than the file's."""
    run(f"""
CREATE TEMP TABLE receipt_bad ON COMMIT DROP AS
SELECT i.row, i."{of.key}" AS ref FROM pg_temp.in_{of.file} i JOIN {of.table} o ON o.ref = i."{of.key}"
JOIN fiscal_receipt r ON r.source_id = o.id AND r.kind = '{of.kind}' AND r.series_id IS NULL
WHERE (r.imported_series, r.imported_number, r.issued_at)
    IS DISTINCT FROM (i.series, i.number, coalesce(i.issued_at, o.{of.moment}))
""")
    if run("SELECT FROM pg_temp.receipt_bad LIMIT 1").fetchone() is not None:
        run(f"""INSERT INTO pg_temp.in_error (file, row, col, reason)
            SELECT '{of.file}', row, 'number', 'immutable: a known receipt differs' FROM pg_temp.receipt_bad""")
        for file, key in ((of.heads, "ref"), *((part, of.key) for part in parts)):
            run(f'DELETE FROM pg_temp.in_{file} WHERE "{key}" IN (SELECT ref FROM pg_temp.receipt_bad)')
    run("DROP TABLE pg_temp.receipt_bad")


def record(of: Printed) -> None:
    """Hand the receipts of the documents that were taken to their owner; their tax is that of the lines.

    The tax is summed up beforehand, with a key: PostgreSQL knows nothing yet of the documents that were just written,
    takes them for one row, and would sum up all lines for each of them.
    """
    run("DROP TABLE IF EXISTS pg_temp.rec_receipts, pg_temp.rec_taxes")
    run(f"CREATE TEMP TABLE rec_receipts ({fiscal.RECEIPTS_IN}) ON COMMIT DROP")
    run(
        "CREATE TEMP TABLE rec_taxes (id uuid PRIMARY KEY, rates bigint[], taxable bigint[], taxes bigint[]) ON COMMIT DROP"
    )
    run(f"""
INSERT INTO pg_temp.rec_taxes
SELECT {of.owner}, array_agg(tax_rate ORDER BY tax_rate), array_agg(amount ORDER BY tax_rate),
    array_agg(tax ORDER BY tax_rate)
FROM (
    SELECT l.{of.owner}, l.tax_rate::bigint AS tax_rate, {of.sign}sum(l.amount)::bigint AS amount,
        {of.sign}sum(l.tax)::bigint AS tax
    FROM {of.lines} l JOIN {of.table} o ON o.id = l.{of.owner} JOIN pg_temp.in_{of.heads} i ON i.ref = o.ref
    WHERE l.tax <> 0 GROUP BY l.{of.owner}, l.tax_rate
) rate GROUP BY {of.owner}
""")
    run(f"""
INSERT INTO pg_temp.rec_receipts
SELECT o.id, '{of.kind}', i.series, i.number, o.entity_id, o.place_id, o.business_date, o.{of.moment}, i.issued_at,
    o.currency, {of.sign}o.total, t.rates, t.taxable, t.taxes
FROM pg_temp.in_{of.file} i JOIN {of.table} o ON o.ref = i."{of.key}" AND o.source = 'import'
LEFT JOIN pg_temp.rec_taxes t ON t.id = o.id
WHERE {of.which}
ORDER BY o.id, i.row
""")
    fiscal.record_from_temp()
