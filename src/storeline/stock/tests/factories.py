"""Places and products for stock's tests, and short words for what they do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.apps import apps

from storeline.kernel.api import new_id, pipeline, run, transaction
from storeline.stock import api as stock
from storeline.stock import audit

AT = datetime(2017, 6, 1, 12, tzinfo=UTC)


def make_place(ref: str = "P1", **columns: object) -> UUID:
    entity = new_id()
    run(
        """
INSERT INTO places_entity (id, ref, name, country, currency, tax_regime, inclusive, zone, tax_number, receipt_series)
VALUES (%s, 'E1', 'Entity', 'US', 'USD', 'us', false, 'UTC', '', '') ON CONFLICT (ref) DO NOTHING""",
        [entity],
    )
    place = new_id()
    values = {"name": ref, "format": "supermarket", "zone": "UTC", "capabilities": ["sell", "collect"]} | columns
    run(
        """
INSERT INTO places_place (id, ref, entity_id, name, names, format, zone, country, region, city, postal_code, address,
    phone, price_zone, tax_region, capabilities, latitude, longitude, opens_on, closes_on)
SELECT %s, %s, id, %s, '{}', %s, %s, 'US', '', '', '', '', '', '', '', %s, %s, %s, %s, %s
FROM places_entity WHERE ref = 'E1'""",
        [
            place,
            ref,
            *(values[name] for name in ("name", "format", "zone", "capabilities")),
            *(values.get(name) for name in ("latitude", "longitude", "opens_on", "closes_on")),
        ],
    )
    return place


def make_products(count: int, **columns: object) -> list[UUID]:
    product_rows: Any = apps.get_model("catalog", "Product")

    made = [product_rows(id=new_id(), ref=f"R{new_id()}", name="Product", **columns) for _ in range(count)]
    product_rows.objects.bulk_create(made)
    return [product.id for product in made]


def move(place: UUID, product: UUID, quantity: int, kind: str = "sale", source: UUID | None = None, line: int = 1):
    return stock.MoveRow(source or new_id(), line, kind, place, product, quantity, AT, AT.date())


def movements() -> list[tuple[str, int, str | None]]:
    """Kind, quantity and reason of each, by their time."""
    return run("SELECT kind, quantity, reason FROM stock_movement ORDER BY at, source_id, line_no").fetchall()


def post(*rows: stock.MoveRow) -> None:
    """Movements as a writer posts them: locked, then written."""
    with transaction(), pipeline():
        stock.lock([(row.place_id, row.product_id) for row in rows])
        stock.post_sales(rows)


def put(place: UUID, product: UUID, quantity: int) -> None:
    post(move(place, product, quantity, "receipt"))


def hold(place: UUID, product: UUID, *quantities: int, source: UUID | None = None) -> UUID:
    """One source that holds these quantities, a line each."""
    source = source or new_id()
    rows = [stock.ReserveRow(source, line, place, product, quantity) for line, quantity in enumerate(quantities, 1)]
    with transaction():
        stock.lock([(place, product)]).result()
        assert stock.reserve(rows).result() == len(rows)
    return source


def level(place: UUID, product: UUID) -> tuple[int, int]:
    found = stock.levels(place, [product]).get(product)
    return (found.on_hand, found.reserved) if found else (0, 0)


def open_exceptions() -> list[tuple[str, int, list[tuple[str, int]]]]:
    """Each open exception as its kind, its size and what is at risk."""
    return [
        (row.kind, row.quantity, [(at_risk["source_id"], at_risk["line_no"]) for at_risk in row.reservations])
        for row in stock.exceptions()
    ]


CHECKS = (
    audit.balances,
    audit.reserved,
    audit.shortfalls,
    audit.policies,
    audit.lots,
    audit.transfers,
    audit.corrections,
    audit.recalls,
)


def assert_balanced() -> None:
    for check in CHECKS:
        result = check()
        assert result.ok, result.differences


def state_of(source: UUID) -> list[tuple[int, str, int]]:
    rows = run("SELECT line_no, state, quantity FROM stock_reservation WHERE source_id = %s ORDER BY line_no", [source])
    return rows.fetchall()


def snapshot() -> list[list[tuple[object, ...]]]:
    """Everything stock has, to prove that a refusal changed nothing."""
    tables = """balance movement reservation exception count policy lot lot_move adjustment
        transfer transfer_line transfer_arrival recall take_off"""
    return [run(f"SELECT * FROM stock_{table} ORDER BY 1, 2, 3").fetchall() for table in tables.split()]


def refs(table: str, ids: Iterable[UUID]) -> list[str]:
    found: dict[UUID, str] = dict(run(f"SELECT id, ref FROM {table}").fetchall())
    return [found[one] for one in ids]
