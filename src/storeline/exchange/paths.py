"""Where folders that Storeline writes for itself are kept."""

from pathlib import Path

from django.conf import settings


def folder_of(name: str) -> Path:
    """A folder for files of our own making, such as the demo retailer's."""
    return Path(settings.STORELINE_FOLDER) / "exchange" / name
