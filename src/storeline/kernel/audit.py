"""What must hold in the kernel itself."""

from storeline.kernel import db
from storeline.kernel.checks import SHOWN, CheckResult, check


@check("kernel.events", "no consumer has parked an event it could not take")
def parked_events() -> CheckResult:
    rows = db.run("SELECT consumer, event_id, error FROM kernel_parked ORDER BY id").fetchall()
    checked = db.run("SELECT count(*) FROM kernel_event").fetchone()
    shown = tuple(f"{name} could not take event {event}: {error}" for name, event, error in rows[:SHOWN])
    return CheckResult(checked[0] if checked else 0, shown, len(rows))
