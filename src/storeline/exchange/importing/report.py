"""What an import did, and the file of what it refused."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb

from storeline.kernel.api import LoadResult, run


@dataclass(slots=True)
class Counts:
    """Rows of one file: how many there are, what became of them. Parts of orders and returns follow their heads."""

    rows: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    def add(self, result: LoadResult) -> None:
        """Add what an owner did."""
        self.inserted += result.inserted
        self.updated += result.updated
        self.unchanged += result.unchanged


@dataclass(slots=True)
class Report:
    """What an import did."""

    files: dict[str, Counts] = field(default_factory=dict)
    errors: int = 0
    warnings: int = 0
    refused_orders: tuple[str, ...] = ()
    refused_returns: tuple[str, ...] = ()
    here: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Refs of orders and returns that were made here, by file: left as they are, and not counted as imported."""
    seconds: float = 0.0
    dry_run: bool = False
    errors_file: Path | None = None

    def counts(self, name: str) -> Counts:
        """The counts of a file, to add to."""
        return self.files.setdefault(name, Counts())

    def as_json(self) -> dict[str, object]:
        """For a command's last line and the record of the import."""
        return asdict(self) | {"errors_file": self.errors_file and str(self.errors_file)}


def gather_errors(con: duckdb.DuckDBPyConnection) -> None:
    """Add what the owners put into ``pg_temp.in_error`` to the errors, with the cell's own text."""
    rows = run("SELECT DISTINCT file, row, col, reason FROM pg_temp.in_error").fetchall()
    if not rows:
        return
    con.execute('create temp table told(file varchar, "row" bigint, col varchar, reason varchar)')
    files, numbers, columns, reasons = (list(column) for column in zip(*rows, strict=True))
    con.execute(
        "insert into told select unnest(?::varchar[]), unnest(?::bigint[]), unnest(?::varchar[]), unnest(?::varchar[])",
        [files, numbers, columns, reasons],
    )
    for name in sorted(set(files)):
        known = [column for column, *_ in con.execute(f"describe raw_{name}").fetchall()]
        cell = " ".join(f"when '{column}' then raw.\"{column}\"::varchar" for column in known)
        con.execute(f"""insert into error
            select told.file, told."row", told.col, told.reason, nullif(left(case told.col {cell} end, 100), ''), true
            from told left join raw_{name} raw using ("row") where told.file = '{name}'""")
    con.execute("drop table told")


def write_errors(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """All errors and warnings as CSV: severity, file, row, column, reason, value."""
    con.execute(f"""copy (
        select distinct case when severe then 'error' else 'warning' end severity, file, "row", "column", reason, "value"
        from error order by file, "row", "column", reason) to '{str(path).replace("'", "''")}' (format csv, header)""")
