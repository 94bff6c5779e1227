"""Goods by their names: what this shop sells and keeps comes first, what it does not is marked or left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.kernel.api import now, pipeline
from storeline.places import api as places
from storeline.pricing import api as pricing
from storeline.stock import api as stock
from storeline.till.pages.shared import CHANNEL
from storeline.till.queries import TillAt

_HITS = 8
_NAMES = 40
"""So many names are looked at, since most shops keep a small part of the catalogue."""
_EACH = 6
"""Nine names in ten have at most so many products."""


@dataclass(frozen=True, slots=True)
class Found:
    """A product by its name; `shelf` is what it costs here. `kept`: this shop has it, or has had it."""

    product: catalog.ProductFacts
    shelf: pricing.ShelfPrice | None
    listed: bool
    kept: bool

    @property
    def sold(self) -> bool:
        """Whether this shop can sell it: it is in its range, and it has a price."""
        return self.listed and self.shelf is not None


def look_for(text: str, at: TillAt, *, all_of_them: bool = False) -> list[Found]:
    """Of each name one product, those that this shop keeps first, as well as they answer.

    What it does not keep, or does not sell at all, comes only where nothing else does, or after the rest if
    `all_of_them`. Two waits beside the search.
    """
    groups = catalog.search_names(text, names=_NAMES, each=_EACH)
    if not groups:
        return []
    ids = [product.id for group in groups for product in group]
    with pipeline():
        facts = places.gather([at.place_id])
        levels = stock.gather_levels(at.place_id, ids)
        listed = catalog.gather_listed([at.place_id] * len(ids), ids, now().date())
    of_range = {product_id for _, product_id in listed.result()}
    best = sorted((_best(group, of_range, levels.result()) for group in groups), key=lambda one: _rank(one[1:]))
    wanted = [one for one in best if all_of_them or _rank(one[1:]) == _rank(best[0][1:])][:_HITS]
    prices = pricing.shelf_prices([one[0] for one in wanted], facts.result()[at.place_id], CHANNEL, now(), lowest=False)
    found = [Found(product, prices.get(product.id), listed, kept) for product, listed, kept in wanted]
    found.sort(key=lambda one: not one.sold)
    return [one for one in found if all_of_them or one.sold == found[0].sold]


def _best(
    group: Sequence[catalog.ProductFacts], of_range: set[UUID], levels: Mapping[UUID, stock.Level]
) -> tuple[catalog.ProductFacts, bool, bool]:
    """Of products of one name the one that this shop has most of; whether it is in its range, and kept."""

    def worth(product: catalog.ProductFacts) -> tuple[bool, bool, int]:
        level = levels.get(product.id)
        return product.id in of_range, level is not None, 0 if level is None else level.on_hand

    best = max(group, key=worth)
    return best, best.id in of_range, best.id in levels


def _rank(stands: tuple[bool, bool]) -> int:
    """What is kept, then what could be, then what is not sold here."""
    listed, kept = stands
    return 0 if listed and kept else 1 if listed else 2
