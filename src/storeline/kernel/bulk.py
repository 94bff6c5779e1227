"""A bulk upsert: items of one request, staged and merged as the rows of a file are, each with its verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from storeline.kernel import db
from storeline.kernel.errors import Invalid
from storeline.kernel.staged import Merged, column_types, make_error_table

MAX_BULK = 1000
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "bigint": (int,),
    "integer": (int,),
    "numeric": (int, Decimal),
    "boolean": (bool,),
    "double precision": (int, float),
    "date": (date,),
    "timestamptz": (datetime,),
    "jsonb": (dict, list),
    "text[]": (list, tuple),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one item of a bulk upsert: ``created``, ``updated``, ``unchanged`` or ``refused``.

    `errors` are pairs of a field and what is wrong with it.
    """

    ref: str
    outcome: str
    errors: tuple[tuple[str, str], ...] = ()


def bulk(
    file: str, declared: str, items: Sequence[Mapping[str, Any]], load: Callable[[], Merged]
) -> tuple[Verdict, ...]:
    """Stage up to 1,000 items (field to value, as `declared`) and `load` them, in one transaction: each its verdict.

    A field that an item leaves out keeps its value; items with the same fields are staged together.
    """
    if len(items) > MAX_BULK:
        raise Invalid(f"At most {MAX_BULK} items at once.", field="items")
    types = column_types(declared)
    verdicts: dict[int, Verdict] = {}
    groups: dict[frozenset[str], list[int]] = {}
    seen: set[str] = set()
    for index, item in enumerate(items):
        errors = _misfits(types, item)
        ref = item["ref"] if isinstance(item.get("ref"), str) else ""
        if not errors and ref in seen:
            errors = (("ref", "the same ref came before in this request"),)
        if errors:
            verdicts[index] = Verdict(ref, "refused", errors)
            continue
        seen.add(ref)
        groups.setdefault(frozenset(item), []).append(index)
    with db.transaction():
        for fields, indexes in groups.items():
            verdicts |= _load_group(file, types, fields, [(index, items[index]) for index in indexes], load)
    return tuple(verdicts[index] for index in range(len(items)))


def _misfits(types: Mapping[str, str], item: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    wrong = [(name, "is not a field") for name in item if name not in types or name == "row"]
    if not item.get("ref"):
        wrong.append(("ref", "required"))
    for name, value in item.items():
        if name in types and name != "row" and value is not None and not _fits(types[name], value):
            wrong.append((name, f"must be {types[name]}"))
    return tuple(wrong)


def _fits(sql_type: str, value: Any) -> bool:
    if isinstance(value, bool) and sql_type != "boolean":
        return False
    if not isinstance(value, _PYTHON_TYPES[sql_type]):
        return False
    if isinstance(value, (list, tuple)) and sql_type == "text[]":
        return all(isinstance(part, str) for part in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) < 1 << (31 if sql_type == "integer" else 63)
    return "\x00" not in value if isinstance(value, str) else True


def _load_group(
    file: str,
    types: Mapping[str, str],
    fields: frozenset[str],
    rows: Sequence[tuple[int, Mapping[str, Any]]],
    load: Callable[[], Merged],
) -> dict[int, Verdict]:
    names = sorted(fields)
    db.run(f"DROP TABLE IF EXISTS pg_temp.in_{file}, pg_temp.in_error")
    make_error_table()
    typed = ", ".join(f"{name} {types[name]}" for name in names)
    db.run(f"CREATE TEMP TABLE in_{file} (row bigint, {typed}) ON COMMIT DROP")
    with db.raw().cursor().copy(f"COPY pg_temp.in_{file} (row, {', '.join(names)}) FROM STDIN") as copy:
        for index, item in rows:
            copy.write_row([index, *(_cell(types[name], item[name]) for name in names)])
    merged = load()
    errors: dict[int, list[tuple[str, str]]] = {}
    for row, column, reason in db.run("SELECT row, col, reason FROM pg_temp.in_error ORDER BY row, col").fetchall():
        errors.setdefault(row, []).append((column, reason))
    return {index: _verdict(item["ref"], errors.get(index), merged) for index, item in rows}


def _cell(sql_type: str, value: Any) -> Any:
    if value is None:
        return None
    return orjson.dumps(value).decode() if sql_type == "jsonb" else value


def _verdict(ref: str, errors: Sequence[tuple[str, str]] | None, merged: Merged) -> Verdict:
    if errors:
        return Verdict(ref, "refused", tuple(errors))
    return Verdict(ref, "created" if ref in merged.inserted else "updated" if ref in merged.updated else "unchanged")
