"""A module's SQL reads only its own tables and those of rows below, and writes only its own.

The rule reads every string that holds a statement, and knows the tables from the models. What it
cannot see is a table whose name is put together while running; `pg_temp` tables are handed down
and exempt.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
from django.apps import apps

from storeline.config.modules import MODULES
from tests.architecture.source import File, module_files
from tests.architecture.test_imports import HEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_STATEMENT = re.compile(
    r"\b(SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|COPY|TRUNCATE|LOCK\s+TABLE|FROM|JOIN|USING|"
    r"(?:ALTER|CREATE|DROP)\s+TABLE)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<![\w.])(?:(?P<schema>\w+)\.)?(?P<table>[a-z][a-z0-9]*_[a-z0-9_]+)\b")
_WRITE = re.compile(
    r"(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|(?:ALTER|DROP)\s+TABLE|COPY)"
    r"\s+(?:ONLY\s+|IF\s+EXISTS\s+)?(?:public\.)?\"?$",
    re.IGNORECASE,
)


def tables() -> dict[str, str]:
    """Every table of a module, with its owner."""
    return {
        model._meta.db_table: model._meta.app_label
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in MODULES
    }


def strings(file: File) -> Iterator[tuple[int, str]]:
    """The text constants that can be SQL: f-strings whole, with a blank for what is filled in; no docstrings."""
    inner = {id(part) for node in file.nodes if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    inner |= {id(node.value) for node in file.nodes if isinstance(node, ast.Expr)}
    for node in file.nodes:
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else " ? " for part in node.values)
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.lineno, node.value


def violations(file: File, owners: Mapping[str, str]) -> Iterator[str]:
    """Statements in `file` that reach where its module may not."""
    for line, text in strings(file):
        if not _STATEMENT.search(text):
            continue
        for match in _NAME.finditer(text):
            owner = owners.get(match["table"])
            if owner is None or owner == file.module or match["schema"] not in (None, "public"):
                continue
            where = f"{file.path}:{line}: {file.module}"
            before = text[: match.start()]
            if _WRITE.search(before) and not re.search(r"\bFOR\s+(NO\s+KEY\s+)?UPDATE\s+$", before, re.IGNORECASE):
                yield f"{where} writes {match['table']}, which is {owner}'s"
            elif HEIGHT[owner] >= HEIGHT[file.module]:
                yield f"{where} reads {match['table']}, and {owner} is not on a row below"


def test_the_project_keeps_the_rule() -> None:
    owners = tables()
    assert [violation for file in module_files() for violation in violations(file, owners)] == []


OWNERS = {"stock_balance": "stock", "orders_order": "orders", "pricing_price": "pricing"}


@pytest.mark.parametrize(
    ("module", "text", "found"),
    [
        ("stock", 'run("SELECT 1 FROM orders_order")', "reads orders_order, and orders is not on a row below"),
        ("stock", 'run("SELECT 1 FROM a, pricing_price p")', "reads pricing_price, and pricing is not on a row below"),
        ("stock", 'run(f"SELECT {x} FROM a JOIN public.orders_order o ON {y}")', "reads orders_order, and orders"),
        ("orders", 'run("update stock_balance set a = 1")', "writes stock_balance, which is stock's"),
        ("orders", 'run(f"INSERT INTO stock_balance SELECT {x}")', "writes stock_balance, which is stock's"),
        ("orders", 'run("DELETE FROM ONLY stock_balance")', "writes stock_balance, which is stock's"),
        ("orders", 'run("COPY stock_balance (a) FROM STDIN")', "writes stock_balance, which is stock's"),
    ],
)
def test_a_planted_statement_is_found(module: str, text: str, found: str) -> None:
    (violation,) = violations(File(f"src/storeline/{module}/queries.py", text), OWNERS)
    assert found in violation


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("orders", 'run("SELECT 1 FROM stock_balance FOR UPDATE")'),
        ("orders", 'run("UPDATE orders_order SET a = b.a FROM stock_balance b")'),
        ("stock", 'run("SELECT 1 FROM pg_temp.orders_order")'),
        ("stock", 'run("SELECT x.orders_order FROM stock_balance")'),
        ("stock", '"""Does not SELECT FROM orders_order."""'),
        ("stock", 'name = "orders_order"'),
    ],
)
def test_what_is_allowed_is_not_found(module: str, text: str) -> None:
    assert list(violations(File(f"src/storeline/{module}/queries.py", text), OWNERS)) == []
