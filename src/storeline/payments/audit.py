"""What must balance in payments."""

from __future__ import annotations

from storeline.kernel import api as kernel

_SUMS = """
SELECT i.id, i.authorised, i.captured, i.voided, i.refunded,
 coalesce(o.authorised, 0), coalesce(o.captured, 0), coalesce(o.voided, 0), coalesce(o.refunded, 0), count(*) OVER ()
FROM payments_intent i FULL JOIN (
 SELECT intent_id,
  coalesce(sum(amount) FILTER (WHERE kind IN ('authorise', 'settle')), 0) AS authorised,
  coalesce(sum(amount) FILTER (WHERE kind IN ('capture', 'settle')), 0) AS captured,
  coalesce(sum(amount) FILTER (WHERE kind = 'void'), 0) AS voided,
  coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0) AS refunded
 FROM payments_operation WHERE state = 'succeeded' GROUP BY intent_id
) o ON o.intent_id = i.id
WHERE (i.authorised, i.captured, i.voided, i.refunded) IS DISTINCT FROM
 (coalesce(o.authorised, 0), coalesce(o.captured, 0), coalesce(o.voided, 0), coalesce(o.refunded, 0))
ORDER BY i.id LIMIT %s
"""
_STATES = """
SELECT i.id, i.state, count(*) OVER () FROM payments_intent i
WHERE i.state <> CASE
 WHEN i.captured <> 0 THEN 'captured'
 WHEN i.authorised > 0 AND i.authorised = i.voided THEN 'voided'
 WHEN i.authorised > 0 THEN 'authorised'
 ELSE (SELECT CASE o.state WHEN 'failed' THEN 'declined' ELSE o.state END FROM payments_operation o
       WHERE o.intent_id = i.id AND o.kind = 'authorise') END
ORDER BY i.id LIMIT %s
"""
# What partners took and what was given back is posted with the answer that said so.
_BOOKS = """
SELECT coalesce(o.source_id, p.source_id), coalesce(o.kind, p.kind), coalesce(o.amount, 0), coalesce(p.amount, 0),
 count(*) OVER ()
FROM (
 SELECT i.source_id, o.kind, sum(o.amount) AS amount
 FROM payments_operation o JOIN payments_intent i ON i.id = o.intent_id
 WHERE o.kind IN ('capture', 'refund') AND o.state = 'succeeded' AND o.provider_reference <> 'imported'
 GROUP BY i.source_id, o.kind
) o FULL JOIN (
 SELECT source_id, substr(kind, 9) AS kind, sum(amount) AS amount FROM ledger_posting
 WHERE kind IN ('payment_capture', 'payment_refund') AND amount > 0 GROUP BY source_id, kind
) p USING (source_id, kind)
WHERE o.amount IS DISTINCT FROM p.amount ORDER BY 1, 2 LIMIT %s
"""
# What the books owe to shoppers is what refunds without a happy end come to: asked and not answered, or refused and
# not paid another way yet.
_OWED = """
SELECT coalesce(o.entity_id, p.entity_id), coalesce(o.currency, p.currency), coalesce(o.amount, 0), coalesce(p.amount, 0),
 count(*) OVER ()
FROM (
 SELECT i.entity_id, i.currency, sum(o.amount) AS amount
 FROM payments_operation o JOIN payments_intent i ON i.id = o.intent_id
 WHERE o.kind = 'refund' AND o.state <> 'succeeded'
 AND NOT EXISTS (SELECT FROM payments_repayment r WHERE r.intent_id = o.intent_id AND r.key = o.key)
 GROUP BY i.entity_id, i.currency
) o FULL JOIN (
 SELECT entity_id, currency, -sum(amount) AS amount FROM ledger_posting
 WHERE account = 'refunds_payable' GROUP BY entity_id, currency
) p USING (entity_id, currency)
WHERE coalesce(o.amount, 0) <> coalesce(p.amount, 0) ORDER BY 1, 2 LIMIT %s
"""
_REPAID = """
SELECT r.intent_id, r.key, o.state, o.amount, -p.captured, count(*) OVER ()
FROM payments_repayment r
LEFT JOIN payments_operation o ON o.intent_id = r.intent_id AND o.key = r.key AND o.kind = 'refund'
LEFT JOIN payments_intent i ON i.id = r.intent_id
LEFT JOIN payments_intent p ON p.id = r.paid_by AND p.currency = i.currency
WHERE o.state IS DISTINCT FROM 'failed' OR o.amount IS DISTINCT FROM -p.captured
 OR i.captured < i.refunded + (
  SELECT sum(x.amount) FROM payments_repayment s JOIN payments_operation x ON x.intent_id = s.intent_id AND x.key = s.key
  WHERE s.intent_id = r.intent_id)
ORDER BY r.intent_id, r.key LIMIT %s
"""
_ORPHANS = """
SELECT what, id, count(*) OVER () FROM (
 SELECT 'entity' AS what, e.id FROM (SELECT DISTINCT entity_id AS id FROM payments_intent) e
 WHERE NOT EXISTS (SELECT FROM places_entity x WHERE x.id = e.id)
 UNION ALL
 SELECT 'place', q.id FROM (SELECT DISTINCT place_id AS id FROM payments_intent WHERE place_id IS NOT NULL) q
 WHERE NOT EXISTS (SELECT FROM places_place x WHERE x.id = q.id)
 UNION ALL
 SELECT 'payment', o.intent_id FROM payments_operation o
 WHERE NOT EXISTS (SELECT FROM payments_intent i WHERE i.id = o.intent_id)
) AS orphans ORDER BY what, id LIMIT %s
"""
_OPEN = "SELECT count(*) FROM payments_operation WHERE state IN ('pending', 'unknown')"


