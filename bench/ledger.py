"""Value moved between 10,000 holdings: `ledger.transfer` in sets, against one transfer at a time in bare SQL.

A set is what a front would have gathered from as many waiting clients; every set commits durably before the next one starts.
"""

from __future__ import annotations

import argparse
import random
import time
from datetime import date, datetime
from typing import Any
from uuid import UUID

from bench.tools.harness import private_database
from bench.tools.pgbench import limit_per_s
from storeline.kernel import api as kernel
from storeline.ledger import api as ledger

HOLDINGS = 10_000
OPENING = 1_000_000_000


def main(options: argparse.Namespace) -> dict[str, Any]:
    """Measure both, one after the other, in the same database server."""
    clients = options.clients or 64
    seconds = options.seconds or 10.0
    with private_database("ledger") as address:
        transfers, took = _transfers(clients, seconds)
        limit = limit_per_s(address, "ledger", clients=clients, seconds=seconds)
    rate = transfers / took
    return {
        "transfers_per_s": round(rate, 1),
        "limit_per_s": round(limit, 1),
        "ratio": round(rate / limit, 3),
        "transfers": transfers,
        "seconds": round(took, 2),
        "clients": clients,
        "set_size": clients,
        "holdings": HOLDINGS,
        "notes": "holdings and amounts are invented; ours runs in one process, in sets of as many transfers as the "
        "limit has clients; the limit is pgbench on bench/reference/ledger.sql; books audited after the run",
    }


def _transfers(size: int, seconds: float) -> tuple[int, float]:
    ids, entity = _open()
    day = kernel.now().date()
    done, start = 0, time.perf_counter()
    while (took := time.perf_counter() - start) < seconds:
        at = kernel.now()
        moves = [_transfer(ids, at, day) for _ in range(size)]
        verdicts = ledger.transfer(moves, actor=kernel.SYSTEM)
        if not all(verdict.ok for verdict in verdicts):
            raise RuntimeError("a transfer was refused that had enough to give")
        done += size
    _audit(entity)
    return done, took


def _transfer(ids: list[UUID], at: datetime, day: date) -> ledger.Transfer:
    source, target = random.sample(ids, 2)
    return ledger.Transfer(kernel.new_id(), source, target, random.randint(1, 100), at, day)


def _open() -> tuple[list[UUID], UUID]:
    entity, at = kernel.new_id(), kernel.now()
    ids = [kernel.new_id() for _ in range(HOLDINGS)]
    ledger.open_holdings([ledger.Holding(one, entity, ledger.PREPAID, "USD", 0) for one in ids], at=at)
    moves = [ledger.Transfer(kernel.new_id(), ledger.CASH, one, OPENING, at, at.date()) for one in ids]
    ledger.transfer(moves, actor=kernel.SYSTEM)
    kernel.run("ANALYZE")
    return ids, entity


def _audit(entity: UUID) -> None:
    if not all(kernel.CHECKS[name].run().ok for name in ("ledger.balanced", "ledger.holdings")):
        raise RuntimeError("the books do not balance after the run")
    held = {one.account: one.amount for one in ledger.balances(entity)}
    if held != {ledger.CASH: HOLDINGS * OPENING, ledger.PREPAID: -HOLDINGS * OPENING}:
        raise RuntimeError(f"value was made or lost: {held}")
