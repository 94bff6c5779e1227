"""Things to price, as data and as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.apps import apps

from storeline.kernel.api import UnitPrice, make_error_table, new_id, run
from storeline.pricing.api import (
    Basket,
    BasketLine,
    Offer,
    Price,
    PriceBook,
    Promotion,
    TaxRate,
)
from storeline.pricing.domain.prices import sort_prices, sort_rates

Category: Any = apps.get_model("catalog", "Category")
Product: Any = apps.get_model("catalog", "Product")
Entity: Any = apps.get_model("places", "Entity")
PlaceRow: Any = apps.get_model("places", "Place")

AT = datetime(2024, 3, 15, 12, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Thing:
    """A product as pricing sees it."""

    id: UUID
    tax_class: str = "standard"
    by_weight: bool = False
    deposit_product_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Shop:
    """A place as pricing sees it."""

    id: UUID
    currency: str = "EUR"
    tax_regime: str = "xx"
    tax_region: str = ""
    price_zone: str = ""
    zone: str = "Europe/Berlin"
    inclusive: bool = True


def thing(number: int, **facts: Any) -> Thing:
    return Thing(UUID(int=number), **facts)


def price(amount: int, base: int = 1000, currency: str = "EUR", **facts: Any) -> Price:
    values: dict[str, Any] = {
        "place_id": None,
        "price_zone": None,
        "channel": None,
        "member": False,
        "valid_from": LONG_AGO,
        "valid_to": None,
    }
    return Price(new_id(), UnitPrice(amount, base, currency), **(values | facts))


def promotion(kind: Any, number: int = 1, **terms: Any) -> Promotion:
    values: dict[str, Any] = {"label": kind, "currency": None, "starts_at": LONG_AGO, "ends_at": None}
    return Promotion(id=UUID(int=number), kind=kind, **(values | terms))


def book(
    shop: Shop,
    prices: Sequence[tuple[Thing, Price]],
    rates: dict[str, int] | None = None,
    offers: Sequence[tuple[Thing, Offer]] = (),
) -> PriceBook:
    """A book of prices and offers; `rates` in ppm by tax class."""
    found: dict[UUID, dict[UUID, tuple[Offer, ...]]] = {}
    for product, offer in offers:
        by_place = found.setdefault(product.id, {})
        by_place[shop.id] = (*by_place.get(shop.id, ()), offer)
    known = {"standard": 0} if rates is None else rates
    return PriceBook(
        sort_prices((product.id, row) for product, row in prices),
        sort_rates(
            TaxRate(shop.tax_regime, "", tax_class, rate, date(2020, 1, 1)) for tax_class, rate in known.items()
        ),
        found,
    )


def basket(shop: Shop, *lines: tuple[Thing, int], **facts: Any) -> Basket:
    """Products and quantities in thousandths."""
    bought = tuple(BasketLine(product, quantity) for product, quantity in lines)
    return Basket(shop, facts.pop("channel", "store"), facts.pop("at", AT), bought, **facts)


def make_place(ref: str = "p1", currency: str = "EUR", **facts: Any) -> PlaceRow:
    entity = Entity.objects.get_or_create(
        ref=f"entity-{currency}",
        defaults={
            "name": "Shops",
            "country": "DE",
            "currency": currency,
            "tax_regime": "xx",
            "inclusive": True,
        },
    )[0]
    values = {"name": ref, "format": "supermarket", "zone": "Europe/Berlin", "country": "DE"}
    return PlaceRow.objects.create(ref=ref, entity=entity, **(values | facts))


def make_product(ref: str = "a", **facts: Any) -> Product:
    return Product.objects.create(ref=ref, name=ref, **facts)


def make_category(ref: str, path: str, parent: Category | None = None) -> Category:
    return Category.objects.create(ref=ref, name=ref, path=path, parent=parent)


def stage(file: str, declared: str, rows: Sequence[dict[str, Any]]) -> None:
    """Stage `rows` as ``pg_temp.in_<file>``, with only the columns that they have."""
    types = dict(part.strip().split(" ", 1) for part in declared.split(","))
    names = list(dict.fromkeys(name for row in rows for name in row))
    run(f"DROP TABLE IF EXISTS pg_temp.in_{file}, pg_temp.in_error")
    make_error_table()
    columns = ", ".join(f"{name} {types[name]}" for name in names)
    run(f"CREATE TEMP TABLE in_{file} (row bigint, {columns}) ON COMMIT DROP")
    for number, row in enumerate(rows, 1):
        given = ", ".join(["row", *row])
        run(
            f"INSERT INTO pg_temp.in_{file} ({given}) VALUES ({', '.join(['%s'] * (len(row) + 1))})",
            [number, *row.values()],
        )


def refusals() -> list[tuple[Any, ...]]:
    """(row, column, reason) of what was refused."""
    return run("SELECT row, col, reason FROM pg_temp.in_error ORDER BY row, col, reason").fetchall()
