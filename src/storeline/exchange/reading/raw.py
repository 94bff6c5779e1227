"""A file's rows, each with its number: table ``raw_<file>``.

CSV is read record by record with Python's own reader, so that one bad record costs no other. Of Parquet's columns
those keep their type that already are what they should be; the others become the text that a CSV file would have had,
so that both are judged by the same rules.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from storeline.exchange.format import File, Kind
from storeline.exchange.reading.folder import Found, Trouble, tell

AT_ONCE = 50_000
LONGEST_FIELD = 1 << 20
TAG = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
NUMBERS = (
    Kind.AMOUNT,
    Kind.SIGNED,
    Kind.QUANTITY,
    Kind.SIGNED_QUANTITY,
    Kind.UNIT_PRICE,
    Kind.VALUE,
    Kind.PERCENT,
    Kind.DECIMAL,
)
Header = dict[str, str]
"""Column of the format to its type in ``raw_<file>``: ``VARCHAR``, or a type that fits its kind."""


def read(con: duckdb.DuckDBPyConnection, found: Found) -> Header | None:
    """Make ``raw_<file>`` with `row` and the known columns as text; None where the file as a whole is refused."""
    try:
        reader = _read_csv if found.path.suffix == ".csv" else _read_parquet
        return reader(con, found)
    except (duckdb.Error, pa.ArrowException, OSError, csv.Error) as error:
        first = str(error).strip().splitlines()[0][:200]
        tell(con, Trouble(found.file.name, "", f"cannot be read: {first}"))
        return None


def _header(con: duckdb.DuckDBPyConnection, file: File, names: Sequence[str]) -> dict[str, str] | None:
    """Columns of the format to names in the file: every needed one there, none twice; unknown ones are skipped."""
    known = {column.name for column in file.columns}
    spoken = {column.name for column in file.columns if column.languages}
    header: dict[str, str] = {}
    sound = True
    for name in names:
        plain = name.strip().lower()
        stem, _, tag = name.strip().partition("_")
        if stem.lower() in spoken and TAG.fullmatch(tag) and plain not in known:
            plain = f"{stem.lower()}_{tag}"
        elif plain not in known:
            tell(con, Trouble(file.name, name, "the format has no such column; it was not read", severe=False))
            continue
        if plain in header:
            tell(con, Trouble(file.name, plain, "the column is there twice"))
            sound = False
        header[plain] = name
    for column in file.columns:
        if column.required and column.name not in header:
            tell(con, Trouble(file.name, column.name, "the column is missing"))
            sound = False
    return header if sound else None


def _read_csv(con: duckdb.DuckDBPyConnection, found: Found) -> Header | None:
    clean = _is_clean(found.path)
    with found.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        csv.field_size_limit(LONGEST_FIELD)
        records = csv.reader(file)
        names = next(records, [])
        if len(names) == 1 and re.search("[;\t|]", names[0]):
            tell(con, Trouble(found.file.name, names[0][:80], "columns must be separated by commas"))
            return None
        header = _header(con, found.file, names)
        if header is None:
            return None
        places = [names.index(name) for name in header.values()]
        columns = ", ".join(f'"{name}" varchar' for name in header)
        con.execute(f'create table raw_{found.file.name} ("row" bigint, {columns})')
        schema = pa.schema([("row", pa.int64()), *((name, pa.string()) for name in header)])
        batches = _batches(con, found.file, records, names, clean=clean)
        for numbers, rows in batches:
            cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
            batch = pa.table([numbers, *(cells[place] for place in places)], schema=schema)
            con.register("batch", batch)
            con.execute(f"insert into raw_{found.file.name} select * from batch")
            con.unregister("batch")
    return dict.fromkeys(header, "VARCHAR")


def _batches(
    con: duckdb.DuckDBPyConnection, file: File, records: Iterator[list[str]], names: list[str], *, clean: bool
) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Sound records with their numbers (the header is row 1), many at once; the others are told."""
    numbered = enumerate(records, start=2)
    while batch := list(islice(numbered, AT_ONCE)):
        good = batch if clean else [item for item in batch if _is_text(item[1])]
        if len(good) < len(batch):
            kept = {number for number, _ in good}
            bad = [item for item in batch if item[0] not in kept]
            _tell_rows(con, file, names, bad, "not UTF-8 text, or with a NUL character")
        sound = [item for item in good if len(item[1]) == len(names)]
        ragged = [(number, row) for number, row in good if len(row) != len(names) and row]
        if ragged:
            _tell_rows(con, file, names, ragged, f"the row does not have the header's {len(names)} columns")
        yield [number for number, _ in sound], [row for _, row in sound]


