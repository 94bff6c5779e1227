"""A shop at whose desk people work."""

from __future__ import annotations

from uuid import UUID

from storeline.orders.tests.factories import Shop, make, shop

GTINS = ("04006381333931", "05901234123457")


def store() -> Shop:
    """A shop whose first two products have bar codes."""
    made = shop()
    for gtin, product in zip(GTINS, made.products, strict=False):
        make("catalog.Gtin", gtin=gtin, product_id=product)
    return made


def other_place(here: Shop) -> UUID:
    return make(
        "places.Place",
        ref="q",
        entity_id=here.entity,
        name="Elsewhere",
        format="supermarket",
        zone="America/New_York",
        country="US",
        capabilities=["sell", "collect"],
    )
