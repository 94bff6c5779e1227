"""What must hold among customers."""

from storeline.kernel.api import SHOWN, CheckResult, check, run


@check("customers.erased", "no erased customer keeps a contact point or a card")
def erased() -> CheckResult:
    rows = run("""
SELECT c.id FROM customers_customer c WHERE c.erased_at IS NOT NULL AND (
  EXISTS (SELECT FROM customers_contact_point p WHERE p.customer_id = c.id)
  OR EXISTS (SELECT FROM customers_card a WHERE a.customer_id = c.id)) ORDER BY c.id
""").fetchall()
    checked = run("SELECT count(*) FROM customers_customer").fetchall()[0][0]
    shown = tuple(f"customer {key} was erased and keeps personal data" for (key,) in rows[:SHOWN])
    return CheckResult(checked, shown, len(rows))


@check("customers.merges", "every merge ends at one surviving record, without circles")
def merges() -> CheckResult:
    rows = run("""
WITH RECURSIVE walk (start, id) AS (
  SELECT merged_id, survivor_id FROM customers_merge WHERE undone_at IS NULL
  UNION ALL
  SELECT walk.start, m.survivor_id FROM walk JOIN customers_merge m ON m.merged_id = walk.id AND m.undone_at IS NULL
) CYCLE id SET circle USING path
SELECT DISTINCT start FROM walk WHERE circle OR id = start ORDER BY start
""").fetchall()
    checked = run("SELECT count(*) FROM customers_merge WHERE undone_at IS NULL").fetchall()[0][0]
    shown = tuple(f"customer {key} is merged into itself by a circle" for (key,) in rows[:SHOWN])
    return CheckResult(checked, shown, len(rows))