def _tell_rows(
    con: duckdb.DuckDBPyConnection, file: File, names: list[str], rows: list[tuple[int, list[str]]], reason: str
) -> None:
    """Tell rows that could not be read; of a document's parts with its ref, where that much can be made out."""
    place = next((index for index, name in enumerate(names) if name.strip().lower() == file.keys[0].name), len(names))
    refs = [row[place].strip(" \t")[:200] if place < len(row) else "" for _, row in rows]
    plain = [ref.encode(errors="replace").decode().replace("\0", "") or None for ref in refs]
    con.execute(
        "insert into error select ?, unnest(?::bigint[]), null, ?, unnest(?::varchar[]), true",
        [file.name, [number for number, _ in rows], reason, plain],
    )


def _is_clean(path: Path) -> bool:
    """Whether every byte of the file is sound UTF-8 and none is NUL: the usual case, then no row need be looked at."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 22):
                if b"\0" in piece:
                    return False
                decoder.decode(piece)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_text(row: list[str]) -> bool:
    whole = "".join(row)
    try:
        whole.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in whole


def _read_parquet(con: duckdb.DuckDBPyConnection, found: Found) -> Header | None:
    source = f"read_parquet('{str(found.path).replace(chr(39), chr(39) * 2)}', file_row_number = true)"
    described = con.execute(f"describe select * exclude (file_row_number) from {source}").fetchall()
    types = {name: kind for name, kind, *_ in described}
    names = _header(con, found.file, list(types))
    if names is None:
        return None
    header: Header = {}
    selected = ['file_row_number + 1 as "row"']
    for name, real in names.items():
        native = _fits(_kind(found.file, name), types[real])
        cell = '"' + real.replace('"', '""') + '"'
        text = cell if native else _as_text(cell, types[real])
        if not text:
            tell(con, Trouble(found.file.name, name, f"a column of type {types[real]} cannot be read"))
            return None
        header[name] = types[real] if native else "VARCHAR"
        selected.append(f'{text} as "{name}"')
    con.execute(f"create table raw_{found.file.name} as select {', '.join(selected)} from {source}")
    return header


def _kind(file: File, name: str) -> Kind:
    return next((column.kind for column in file.columns if column.name == name), Kind.TEXT)


def _fits(kind: Kind, sql_type: str) -> bool:
    """Whether a Parquet column of this type needs no reading for cells of this kind."""
    if sql_type == "TIMESTAMP WITH TIME ZONE":
        return kind is Kind.MOMENT
    if sql_type in WHOLE:
        return kind is Kind.INTEGER or kind in NUMBERS
    return sql_type.startswith("DECIMAL") and kind in NUMBERS


def _as_text(column: str, sql_type: str) -> str:
    """SQL: the cell as a CSV file would say it; empty for types that have no such text."""
    if sql_type.endswith("[]"):
        return f"array_to_string({column}, '|')"
    if sql_type == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(timezone('UTC', {column}), '%Y-%m-%dT%H:%M:%S.%fZ')"
    if sql_type.startswith("TIMESTAMP"):
        return f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%f')"
    if sql_type.startswith(("STRUCT", "MAP", "UNION", "INTERVAL")):
        return ""
    return f"decode({column})" if sql_type == "BLOB" else f"{column}::varchar"
