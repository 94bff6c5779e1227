"""What a list of products shows: each with its price and whether the shop has it. Three or four waits for all."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import get_language

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.kernel.api import Pending, now
from storeline.pricing import api as pricing
from storeline.shop import departments
from storeline.shop.where import Here
from storeline.stock import api as stock

CHANNEL = "web"
_LANGUAGES = {"zh-hans": ("zh-Hans", "zh")}
_LONGEST_SLUG = 60
_KEPT_S = 300.0
_MOST_KEPT = 50_000
_lowest: dict[tuple[UUID, pricing.ShelfPrice], tuple[float, pricing.ShelfPrice]] = {}


def kind_of(product: catalog.ProductFacts) -> str:
    """What its category is called: the words that its picture is chosen by."""
    return departments.name_of(product.category_id)


class Card(NamedTuple):
    """A product as the shop shows it. `stock` is in, few or elsewhere; `in_basket` in whole units."""

    id: UUID
    ref: str
    slug: str
    name: str
    brand: str
    kind: str
    unit: str
    shelf: pricing.ShelfPrice
    stock: str
    in_basket: int
    picture: str = ""


def cards(
    products: Sequence[catalog.ProductFacts], at: Here, basket: Mapping[UUID, int], *, member: bool = False
) -> list[Card]:
    """The products that have a price here, those in stock first, else in the given order."""
    if not products:
        return []
    prices, levels = prices_and_levels(products, at, member=member)
    found = [product for product in products if product.id in prices]
    return sorted(cards_of(found, prices, levels, at, basket), key=lambda card: card.stock == "elsewhere")


def cards_of(
    products: Sequence[catalog.ProductFacts],
    prices: Mapping[UUID, pricing.ShelfPrice],
    levels: Mapping[UUID, stock.Level],
    at: Here,
    basket: Mapping[UUID, int],
) -> list[Card]:
    """The cards of products that have a price here, with the lowest price of 30 days beside each reduction. One wait, or none."""
    shown = _with_lowest({one.id: prices[one.id] for one in products}, at)
    tags = language()
    return [card_of(one, shown[one.id], levels.get(one.id), basket, tags) for one in products]


def _with_lowest(prices: Mapping[UUID, pricing.ShelfPrice], at: Here) -> dict[UUID, pricing.ShelfPrice]:
    """These prices with the lowest of the 30 days before beside each that is reduced.

    What it was before a reduction began stays so while it lasts: it is kept by the shop and by all that the reduction says.
    """
    moment = time.monotonic()
    found: dict[UUID, pricing.ShelfPrice] = {}
    asked: dict[UUID, pricing.ShelfPrice] = {}
    for key, price in prices.items():
        kept = _lowest.get((at.place.id, price)) if price.regular is not None else None
        if price.regular is None:
            found[key] = price
        elif kept is not None and moment - kept[0] < _KEPT_S:
            found[key] = kept[1]
        else:
            asked[key] = price
    if asked:
        told = pricing.with_lowest(asked, at.facts, CHANNEL, now())
        if len(_lowest) > _MOST_KEPT:
            _lowest.clear()
        for key, price in asked.items():
            _lowest[at.place.id, price] = moment, told[key]
        found |= told
    return found


def forget() -> None:
    """Ask anew what reductions followed."""
    _lowest.clear()


def prices_and_levels(
    products: Sequence[catalog.ProductFacts], at: Here, *, member: bool
) -> tuple[dict[UUID, pricing.ShelfPrice], dict[UUID, stock.Level]]:
    """What they cost here, without what goes beside a reduction, and how many there are. One wait."""
    pending: list[Pending[dict[UUID, stock.Level]]] = []

    def ask() -> None:
        pending.append(stock.gather_levels(at.place.id, [product.id for product in products]))

    prices = pricing.shelf_prices(products, at.facts, CHANNEL, now(), member=member, lowest=False, beside=ask)
    return prices, pending[0].result()


def card_of(
    product: catalog.ProductFacts,
    shelf: pricing.ShelfPrice,
    level: stock.Level | None,
    basket: Mapping[UUID, int],
    tags: tuple[str, ...],
) -> Card:
    """One of them, its name in the first language of `tags` that it has."""
    return Card(
        product.id,
        product.ref,
        slug(product.name),
        product.name_in(*tags),
        product.brand,
        kind_of(product),
        product.unit,
        shelf,
        state_of(level),
        basket.get(product.id, 0) // 1000,
    )


def state_of(level: stock.Level | None) -> str:
    """What a shopper is told: what a shop never kept may be in others."""
    band = stock.Band.OUT if level is None else level.band
    return {stock.Band.STOCK: "in", stock.Band.FEW: "few", stock.Band.OUT: "elsewhere"}[band]


def name_of(product: catalog.ProductFacts) -> str:
    """Its name for the reader."""
    return product.name_in(*language())


def language() -> tuple[str, ...]:
    """The reader's language as names are tagged with it, the best first."""
    code = get_language() or "en"
    return _LANGUAGES.get(code, (code,))


def is_member(request: Request) -> bool:
    """Whether members' prices are for this visitor."""
    return request.actor.kind == "user"


@lru_cache(maxsize=100_000)
def slug(name: str) -> str:
    """A name as part of an address: ASCII letters and digits, else nothing."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_SLUG].strip("-") or "product"
