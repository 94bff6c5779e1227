"""What the journeys' shops have in common: goods with names in several languages, a time to collect, who works there."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import read_events
from storeline.kernel.api import SYSTEM, new_id, now
from storeline.orders.tests.factories import Shop, make

NAMES = {
    "Red apples": {"zh-Hans": "红苹果", "fr": "Pommes rouges", "es": "Manzanas rojas"},
    "Oat bread": {"zh-Hans": "燕麦面包", "fr": "Pain d'avoine", "es": "Pan de avena"},
    "Dark chocolate": {"zh-Hans": "黑巧克力", "fr": "Chocolat noir", "es": "Chocolate negro"},
}


def name_goods(names: dict[str, dict[str, str]] | None = None) -> None:
    """Call the shop's first products so."""
    wanted = NAMES if names is None else names
    rows = [{"ref": f"r{number}", "name": name, "names": more} for number, (name, more) in enumerate(wanted.items())]
    catalog.upsert_products(rows, actor=SYSTEM)


def slot_tomorrow(here: Shop, hours: int = 26) -> UUID:
    """An hour tomorrow for five orders to be collected in."""
    begins = now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
    return make(
        "capacity.Slot",
        id=new_id(),
        place_id=here.place,
        method="collect",
        starts_at=begins,
        ends_at=begins + timedelta(hours=1),
        cutoff_at=begins - timedelta(hours=2),
        capacity=5,
    )


def with_check(digits: str) -> str:
    """A bar code with its check digit."""
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def make_ready(order_id: UUID) -> None:
    """What the shop does meanwhile."""
    read_events("fulfilment.tasks")
    fulfilment.pick_all([order_id], actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)


def hand_over(order_id: UUID) -> None:
    """All of it, until the shopper has it."""
    make_ready(order_id)
    fulfilment.hand_over([(order_id, fulfilment.codes([order_id])[order_id])], actor=SYSTEM)
