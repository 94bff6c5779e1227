"""Rounds of trade in which processes are killed: workers, PostgreSQL whole, one of its own processes.

A private server lives through all rounds; each round has a database of its own, copied from one that
was migrated and filled once. Kills are SIGKILL. What they leave out is the machine itself: the
operating system's page cache survives, so a torn or lost write of a disk is not what is tried here.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from storeline.config.database import NAME, Server, binaries
from storeline.config.paths import ROOT, VAR
from tests.faults.judge import FINDINGS
from tests.faults.logbook import ANSWER
from tests.faults.worker import Job

WORKERS = 3
DEEDS = 45
"""How many deeds of workers must be answered before a round's trade ends."""
REJECTS = {"reject": 20, "supply": 20, "arrive": 10}
"""What one of them does most in every second round: goods that are not there, and come from the other shop."""
FIRST, LAST = 8, 40
"""Kills fall at random moments between so many answered deeds and so many."""
MIDDLE_S = 0.03
"""And so long after that, in the middle of whatever is then being done."""
END_WITHIN_S = 120.0
TEMPLATE = NAME
# Small buffers start and recover fast, and push pages out early; everything that makes commits durable stays on.
_SETTINGS = {
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "min_wal_size": "128MB",
    "recovery_init_sync_method": "syncfs",
}


