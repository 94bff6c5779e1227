"""A shop that trades, for the shop's pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storeline.kernel.api import new_id, now, run
from storeline.orders.tests.factories import Shop, make, shop


@pytest.fixture
def made() -> Shop:
    """Three products, ten of each, a slot in thirty hours, and the first product in a category."""
    found = shop(products=3, units=10)
    starts = now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=30)
    make(
        "capacity.Slot",
        id=new_id(),
        place_id=found.place,
        method="collect",
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        cutoff_at=starts - timedelta(hours=2),
        capacity=5,
    )
    category = make("catalog.Category", ref="APPLES", name="Apples", path="apples")
    run("UPDATE catalog_product SET category_id = %s WHERE id = %s", [category, found.products[0]])
    return found
