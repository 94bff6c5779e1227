"""A worker: one process that trades at random until it is told to stop, or killed."""

from __future__ import annotations

import os
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from tests.faults.logbook import Logbook, Spec, read

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 60.0
"""How long a worker waits for a server that is down."""
REST_S = 0.03
"""How long it rests before it tries again."""
RIVALS = 3
"""So many threads has a process of rivals."""
DEADLOCK = "40P01"
JUMPS = 0.06
"""Before so many of its deeds a clock jumps."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a process of the nursery is told when it starts; `resume` are the logs of those whose place it takes."""

    what: str
    database: str
    seed: str
    name: str
    folder: str
    skew_hours: int = 0
    weights: dict[str, int] = field(default_factory=dict)
    resume: tuple[str, ...] = ()

    @property
    def log(self) -> Path:
        """Where it writes what it does: deeds, or a history of calls."""
        return Path(self.folder) / f"{self.name}.{'calls' if self.what == 'rival' else 'log'}"

    @property
    def stop(self) -> Path:
        """Once this file is there, nothing new is begun."""
        return Path(self.folder) / "stop"


def work(job: Job) -> None:
    """Finish what a predecessor left open, bring some of its deeds again, then trade."""
    from storeline.kernel.api import clock, now  # noqa: PLC0415  # needs the settings
    from tests.faults.clocks import jump  # noqa: PLC0415  # needs the settings
    from tests.faults.deeds import choose  # noqa: PLC0415  # needs the settings
    from tests.faults.deeds.world import look  # noqa: PLC0415  # needs the settings

    if job.skew_hours:
        clock.run_from(now() + timedelta(hours=job.skew_hours))
    book, chance = Logbook(job.log), Random(f"{job.seed}:{job.name}")  # no secrets
    world = patiently(book, lambda: look(job.seed))
    unheard, heard = left_open(job, chance)
    for spec in unheard:
        carry_out(book, spec)
    for spec in heard:
        if not job.stop.exists():
            carry_out(book, spec)
    nursery = os.getppid()
    while not job.stop.exists() and os.getppid() == nursery:
        if chance.random() < JUMPS:
            book.note("jump", jump(chance))
        carry_out(book, patiently(book, lambda: choose(world, chance, job.weights)))


def left_open(job: Job, chance: Random) -> tuple[list[Spec], list[Spec]]:
    """What nobody heard the answer of; and a few deeds that were answered, since a repeat must change nothing."""
    unheard: list[Spec] = []
    heard: list[Spec] = []
    for path in job.resume:
        entries, _ = read(Path(path))
        done = [entry.spec for entry in entries if entry.answer is not None]
        unheard += [entry.spec for entry in entries if entry.answer is None]
        heard += chance.sample(done, min(4, len(done)))
    return unheard, heard


def carry_out(book: Logbook, spec: Spec) -> None:
    """Write it down, do it until there is an answer, write that down."""
    from tests.faults.deeds import do  # noqa: PLC0415  # needs the settings

    number = book.intend(spec)
    try:
        answer = patiently(book, lambda: do(spec))
    except Exception:  # noqa: BLE001  # whatever it is, it is a finding
        book.note("broke", f"{spec['do']}: {traceback.format_exc()[-3000:]}")
        recover()
        answer = {"broke": True}
    book.answered(number, answer)


def patiently(book: Logbook, deed: Callable[[], Any]) -> Any:
    """Again and again while the server is down, or while two deeds stand in each other's way."""
    import psycopg  # noqa: PLC0415  # only in the child
    from django.db import InterfaceError, OperationalError  # noqa: PLC0415  # needs the settings

    from tests.faults.deeds.goods import TryAgainError  # noqa: PLC0415  # needs the settings

    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return deed()
        except TryAgainError:
            pass
        except (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError) as error:
            kind = "deadlock" if sqlstate(error) == DEADLOCK else "cut"
            book.note(
                kind, traceback.format_exc()[-3000:] if kind == "deadlock" else f"{type(error).__name__}: {error}"[:200]
            )
            recover()
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(REST_S)


def sqlstate(error: Exception) -> str | None:
    """PostgreSQL's code of an error, whoever raised it."""
    found: str | None = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None)
    return found


def recover() -> None:
    """Let go of a connection that is broken, as a server's worker does between two requests."""
    from django.db import close_old_connections  # noqa: PLC0415  # needs the settings

    with suppress(Exception):
        close_old_connections()
