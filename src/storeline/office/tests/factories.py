"""A shop with goods and bar codes, and people who work in the office."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storeline.identity.tests.factories import browser_of, make_user
from storeline.orders.tests.factories import Shop, make, shop

if TYPE_CHECKING:
    from uuid import UUID

    from django.test import Client

GTINS = ("04006381333931", "05901234123457")


def store() -> Shop:
    """A shop whose first two products have bar codes."""
    made = shop()
    for gtin, product in zip(GTINS, made.products, strict=False):
        make("catalog.Gtin", gtin=gtin, product_id=product)
    return made


def person(role: str, *, place_id: UUID | None = None, username: str = "") -> Client:
    """A browser in which somebody of this role has signed in."""
    return browser_of(make_user(username or role.replace("_", "-"), role, place_id=place_id))
