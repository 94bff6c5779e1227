"""The one catalogue of texts: found in the code and the templates of every module, kept in `locale/`, compiled here.

Neither gettext's programs nor makemessages are needed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[1]
LOCALE = Path(__file__).parent / "locale"
FOLDERS = {"zh_Hans": "zh_Hans_CN", "fr": "fr", "es": "es"}
"""Django's folders of the languages that are not the texts' own, and Babel's names of them."""
_NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_STRING = r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_CALLS = re.compile(
    rf"\b(?:npgettext\({_STRING},\s*{_STRING},\s*{_STRING}|pgettext\({_STRING},\s*{_STRING}"
    rf"|ngettext\({_STRING},\s*{_STRING}|(?:gettext|_)\({_STRING})",
    re.DOTALL,
)


class Text(NamedTuple):
    """A text to translate: its id (or singular and plural), its context, and the file that has it."""

    id: str | tuple[str, str]
    context: str | None
    file: str


def texts() -> list[Text]:
    """Every text to translate, each once, by file."""
    found: dict[tuple[str | None, str], Text] = {}
    for path in sorted(ROOT.rglob("*.py")) + sorted(ROOT.rglob("templates/**/*.html")):
        if "/tests/" in str(path) or "/migrations/" in str(path):
            continue
        for text in _in_python(path) if path.suffix == ".py" else _in_template(path):
            single = text.id if isinstance(text.id, str) else text.id[0]
            known = found.setdefault((text.context, single), text)
            if isinstance(known.id, str) and not isinstance(text.id, str):
                found[text.context, single] = text
    return list(found.values())


def _in_python(path: Path) -> Iterator[Text]:
    with path.open("rb") as file:
        for _line, ids, _comments, context in extract("python", file, keywords=_KEYWORDS):
            if ids:
                yield Text(ids if isinstance(ids, str) else (ids[0], ids[1]), context, path.name)


def _in_template(path: Path) -> Iterator[Text]:
    for match in _CALLS.finditer(templatize(path.read_text(), origin=str(path))):
        nc, ns, np, pc, ps, s, p, one = (None if part is None else _unquoted(part) for part in match.groups())
        if ns and np:
            yield Text((ns, np), nc, path.name)
        elif ps:
            yield Text(ps, pc, path.name)
        elif s and p:
            yield Text((s, p), None, path.name)
        elif one:
            yield Text(one, None, path.name)


def _unquoted(literal: str) -> str:
    value: str = ast.literal_eval(literal)
    return value


def read(folder: str) -> Catalog:
    """The catalogue of a language as it is kept."""
    path = _po(folder)
    if not path.exists():
        return Catalog(locale=FOLDERS[folder])
    with path.open("rb") as file:
        return read_po(file, locale=FOLDERS[folder])


def renewed(folder: str) -> Catalog:
    """The kept translations of the texts that the code has now; new ones are empty, those no longer used are gone."""
    old, new = read(folder), Catalog(locale=FOLDERS[folder], charset="utf-8", fuzzy=False)
    for text in sorted(texts(), key=lambda one: (one.file, str(one.id))):
        single = text.id if isinstance(text.id, str) else text.id[0]
        known = old.get(single, text.context)
        string = known.string if known and isinstance(known.string, str) == isinstance(text.id, str) else None
        new.add(text.id, string, [(text.file, None)], context=text.context)  # type: ignore[list-item]
    new.header_comment = f"# Texts in {FOLDERS[folder]}. Fill in msgstr, then run `storeline translations`."
    return new


def missing(folder: str) -> list[str]:
    """Texts that have no translation, plurals included."""
    return [
        str(message.id)
        for message in renewed(folder)
        if message.id and not (all(message.string) if isinstance(message.string, tuple) else message.string)
    ]


def compiled(catalog: Catalog) -> bytes:
    """As Django reads it; without the time of day, so that the same texts give the same bytes."""
    catalog.creation_date = catalog.revision_date = _NO_TIME
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def write(folder: str) -> None:
    """Renew a language's catalogue and compile it."""
    catalog, path = renewed(folder), _po(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    out = BytesIO()
    write_po(out, catalog, omit_header=False, width=0, include_lineno=False)
    lines = [
        line for line in out.getvalue().decode().splitlines() if "-Date:" not in line and "Generated-By" not in line
    ]
    path.write_text("\n".join(lines).rstrip() + "\n")
    path.with_suffix(".mo").write_bytes(compiled(read(folder)))


def _po(folder: str) -> Path:
    return LOCALE / folder / "LC_MESSAGES" / "django.po"
