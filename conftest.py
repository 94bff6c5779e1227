"""Every test run: the database is there before Django's settings are read."""

import os

from storeline.config import database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storeline.config.settings")


def pytest_configure() -> None:
    """Start the embedded server unless DATABASE_URL names another."""
    database.ensure()
