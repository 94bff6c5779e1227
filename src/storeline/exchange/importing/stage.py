"""From DuckDB into ``pg_temp.in_<file>``: typed rows, as CSV, by COPY."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from storeline.kernel.api import ERRORS_IN, raw, run

PIECE = 1 << 20


def columns_of(declared: str) -> dict[str, str]:
    """``row bigint, "order" text`` as names and types."""
    parts = (part.strip().split(" ", 1) for part in declared.split(","))
    return {name.strip('"'): sql_type for name, sql_type in parts}


def make_error_table() -> None:
    """A fresh ``pg_temp.in_error`` for this transaction."""
    run("DROP TABLE IF EXISTS pg_temp.in_error")
    run(f"CREATE TEMP TABLE in_error ({ERRORS_IN}) ON COMMIT DROP")


def stage(
    con: duckdb.DuckDBPyConnection, name: str, declared: str, source: str, *, every_column: bool = False
) -> frozenset[str]:
    """Make ``pg_temp.in_<name>`` from the DuckDB query `source`; the declared columns that the source has.

    It gets those; with `every_column` the others too, all null.
    """
    types = columns_of(declared)
    given = [column for column, *_ in con.execute(f"describe {source}").fetchall() if column in types]
    made = list(types) if every_column else given
    run(f"DROP TABLE IF EXISTS pg_temp.in_{name}")
    columns = ", ".join(f'"{column}" {types[column]}' for column in made)
    run(f"CREATE TEMP TABLE in_{name} ({columns}) ON COMMIT DROP")
    listed = ", ".join(f'"{column}"' for column in given)
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        con.execute(f"copy (select {listed} from ({source})) to '{file.name}' (format csv, header false)")
        _copy(f"COPY pg_temp.in_{name} ({listed}) FROM STDIN (FORMAT csv)", Path(file.name))
    return frozenset(given)


def _copy(statement: str, path: Path) -> None:
    with raw().cursor() as cursor, path.open("rb") as file, cursor.copy(statement) as copy:
        while piece := file.read(PIECE):
            copy.write(piece)
