"""Migrations give way to trade: they wait for a lock a moment at a time, and no statement of theirs lasts for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.commands import migrate as whole
from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from storeline.kernel.api import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def limits(settings: Any) -> Iterator[None]:
    quick = replace(settings.ENVIRONMENT.limits, migrate_lock=0.05, migrate_statement=0.3)
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, limits=quick)
    yield
    assert shown() == ("0", "0"), "what comes after a migration on this connection has no limits"


def shown() -> tuple[str, str]:
    return run("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')").fetchall()[0]


def migrating(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], object]) -> StringIO:
    """`storeline migrate`, whose migrations are `deed`; what it said."""
    monkeypatch.setattr(whole.Command, "handle", lambda *_args, **_options: deed())
    said = StringIO()
    call_command("migrate", stderr=said, no_color=True)
    return said


def change() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE kernel_storedclock IN ACCESS EXCLUSIVE MODE")


def change_past_django() -> None:
    with transaction.atomic():
        run("LOCK TABLE kernel_storedclock IN ACCESS EXCLUSIVE MODE")


def test_it_lets_others_pass_and_tries_again(limits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []

    def deed() -> None:
        seen.append(shown())
        change()

    with closing(connection.copy()) as reader:
        reader.set_autocommit(False)
        with reader.cursor() as cursor:
            cursor.execute("SELECT * FROM kernel_storedclock")
        waits: list[float] = []

        def pause(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:
                reader.rollback()

        monkeypatch.setattr("time.sleep", pause)
        said = migrating(monkeypatch, deed)
    assert seen == [("50ms", "300ms")] * 3
    assert waits == [1, 2]
    assert said.getvalue().splitlines() == [
        "Somebody holds a lock that a migration needs: try 2 of 10 follows.",
        "Somebody holds a lock that a migration needs: try 3 of 10 follows.",
    ]


def test_it_gives_up_in_the_end(limits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    with closing(connection.copy()) as reader:
        reader.set_autocommit(False)
        with reader.cursor() as cursor:
            cursor.execute("SELECT * FROM kernel_storedclock")
        with pytest.raises(LockNotAvailable, match="lock timeout"):
            migrating(monkeypatch, change_past_django)
    assert waits == [1, 2, 3, 4, 5, 5, 5, 5, 5]


def test_a_statement_without_end_is_ended_and_not_repeated(limits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def deed() -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")

    with pytest.raises(OperationalError, match="statement timeout"):
        migrating(monkeypatch, deed)
    assert tries == [1]
