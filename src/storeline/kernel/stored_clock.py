"""The demo's clock: it stands at the end of the replayed trade and runs only while the demo serves."""

from __future__ import annotations

from datetime import UTC, datetime

from storeline.kernel import clock, db

_SET = """
INSERT INTO kernel_storedclock (id, business_at, system_at) VALUES (1, %s, %s)
ON CONFLICT (id) DO UPDATE SET business_at = excluded.business_at, system_at = excluded.system_at
"""


def store(moment: datetime) -> None:
    """Let the stored clock stand at `moment`."""
    db.run(_SET, [moment, datetime.now(UTC)])


def stored() -> tuple[datetime, datetime] | None:
    """Business time and system time when the clock was last stored."""
    row = db.run("SELECT business_at, system_at FROM kernel_storedclock").fetchone()
    return None if row is None else (row[0], row[1])


def start() -> datetime | None:
    """Go on from where the clock stood: called once when serving begins, before workers start."""
    found = stored()
    if found is None:
        return None
    store(found[0])
    follow()
    return found[0]


def follow() -> None:
    """Let this process run on the stored clock, if there is one."""
    if found := stored():
        clock.run_from(found[0] + (datetime.now(UTC) - found[1]))


def beat() -> None:
    """Keep how far business time has come, so that the next start goes on from here."""
    if stored() is not None:
        store(clock.now())