@dataclass(slots=True)
class Round:
    """What happened in one round and what was found."""

    number: int
    kills: dict[str, int] = field(default_factory=dict)
    at: list[int] = field(default_factory=list)
    """How many deeds had been answered at each kill."""
    skewed: int = 0
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """What it took, by what was done."""
    verdict: dict[str, Any] = field(default_factory=dict)

    @property
    def found(self) -> list[str]:
        """Everything that should not be."""
        return [f"{kind}: {text}" for kind in FINDINGS for text in self.verdict.get(kind, ())]

    @contextmanager
    def spending(self, on: str) -> Iterator[None]:
        """Count the time of the block."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[on] += time.monotonic() - started


class Faults:
    """The server, its template, the nursery; `round` runs one round."""

    def __init__(self, seed: str, root: Path, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.seed = seed
        self.folder = folder
        self.server = Server(root, _SETTINGS | dict(settings or {}))
        self._nursery: subprocess.Popen[str] | None = None
        self._dropping: Thread | None = None
        self._stderr = (folder / "stderr").open("ab")

    def begin(self, migrated: str = "") -> None:
        """Start the server, fill the template. The address of an empty database that is `migrated` spares doing it again."""
        self.server.start()
        if migrated:
            self._take_over(migrated)
        await_end([self.spawn(Job("template", TEMPLATE, self.seed, "template", str(self.folder)))])
        if not (self.folder / "template.done").exists():
            raise RuntimeError(f"the template could not be made:\n{self.stderr()}")

    def _take_over(self, migrated: str) -> None:
        dumped = str(self.folder / "migrated.sql")
        dump = [str(binaries() / "pg_dump"), "--no-owner", "--no-acl", f"--file={dumped}", f"--dbname={migrated}"]
        load = [str(binaries() / "psql"), "--no-psqlrc", "--quiet", f"--output={os.devnull}", "--set=ON_ERROR_STOP=1"]
        for command in (dump, [*load, f"--file={dumped}", f"--dbname={self.server.url}"]):
            subprocess.run(command, check=True, stderr=self._stderr)

    def end(self) -> None:
        """Let go of everything."""
        if self._dropping is not None:
            self._dropping.join()
        if self._nursery is not None:
            self._nursery.kill()
            self._nursery.communicate()
        self._stderr.close()
        self.server.kill()
        self.server.remove()

    def stderr(self) -> str:
        """The end of what the processes complained about."""
        return (self.folder / "stderr").read_text(errors="replace")[-4000:]

    def round(self, number: int, spoil: str = "") -> Round:
        """Trade, kill, let others take over, settle, judge. `spoil` is SQL that does damage before the judgement."""
        chance = random.Random(f"{self.seed}:{number}")  # no secrets
        done = Round(number)
        database, folder = f"round_{number}", self.folder / f"round_{number}"
        folder.mkdir()
        with done.spending("copy"):
            self.copy(database)
        try:
            self._trade(_Crew(self, database, folder, chance, done), chance)
            if spoil:
                with self.server.connect(database) as connection:
                    connection.execute(spoil.encode())
            with done.spending("judge"):
                done.verdict = self.judge(database, folder)
        finally:
            with done.spending("drop"):
                self._drop_later(database)
        if spoil or not done.found:
            shutil.rmtree(folder)
        return done

    def judge(self, database: str, folder: Path) -> dict[str, Any]:
        """Let everything settle, audit, hold the logs in `folder` against the tables: `judge.Verdict` as a mapping."""
        await_end([self.spawn(Job("judge", database, self.seed, "judge", str(folder)))])
        verdict = folder / "verdict.json"
        if not verdict.exists():
            raise RuntimeError(f"{folder.name} could not be judged:\n{self.stderr()}")
        found: dict[str, Any] = json.loads(verdict.read_text())
        return found

    def _trade(self, crew: _Crew, chance: random.Random) -> None:
        done = crew.done
        with done.spending("hire"):
            for number in range(WORKERS):
                rejects = REJECTS if number == 0 and done.number % 2 else None
                crew.hire(skew_hours=chance.choice((0, 0, 0, 0, -5, 5)), weights=rejects)
            if done.number % 2 == 0:
                crew.hire(weights={"import": 1000})
            crew.hire("rival")
            crew.await_trade()
        for goal, kill in sorted((chance.randint(FIRST, LAST), kill) for kill in _kills(done.number, chance)):
            with done.spending("trade"):
                done.at.append(crew.await_deeds(goal))
                time.sleep(chance.uniform(0, MIDDLE_S))
            with done.spending(kill):
                crew.strike(kill)
        with done.spending("trade"):
            crew.await_deeds(DEEDS)
        with done.spending("stop"):
            crew.stop()

    def copy(self, database: str) -> str:
        """A new database of that name, as the template is; the name."""
        with self.server.connect("template1") as admin:
            copy = "CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log"
            admin.execute(sql.SQL(copy).format(sql.Identifier(database), sql.Identifier(TEMPLATE)))
        return database

    def _drop_later(self, database: str) -> None:
        """Beside the next round: it waits for the disk. One that a kill cuts off stays until the server goes."""
        if self._dropping is not None:
            self._dropping.join()
        self._dropping = Thread(target=self._drop, args=(database,))
        self._dropping.start()

    def _drop(self, database: str) -> None:
        with suppress(psycopg.Error), self.server.connect("template1") as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))

    def spawn(self, job: Job) -> int:
        """A new process of the nursery that works, judges or builds the template: its id."""
        if self._nursery is None:
            self._nursery = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery"],
                cwd=ROOT,
                env=_environment(self.server.url),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                text=True,
            )
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._nursery.stdin.write(json.dumps(asdict(job)) + "\n")
        self._nursery.stdin.flush()
        answer = self._nursery.stdout.readline()
        if not answer:
            raise RuntimeError(f"the nursery ended:\n{self.stderr()}")
        return int(answer)


def _environment(url: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("STORELINE_", "DJANGO_"))}
    return kept | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "storeline.config.settings", "PYTHONUNBUFFERED": "1"}


@dataclass(slots=True)
class _Crew:
    """The workers of one round."""

    faults: Faults
    database: str
    folder: Path
    chance: random.Random
    done: Round
    alive: dict[int, Job] = field(default_factory=dict)
    hired: int = 0

    def hire(
        self,
        what: str = "work",
        *,
        skew_hours: int = 0,
        weights: dict[str, int] | None = None,
        after: Job | None = None,
    ) -> None:
        """One more worker, or process of rivals; it goes on where `after` was killed."""
        self.hired += 1
        job = Job(
            what,
            self.database,
            f"{self.faults.seed}:{self.done.number}",
            f"{what}-{self.hired}",
            str(self.folder),
            skew_hours,
            weights or {},
            (str(after.log),) if after else (),
        )
        self.alive[self.faults.spawn(job)] = job
        self.done.skewed += bool(skew_hours)

    def await_deeds(self, goal: int) -> int:
        """Wait until so many of the workers' deeds were answered; how many were."""
        deadline = time.monotonic() + END_WITHIN_S
        while (answered := sum(path.read_bytes().count(ANSWER) for path in self.folder.glob("*.log"))) < goal:
            if time.monotonic() > deadline:
                raise RuntimeError(f"only {answered} of {goal} deeds were done:\n{self.faults.stderr()}")
            time.sleep(0.01)
        return answered

    def await_trade(self) -> None:
        """Wait until everybody is at work."""
        deadline = time.monotonic() + END_WITHIN_S
        while not all(job.log.exists() and job.log.stat().st_size for job in self.alive.values()):
            if time.monotonic() > deadline or not all(map(_lives, self.alive)):
                raise RuntimeError(f"the workers did not begin:\n{self.faults.stderr()}")
            time.sleep(0.005)

    def strike(self, kill: str) -> None:
        """Kill, and let others take over."""
        if kill == "worker":
            pid = self.chance.choice(sorted(self.alive))
            job = self.alive.pop(pid)
            if not _lives(pid):
                raise RuntimeError(f"{job.name} ended before it was killed:\n{self.faults.stderr()}")
            os.kill(pid, signal.SIGKILL)
            self.hire(job.what, skew_hours=job.skew_hours, weights=job.weights, after=job)
        elif kill == "server":
            self.faults.server.kill()
            self.faults.server.start()
        elif not self._kill_backend():
            return
        self.done.kills[kill] = self.done.kills.get(kill, 0) + 1

    def _kill_backend(self) -> bool:
        """One of the server's processes that serve us: the server then restarts by itself, from its log."""
        server = self.faults.server
        with server.connect("template1") as admin:
            rows = admin.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [self.database]).fetchall()
        if not rows:
            return False
        os.kill(self.chance.choice(sorted(row[0] for row in rows)), signal.SIGKILL)
        deadline = time.monotonic() + END_WITHIN_S
        while not server.running() and time.monotonic() < deadline:
            time.sleep(0.02)
        return True

    def stop(self) -> None:
        """Nothing new is begun; wait until everybody has ended."""
        (self.folder / "stop").touch()
        late = await_end(list(self.alive))
        for pid in late:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if late:
            raise RuntimeError(f"{len(late)} workers did not end:\n{self.faults.stderr()}")


