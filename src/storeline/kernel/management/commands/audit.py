"""`storeline audit [--json] [--jobs N] [--only NAME …]`: does everything that must balance, balance?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from storeline.kernel.api import CHECKS, Check


class Command(BaseCommand):
    help = "Run every audit check; exits 1 on any difference."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
        parser.add_argument("--jobs", type=int, default=1, help="checks that run at once, each with its own connection")
        parser.add_argument("--only", nargs="*", default=None, help="names of checks, or of modules")

    def handle(self, *_: Any, **options: Any) -> None:
        only = options["only"]
        chosen = [
            check
            for name, check in sorted(CHECKS.items())
            if only is None or name in only or name.partition(".")[0] in only
        ]
        checks = {}
        for check, outcome in _outcomes(chosen, options["jobs"]):
            checks[check.name] = outcome
            if not options["json"]:
                self._tell(check, outcome)
        ok = all(outcome["ok"] for outcome in checks.values())
        if options["json"]:
            self.stdout.write(orjson.dumps({"ok": ok, "checks": checks}).decode())
        else:
            self.stdout.write("The books balance." if ok else "The books do not balance.")
        if not ok:
            raise SystemExit(1)

    def _tell(self, check: Check, outcome: dict[str, Any]) -> None:
        mark = "ok  " if outcome["ok"] else "FAIL"
        self.stdout.write(f"{mark} {check.name:32} {outcome['checked']:>10,}  {check.words}")
        for difference in outcome["examples"]:
            self.stdout.write(f"     {difference}")


def _outcomes(chosen: Sequence[Check], jobs: int) -> Iterator[tuple[Check, dict[str, Any]]]:
    """Each check with what it found, in order, as soon as it and those before it are done."""
    if jobs == 1:
        yield from ((check, _run(check)) for check in chosen)
        return
    with ThreadPoolExecutor(jobs) as threads:
        yield from zip(chosen, threads.map(_run_apart, chosen), strict=True)


def _run_apart(check: Check) -> dict[str, Any]:
    try:
        return _run(check)
    finally:
        connection.close()


def _run(check: Check) -> dict[str, Any]:
    started = time.monotonic()
    result = check.run()
    return {
        "ok": result.ok,
        "checked": result.checked,
        "differences": result.count,
        "examples": list(result.differences[:20]),
        "seconds": round(time.monotonic() - started, 3),
        **result.facts,
    }
