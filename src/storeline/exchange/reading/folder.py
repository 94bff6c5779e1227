"""Which files a folder has, and the DuckDB connection in which they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from storeline.exchange.format import FILES, File
from storeline.kernel.api import EXPONENTS

SUFFIXES = (".csv", ".parquet")
ERRORS = 'error(file varchar, "row" bigint, "column" varchar, reason varchar, "value" varchar, severe boolean)'


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong with a file as a whole; `severe` when none of its rows can be taken."""

    file: str
    column: str
    reason: str
    severe: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the folder that the format knows."""

    file: File
    path: Path


def find(folder: Path) -> tuple[list[Found], list[Trouble]]:
    """The folder's files in the order in which they are loaded, and what is odd about the folder."""
    found: list[Found] = []
    troubles = [
        Trouble(path.name, "", "the format has no such file; it was not read", severe=False)
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in SUFFIXES and path.name not in {name + end for name in FILES for end in SUFFIXES}
    ]
    for file in FILES.values():
        paths = [path for end in SUFFIXES if (path := folder / f"{file.name}{end}").is_file()]
        if len(paths) > 1:
            troubles.append(Trouble(file.name, "", "there is a CSV and a Parquet file of this name; neither was read"))
        elif paths:
            found.append(Found(file, paths[0]))
    return found, troubles


def open_folder(work: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection to read into; what does not fit into memory goes to the folder `work`."""
    con = duckdb.connect(config={"temp_directory": str(work)})
    con.execute("set timezone = 'UTC'")
    con.execute(f"create table {ERRORS}")
    con.execute("create table place_zone(place varchar, zone varchar)")
    scales = ", ".join(f"('{code}', {10**exponent}::bigint)" for code, exponent in EXPONENTS.items())
    con.execute(f"create table currency_scale as from (values {scales}) scales(currency, scale)")
    return con


def tell(con: duckdb.DuckDBPyConnection, trouble: Trouble) -> None:
    """Put a trouble among the errors."""
    con.execute(
        "insert into error values (?, null, ?, ?, null, ?)",
        [trouble.file, trouble.column or None, trouble.reason, trouble.severe],
    )


Progress = Callable[[str, int], None]
