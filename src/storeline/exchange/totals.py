"""The second reader: a folder's sales by place and week, reckoned without a line of the importer's code.

It imports nothing of Storeline, so that a mistake in the importer cannot hide in it. What it reads is said in
docs/import.md: the sales of an order are the sum of its lines' `amount`, on the date of its place's zone, in the ISO
week that ends on Sunday. Amounts are exact decimals.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pyarrow import binary, csv, parquet

PIECE = 1 << 20
SUFFIXES = (".csv", ".parquet")


class Cell(NamedTuple):
    """Where money is counted: a place's ref, an ISO week such as ``2017-W05``, a currency."""

    place: str
    week: str
    currency: str


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
    known = {**(zones or {}), **_zones(folder)}
    sold = _Side(folder, "orders", "ordered_at", "order_lines", "order", known, frozenset(without))
    back = _Side(folder, "returns", "returned_at", "return_lines", "return", known, frozenset(without))
    return Totals(
        sold.amounts,
        sold.counts,
        back.amounts,
        back.counts,
        frozenset(sold.unreadable | back.unreadable),
        {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES},
    )


class _Side:
    """One side of trade, orders or returns: sums of the lines and counts of the heads."""

    def __init__(
        self,
        folder: Path,
        heads: str,
        moment: str,
        lines: str,
        head: str,
        zones: Mapping[str, str],
        out: frozenset[str],
    ) -> None:
        self.unreadable: set[str] = set()
        cells = self._heads(folder / heads, moment, zones, out)
        sums: defaultdict[Cell, Decimal] = defaultdict(Decimal)
        for ref, amount in _rows(folder / lines, head, "amount"):
            cell = cells.get(_text(ref))
            if cell is None:
                continue
            value = _decimal(amount)
            if value is None:
                self.unreadable.add(_text(ref))
            else:
                sums[cell] += value
        self.counts = dict(Counter(cells.values()))
        self.amounts = {cell: sums[cell] for cell in self.counts}

    def _heads(self, file: Path, moment: str, zones: Mapping[str, str], out: frozenset[str]) -> dict[str, Cell]:
        cells: dict[str, Cell] = {}
        names: dict[date, str] = {}
        zone_of = {place: ZoneInfo(zone) for place, zone in zones.items()}
        for raw, place, at, currency, status in _rows(file, "ref", "place", moment, "currency", "status"):
            ref = _text(raw)
            if ref in out or _text(status) == "cancelled":
                continue
            day = _local_date(at, zone_of.get(_text(place)))
            if day is None:
                self.unreadable.add(ref)
                continue
            week = names.get(day) or names.setdefault(day, "{}-W{:02}".format(*day.isocalendar()))
            cells[ref] = Cell(_text(place), week, _text(currency))
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
    """The named columns of ``<file>.csv`` or ``<file>.parquet``; a column that is not there gives None."""
    for suffix, read in ((".csv", _csv_columns), (".parquet", _parquet_columns)):
        path = file.with_name(file.name + suffix)
        if path.exists():
            for found, rows in read(path, columns):
                cells = [found.get(column) or [None] * rows for column in columns]
                yield from zip(*cells, strict=True)


def _csv_columns(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[dict[str, list[Any]], int]]:
    if path.stat().st_size == 0:
        return
    read = csv.ReadOptions(use_threads=False, block_size=16 * PIECE)
    parse = csv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda _row: "skip")
    with csv.open_csv(path, read, parse) as reader:
        header = {_text(name).lower(): name for name in reader.schema.names}
    wanted = {column: header[column] for column in columns if column in header}
    convert = csv.ConvertOptions(
        check_utf8=False,
        include_columns=list(wanted.values()),
        column_types=dict.fromkeys(header.values(), binary()),
        strings_can_be_null=False,
    )
    with csv.open_csv(path, read, parse, convert) as reader:
        for batch in reader:
            yield {column: batch.column(name).to_pylist() for column, name in wanted.items()}, batch.num_rows


def _parquet_columns(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[dict[str, list[Any]], int]]:
    with parquet.ParquetFile(path) as file:
        header = {name.strip().lower(): name for name in file.schema_arrow.names}
        wanted = {column: header[column] for column in columns if column in header}
        for batch in file.iter_batches(columns=list(wanted.values())):
            yield {column: batch.column(name).to_pylist() for column, name in wanted.items()}, batch.num_rows


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
