"""`storeline audit [--json] [--only NAME …]`: does everything that must balance, balance?"""

from __future__ import annotations

import time
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandParser

from storeline.kernel.api import CHECKS, Check


class Command(BaseCommand):
    help = "Run every audit check; exits 1 on any difference."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
        parser.add_argument("--only", nargs="*", default=None, help="names of checks, or of modules")

    def handle(self, *_: Any, **options: Any) -> None:
        only = options["only"]
        chosen = [
            check
            for name, check in sorted(CHECKS.items())
            if only is None or name in only or name.partition(".")[0] in only
        ]
        checks = {check.name: self._run(check, quiet=options["json"]) for check in chosen}
        ok = all(outcome["ok"] for outcome in checks.values())
        if options["json"]:
            self.stdout.write(orjson.dumps({"ok": ok, "checks": checks}).decode())
        else:
            self.stdout.write("The books balance." if ok else "The books do not balance.")
        if not ok:
            raise SystemExit(1)

    def _run(self, check: Check, *, quiet: bool) -> dict[str, Any]:
        started = time.monotonic()
        result = check.run()
        outcome = {
            "ok": result.ok,
            "checked": result.checked,
            "differences": result.count,
            "examples": list(result.differences[:20]),
            "seconds": round(time.monotonic() - started, 3),
            **result.facts,
        }
        if not quiet:
            mark = "ok  " if result.ok else "FAIL"
            self.stdout.write(f"{mark} {check.name:32} {result.checked:>10,}  {check.words}")
            for difference in outcome["examples"]:
                self.stdout.write(f"     {difference}")
        return outcome
