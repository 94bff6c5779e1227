# ruff: noqa: N999  # the benchmark is called import
"""The demo year's trade through the importer, against a bare COPY of the same source rows.

The retailer's master data and opening stock are there before the clock starts (`master_seconds` says how long they
took). What is measured is all that `storeline import` does with the trade: reading, checking, staging, writing orders,
lines, discounts, payments, movements, postings and receipts, reading it a second time for the audit.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from bench.tools.harness import private_database

TRADE = ("orders", "order_lines", "line_discounts", "payments", "receipts", "coupon_redemptions")


def main(_options: argparse.Namespace) -> dict[str, Any]:
    """Write the year, import it, audit it; then copy the same rows into bare tables."""
    with tempfile.TemporaryDirectory() as folder, private_database("import") as address:
        master, trade = Path(folder, "master"), Path(folder, "trade")
        master_seconds, seconds, lines = _import(master, trade)
        copied = _copy(trade, address)
    return {
        "lines": lines,
        "seconds": round(seconds, 2),
        "lines_per_s": round(lines / seconds, 1),
        "copy_lines_per_s": round(lines / copied, 1),
        "ratio": round(copied / seconds, 4),
        "master_seconds": round(master_seconds, 2),
        "notes": "the whole demo year; COPY is of the same six files as CSV text into typed tables without keys or "
        "indexes, one committed transaction; the books and the totals by shop and week are audited after the run",
    }


def _import(master: Path, trade: Path) -> tuple[float, float, int]:
    from storeline.exchange.importing import import_folder
    from storeline.exchange.journey import write_folder
    from storeline.kernel.api import CHECKS, SYSTEM

    write_folder(master, trade=False)
    lines = write_folder(trade, master=False).rows["order_lines"]
    start = time.perf_counter()
    import_folder(master, actor=SYSTEM)
    between = time.perf_counter()
    report = import_folder(trade, actor=SYSTEM)
    end = time.perf_counter()
    if report.errors or report.counts("orders").inserted != report.counts("orders").rows:
        raise RuntimeError(f"rows were refused: {report}")
    if wrong := [name for name, check in CHECKS.items() if not check.run().ok]:
        raise RuntimeError(f"the books do not balance after the run: {wrong}")
    return between - start, end - between, lines


def _copy(trade: Path, address: str) -> float:
    con = duckdb.connect()
    files = {name: trade / f"{name}.copy.csv" for name in TRADE}
    tables: dict[str, str] = {}
    for name, path in files.items():
        source = f"'{trade / name}.parquet'"
        con.execute(f"copy (from {source}) to '{path}' (format csv, header false)")
        described = con.execute(f"describe from {source}").fetchall()
        tables[name] = ", ".join(f'"{column}" {kind}' for column, kind, *_ in described)
    with psycopg.connect(address) as connection:
        for name, columns in tables.items():
            connection.execute(f"CREATE TABLE bare_{name} ({columns})")
        connection.commit()
        start = time.perf_counter()
        for name, path in files.items():
            statement = f"COPY bare_{name} FROM STDIN (FORMAT csv)"
            with path.open("rb") as file, connection.cursor().copy(statement) as copy:
                while piece := file.read(1 << 20):
                    copy.write(piece)
        connection.commit()
        return time.perf_counter() - start
