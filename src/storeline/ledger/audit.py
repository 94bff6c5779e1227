"""What must balance in the ledger."""

from __future__ import annotations

from storeline.kernel import api as kernel

_COUNT = "SELECT count(*) FROM ledger_posting"
_UNBALANCED = """
SELECT transaction_id, entity_id, currency, sum(amount), count(*) OVER () FROM ledger_posting
GROUP BY transaction_id, entity_id, currency HAVING sum(amount) <> 0 ORDER BY transaction_id LIMIT %s
"""
_ORPHANS = """
SELECT what, id, count(*) OVER () FROM (
 SELECT DISTINCT 'account' AS what, p.account AS id FROM ledger_posting p
 WHERE NOT EXISTS (SELECT FROM ledger_account a WHERE a.code = p.account)
 UNION ALL
 SELECT 'entity', e.id::text FROM (SELECT DISTINCT entity_id AS id FROM ledger_posting) e
 WHERE NOT EXISTS (SELECT FROM places_entity x WHERE x.id = e.id)
 UNION ALL
 SELECT 'place', q.id::text FROM (SELECT DISTINCT place_id AS id FROM ledger_posting WHERE place_id IS NOT NULL) q
 WHERE NOT EXISTS (SELECT FROM places_place x WHERE x.id = q.id)
 UNION ALL
 SELECT DISTINCT 'holding', p.holding_id::text FROM ledger_posting p
 WHERE p.holding_id IS NOT NULL AND NOT EXISTS (SELECT FROM ledger_holding h WHERE h.id = p.holding_id)
) AS orphans ORDER BY what, id LIMIT %s
"""
_HOLDINGS = """
SELECT h.id, h.balance, coalesce(p.balance, 0), count(*) OVER () FROM ledger_holding h
LEFT JOIN (
 SELECT holding_id, entity_id, account, currency, -sum(amount) AS balance FROM ledger_posting
 WHERE holding_id IS NOT NULL GROUP BY holding_id, entity_id, account, currency
) p ON p.holding_id = h.id AND p.entity_id = h.entity_id AND p.account = h.account AND p.currency = h.currency
WHERE h.balance <> coalesce(p.balance, 0) ORDER BY h.id LIMIT %s
"""


def _count(sql: str) -> int:
    row = kernel.run(sql).fetchone()
    return int(row[0]) if row else 0


def _wrong(rows: list[kernel.Row]) -> int:
    return int(rows[0][-1]) if rows else 0


@kernel.check("ledger.balanced", "every transaction sums to zero for each entity and currency")
def balanced() -> kernel.CheckResult:
    rows = kernel.run(_UNBALANCED, [kernel.SHOWN]).fetchall()
    shown = tuple(f"transaction {row[0]} of entity {row[1]} is off by {row[3]} {row[2]}" for row in rows)
    return kernel.CheckResult(_count(_COUNT), shown, _wrong(rows))


@kernel.check("ledger.references", "every posting's account, entity, place and holding exist")
def references() -> kernel.CheckResult:
    rows = kernel.run(_ORPHANS, [kernel.SHOWN]).fetchall()
    shown = tuple(f"there is no {row[0]} {row[1]}" for row in rows)
    return kernel.CheckResult(_count(_COUNT), shown, _wrong(rows))


@kernel.check("ledger.holdings", "value held is the sum of its postings")
def held() -> kernel.CheckResult:
    rows = kernel.run(_HOLDINGS, [kernel.SHOWN]).fetchall()
    shown = tuple(f"holding {row[0]} says {row[1]}, its postings say {row[2]}" for row in rows)
    return kernel.CheckResult(_count("SELECT count(*) FROM ledger_holding"), shown, _wrong(rows))
