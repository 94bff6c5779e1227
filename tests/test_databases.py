"""The tests' own databases: what migrating makes, made once, and nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock
from uuid import uuid4

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from psycopg import errors
from psycopg.conninfo import make_conninfo

from storeline.kernel.api import run
from tests import databases


@pytest.mark.django_db
def test_this_one_is_as_the_models_say() -> None:
    """`make check` says that the migrations are as well."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    columns = {(model._meta.db_table, one.column) for model in models for one in model._meta.local_concrete_fields}
    found = run("""
        SELECT relname, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0""").fetchall()
    assert columns - set(found) == set()
    assert {table for table, _ in found} - {table for table, _ in columns} == {"django_migrations"}
    rules = {one.name for model in models for one in (*model._meta.constraints, *model._meta.indexes)}
    names = run("SELECT conname FROM pg_constraint UNION SELECT relname FROM pg_class WHERE relkind IN ('i', 'I')")
    assert rules - {row[0] for row in names} == set()
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


@dataclass
class Making:
    """Makes databases beside those of the tests' own."""

    state: str
    filled: list[str] = field(default_factory=list)
    breaks: bool = False

    def make(self, number: int = 1) -> bool:
        """Make one; whether what filled the first is in it."""
        name = f"{self.state}_{number}"
        with databases.reserved(name) as admin:
            databases.create(admin, name, self.state, self._fill)
            databases.unlock(admin)
            with connected(name) as connection:
                return connection.execute("SELECT to_regclass('filled') IS NOT NULL").fetchone() == (True,)

    def _fill(self, name: str) -> None:
        with connected(name) as connection:
            connection.execute("CREATE TABLE filled (n int)")
        self.filled.append(name)
        if self.breaks:
            raise KeyboardInterrupt

    @staticmethod
    def there() -> set[str]:
        with connected("postgres") as admin:
            return databases.marked(admin)


def connected(name: str) -> databases.Admin:
    return psycopg.connect(make_conninfo(settings.ENVIRONMENT.database_url, dbname=name), autocommit=True)


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch) -> Iterator[Making]:
    made = Making(f"test_{uuid4().hex[:12]}")
    monkeypatch.setattr(databases, "MARK", made.state)  # the others are not seen
    yield made
    with connected("postgres") as admin:
        for name in databases.marked(admin):
            databases.drop(admin, name)


def test_two_who_come_at_once_have_copies_of_one(making: Making) -> None:
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(making.make, (1, 2))) == [True, True]
    assert len(making.filled) == 1


def test_one_that_was_cut_off_is_not_copied(making: Making) -> None:
    making.breaks = True
    with pytest.raises(KeyboardInterrupt):
        making.make()
    making.breaks = False
    assert making.make()
    assert len(making.filled) == 2
    assert len(making.there()) == 2


def test_where_the_server_does_not_copy_it_is_filled(making: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    new = databases.new

    def refuse(admin: databases.Admin, name: str, *master: str) -> None:
        if master:
            raise errors.InsufficientPrivilege
        new(admin, name)

    monkeypatch.setattr(databases, "new", refuse)
    assert making.make()
    assert len(making.filled) == 2


def test_leftovers_are_dropped_and_nothing_that_is_in_use(making: Making) -> None:
    making.make(1)
    making.make(2)
    with databases.reserved(f"{making.state}_2") as admin:
        databases.unlock(admin)
        with pytest.raises(RuntimeError, match="STORELINE_TEST_DB"):
            making.make(2)
        making.state = f"{making.state}_changed"
        making.make(3)
        assert {name.removeprefix(databases.MASTERS) for name in making.there()} == {
            f"{databases.MARK}_2",
            making.state,
            f"{making.state}_3",
        }


def test_a_changed_migration_is_another_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_initial.py").write_text("one")
    config = mock.Mock(label="any", path=str(tmp_path))
    monkeypatch.setattr(apps, "get_app_configs", lambda: [config])
    seen = {databases.fingerprint()}
    for name, text in (("0001_initial.py", "two"), ("0002_more.py", "")):
        (folder / name).write_text(text)
        seen.add(databases.fingerprint())
    assert len(seen) == 3
