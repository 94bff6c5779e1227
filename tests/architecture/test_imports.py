"""A module imports only from rows below its own, and of another module only its `api`.

import-linter holds the rows over whole chains of imports (`make check`); this holds the `api`.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from storeline.config.modules import MODULES, ROWS
from storeline.config.paths import ROOT
from tests.architecture.source import File, files, imports

if TYPE_CHECKING:
    from collections.abc import Iterator

HEIGHT = {module: -index for index, row in enumerate(ROWS) for module in row}


def violations(file: File) -> Iterator[str]:
    """What `file` imports of our own that its place does not allow."""
    for line, name in imports(file):
        if not name.startswith("storeline.") or file.is_migration:
            continue
        other, _, rest = name.removeprefix("storeline.").partition(".")
        if (other in MODULES or other == "config") and other != file.module and (why := _refusal(file, other, rest)):
            yield f"{file.path}:{line} imports {name}: {why}"


def _refusal(file: File, other: str, rest: str) -> str:
    if file.module in ("config", ""):
        return ""  # above all rows: it composes
    if other == "config":
        return "" if file.is_test else "config stands above every module"
    if file.module == "web":
        return "" if other == "kernel" else "web stands just above kernel"
    if HEIGHT[other] >= HEIGHT[file.module]:
        return f"{other} is not on a row below {file.module}"
    part = rest.partition(".")[0]
    if part == "api" or (file.is_test and rest.startswith("tests.factories")):
        return ""
    return f"only {other}'s api is public"


def test_the_project_keeps_the_rule() -> None:
    assert [violation for file in files() for violation in violations(file)] == []


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("stock/commands.py", "from storeline.orders import api", "orders is not on a row below stock"),
        ("stock/commands.py", "import storeline.pricing.api", "pricing is not on a row below stock"),
        ("orders/queries.py", "from storeline.stock.models import Balance", "only stock's api is public"),
        ("orders/queries.py", "from storeline.kernel import db", "only kernel's api is public"),
        ("orders/queries.py", "from storeline.config import settings", "config stands above every module"),
        ("orders/commands/place.py", "from ...stock import locks", "only stock's api is public"),
        ("web/health.py", "from storeline.stock import api", "web stands just above kernel"),
        ("orders/tests/test_http.py", "from storeline.stock.tests.test_http import x", "only stock's api is public"),
    ],
)
def test_a_planted_import_is_found(path: str, text: str, why: str) -> None:
    (found,) = violations(File(f"src/storeline/{path}", text))
    assert found.endswith(why)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("orders/queries.py", "from storeline.stock import api as stock"),
        ("orders/queries.py", "from storeline.stock.api import reserve"),
        ("orders/queries.py", "from storeline.orders.models import Order"),
        ("orders/http.py", "from storeline.web.problems import problem"),
        ("orders/tests/test_http.py", "from storeline.stock.tests.factories import put"),
        ("config/api.py", "from storeline.orders.http import router"),
    ],
)
def test_what_is_allowed_is_not_found(path: str, text: str) -> None:
    assert list(violations(File(f"src/storeline/{path}", text))) == []


def test_the_import_linter_has_the_same_rows() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["id"] == "rows")
    stated = [tuple(name.strip().removeprefix("storeline.") for name in layer.split("|")) for layer in layers]
    assert stated == [("config",), *ROWS[:-1], ("web",), ROWS[-1]]
