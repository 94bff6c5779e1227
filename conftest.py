"""Every test run: the database is there before Django's settings are read."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from unittest import mock

import hypothesis
import pytest

from storeline.config import database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storeline.config.settings")


def pytest_configure() -> None:
    """Start the embedded server unless DATABASE_URL names another."""
    database.ensure()


# How long an example takes is the machine's matter.
hypothesis.settings.register_profile("ours", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("ours")

_FIRST = ("tests/faults/test_rounds", "/exchange/", "tests/test_openapi", "tests/drills", "/config/", "tests/e2e/")
"""The longest files first, so that no process is left with one at the end; those with a clock in them after the rounds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order of files; within a file nothing changes."""
    items.sort(key=lambda item: next((n for n, part in enumerate(_FIRST) if part in item.nodeid), len(_FIRST)))


def pytest_collection_finish() -> None:
    """What is imported stays: nobody need look again and again whether it is garbage."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """What was frozen ends as everything does, without a library's complaint on the last lines."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,  # noqa: ARG001  # comes before
    django_db_modify_db_settings: None,  # noqa: ARG001  # comes before
    django_db_blocker: Any,
) -> Iterator[None]:
    """Instead of pytest-django's own, which migrates each time."""
    from tests.databases import test_database  # noqa: PLC0415  # needs the settings

    with ExitStack() as stack:
        with django_db_blocker.unblock():
            stack.enter_context(test_database())
        yield
        with django_db_blocker.unblock():
            stack.close()


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """What pages keep for some seconds is of the test before: its rows are gone."""
    for module in ("catalog.http", "shop.departments", "shop.hot", "shop.offers", "shop.pages.points", "shop.shelf"):
        if found := sys.modules.get(f"storeline.{module}"):
            found.forget()


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    """Made by the product's own method with little work, since signing in is seldom the point: 50 ms for each user."""
    with mock.patch("django.contrib.auth.hashers.ScryptPasswordHasher.work_factor", 2):
        yield


_KEPT = {"django_migrations", "django_content_type", "auth_permission", "ledger_account", "catalog_measure_rule"}
_PARTNERS = r"DELETE FROM ledger_account WHERE code LIKE 'partner\_%'"
"""The chart itself stays; these are opened beside it, one for each partner."""
_EMPTY = """
DO $$
DECLARE
    name text;
    filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOREACH name IN ARRAY '{%s}'::text[] LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %%I)', name) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM %%I', name);
        END IF;
    END LOOP;
END $$
"""


@pytest.fixture(autouse=True, scope="session")
def _quick_flush() -> Iterator[None]:
    """Between tests empty only the tables that were filled: truncating a hundred empty ones took a second a test.

    Django's own way remains where the server does not let us pass over the append-only triggers.
    """
    from django.db import connection  # noqa: PLC0415  # needs the settings
    from django.db.backends.postgresql.operations import DatabaseOperations  # noqa: PLC0415

    whole = DatabaseOperations.sql_flush

    def sql_flush(self: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            if not (cursor.fetchone() or (False,))[0]:
                return whole(self, style, tables, **options)
        return [_EMPTY % ",".join(sorted(set(tables) - _KEPT)), _PARTNERS]

    with (
        mock.patch.object(DatabaseOperations, "sql_flush", sql_flush),
        mock.patch("django.core.management.commands.flush.emit_post_migrate_signal"),
    ):
        yield
