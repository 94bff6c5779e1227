"""What must hold among codes and messages."""

from storeline.kernel.api import SHOWN, CheckResult, check, run
from storeline.messages.domain import purpose_of
from storeline.messages.errors import UnknownPurpose


@check("messages.codes", "no code was tried more often than its purpose allows")
def tried_codes() -> CheckResult:
    rows = run(
        "SELECT purpose, max(attempts), count(*) FROM messages_code GROUP BY purpose ORDER BY purpose"
    ).fetchall()
    wrong = []
    for purpose, attempts, _ in rows:
        try:
            limit = purpose_of(purpose).attempts
        except UnknownPurpose:
            wrong.append(f"codes of the purpose {purpose}, which nobody registered")
            continue
        if attempts > limit:
            wrong.append(f"a code of the purpose {purpose} was tried {attempts} times, at most {limit} are allowed")
    return CheckResult(sum(row[2] for row in rows), tuple(wrong[:SHOWN]), len(wrong))
