"""`storeline export FOLDER`: give everything back in the import format, as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from storeline.exchange.exporting import export_folder
from storeline.exchange.progress import bars
from storeline.kernel.api import SYSTEM, Error


class Command(BaseCommand):
    help = "Write everything that the import format can hold to a new folder, as CSV."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            with bars() as step:
                rows = export_folder(options["folder"], actor=SYSTEM, step=step)
        except Error as error:
            raise CommandError(error.detail) from error
        for name, count in rows.items():
            self.stdout.write(f"{name:20}{count:>12,}")
