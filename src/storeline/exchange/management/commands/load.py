"""`storeline load journey [--days N]`: write the demo retailer in the import format and import it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from storeline.exchange.importing import finished
from storeline.exchange.journey import prepare


class Command(BaseCommand):
    help = "Load the demo retailer: everything but the last days of its year, which are kept for the replay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["journey"])
        parser.add_argument("--days", type=int, default=0, help="days to leave for `storeline replay`")
        parser.add_argument("--shops", type=int, help="only so many shops, the largest")
        parser.add_argument(
            "--folder", type=Path, default=Path(settings.VAR) / "journey", help="where to write the files"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        history, written = prepare(options["folder"], days=options["days"], shops=options["shops"])
        if written is not None:
            self.stdout.write(
                f"{sum(written.rows.values()):,} rows written to {history}; the prices inferred from the trade give back"
                f" {written.reproduced:.1%} of its lines to the cent."
            )
        if finished(history):
            self.stdout.write("These very files were imported before.")
            return
        call_command("import", str(history), errors=options["folder"] / "errors.csv")
