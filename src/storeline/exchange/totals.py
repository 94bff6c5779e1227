"""The second reader: a folder's sales by place and week, reckoned without a line of the importer's code.

It imports nothing of Storeline, so that a mistake in the importer cannot hide in it. What it reads is said in
docs/import.md: the sales of an order are the sum of its lines' `amount`, on the date of its place's zone, in the ISO
week that ends on Sunday. Amounts are exact decimals.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pyarrow import (
    Array,
    ArrowException,
    ArrowInvalid,
    ArrowNotImplementedError,
    Table,
    binary,
    csv,
    decimal128,
    parquet,
    string,
)

PIECE = 1 << 20
EXACT = decimal128(30, 6)
SUFFIXES = (".csv", ".parquet")


class Cell(NamedTuple):
    """Where money is counted: a place's ref, an ISO week such as ``2017-W05``, a currency."""

    place: str
    week: str
    currency: str


class Document(NamedTuple):
    """An order or a return, and the sum of its lines' amounts in main units of its currency."""

    kind: str
    ref: str
    place: str
    week: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """What a folder says was sold and taken back, and what could not be read."""

    sales: dict[Cell, Decimal]
    orders: dict[Cell, int]
    returned: dict[Cell, Decimal]
    returns: dict[Cell, int]
    unreadable: frozenset[str]
    """Refs of orders and returns with a part that this reader cannot understand: the importer must refuse each."""
    hashes: dict[str, str]
    """SHA-256 of each file, by its name."""


def totals(folder: Path, *, without: Collection[str] = (), zones: Mapping[str, str] | None = None) -> Totals:
    """Read `folder`; leave out the orders and returns whose refs are in `without` (those that the import refused).

    `zones` gives the zone of places that the folder itself does not list.
    """
    found, unreadable = _documents(folder, zones or {})
    amounts: dict[str, defaultdict[Cell, Decimal]] = {"order": defaultdict(Decimal), "return": defaultdict(Decimal)}
    counts: dict[str, Counter[Cell]] = {"order": Counter(), "return": Counter()}
    left_out = frozenset(without)
    for document in found:
        if document.ref not in left_out:
            cell = Cell(document.place, document.week, document.currency)
            amounts[document.kind][cell] += document.amount
            counts[document.kind][cell] += 1
    return Totals(
        dict(amounts["order"]),
        dict(counts["order"]),
        dict(amounts["return"]),
        dict(counts["return"]),
        frozenset(unreadable - left_out),
        hashes(folder),
    )


def documents(folder: Path, *, zones: Mapping[str, str] | None = None) -> list[Document]:
    """Every order and return of `folder` that counts and can be read."""
    return _documents(folder, zones or {})[0]


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each of the folder's files, by name."""
    return {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES}


def _documents(folder: Path, zones: Mapping[str, str]) -> tuple[list[Document], set[str]]:
    known = {**zones, **_zones(folder)}
    unreadable: set[str] = set()
    found = [
        *_side(folder, "order", "orders", "ordered_at", "order_lines", known, unreadable),
        *_side(folder, "return", "returns", "returned_at", "return_lines", known, unreadable),
    ]
    return [document for document in found if document.ref not in unreadable], unreadable


def _side(
    folder: Path, kind: str, heads: str, moment: str, lines: str, zones: Mapping[str, str], unreadable: set[str]
) -> list[Document]:
    """One side of trade: its heads, each with the sum of its lines."""
    cells = _heads(folder / heads, moment, zones, unreadable)
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for batch in _batches(folder / lines, (kind, "amount")):
        if len(batch) == 2:  # noqa: PLR2004 (without either column nothing can be said)
            _add(sums, batch[kind], batch["amount"], unreadable)
    return [Document(kind, ref, *cell, sums[ref]) for ref, cell in cells.items()]


def _add(sums: defaultdict[str, Decimal], refs: Array, amounts: Array, unreadable: set[str]) -> None:
    """Add a batch's amounts by ref: all at once where every cell is plain, else one by one."""
    pairs = _quick_sums(refs, amounts)
    if pairs is None:
        pairs = zip(refs.to_pylist(), map(_decimal, amounts.to_pylist()), strict=True)
    for ref, value in pairs:
        if value is None:
            unreadable.add(_text(ref))
        else:
            sums[_text(ref)] += value


