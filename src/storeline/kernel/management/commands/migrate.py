"""`storeline migrate`: Django's, with limits, since trade goes on meanwhile.

A migration that waits for a lock makes everybody who comes after it wait as well. So it gives up after a few
seconds, lets them pass and tries again; what was already migrated stays.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg.errors import LockNotAvailable

TRIES = 10


class Command(migrate.Command):
    help = f"{migrate.Command.help} Locks are waited for a few seconds at a time, and statements have an end."

    def handle(self, *args: Any, **options: Any) -> None:
        for tried in range(1, TRIES + 1):
            try:
                with limited(options["database"]):
                    super().handle(*args, **options)
            except (OperationalError, LockNotAvailable) as error:
                if LockNotAvailable not in (type(error), type(error.__cause__)) or tried == TRIES:
                    raise
                self.stderr.write(f"Somebody holds a lock that a migration needs: try {tried + 1} of {TRIES} follows.")
                time.sleep(min(tried, 5))
            else:
                return


@contextmanager
def limited(alias: str) -> Iterator[None]:
    """Limits on this connection's waits for locks and on its statements, by the environment; as before after it."""
    limits = settings.ENVIRONMENT.limits
    wanted = {"lock_timeout": limits.migrate_lock, "statement_timeout": limits.migrate_statement}
    connection = connections[alias]
    with connection.cursor() as cursor:
        for name, seconds in wanted.items():
            cursor.execute(f"SET {name} = {round(seconds * 1000)}")
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                for name in wanted:
                    cursor.execute(f"RESET {name}")
