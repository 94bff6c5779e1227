"""`storeline insight rebuild`: make every daily figure anew from the orders and returns."""

from __future__ import annotations

from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from storeline.insight.commands import fold_all, rebuild
from storeline.kernel.api import pump


class Command(BaseCommand):
    help = "Daily figures: `fold` makes those anew whose trade changed, as the worker does; `rebuild` makes all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["fold", "rebuild"])

    def handle(self, *_: Any, **options: Any) -> None:
        started = monotonic()
        pump(["insight.days"])
        days = rebuild() if options["what"] == "rebuild" else fold_all()
        self.stdout.write(f"{days:,} places' days in {monotonic() - started:.1f} s.")
