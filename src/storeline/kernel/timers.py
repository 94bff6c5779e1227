"""Timers: what modules do when time passes, by one worker at a time, each with a row that says how it went.

A job takes up whatever is due in its own module's tables, and each thing in them has its own lease and its own next
attempt. So a job needs no queue: a run that was cut off loses nothing, the next run does the rest. Whoever runs
a job holds a lock of its session, which ends with the session: what a killed worker had in hand is free at once.
Why no job queue: docs/adr/0010-timers.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from storeline.kernel import db, tracing

Deed = TypeVar("Deed", bound=Callable[[], object])
LONGEST_PAUSE_S = 300.0
"""How far apart a job that keeps failing is tried, unless it is seldom by itself."""
_log = logging.getLogger("storeline.work")


@dataclass(frozen=True, slots=True)
class Job:
    """A named function, and the seconds from one run's end to the next run."""

    name: str
    every: float
    run: Callable[[], object]


JOBS: dict[str, Job] = {}


def job(*, every: float) -> Callable[[Deed], Deed]:
    """Register ``<module>.<function>`` to run every so many seconds of the system's clock.

    It must do what is due now and may be called at any time, by any number of workers. A failure is tried
    again after twice the time, then four times, and so on up to five minutes.
    """

    def register(deed: Deed) -> Deed:
        name = f"{deed.__module__.split('.')[-2]}.{deed.__name__}"
        if name in JOBS:
            raise ValueError(f"two jobs are called {name}")
        JOBS[name] = Job(name, every, deed)
        return deed

    return register


def pause(every: float, failures: int) -> float:
    """Seconds until the next run, after so many failures in a row."""
    return every if not failures else max(every, min(every * 2 ** min(failures, 20), LONGEST_PAUSE_S))


_ENROL = "INSERT INTO kernel_job (name) SELECT unnest(%s::text[]) ON CONFLICT (name) DO NOTHING"
_FORGET = "DELETE FROM kernel_job WHERE name <> ALL(%s::text[])"
_DUE = "SELECT name FROM kernel_job WHERE next_at <= clock_timestamp() ORDER BY next_at, name"
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('kernel.job ' || %s, 0))"
_FREE = "SELECT pg_advisory_unlock(hashtextextended('kernel.job ' || %s, 0))"
_STILL_DUE = """
SELECT failures, clock_timestamp() FROM kernel_job WHERE name = %s AND next_at <= clock_timestamp()
"""
_DONE = """
UPDATE kernel_job SET started_at = %s, ended_at = clock_timestamp(), failures = %s, error = %s,
  next_at = clock_timestamp() + %s * interval '1 second'
WHERE name = %s
"""


def enrol(names: Iterable[str]) -> None:
    """Give each of these jobs its row, due at once, and drop the rows of jobs that are no more."""
    known = list(names)
    db.run(_ENROL, [known])
    db.run(_FORGET, [known])


def due() -> list[str]:
    """The names of the jobs whose time has come, the latest first."""
    return [name for (name,) in db.run(_DUE).fetchall() if name in JOBS]


def run_job(name: str) -> bool:
    """Run it if it is due and nobody else is at it; whether it ran. A failure of its own is logged and noted, not raised."""
    if not db.run(_LOCK, [name]).fetchall()[0][0]:
        return False
    try:
        left = db.run(_STILL_DUE, [name]).fetchone()
        if left is None:
            return False
        failed_before, started = left
        error = _carry_out(JOBS[name])
        failures = failed_before + 1 if error else 0
        db.run(_DONE, [started, failures, error, pause(JOBS[name].every, failures), name])
        return True
    finally:
        db.run(_FREE, [name])


def _carry_out(found: Job) -> str:
    """Do it; the kind of error that ended it, or nothing. The error's text may hold personal data, and stays out."""
    try:
        with tracing.span(f"job {found.name}"):
            found.run()
    except Exception as error:  # noqa: BLE001  # whatever it is, the next job is not to blame
        _log.exception("a job failed", extra={"job": found.name})
        return f"{type(error).__module__}.{type(error).__qualname__}"
    return ""
