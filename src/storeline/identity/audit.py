"""What must hold among users and clients."""

from storeline.kernel.api import SHOWN, CheckResult, check, run


@check("identity.erased", "an erased user holds no role, no second factor and no address")
def erased_users() -> CheckResult:
    rows = run("""
SELECT u.id FROM identity_user u WHERE u.erased_at IS NOT NULL AND (
  EXISTS (SELECT FROM identity_grant g WHERE g.user_id = u.id)
  OR EXISTS (SELECT FROM mfa_authenticator m WHERE m.user_id = u.id)
  OR EXISTS (SELECT FROM account_emailaddress e WHERE e.user_id = u.id)) ORDER BY u.id
""").fetchall()
    checked = run("SELECT count(*) FROM identity_user").fetchall()[0][0]
    return CheckResult(
        checked, tuple(f"user {key} was erased and still holds something" for (key,) in rows[:SHOWN]), len(rows)
    )
