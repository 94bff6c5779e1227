"""A private database for a benchmark, on the server that the project uses, and what many benches need."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from storeline.config import database


@contextmanager
def private_database(name: str, *, like: str | None = None) -> Iterator[str]:
    """Create ``bench_<name>``, migrate it, set Django up on it, give its address; drop it afterwards.

    `like` names a database that it begins as a copy of; nobody may be connected to that while it is copied.
    """
    server = os.environ.get("DATABASE_URL") or database.ensure()
    bench = f"bench_{name}_{os.getpid()}"
    copied = sql.SQL(" TEMPLATE {}").format(sql.Identifier(like)) if like else sql.SQL("")
    with psycopg.connect(make_conninfo(server, dbname="postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(bench)) + copied)
    address = make_conninfo(server, dbname=bench)
    os.environ["DATABASE_URL"] = address
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storeline.config.settings")
    try:
        _set_up()
        yield address
    finally:
        _tear_down(server, bench)


def _set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


def _tear_down(server: str, name: str) -> None:
    from django.db import connections

    connections.close_all()
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]
