"""What a list of products shows: each with its price and whether the shop has it. Three or four waits for all."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import get_language

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.kernel.api import now
from storeline.pricing import api as pricing
from storeline.shop.where import Here
from storeline.stock import api as stock

CHANNEL = "web"
_LANGUAGES = {"zh-hans": ("zh-Hans", "zh")}
_LONGEST_SLUG = 60
_KINDS_S = 60.0
_kinds: tuple[float, dict[UUID, str]] = (0.0, {})


def kind_of(product: catalog.ProductFacts) -> str:
    """What its category is called: the words that its picture is chosen by. The tree is read once a minute."""
    global _kinds  # noqa: PLW0603  # a stale one costs no more than a plain picture
    read_at, kinds = _kinds
    if product.category_id is not None and (time.monotonic() - read_at > _KINDS_S or product.category_id not in kinds):
        kinds = {one.id: one.name for one in catalog.list_categories()}
        _kinds = (time.monotonic(), kinds)
    return "" if product.category_id is None else kinds.get(product.category_id, "")


@dataclass(frozen=True, slots=True)
class Card:
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
    prices = pricing.shelf_prices(products, at.facts, CHANNEL, now(), member=member)
    levels = stock.levels(at.place.id, [product.id for product in products])
    found = [
        card_of(product, prices[product.id], levels.get(product.id), basket)
        for product in products
        if product.id in prices
    ]
    return sorted(found, key=lambda card: card.stock == "elsewhere")


def card_of(
    product: catalog.ProductFacts, shelf: pricing.ShelfPrice, level: stock.Level | None, basket: Mapping[UUID, int]
) -> Card:
    """One of them."""
    return Card(
        product.id,
        product.ref,
        slug(product.name),
        name_of(product),
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


def slug(name: str) -> str:
    """A name as part of an address: ASCII letters and digits, else nothing."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_SLUG].strip("-") or "product"
