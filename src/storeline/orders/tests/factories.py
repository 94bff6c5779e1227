"""A small shop to order from: rows of the modules below, made through Django's registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps

from storeline.capacity import api as capacity
from storeline.kernel.api import SYSTEM, new_id, now, run
from storeline.orders import api as orders
from storeline.orders.personal import forget_addresses
from storeline.payments.api import Offer
from storeline.stock import api as stock

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
CARD = (Offer("sandbox_card", token="tok_approve"),)
CASH = (Offer("cash"),)


def make(label: str, **fields: Any) -> UUID:
    """A row of another module; its id."""
    created: UUID = apps.get_model(label).objects.create(**fields).pk
    return created


@dataclass(slots=True)
class Shop:
    """One place with products at 1.25 each, 8 % tax on top, and stock."""

    entity: UUID
    place: UUID
    products: list[UUID] = field(default_factory=list)
    currency: str = "USD"

    def draft(
        self, quantities: Sequence[int] = (1,), *, payments: tuple[Offer, ...] = CARD, **changes: Any
    ) -> orders.Draft:
        """An online order of so many units of the first products, at the total that they cost."""
        lines = tuple(
            orders.DraftLine(product, quantity * 1000)
            for product, quantity in zip(self.products, quantities, strict=False)
        )
        wanted: dict[str, Any] = {
            "id": new_id(),
            "place_id": self.place,
            "channel": "web",
            "lines": lines,
            "currency": self.currency,
            "method": "collect",
            "payments": payments,
            "expected_total": total(sum(quantities)),
            "body_hash": b"body",
        }
        return orders.Draft(**(wanted | changes))

    def sale(self, lines: Sequence[tuple[int, int]], **changes: Any) -> orders.Draft:
        """A till's cash sale of (units, cents) lines at agreed amounts."""
        agreed = tuple(
            orders.DraftLine(product, units * 1000, orders.Agreed(cents))
            for product, (units, cents) in zip(self.products, lines, strict=False)
        )
        wanted: dict[str, Any] = {
            "id": new_id(),
            "place_id": self.place,
            "channel": "till",
            "lines": agreed,
            "currency": self.currency,
            "payments": CASH,
            "till": "1",
            "body_hash": b"sale",
        }
        return orders.Draft(**(wanted | changes))

    def level(self, product: int = 0) -> tuple[int, int]:
        """(on hand, reserved) of a product."""
        row = run(
            "SELECT on_hand, reserved FROM stock_balance WHERE place_id = %s AND product_id = %s",
            [self.place, self.products[product]],
        ).fetchone()
        return (0, 0) if row is None else (row[0], row[1])


def total(units: int) -> int:
    """What so many units cost with tax, in cents."""
    net = 125 * units
    return net + (2 * net * 8 + 100) // 200


def shop(products: int = 3, units: int = 10) -> Shop:
    """A shop with so many products, each with so many units."""
    entity = make(
        "places.Entity",
        ref="e",
        name="Shops",
        country="US",
        currency="USD",
        tax_regime="t",
        inclusive=False,
        zone="UTC",
    )
    place = make(
        "places.Place",
        ref="p",
        entity_id=entity,
        name="Shop",
        format="supermarket",
        zone="America/New_York",
        country="US",
        capabilities=["sell", "collect"],
    )
    make(
        "pricing.TaxRate",
        regime="t",
        tax_class="standard",
        rate_ppm=80_000,
        inclusive=False,
        valid_from=LONG_AGO.date(),
    )
    made = Shop(entity, place)
    for number in range(products):
        product = make("catalog.Product", ref=f"r{number}", name=f"Product {number}")
        make("pricing.Price", product_id=product, amount=125, currency="USD", valid_from=LONG_AGO)
        made.products.append(product)
    stock.adjust(
        [stock.Goods(new_id(), 1, place, product, units * 1000, "found") for product in made.products], actor=SYSTEM
    )
    return made


def forget_due() -> int:
    """What the job forgets: addresses and contacts whose time is over."""
    return forget_addresses(now())


def everything() -> dict[str, list[Any]]:
    """Every row that an order can change, to prove that a refusal changed none."""
    tables = (
        "orders_order",
        "orders_line",
        "orders_discount",
        "orders_amendment",
        "orders_destination",
        "stock_balance",
        "stock_movement",
        "stock_reservation",
        "payments_intent",
        "payments_operation",
        "ledger_posting",
        "kernel_event",
        "loyalty_redemption",
        "capacity_booking",
    )
    return {table: run(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall() for table in tables}


ADDRESS = orders.Address("US", "43215", "A. Reader", ("1 High Street",), "Columbus", note="Ring twice")


def delivers(made: Shop, *, room: int = 2, fee: int = 490, slot_fee: int = 0, method: str = "deliver") -> UUID:
    """Let the shop bring goods to postal codes 432…, free from 20.00; a slot with room for so many."""
    run(
        "UPDATE places_place SET capabilities = capabilities || ARRAY['deliver', 'ship'] WHERE id = %s AND NOT 'ship' = ANY(capabilities)",
        [made.place],
    )
    service = make("catalog.Product", ref=f"fee-{method}", name="Delivery", service=True)
    area = capacity.Area(new_id(), made.place, method, "town", "US", ("432",), None, fee, 2000, 0, service)
    capacity.set_areas(made.place, [*capacity.areas_of(made.place), area], actor=SYSTEM)
    starts = now() + timedelta(days=1)
    return make(
        "capacity.Slot",
        place_id=made.place,
        method="deliver",
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        cutoff_at=starts - timedelta(hours=2),
        capacity=room,
        fee=slot_fee,
    )


def brought(
    made: Shop, slot: UUID | None, quantities: Sequence[int] = (2,), *, fee: int = 490, **changes: Any
) -> orders.Draft:
    """An order of so many units that is brought to `ADDRESS`, at the total with its fee and the tax on both."""
    net = 125 * sum(quantities) + fee
    wanted = {
        "method": "deliver",
        "slot_id": slot,
        "address": ADDRESS,
        "expected_total": net + (2 * net * 8 + 100) // 200,
    }
    return made.draft(quantities, **(wanted | changes))