def _count(sql: str) -> int:
    row = kernel.run(sql).fetchone()
    return int(row[0]) if row else 0


def _result(rows: list[kernel.Row], shown: tuple[str, ...], facts: dict[str, int] | None = None) -> kernel.CheckResult:
    checked = _count("SELECT count(*) FROM payments_intent")
    return kernel.CheckResult(checked, shown, int(rows[0][-1]) if rows else 0, facts or {})


@kernel.check("payments.sums", "every payment's sums are those of its operations that succeeded")
def sums() -> kernel.CheckResult:
    rows = kernel.run(_SUMS, [kernel.SHOWN]).fetchall()
    shown = tuple(
        f"payment {row[0]} says {row[1:5]} authorised, captured, voided, refunded; its operations say {tuple(map(int, row[5:9]))}"
        for row in rows
    )
    return _result(rows, shown, {"open": _count(_OPEN)})


@kernel.check("payments.states", "every payment's state follows from its sums")
def states() -> kernel.CheckResult:
    rows = kernel.run(_STATES, [kernel.SHOWN]).fetchall()
    return _result(rows, tuple(f"payment {row[0]} should not be {row[1]}" for row in rows))


@kernel.check("payments.books", "every capture and refund is in the books")
def in_the_books() -> kernel.CheckResult:
    rows = kernel.run(_BOOKS, [kernel.SHOWN]).fetchall()
    shown = tuple(f"{row[1]}s of {row[0]} came to {row[2]}, the books say {row[3]}" for row in rows)
    return _result(rows, shown)


@kernel.check("payments.owed", "the books owe shoppers what open and refused refunds come to, and no cent more")
def owed() -> kernel.CheckResult:
    rows = kernel.run(_OWED, [kernel.SHOWN]).fetchall()
    shown = tuple(f"entity {row[0]} has refunds over {row[2]} {row[1]} open, its books owe {row[3]}" for row in rows)
    return _result(rows, shown)


@kernel.check("payments.repaid", "what was paid another way is a refused refund, to the cent, and no more than came in")
def repaid() -> kernel.CheckResult:
    rows = kernel.run(_REPAID, [kernel.SHOWN]).fetchall()
    shown = tuple(
        f"refund {row[1]} of payment {row[0]} is {row[2]} over {row[3]}, {row[4]} was paid for it" for row in rows
    )
    return _result(rows, shown)


@kernel.check("payments.references", "every payment's entity and place exist, and every operation's payment")
def references() -> kernel.CheckResult:
    rows = kernel.run(_ORPHANS, [kernel.SHOWN]).fetchall()
    return _result(rows, tuple(f"there is no {row[0]} {row[1]}" for row in rows))
