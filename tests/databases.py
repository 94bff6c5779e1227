"""Databases for tests: copies of one that was migrated once for this state of the migrations.

Migrating takes ten seconds of a core, copying a tenth of one. What is copied is kept on the server under a name that
holds a hash of all migrations; when one of them changes it goes, and the next test run migrates.

Whoever makes or drops anything holds one advisory lock; whoever tests in a database holds another, named after it, until
their connection ends, however it ends. So a marked database whose lock is free is a leftover, and is dropped.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

MARK = "Storeline's tests made this and may drop it."
MASTERS = "storeline_migrated_"
_MAKING = 7_301_448_926_011
"""The lock of whoever makes or drops databases: any number that nobody else takes."""

_TRIES, _BETWEEN_S = 20, 0.05

Admin = psycopg.Connection[Any]


@contextmanager
def test_database() -> Iterator[None]:
    """Django works in a fresh, migrated database of the name that its settings give it for tests; dropped afterwards."""
    name = connection.settings_dict["TEST"]["NAME"]
    with reserved(name) as admin:
        create(admin, name, fingerprint(), migrate)
        # A crash's loss is nobody's here; what must be durable is proved on servers of their own.
        admin.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
        unlock(admin)
        try:
            with using(name):
                emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)  # what follows from code
                yield
        finally:
            drop(admin, name)


@contextmanager
def reserved(name: str) -> Iterator[Admin]:
    """Ours until the block ends; at first nobody else makes or drops anything, until `unlock`."""
    with psycopg.connect(make_conninfo(settings.ENVIRONMENT.database_url, dbname="postgres"), autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [_MAKING])
        if not await_free(admin, name):
            raise RuntimeError(f"Somebody else tests in {name}: let STORELINE_TEST_DB name another database.")
        yield admin


def await_free(admin: Admin, name: str) -> bool:
    """Whether nobody else tests in it, or not any more: a connection that was closed a moment ago may still hold its lock."""
    for _ in range(_TRIES):
        if is_free(admin, name):
            return True
        time.sleep(_BETWEEN_S)
    return False


def unlock(admin: Admin) -> None:
    """Let others make and drop."""
    admin.execute("SELECT pg_advisory_unlock(%s)", [_MAKING])


def create(admin: Admin, name: str, state: str, fill: Callable[[str], None]) -> None:
    """A database of that name as `fill` leaves an empty one, copied from the one that was filled for this `state`."""
    master = f"{MASTERS}{state}"
    for other in marked(admin) - {name, master}:
        if is_free(admin, other):
            drop(admin, other)
            admin.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [other])
    if master not in marked(admin):
        unfinished = f"{MASTERS}unfinished"
        new(admin, unfinished)
        fill(unfinished)
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        admin.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(master)))
    try:
        new(admin, name, master)
    except (errors.InsufficientPrivilege, errors.ObjectInUse):  # not on this server, or somebody looks at it just now
        new(admin, name)
        fill(name)


def new(admin: Admin, name: str, master: str = "template1") -> None:
    """Make a database that is marked as ours, instead of what has its name now."""
    drop(admin, name)
    made = sql.Identifier(name)
    admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(made, sql.Identifier(master)))
    admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(made, MARK))


def drop(admin: Admin, name: str) -> None:
    """Gone, with whoever is connected to it."""
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def marked(admin: Admin) -> set[str]:
    """Every database that tests made."""
    found = admin.execute("SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = %s", [MARK])
    return {row[0] for row in found}


def is_free(admin: Admin, name: str) -> bool:
    """Whether nobody else tests in it; nobody can begin to before this connection ends."""
    row = admin.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name]).fetchone()
    return row == (True,)


def fingerprint() -> str:
    """Of all that decides how a migrated database looks."""
    digest = hashlib.sha256(repr(django.VERSION).encode())
    for config in apps.get_app_configs():
        for file in sorted(Path(config.path, "migrations").glob("*.py")):
            digest.update(f"\n{config.label}/{file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def migrate(name: str) -> None:
    """What `storeline migrate` does, in that database."""
    with using(name):
        call_command("migrate", verbosity=0, interactive=False)


@contextmanager
def using(name: str) -> Iterator[None]:
    """Django's connection leads to that database."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
