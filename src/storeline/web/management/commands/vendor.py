"""`storeline vendor`: fetch anew what is carried from the npm registry."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from storeline.web.vendoring import refresh


class Command(BaseCommand):
    help = "Fetch scripts, icons and pictures anew, at the versions of the manifest (needs npm)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--latest", action="store_true", help="take the latest versions and note them")

    def handle(self, *_args: Any, **options: Any) -> None:
        refresh(latest=options["latest"], tell=self.stdout.write)
