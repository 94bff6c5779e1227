"""The project's source, parsed once, for the rules in this folder."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from storeline.config.modules import MODULES
from storeline.config.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = ROOT / "src" / "storeline"


@dataclass(frozen=True)
class File:
    """A Python file: its path from the root of the checkout, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def module(self) -> str:
        """The module it belongs to: `stock` for src/storeline/stock/commands/reserve.py."""
        parts = self.path.split("/")
        return parts[2] if parts[:2] == ["src", "storeline"] and len(parts) > 3 else ""

    @property
    def inner(self) -> str:
        """Its path inside its module: `commands/reserve.py`."""
        return "/".join(self.path.split("/")[3:])

    @property
    def is_test(self) -> bool:
        return "/tests/" in f"/{self.path}" or self.path.endswith("conftest.py")

    @property
    def is_migration(self) -> bool:
        return "/migrations/" in self.path

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Everything in it, as `ast.walk` gives it; every rule looks through them, so they are found once and quickly."""
        found: list[ast.AST] = [self.tree]
        for node in found:
            for name in node._fields:
                value = getattr(node, name, None)
                if isinstance(value, ast.AST):
                    found.append(value)
                elif isinstance(value, list):
                    found.extend(one for one in value if isinstance(one, ast.AST))
        return found


@cache
def files() -> tuple[File, ...]:
    """Every Python file of the product, its benches, simulators and tests."""
    folders = [ROOT / "src", ROOT / "bench", ROOT / "sandbox", ROOT / "tests"]
    paths = sorted(path for folder in folders for path in folder.rglob("*.py"))
    return tuple(File(str(path.relative_to(ROOT)), path.read_text()) for path in paths)


def module_files() -> list[File]:
    """The files of modules, without their migrations and tests."""
    return [file for file in files() if file.module in MODULES and not file.is_migration and not file.is_test]


def imports(file: File) -> Iterator[tuple[int, str]]:
    """Every name that the file imports, in full and with its line: `from a.b import c` is `a.b.c`."""
    for node in file.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = file.path.removeprefix("src/").removesuffix(".py").split("/")
                base = ".".join([*package[: -node.level], *([base] if base else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
