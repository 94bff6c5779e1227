"""Which baskets a replay leaves to `replay_end`: one for each role at one shop, the same each time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from storeline.catalog import api as catalog
from storeline.exchange.journey import Basket, baskets
from storeline.exchange.replaying import (
    Refs,
    is_online,
    load_refs,
    may_be_online,
)
from storeline.places import api as places

SINCE = timedelta(days=5)
"""How old the baskets may be."""
NEIGHBOURS = 5
_AMBIENT, _COOL = frozenset({"ambient"}), frozenset({"ambient", "fresh", "chilled"})

ROLES: Mapping[str, frozenset[str] | None] = {
    "parcel": _AMBIENT,
    "parcel_to_pick": _AMBIENT,
    "locker": _COOL,
    "returned": None,
    "delivered": None,
    "supplied": None,
    "asked": None,
    "offered": None,
    "loaded": None,
    "to_bring": None,
}
"""What becomes of a basket, and which temperature classes it may hold; the first ones choose first."""
AT_SHOP = "at_shop"
"""A neighbour's basket, which is collected at the shop."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The shop, what was chosen for which role, and the first moment after the replayed days."""

    shop: places.Place
    baskets: Mapping[str, Basket]
    end: datetime

    @property
    def refs(self) -> frozenset[str]:
        return frozenset(basket.ref for basket in self.baskets.values())


def choose(folder: Path, shop: str, end: datetime) -> Chosen | None:
    """Which baskets of a written folder are received otherwise than by the replay; the same each time. None without the shop."""
    place = places.find_by_ref(shop)
    if place is None:
        return None
    refs = load_refs()
    seen = [one for one in baskets(folder, end - SINCE, end) if _may(one, refs)]
    here = [one for one in seen if one.place == shop]
    near = {one.ref: None for one in neighbours(place)}
    around = sorted((one for one in seen if one.place in near), key=lambda one: list(near).index(one.place))
    temperature = _temperatures([*here, *around], refs)
    return Chosen(place, assign(here, around, temperature), end)


def assign(here: Sequence[Basket], around: Sequence[Basket], temperature: Callable[[str], str]) -> dict[str, Basket]:
    """Give each role the first basket that fits and that no role before it has; a role that none fits stays empty."""
    found: dict[str, Basket] = {}
    for role, allowed in ROLES.items():
        taken = {one.ref for one in found.values()}
        fitting = (one for one in here if one.ref not in taken and _fits(one, allowed, temperature))
        if (basket := next(fitting, None)) is not None:
            found[role] = basket
    if (basket := next((one for one in around if _fits(one, _COOL, temperature)), None)) is not None:
        found[AT_SHOP] = basket
    return found


def _fits(basket: Basket, allowed: Collection[str] | None, temperature: Callable[[str], str]) -> bool:
    return allowed is None or all(temperature(line.product) in allowed for line in basket.lines)


def _may(basket: Basket, refs: Refs) -> bool:
    """What may be sold online, and is not an online order of the replay already."""
    return basket.place in refs.places and may_be_online(basket, refs) and not is_online(basket, refs)


def _temperatures(some: Iterable[Basket], refs: Refs) -> Callable[[str], str]:
    ids = {refs.products[line.product] for basket in some for line in basket.lines}
    facts = catalog.gather(sorted(ids)).result()
    return lambda ref: facts[refs.products[ref]].temperature


def neighbours(place: places.Place) -> list[places.Place]:
    """The nearest places that sell; none where nobody knows where this one is."""
    if place.position is None:
        return []
    page = places.list_places(near=place.position, capability="sell", limit=NEIGHBOURS + 1)
    return [one for one in page.items if one.id != place.id]
