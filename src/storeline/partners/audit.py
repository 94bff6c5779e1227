"""What must hold among partners."""

from storeline.kernel.api import SHOWN, CheckResult, check, run


@check("partners.access", "no partner's client reaches further than its agreement, or beyond its end")
def access() -> CheckResult:
    rows = run("""
SELECT x.client_id FROM partners_access x
JOIN partners_agreement a ON a.id = x.agreement_id JOIN identity_client c ON c.id = x.client_id
WHERE c.active AND (
  NOT c.scopes <@ a.scopes OR cardinality(c.scopes) = 0 OR c.organisation_id IS DISTINCT FROM a.organisation_id
  OR c.place_ids IS DISTINCT FROM a.place_ids OR c.entity_ids IS DISTINCT FROM a.entity_ids
  OR c.valid_to IS DISTINCT FROM a.ends_at) ORDER BY x.client_id
""").fetchall()
    checked = run("SELECT count(*) FROM partners_access").fetchall()[0][0]
    shown = tuple(f"client {key} does not follow its agreement" for (key,) in rows[:SHOWN])
    return CheckResult(checked, shown, len(rows))