def _quick_sums(refs: Array, amounts: Array) -> Iterable[tuple[Any, Decimal | None]] | None:
    try:
        plain = {"ref": refs.cast(string()), "amount": amounts.cast(EXACT)}
    except (ArrowInvalid, ArrowNotImplementedError):
        return None
    if amounts.null_count:
        return None
    batch = Table.from_pydict(plain).group_by("ref").aggregate([("amount", "sum")])
    return zip(batch["ref"].to_pylist(), batch["amount_sum"].to_pylist(), strict=True)


def _heads(file: Path, moment: str, zones: Mapping[str, str], unreadable: set[str]) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    names: dict[date, str] = {}
    zone_of = {place: ZoneInfo(zone) for place, zone in zones.items()}
    for raw, place, at, currency, status in _rows(file, "ref", "place", moment, "currency", "status"):
        if _text(status) == "cancelled":
            continue
        day = _local_date(at, zone_of.get(_text(place)))
        if day is None:
            unreadable.add(_text(raw))
            continue
        week = names.get(day) or names.setdefault(day, "{}-W{:02}".format(*day.isocalendar()))
        cells[_text(raw)] = Cell(_text(place), week, _text(currency))
    return cells


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _zones(folder: Path) -> dict[str, str]:
    return {_text(ref): _text(zone) for ref, zone in _rows(folder / "places", "ref", "zone") if _is_zone(_text(zone))}


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError):
        return False
    return True


def _rows(file: Path, *columns: str) -> Iterator[tuple[Any, ...]]:
    """The named columns of a file, row by row; a column that is not there gives None."""
    for batch in _batches(file, columns):
        rows = len(next(iter(batch.values()))) if batch else 0
        cells = [batch[column].to_pylist() if column in batch else [None] * rows for column in columns]
        yield from zip(*cells, strict=True)


def _batches(file: Path, columns: tuple[str, ...]) -> Iterator[dict[str, Array]]:
    """Those of the named columns that ``<file>.csv`` or ``<file>.parquet`` has, in batches; CSV cells are bytes."""
    for suffix, read in ((".csv", _csv), (".parquet", _parquet)):
        path = file.with_name(file.name + suffix)
        if path.exists():
            with suppress(ArrowException, OSError):  # a file that cannot be read holds nothing
                yield from read(path, columns)


def _csv(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, Array]]:
    if path.stat().st_size == 0:
        return
    options = csv.ReadOptions(use_threads=False, block_size=16 * PIECE)
    parse = csv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda _row: "skip")
    with csv.open_csv(path, options, parse) as reader:
        header = {_text(name).lower(): name for name in reader.schema.names}
    wanted = {column: header[column] for column in columns if column in header}
    convert = csv.ConvertOptions(
        check_utf8=False,
        include_columns=list(wanted.values()),
        column_types=dict.fromkeys(header.values(), binary()),
        strings_can_be_null=False,
    )
    with csv.open_csv(path, options, parse, convert) as reader:
        for batch in reader:
            yield {column: batch.column(name) for column, name in wanted.items()}


def _parquet(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, Array]]:
    with parquet.ParquetFile(path) as file:
        header = {name.strip().lower(): name for name in file.schema_arrow.names}
        wanted = {column: header[column] for column in columns if column in header}
        for batch in file.iter_batches(columns=list(wanted.values())):
            yield {column: batch.column(name) for column, name in wanted.items()}


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    return "" if value is None else str(value).strip(" \t")


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, Decimal):
        return value
    text = repr(value) if isinstance(value, float) else _text(value)
    if not text.isascii() or "_" in text or "e" in text.lower():
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _local_date(value: Any, zone: ZoneInfo | None) -> date | None:
    """The date in `zone`; what was written without an offset is local already."""
    if isinstance(value, datetime):
        at = value
    elif isinstance(value, date):
        return value
    else:
        try:
            at = datetime.fromisoformat(_text(value))
        except ValueError:
            return None
    if zone is None:
        return None
    return at.date() if at.tzinfo is None else at.astimezone(UTC).astimezone(zone).date()
