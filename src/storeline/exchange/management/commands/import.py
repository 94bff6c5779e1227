# ruff: noqa: N999  # the command is called import
"""`storeline import FOLDER [--dry-run] [--errors FILE] [--json]`: take in a retailer's data, as docs/import.md says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser

from storeline.exchange.importing import Report, import_folder
from storeline.exchange.progress import bars
from storeline.kernel.api import SYSTEM, Error


class Command(BaseCommand):
    help = "Take in a folder of the import format. Good rows are taken, bad ones written to a file with their reasons."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check everything, keep nothing")
        parser.add_argument("--errors", type=Path, help="where to write what was refused; FOLDER-errors.csv otherwise")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *_: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        errors = options["errors"] or Path(f"{folder.resolve().name}-errors.csv")
        try:
            with bars(quiet=options["json"]) as step:
                report = import_folder(folder, actor=SYSTEM, dry_run=options["dry_run"], errors=errors, step=step)
        except Error as error:
            raise CommandError(error.detail) from error
        if options["json"]:
            self.stdout.write(orjson.dumps(report.as_json()).decode())
        else:
            self._tell(report)
        if report.errors:
            raise SystemExit(1)

    def _tell(self, report: Report) -> None:
        self.stdout.write(f"{'':20}{'rows':>11}{'new':>11}{'changed':>11}{'the same':>11}{'refused':>11}")
        for name, counts in report.files.items():
            numbers = (counts.rows, counts.inserted, counts.updated, counts.unchanged, counts.refused)
            self.stdout.write(f"{name:20}" + "".join(f"{number:>11,}" for number in numbers))
        self.stdout.write(f"{report.seconds:.1f} s" + (", a dry run: nothing was kept" if report.dry_run else ""))
        if report.errors or report.warnings:
            self.stdout.write(f"{report.errors} errors and {report.warnings} warnings are in {report.errors_file}")
