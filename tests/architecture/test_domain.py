"""`domain.py` holds pure rules: no Django, no database, no clock of its own, nothing of the module but errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.architecture.source import File, files, imports

if TYPE_CHECKING:
    from collections.abc import Iterator

_IMPURE_PACKAGES = ("django", "psycopg", "psycopg_pool", "ninja", "duckdb", "socket", "requests")
_IMPURE_PARTS = ("models", "commands", "queries", "locks", "handlers", "http", "jobs", "admin", "audit")
_IMPURE_KERNEL = ("run", "raw", "later", "pipeline", "transaction", "publish", "trail", "once", "now", "new_id")


def violations(file: File) -> Iterator[str]:
    """What a `domain.py`, or a file of a `domain/` folder, imports and may not."""
    if not (file.inner == "domain.py" or file.inner.startswith("domain/")) or file.is_test:
        return
    for line, name in imports(file):
        own = name.removeprefix(f"storeline.{file.module}.").partition(".")[0]
        impure = (
            name.partition(".")[0] in _IMPURE_PACKAGES
            or (name.startswith(f"storeline.{file.module}.") and own in _IMPURE_PARTS)
            or name in {f"storeline.kernel.api.{part}" for part in _IMPURE_KERNEL}
        )
        if impure:
            yield f"{file.path}:{line} imports {name}"


def test_the_project_keeps_the_rule() -> None:
    assert [violation for file in files() for violation in violations(file)] == []


@pytest.mark.parametrize(
    "text",
    [
        "from django.db import connection",
        "import psycopg",
        "from storeline.stock.models import Balance",
        "from storeline.stock import queries",
        "from storeline.kernel.api import run",
        "from storeline.kernel.api import Money, now",
    ],
)
@pytest.mark.parametrize("name", ["domain.py", "domain/reserving.py"])
def test_a_planted_import_is_found(name: str, text: str) -> None:
    assert len(list(violations(File(f"src/storeline/stock/{name}", text)))) == 1


@pytest.mark.parametrize(
    "text", ["from storeline.kernel.api import Money", "from storeline.stock.errors import Short", "import datetime"]
)
def test_what_is_allowed_is_not_found(text: str) -> None:
    assert list(violations(File("src/storeline/stock/domain.py", text))) == []
