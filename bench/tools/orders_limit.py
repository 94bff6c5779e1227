"""What PostgreSQL alone can do with one order at a time: the limit that order benches compare with."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from storeline.config.database import binaries

REFERENCE = Path(__file__).parents[1] / "reference"


def measure_limit(address: str, clients: int, seconds: float) -> float:
    """The frozen reference on pgbench: orders a second, one order at a time for each client."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute((REFERENCE / "schema.sql").read_text())
    parts = conninfo_to_dict(address)
    environment = os.environ | {
        key: str(parts[name])
        for key, name in (("PGHOST", "host"), ("PGUSER", "user"), ("PGPASSWORD", "password"), ("PGPORT", "port"))
        if parts.get(name)
    }
    said = subprocess.run(
        [
            binaries() / "pgbench",
            *("-n", "-M", "prepared", "-f", REFERENCE / "order.sql", "-c", str(clients), "-j", "2"),
            *("-T", str(max(1, round(seconds))), str(parts["dbname"])),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"tps = ([0-9.]+)", said.stdout)
    if found is None:
        raise RuntimeError(f"pgbench said no rate: {said.stdout[-500:]}{said.stderr[-500:]}")
    return float(found[1])
