"""A flash sale: many buyers, few units. Exact over HTTP, and the rate of durable decisions on one product."""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import time
from typing import Any
from uuid import UUID

from bench.tools.harness import private_database
from bench.tools.load import Answers, burst
from bench.tools.pgbench import limit_per_s
from bench.tools.server import serving
from bench.tools.shop import build_shop, order_body, total_of

BUYERS, UNITS, WORKERS, SET = 300, 100, 2, 4000


def main(options: argparse.Namespace) -> dict[str, Any]:
    """Sell 100 units to 300 buyers over HTTP, then reserve in sets on one product."""
    buyers = options.clients or BUYERS
    with private_database("flash") as address:
        limit = limit_per_s(address, "order", clients=16, seconds=5)
        place, products = build_shop(2, on_hand=UNITS)
        with serving(WORKERS) as port:
            bodies = [order_body(place, products[:1], total=total_of(1)) for _ in range(buyers)]
            started = time.perf_counter()
            answers = asyncio.run(burst(port, "/api/v1/orders", bodies, wanted=frozenset({201, 409})))
            seconds = time.perf_counter() - started
        sold = _sold(products[0])
        reserved = _reserve(place, products[1], options.seconds or 5.0)
    return _figures(answers, sold, seconds, limit, buyers) | reserved


def _figures(answers: Answers, sold: int, seconds: float, limit: float, buyers: int) -> dict[str, Any]:
    accepted, refused = answers.statuses.get(201, 0), answers.statuses.get(409, 0)
    if accepted != sold:
        raise RuntimeError(f"{accepted} buyers were told yes, {sold} units are held")
    return {
        "buyers": buyers,
        "units": UNITS,
        "sold": sold,
        "oversold": max(0, sold - UNITS),
        "refused": refused,
        "errors": buyers - accepted - refused,
        "seconds": round(seconds, 3),
        "decisions_per_s": round(buyers / seconds, 1),
        "endpoint_limit_per_s": round(limit, 1),
        "notes": "endpoint_limit_per_s is pgbench on bench/reference/order.sql, 16 clients. "
        f"Reservations: sets of {SET} on one product, one after another, quantities 1 to 4, each answered when its set is durable; "
        "requests are made, and the shelf is filled, between the sets. "
        f"{answers.odd[:1] or ''}",
    }


def _sold(product: UUID) -> int:
    from storeline.kernel.api import run

    row = run(
        "SELECT coalesce(sum(quantity), 0)::bigint / 1000 FROM stock_reservation WHERE product_id = %s AND state = 'held'",
        [product],
    ).fetchone()
    return int(row[0]) if row else 0


def _reserve(place: UUID, product: UUID, seconds: float) -> dict[str, Any]:
    """Sets of direct reservations on one product, until the time is over; some must be refused."""
    from storeline.kernel.api import SYSTEM, new_id, run
    from storeline.stock import api as stock

    gc.collect()
    gc.freeze()  # as a server does once it has started
    gc.set_threshold(5_000)
    random.seed(7)
    decisions = refused = 0
    took = 0.0
    while took < seconds:
        # What clients and people do is not timed: making requests with their ids, and filling the shelf.
        stock.adjust([stock.Goods(new_id(), 1, place, product, 2 * SET * 1000, "found")], actor=SYSTEM)
        requests = [stock.Hold(new_id(), place, product, random.randint(1, 4) * 1000) for _ in range(SET)]
        started = time.perf_counter()
        verdicts = stock.reserve_many(requests, actor=SYSTEM)
        took += time.perf_counter() - started
        decisions += len(verdicts)
        refused += sum(not verdict.granted for verdict in verdicts)
    gc.unfreeze()
    row = run("SELECT on_hand, reserved FROM stock_balance WHERE product_id = %s", [product]).fetchone()
    return {
        "reserve_decisions_per_s": round(decisions / took, 1),
        "reserve_refused": refused,
        "reserve_oversold": max(0, row[1] - row[0]) if row else 0,
    }
