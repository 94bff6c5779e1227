"""The vocabulary of the declaration: kinds of cell, columns, files."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """How a cell is written. The text beside each is what docs/import.md prints."""

    REF = "ref"
    CODE = "code"
    TEXT = "text"
    LONG = "long text"
    BOOL = "yes/no"
    INTEGER = "integer"
    PERCENT = "percent"
    RATE = "tax rate"
    QUANTITY = "quantity"
    SIGNED_QUANTITY = "signed quantity"
    AMOUNT = "amount"
    SIGNED = "signed amount"
    UNIT_PRICE = "unit price"
    VALUE = "value"
    DECIMAL = "decimal"
    DEGREES = "degrees"
    CURRENCY = "currency"
    COUNTRY = "country"
    LANGUAGE = "language"
    ZONE = "zone"
    DATE = "date"
    MOMENT = "moment"
    HOUR = "hour"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, how its cells are written, and what it means."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    key: bool = False
    refers: str = ""
    """The file whose key the cell names; such a row must exist, in the folder or in the database."""
    values: tuple[str, ...] = ()
    """Where not empty, the only values allowed."""
    default: str = ""
    """What an empty cell means, in the form in which it would be written."""
    languages: bool = False
    """Whether ``<name>_<tag>`` columns (BCP 47) may hold it in other languages."""


@dataclass(frozen=True, slots=True)
class File:
    """One file: its columns, what its rows belong to, and whether they may change once taken in."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    parent: str = ""
    """Rows are parts of a whole (an order, a return): one bad row refuses the whole."""
    immutable: bool = False
    fixed: tuple[str, ...] = field(default=())
    """Columns that may not change in a row that is already in."""

    @property
    def keys(self) -> tuple[Column, ...]:
        """The columns that together name a row."""
        return tuple(column for column in self.columns if column.key)

    def column(self, name: str) -> Column:
        """The column called `name`."""
        return next(column for column in self.columns if column.name == name)


def ref(name: str, refers: str = "", meaning: str = "", *, key: bool = False, required: bool = False) -> Column:
    """A column that names a row, its own or another file's."""
    meaning = meaning or (f"A row of `{refers}`." if refers else "The retailer's own code for it.")
    return Column(name, Kind.REF, meaning, required, key, refers)


def own_ref(meaning: str = "") -> Column:
    """The file's own key column."""
    return ref("ref", meaning=meaning, key=True, required=True)


def name_column(meaning: str, *, required: bool = True) -> Column:
    """A name, with `name_<tag>` columns beside it for other languages."""
    return Column("name", Kind.TEXT, meaning, required, languages=True)
