"""Functions of at most 70 lines; files that a reader can hold."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.architecture.source import File, files

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_FUNCTION = 70
LONGEST_FILE = 450  # design.md says about 400; past that it becomes a folder


def violations(file: File) -> Iterator[str]:
    """Functions and files that are too long. Migrations are Django's, and a test file may list many cases."""
    if file.is_migration:
        return
    for node in file.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield f"{file.path}:{node.lineno} {node.name} has {lines} lines"
    length = file.text.count("\n")
    if length > LONGEST_FILE and not file.is_test:
        yield f"{file.path} has {length} lines"


def test_the_project_keeps_the_rule() -> None:
    assert [violation for file in files() for violation in violations(file)] == []


def test_planted_lengths_are_found() -> None:
    body = "    pass\n"
    assert list(violations(File("src/storeline/stock/a.py", "def f():\n" + body * 69))) == []
    assert list(violations(File("src/storeline/stock/a.py", "async def f():\n" + body * 70))) == [
        "src/storeline/stock/a.py:1 f has 71 lines"
    ]
    assert list(violations(File("src/storeline/stock/a.py", "a = 1\n" * 451))) == [
        "src/storeline/stock/a.py has 451 lines"
    ]
    assert list(violations(File("src/storeline/stock/tests/test_a.py", "a = 1\n" * 451))) == []
