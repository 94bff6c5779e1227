"""Rounds of trade in which workers and PostgreSQL are killed; then everything is audited and held against the workers' logs."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.harness import DEEDS, FIRST, LAST, WORKERS, Round, faults
from tests.faults.worker import RIVALS

ROUNDS, SECONDS = 30, 400.0
SHOWN = 20
NOTES = (
    "Kills are SIGKILL of processes; the machine and its page cache live on. Operations are deeds (a batch of orders is"
    " one) whose answer a worker had; lost: what was answered and is not there as it was answered; doubled: what is"
    " there twice, or although it was refused or never asked for."
)


def main(options: argparse.Namespace) -> dict[str, Any]:
    """Run the rounds; fails where fewer than asked fitted into the time."""
    asked, seconds = options.rounds or ROUNDS, options.seconds or SECONDS
    seed = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    started, done = time.monotonic(), list[Round]()
    with faults(seed) as engine:
        while len(done) < asked:
            if time.monotonic() - started > seconds:
                raise RuntimeError(f"only {len(done)} of {asked} rounds in {seconds:.0f} s")
            done.append(engine.round(len(done)))
            _tell(done[-1], asked)
    figures = _figures(done) | {"seed": seed, "seconds": round(time.monotonic() - started, 1)}
    if options.write is not None:
        _write(options.write, figures, done)
    found = [text for one in done for text in one.found]
    for text in found[:SHOWN]:
        print(text, file=sys.stderr)
    return figures | {"ok": not found, "notes": NOTES}


def _tell(one: Round, asked: int) -> None:
    spent = f"{sum(one.seconds.values()):.1f} s"
    sys.stderr.write(f"round {one.number + 1}/{asked}: {one.kills} at {one.at}, {len(one.found)} findings, {spent}\n")


def _figures(done: list[Round]) -> dict[str, Any]:
    kills: Counter[str] = Counter()
    spent: defaultdict[str, float] = defaultdict(float)
    for one in done:
        kills.update(one.kills)
        for name, seconds in one.seconds.items():
            spent[name] += seconds
    return {
        "rounds": len(done),
        "operations": sum(one.verdict["operations"] for one in done),
        "acknowledged": sum(one.verdict["objects"] for one in done),
        "kills": sum(kills.values()),
        "kills_of": dict(sorted(kills.items())),
        "fewest_before_a_kill": min(one.at[0] for one in done),
        "interrupted": sum(one.verdict["cuts"] for one in done),
        "brought_again": sum(one.verdict["repeats"] for one in done),
        "clocks_off": sum(one.skewed for one in done),
        "clocks_jumped": sum(one.verdict["jumps"] for one in done),
        "calls_of_rivals": sum(one.verdict["calls"] for one in done),
        "calls_never_answered": sum(one.verdict["unheard"] for one in done),
        "lost": sum(len(one.verdict["lost"]) for one in done),
        "doubled": sum(len(one.verdict["doubled"]) for one in done),
        "not_linearizable": sum(len(one.verdict["history"]) for one in done),
        "audit_ok": not any(one.verdict["audit"] or one.verdict["hanging"] for one in done),
        "failures": sum(len(one.verdict["broke"]) for one in done),
        "deadlocks": sum(len(one.verdict["deadlocks"]) for one in done),
        "seconds_on": {name: round(seconds, 1) for name, seconds in sorted(spent.items())},
    }


def _write(path: Path, figures: dict[str, Any], done: list[Round]) -> None:
    """The page that others read."""
    deeds: Counter[str] = Counter()
    for one in done:
        deeds.update(one.verdict["deeds"])
    rows = "".join(f"| {key.replace('_', ' ')} | {_words(value)} |\n" for key, value in figures.items())
    work = "".join(f"| {name.replace('_', ' ')} | {count} |\n" for name, count in sorted(deeds.items()))
    sizes: dict[str, Any] = {"when": f"{datetime.now(UTC):%d %B %Y, %H:%M}", "cores": len(os.sched_getaffinity(0))}
    sizes |= {"workers": WORKERS, "deeds_each": DEEDS, "first": FIRST, "last": LAST, "rivals": RIVALS}
    path.write_text(_PAGE.format(rounds=len(done), rows=rows, deeds=work, notes=NOTES, **sizes))


def _words(value: object) -> str:
    return ", ".join(f"{name} {one}" for name, one in value.items()) if isinstance(value, dict) else str(value)


_PAGE = """# Proof: what kills leave behind

Run on {when} UTC on {cores} cores. Written by `python -m bench faults --rounds {rounds} --write docs/proof.md` (`make proof` runs 300; `make test` runs 30 of them); the code is in
`tests/faults/`.

Each round has a fresh database of two shops on a private PostgreSQL with its usual durability (fsync and
synchronous_commit on; small buffers, and after a kill `syncfs` instead of one fsync per file, so that it is back sooner).
{workers} workers, in every other round also one that imports, trade at random until {deeds_each} deeds were answered: each
is a process of its own. They bring the same orders more than once, in other orders, and at the same time. Some have a business clock
that is five hours off; and in the middle of their work their business clock, or the system's as they see it, jumps forward or
backward by up to five hours. (PostgreSQL's own clock stays: it cannot be moved without moving the machine's.)
Workers, PostgreSQL as a whole, or one of its processes are killed with SIGKILL at random moments, each
somewhere between the {first}th and the {last}th answered deed; other workers take over, bring what nobody had heard the answer of, and some
of what had been answered. Then time passes, jobs run, consumers read, every audit check runs, and each worker's log (written
before and after each deed) is held against the tables.

Beside them a process with {rivals} threads reserves, extends, shrinks, releases, posts, receives, sells and reads one product at two
places, with a business clock that is another at every call, and is killed like the others. Its history is checked to be linearizable
(`tests/faults/linearizability.py` says by which method and whose): every answer, each with what was left to promise at that moment, must follow
from some order of the calls, one at a time, that is true to their beginnings and ends; calls that nobody heard the answer of may have happened
or not; and the tables afterwards must be what that order leads to.

| what | |
| --- | --- |
{rows}
{notes} Interrupted: attempts that ended because the server was gone; they were repeated.

| deed | begun |
| --- | --- |
{deeds}
Not tried here: a crash of the operating system or of the power (a disk that loses what it said it had written), a
full disk, a partition of the network, more than one machine.
"""
