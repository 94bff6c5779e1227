"""A small shop for benchmarks, written in the import format and taken in through the one door."""

from __future__ import annotations

import csv
import random
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from uuid import UUID

import orjson

from storeline.kernel.api import new_id, run

CURRENCY = "USD"
PRICE = "1.25"
TAX_RATE = "8"
CENTS_A_LINE = 125


def build_shop(products: int, *, on_hand: int) -> tuple[UUID, list[UUID]]:
    """One place that sells and lets collect, with so many products, each with `on_hand` units; their ids."""
    from storeline.exchange.importing.run import import_folder
    from storeline.kernel.api import SYSTEM

    with tempfile.TemporaryDirectory() as name:
        _write_folder(Path(name), products, on_hand)
        report = import_folder(Path(name), actor=SYSTEM)
    if report.errors:
        raise RuntimeError(f"{report.errors} rows of the shop were refused")
    place = run("SELECT id FROM places_place WHERE ref = 'bench'").fetchone()
    if place is None:
        raise RuntimeError("the shop was not taken in")
    run("ANALYZE")
    return place[0], [row[0] for row in run("SELECT id FROM catalog_product ORDER BY ref").fetchall()]


def _write_folder(folder: Path, products: int, on_hand: int) -> None:
    refs = [f"p{number:06}" for number in range(products)]
    _file(
        folder / "entities.csv",
        ("ref", "name", "country", "currency", "tax_regime", "tax_included", "zone"),
        [("bench", "Bench", "US", CURRENCY, "bench", "no", "UTC")],
    )
    _file(
        folder / "places.csv",
        ("ref", "entity", "name", "format", "zone", "capabilities"),
        [("bench", "bench", "Bench", "supermarket", "UTC", "sell|collect")],
    )
    _file(folder / "products.csv", ("ref", "name"), [(ref, f"Product {ref}") for ref in refs])
    _file(
        folder / "tax_rates.csv",
        ("regime", "tax_class", "valid_from", "rate", "included"),
        [("bench", "standard", "2000-01-01", TAX_RATE, "no")],
    )
    _file(
        folder / "prices.csv",
        ("product", "currency", "valid_from", "amount"),
        [(ref, CURRENCY, "2000-01-01T00:00:00Z", PRICE) for ref in refs],
    )
    _file(
        folder / "stock.csv",
        ("place", "product", "as_of", "quantity"),
        [("bench", ref, "2000-01-01T00:00:00Z", on_hand) for ref in refs],
    )


def _file(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def total_of(lines: int) -> str:
    """What `lines` single units cost, tax on top: the total that the shopper was shown."""
    net = lines * CENTS_A_LINE
    cents = net + (net * 8 * 2 + 100) // 200
    return f"{cents // 100}.{cents % 100:02}"


def order_body(place: UUID, products: Sequence[UUID], quantity: int = 1, *, total: str) -> bytes:
    """A guest's order as the API takes it."""
    return orjson.dumps(
        {
            "id": str(new_id()),
            "place": str(place),
            "channel": "web",
            "currency": CURRENCY,
            "method": "collect",
            "lines": [{"product": str(product), "quantity": str(quantity)} for product in products],
            "payments": [{"tender": "sandbox_card", "token": "tok_approve"}],
            "expected_total": total,
        }
    )


def pick(products: Sequence[UUID], count: int = 3) -> list[UUID]:
    """Some products, each once."""
    return random.sample(products, count)
