"""The documents keep up with the code: modules, permissions, and links that lead somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from storeline.config.modules import MODULES
from storeline.config.paths import ROOT
from storeline.config.work import due_jobs
from storeline.kernel.api import CHECKS, PERMISSIONS, ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPERATING = ROOT / "docs" / "operating.md"
BEGIN, END = "<!-- permissions -->\n", "<!-- end of permissions -->"
WHO = ("guest", *(role for role in ROLES if role != "administrator"))
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def permission_table() -> str:
    """What docs/operating.md must say of the registry."""
    head = ["permission", "lets one", *(role.replace("_", " ") for role in WHO)]
    rows = [head, ["---"] * len(head)]
    for code, declared in sorted(PERMISSIONS.items()):
        label = declared.label[0].lower() + declared.label[1:]
        rows.append([f"`{code}`", label, *("✓" if role in declared.roles else "" for role in WHO)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def broken_links(path: Path, text: str) -> Iterator[str]:
    """Relative links in `text` that lead to no file, or to no heading of it."""
    for target in _LINK.findall(_CODE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            yield f"{path.name}: {target}"


def _anchors(file: Path) -> set[str]:
    """What a link may name in a document after `#`: its headings, as GitHub writes them."""
    headings = _HEADING.findall(re.sub(r"```.*?```", "", file.read_text(), flags=re.DOTALL))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_relative_link_leads_somewhere() -> None:
    assert [broken for path in documents() for broken in broken_links(path, path.read_text())] == []


def test_a_planted_link_is_found() -> None:
    text = "[a](docs/nowhere.md) [b](#no-such-heading) [c](LICENSE) [d](https://example.org/x) `[e](f.md)`"
    assert list(broken_links(ROOT / "README.md", text)) == ["README.md: docs/nowhere.md", "README.md: #no-such-heading"]


def test_the_permissions_are_those_of_the_code() -> None:
    _, _, rest = OPERATING.read_text().partition(BEGIN)
    written, _, _ = rest.partition(END)
    assert written == permission_table(), "put permission_table() between the marks of docs/operating.md"


def test_the_architecture_names_every_module() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    house = text.partition("```")[2].partition("```")[0].split()
    assert [module for module in MODULES if module not in house] == []
    assert [module for module in MODULES if f"| `{module}` |" not in text] == []


def test_the_architecture_names_files_that_are_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    begin_at = re.findall(r"^\| `\w+` \|.*\| `([\w/]+\.py)` \|$", text, re.MULTILINE)
    assert len(begin_at) == len(MODULES) + 1
    assert [path for path in begin_at if not (ROOT / "src" / "storeline" / path).is_file()] == []


def test_the_audit_table_covers_every_check() -> None:
    named = re.findall(r"`([a-z]+|\*)\.([a-z_]+|\*)`", OPERATING.read_text())
    covered = {(module, check) for module, check in named}
    assert [
        name
        for name in CHECKS
        if not {tuple(name.split(".")), (name.split(".")[0], "*"), ("*", name.split(".")[1])} & covered
    ] == []


def test_the_worker_table_names_every_job() -> None:
    text = OPERATING.read_text()
    assert [name for name, _ in due_jobs() if f"`{name}`" not in text] == []


def test_every_decision_has_its_own_number() -> None:
    names = [path.name for path in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
