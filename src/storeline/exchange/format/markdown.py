"""The tables of docs/import.md: ``python -m storeline.exchange.format.markdown docs/import.md`` writes them anew."""

from __future__ import annotations

import sys
from pathlib import Path

from storeline.exchange.format import HISTORY, MASTER, SERVING, Column, File

BEGIN, END = "<!-- columns: made from the declaration -->", "<!-- end of columns -->"


def tables() -> str:
    """Every file and column, as Markdown."""
    parts = ["### What changes slowly", *map(_table, MASTER)]
    parts += ["### From where orders are served", *map(_table, SERVING), "### What happened", *map(_table, HISTORY)]
    return "\n\n".join(parts)


def refreshed(text: str) -> str:
    """The document with its tables made anew."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _table(file: File) -> str:
    rows = [f"#### `{file.name}`", "", file.meaning, "", "| column | cell | meaning |", "| --- | --- | --- |"]
    rows += [_row(column) for column in file.columns]
    if file.immutable:
        rows += ["", "Rows never change once taken in."]
    elif file.fixed:
        rows += ["", f"May not change once taken in: {', '.join(f'`{name}`' for name in file.fixed)}."]
    return "\n".join(rows)


def _row(column: Column) -> str:
    name = f"`{column.name}`" + (" 🔑" if column.key else "") + (" ✱" if column.required else "")
    meaning = column.meaning
    if column.values:
        meaning += f" One of: {' '.join(f'`{value}`' for value in column.values)}."
    if column.languages:
        meaning += f" In other languages: `{column.name}_<tag>`."
    if column.default:
        meaning += f" Empty: {column.default}."
    return f"| {name} | {column.kind.value} | {meaning.replace('|', chr(92) + '|')} |"


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(refreshed(document.read_text()))
