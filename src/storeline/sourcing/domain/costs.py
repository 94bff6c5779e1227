"""What a plan costs, and what it is made of. Costs are thousandths of the currency's minor unit, always whole.

They weigh one way of serving an order against another; nobody is charged them. Because they are integers, the parts of a
plan add up to its cost exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

MOST_PLACES = 4
"""Plans over more places than these are not looked for: a shopper would not want as many parcels."""
WHOLE = 1_000
"""Thousandths of a unit; goods that are ordered in whole units may come from several places, others come whole."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How sourcing weighs: costs in thousandths of a minor unit, weights in grams, shares in thousandths.

    The defaults are invented, of the size that grocers publish: a picker's minutes, a parcel's price by distance and weight.
    """

    ref: str = "default"
    visit: int = 150_000
    """A place is asked to pick: walking there, a bag, the hand-over."""
    line: int = 25_000
    """Each line picked."""
    parcel: int = 350_000
    """Each place's consignment; what is heavier costs by weight."""
    parcel_km: int = 500
    """Each consignment for each kilometre."""
    kg: int = 40_000
    """Each kilogram sent."""
    parcel_grams: int = 20_000
    """What goes into one parcel at most: how many parcels a consignment is, for who packs it."""
    split: int = 60_000
    """Each place beyond the first: another parcel at the shopper's door."""
    most_places: int = 3
    keep_share: int = 1_000
    """How much of a unit's value where it stands is counted."""
    waste_share: int = 1_000
    """How much of what would spoil is counted in a plan's favour."""
    reach_km: int = 0
    """Places farther away are left out; 0: none are."""


@dataclass(frozen=True, slots=True)
class Need:
    """One product of an order, in `portions` of equal size, each of so many `grams`.

    `refusal`: what one portion costs that is not served; None: the order is served whole or not at all.
    """

    product_id: UUID
    portions: int
    portion: int = WHOLE
    grams: int = 500
    refusal: int | None = None

    @property
    def quantity(self) -> int:
        """Thousandths of the product's unit."""
        return self.portions * self.portion


DIVIDED = 24
"""Lines of more units come from one place: who wants a pallet does not want it in handfuls."""


def need(product_id: UUID, quantity: int, grams: int = 500, refusal: int | None = None) -> Need:
    """A need of so many thousandths, `grams` a unit: in whole units, or in one piece where it is not whole or very many."""
    portion = WHOLE if quantity % WHOLE == 0 and quantity <= DIVIDED * WHOLE else quantity
    return Need(product_id, quantity // portion, portion, max(grams * portion // WHOLE, 0), refusal)


@dataclass(frozen=True, slots=True)
class Site:
    """A place that may serve, as it stands: by the needs' order, the portions that it has (`has`), and for each portion
    taken what it is worth where it stands (`keep`) and what would spoil there otherwise (`waste`).

    The first portion taken is the first of its row.
    `visit` and `line` are the place's own costs, None: the policy's. A lower `priority` goes first.
    """

    place_id: UUID
    km: float
    has: tuple[int, ...]
    keep: tuple[tuple[int, ...], ...]
    waste: tuple[tuple[int, ...], ...] = ()
    priority: int = 0
    visit: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Costs:
    """A cost by its components; their sum is the cost. `waste` is at most 0: what a plan saves from spoiling."""

    visit: int = 0
    lines: int = 0
    shipping: int = 0
    weight: int = 0
    split: int = 0
    keep: int = 0
    waste: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        """What is compared."""
        return (
            self.visit + self.lines + self.shipping + self.weight + self.split + self.keep + self.waste + self.refused
        )

    def __add__(self, other: Costs) -> Costs:
        return Costs(
            self.visit + other.visit,
            self.lines + other.lines,
            self.shipping + other.shipping,
            self.weight + other.weight,
            self.split + other.split,
            self.keep + other.keep,
            self.waste + other.waste,
            self.refused + other.refused,
        )


@dataclass(frozen=True, slots=True)
class Pick:
    """So much of a product from one place; `quantity` in thousandths."""

    product_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Part:
    """What one place does in a plan."""

    place_id: UUID
    km: float
    picks: tuple[Pick, ...]
    grams: int
    parcels: int
    costs: Costs


@dataclass(frozen=True, slots=True)
class Plan:
    """Who serves what of an order, what it costs by component, and what the next best plan would have cost.

    The next best leaves out at least one of this plan's places; None where there is none. `refused`: what nobody serves.
    """

    parts: tuple[Part, ...]
    refused: tuple[Pick, ...]
    costs: Costs
    next_cost: int | None = None
    next_places: tuple[UUID, ...] = ()

    @property
    def cost(self) -> int:
        """Thousandths of a minor unit."""
        return self.costs.total

    @property
    def places(self) -> tuple[UUID, ...]:
        """Who takes part, in the plan's order."""
        return tuple(part.place_id for part in self.parts)

    @property
    def splits(self) -> int:
        """How many places beyond the first."""
        return max(len(self.parts) - 1, 0)


def parcels_of(grams: int, policy: Policy) -> int:
    """How many parcels that is; one at least."""
    return max(1, -(-grams // policy.parcel_grams))


def parcel_cost(km: float, policy: Policy) -> int:
    """What a consignment costs over that distance, whatever it weighs."""
    return policy.parcel + round(policy.parcel_km * km)


def part_of(site: Site, needs: Sequence[Need], taken: Sequence[int], policy: Policy) -> Part:
    """One place's part: `taken` portions of each need."""
    picks = tuple(Pick(one.product_id, many * one.portion) for one, many in zip(needs, taken, strict=True) if many)
    grams = sum(one.grams * many for one, many in zip(needs, taken, strict=True))
    parcels = parcels_of(grams, policy)
    line = policy.line if site.line is None else site.line
    costs = Costs(
        visit=policy.visit if site.visit is None else site.visit,
        lines=line * len(picks),
        shipping=parcel_cost(site.km, policy),
        weight=sum(weight_cost(one, many, policy) for one, many in zip(needs, taken, strict=True)),
        keep=sum(sum(row[:many]) for row, many in zip(site.keep, taken, strict=True)),
        waste=-sum(sum(row[:many]) for row, many in zip(site.waste, taken, strict=True)) if site.waste else 0,
    )
    return Part(site.place_id, site.km, picks, grams, parcels, costs)


def weight_cost(one: Need, portions: int, policy: Policy) -> int:
    """What these portions' weight costs: by whole grams a portion, so that it is the same however a line is divided."""
    return portions * (one.grams * policy.kg // 1_000)
