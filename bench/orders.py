"""Orders a second: from POST to confirmed, over HTTP, against what PostgreSQL alone can do."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from bench.tools.harness import percentile, private_database
from bench.tools.load import Answers, drive
from bench.tools.pgbench import limit_per_s
from bench.tools.server import serving
from bench.tools.shop import build_shop, order_body, pick, total_of

PRODUCTS, ON_HAND, LINES = 10_000, 1_000_000, 3
WORKERS = 2


def main(options: argparse.Namespace) -> dict[str, Any]:
    """Measure the limit, then ourselves, with the same number of clients."""
    clients, seconds = options.clients or 16, options.seconds or 20.0
    with private_database("orders") as address:
        limit = limit_per_s(address, "order", clients=clients, seconds=seconds / 2)
        place, products = build_shop(PRODUCTS, on_hand=ON_HAND)
        waits = _count_waits(place, products)
        total = total_of(LINES)
        with serving(WORKERS) as port:

            def body() -> bytes:
                return order_body(place, pick(products, LINES), total=total)

            wanted = frozenset({201})
            asyncio.run(drive(port, "/api/v1/orders", body, clients=clients, seconds=3, wanted=wanted))
            answers = asyncio.run(drive(port, "/api/v1/orders", body, clients=clients, seconds=seconds, wanted=wanted))
    return _figures(answers, limit, waits, clients, seconds)


def _figures(answers: Answers, limit: float, waits: int, clients: int, seconds: float) -> dict[str, Any]:
    confirmed = answers.statuses.get(201, 0)
    rate = confirmed / seconds
    return {
        "orders_per_s": round(rate, 1),
        "limit_per_s": round(limit, 1),
        "ratio": round(rate / limit, 4),
        "p50_ms": round(percentile(answers.seconds, 0.5) * 1000, 2),
        "p99_ms": round(percentile(answers.seconds, 0.99) * 1000, 2),
        "waits_per_order": waits,
        "clients": clients,
        "workers": WORKERS,
        "failed": sum(answers.statuses.values()) - confirmed,
        "notes": "Products, prices and stock are invented. The load client and PostgreSQL share the cores. "
        f"waits_per_order counts one order from POST to confirmed. {answers.odd[:1] or ''}",
    }


def _count_waits(place: Any, products: list[Any]) -> int:
    """Waits for the server of one order in steady state, counted in this process."""
    from django.test import Client

    from storeline.kernel.api import waits

    def send() -> int:
        body = order_body(place, pick(products, LINES), total=total_of(LINES))
        with waits() as count:
            answer = Client(SERVER_NAME="localhost").post("/api/v1/orders", data=body, content_type="application/json")
        if answer.status_code != 201:
            raise RuntimeError(f"an order was answered {answer.status_code}: {answer.content[:500]!r}")
        return count.waits

    send()
    return send()
