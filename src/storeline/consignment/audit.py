"""What must hold of partners' goods: what they are owed is what happened to their goods, less what was settled, to the cent."""

from __future__ import annotations

from storeline.consignment import facts
from storeline.kernel.api import SHOWN, CheckResult, check, run

# What the consumer has still to read is no difference.
_UNREAD = """
WITH seen AS (SELECT xid, event_id FROM kernel_checkpoint WHERE name = 'consignment.lines'
    UNION ALL SELECT '0'::xid8, 0 WHERE NOT EXISTS (SELECT FROM kernel_checkpoint WHERE name = 'consignment.lines')),
unread AS MATERIALIZED (
    SELECT e.subject_id FROM kernel_event e, seen WHERE (e.xid, e.id) > (seen.xid, seen.event_id)
        AND e.type IN ('orders.completed', 'aftersales.returned', 'stock.transfer_in', 'stock.count', 'stock.adjustment',
            'stock.waste')
)"""


def _apart(kind: str, found: str, net: str) -> str:
    """Lines of a kind that are missing, too many, or others than what happened says."""
    return f"""
SELECT coalesce(f.source_id, x.source_id), coalesce(f.line_no, x.line_no), f.net, x.net FROM (
    SELECT source_id, line_no, organisation_id, quantity, {net} AS net FROM ({found}) AS happened
) AS f
FULL JOIN (
    SELECT * FROM consignment_line WHERE kind = '{kind}'
) AS x ON x.source_id = f.source_id AND x.line_no = f.line_no
WHERE (f.organisation_id, f.quantity, f.net) IS DISTINCT FROM (x.organisation_id, x.quantity, x.net)
    AND NOT EXISTS (SELECT FROM unread u WHERE u.subject_id = coalesce(f.source_id, x.source_id))
"""


_LOST = "coalesce(sign(value * quantity) * ((2 * abs(value * quantity) + 1000) / 2000), 0)::bigint"
_ALL_LOSSES = f"""
SELECT source_id, line_no, organisation_id, quantity, value FROM ({facts.LOSSES.format(only="true")}) AS deeds
UNION ALL
SELECT source_id, line_no, organisation_id, quantity, value FROM (
    {facts.ARRIVALS.format(only="NOT EXISTS (SELECT FROM unread u WHERE u.subject_id = m.transfer_id)")}
) AS arrived WHERE quantity <> 0
UNION ALL
SELECT source_id, line_no, organisation_id, quantity, value FROM ({facts.RETURNS.format(only="NOT l.restock")}) AS back
WHERE quantity <> 0
"""
_SALES = _UNREAD + _apart("sale", facts.SALES.format(only="true"), "net")
_RETURNS = _UNREAD + _apart(
    "return",
    f"SELECT source_id, line_no, organisation_id, -quantity AS quantity, net FROM ({facts.RETURNS.format(only='true')}) AS back",
    "-net",
)
_LOSSES = _UNREAD + _apart("loss", _ALL_LOSSES, _LOST)
# Of a sale whatever came back has given back its share of the commission, rounded once for all of it.
_COMMISSION = """
SELECT s.source_id, s.line_no, s.commission, b.commission FROM consignment_line s
JOIN partners_agreement g ON g.id = (SELECT agreement_id FROM stock_ownership w WHERE w.id = s.ownership_id)
LEFT JOIN (
    SELECT sale_id, sale_line, -sum(net) AS net, -sum(commission) AS commission FROM consignment_line
    WHERE kind = 'return' GROUP BY sale_id, sale_line
) AS b ON b.sale_id = s.source_id AND b.sale_line = s.line_no
WHERE s.kind = 'sale' AND (
    s.commission <> (2 * s.net * g.commission + 1000) / 2000
    OR b.commission <> CASE s.net WHEN 0 THEN 0 ELSE div(2 * s.commission * b.net + s.net, 2 * s.net) END
)
"""
_OWED = """
SELECT coalesce(o.organisation_id, b.organisation_id), coalesce(o.currency, b.currency), coalesce(o.owed, 0), coalesce(b.owed, 0)
FROM (
    SELECT organisation_id, entity_id, currency, sum(owed) AS owed FROM (
        SELECT organisation_id, entity_id, currency, owed FROM consignment_line
        UNION ALL SELECT organisation_id, entity_id, currency, -owed FROM consignment_settlement
    ) AS part GROUP BY organisation_id, entity_id, currency
) AS o
FULL JOIN (
    SELECT p.id AS organisation_id, l.entity_id, l.currency, -sum(l.amount) AS owed
    FROM partners_organisation p JOIN ledger_posting l ON l.account = 'partner_' || replace(p.id::text, '-', '')
    GROUP BY p.id, l.entity_id, l.currency
) AS b USING (organisation_id, entity_id, currency)
WHERE coalesce(o.owed, 0) <> coalesce(b.owed, 0)
"""
_SETTLED = """
SELECT s.id, s.currency, s.owed, coalesce(l.owed, 0) FROM consignment_settlement s
LEFT JOIN (
    SELECT settlement_id, organisation_id, entity_id, currency, count(*) AS lines,
        coalesce(sum(net) FILTER (WHERE kind = 'sale'), 0) AS sales,
        coalesce(-sum(net) FILTER (WHERE kind = 'return'), 0) AS returns, sum(commission) AS commission,
        coalesce(sum(net) FILTER (WHERE kind = 'loss'), 0) AS losses, sum(owed) AS owed, max(business_date) AS until
    FROM consignment_line WHERE settlement_id IS NOT NULL GROUP BY settlement_id, organisation_id, entity_id, currency
) AS l ON l.settlement_id = s.id AND l.organisation_id = s.organisation_id AND l.entity_id = s.entity_id
    AND l.currency = s.currency
WHERE (s.lines, s.sales, s.returns, s.commission, s.losses, s.owed)
    IS DISTINCT FROM (l.lines, l.sales, l.returns, l.commission, l.losses, l.owed) OR l.until > s.until
"""


def _count(table: str) -> int:
    return int(run(f"SELECT count(*) FROM {table}").fetchall()[0][0])


@check("consignment.lines", "every sale, return and loss of a partner's goods is in what it is owed, once, to the cent")
def lines() -> CheckResult:
    found = [
        (what, *row)
        for what, sql in (("sale", _SALES), ("return", _RETURNS), ("loss", _LOSSES), ("commission", _COMMISSION))
        for row in run(sql).fetchall()
    ]
    shown = tuple(
        f"{what} {source}, line {line}: {'nothing' if says is None else says} by what happened, {has} in its line"
        for what, source, line, says, has in found[:SHOWN]
    )
    return CheckResult(_count("consignment_line"), shown, len(found))


@check(
    "consignment.owed", "what partners are owed is sales less returns, commission and settlements, and so say the books"
)
def owed() -> CheckResult:
    rows = run(_OWED).fetchall()
    shown = tuple(
        f"partner {partner}: {has} {currency} by its lines and settlements, {books} in the books"
        for partner, currency, has, books in rows[:SHOWN]
    )
    return CheckResult(_count("stock_ownership"), shown, len(rows))


@check("consignment.settlements", "every settlement is the sum of its lines")
def settlements() -> CheckResult:
    rows = run(_SETTLED).fetchall()
    shown = tuple(
        f"settlement {one}: {says} {currency}, its lines say {sums}" for one, currency, says, sums in rows[:SHOWN]
    )
    return CheckResult(_count("consignment_settlement"), shown, len(rows))
