"""A small shop for benchmarks: one entity, one place, products with prices and stock, in a database of its own."""

from __future__ import annotations

import random
from uuid import UUID

import orjson

from storeline.kernel.api import new_id, run

CURRENCY = "USD"


def build_shop(products: int, *, on_hand: int) -> tuple[UUID, list[UUID]]:
    """Write the shop by set statements; `on_hand` thousandths of each product."""
    entity, place = new_id(), new_id()
    ids = [new_id() for _ in range(products)]
    run(
        "INSERT INTO places_entity (id, ref, name, country, currency, tax_regime, inclusive, zone, tax_number, receipt_series)"
        " VALUES (%s, 'bench', 'Bench', 'US', 'USD', 'bench', false, 'UTC', '', '')",
        [entity],
    )
    run(
        "INSERT INTO places_place (id, ref, entity_id, name, names, format, zone, country, region, city, postal_code,"
        " address, phone, price_zone, tax_region, capabilities)"
        " VALUES (%s, 'bench', %s, 'Bench', '{}', 'supermarket', 'UTC', 'US', '', '', '', '', '', '', '', '{sell,collect}')",
        [place, entity],
    )
    return place, ids


def order_body(place: UUID, products: list[UUID], quantity: str = "1", total: str | None = None) -> bytes:
    """A guest's order as the API takes it."""
    return orjson.dumps(
        {
            "id": str(new_id()),
            "place": str(place),
            "channel": "web",
            "currency": CURRENCY,
            "method": "collect",
            "lines": [{"product": str(product), "quantity": quantity} for product in products],
            "payments": [{"tender": "sandbox_card", "token": "tok_approve"}],
            "expected_total": total,
        }
    )


def pick(products: list[UUID], count: int = 3) -> list[UUID]:
    """Some products, each once."""
    return random.sample(products, count)
