"""What there is to trade with."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from storeline.kernel.api import run
from tests.faults.logbook import Spec
from tests.faults.shop import CURRENCY, PLACES, PRODUCTS


@dataclass(slots=True)
class World:
    """The shops, and the wishes that this worker already has, so that it can bring them again."""

    seed: str
    places: dict[str, UUID]
    products: dict[str, UUID]
    customers: list[UUID]
    slots: dict[str, list[UUID]]
    past: list[Spec] = field(default_factory=list)
    chosen: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Slots chosen ahead: the order's id, its place, the slot."""

    def place(self, chance: Random) -> tuple[UUID, str]:
        """One of the places, and its currency."""
        ref = chance.choice(PLACES)
        return self.places[ref], CURRENCY[ref]

    def goods(self, chance: Random, most: int = 4) -> list[UUID]:
        """Some goods that are sold by the piece; the first few more often than the rest."""
        count = chance.randint(1, most)
        refs = {f"p{min(chance.randrange(PRODUCTS - 2), chance.randrange(PRODUCTS - 2))}" for _ in range(count)}
        return [self.products[ref] for ref in sorted(refs - {"p5"}) or ["p3"]]


def look(seed: str) -> World:
    """Read what there is."""
    slots: dict[str, list[UUID]] = {}
    for place, slot in run(
        "SELECT p.ref, s.id FROM capacity_slot s JOIN places_place p ON p.id = s.place_id ORDER BY s.id"
    ):
        slots.setdefault(place, []).append(slot)
    return World(
        seed,
        dict(run("SELECT ref, id FROM places_place").fetchall()),
        dict(run("SELECT ref, id FROM catalog_product").fetchall()),
        [row[0] for row in run("SELECT id FROM customers_customer ORDER BY ref")],
        slots,
    )


def some(sql: str, *params: object) -> list[UUID]:
    """Ids that a statement finds."""
    return [row[0] for row in run(sql, params).fetchall()]
