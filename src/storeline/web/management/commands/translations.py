"""`storeline translations`: gather the texts of code and templates into the catalogues, and compile them."""

from typing import Any

from django.core.management.base import BaseCommand

from storeline.web.translating import FOLDERS, missing, write


class Command(BaseCommand):
    help = "Gather every text to translate, keep what is translated, compile the catalogues, name what is missing."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        for folder in FOLDERS:
            write(folder)
            wanting = missing(folder)
            self.stdout.write(f"{folder}: {len(wanting)} missing")
            for text in wanting:
                self.stdout.write(f"  {text}")