def _kills(number: int, chance: random.Random) -> list[str]:
    """Every kind of kill in every three rounds; each round has at least one."""
    kills = ["worker"] * chance.randint(0, 2)
    kills.append(("server", "backend", "worker")[number % 3])
    return kills


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def await_end(pids: list[int]) -> list[int]:
    """Wait for processes that are not our children; those that did not end in time."""
    deadline = time.monotonic() + END_WITHIN_S
    while (left := [pid for pid in pids if _lives(pid)]) and time.monotonic() < deadline:
        time.sleep(0.005)
    return left


def own_database() -> str:
    """The address of this test run's database, which is migrated and empty between tests."""
    from django.db import connection  # noqa: PLC0415  # the bench has no settings

    known = connection.settings_dict
    if not known["NAME"].startswith(known["TEST"]["NAME"]):
        raise RuntimeError(f"{known['NAME']} is no test database: mark the tests with django_db")
    parts = {"dbname": known["NAME"], **{name: known[name.upper()] for name in ("user", "password", "host", "port")}}
    return make_conninfo(**{name: value for name, value in parts.items() if value})


@contextmanager
def faults(seed: str, settings: Mapping[str, str] | None = None, migrated: str = "") -> Iterator[Faults]:
    """A private server with its template, removed afterwards; logs of rounds that failed are kept and named."""
    folder = Path(tempfile.mkdtemp(prefix="storeline-faults-"))
    engine = Faults(seed, VAR / f"faults-{os.getpid()}", folder, settings)
    try:
        engine.begin(migrated)
        yield engine
    finally:
        with suppress(psycopg.Error):
            engine.end()
        if not any(folder.glob("round_*")):
            shutil.rmtree(folder)
