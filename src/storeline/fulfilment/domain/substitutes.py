"""Which goods may stand for missing ones, which fit best and why, and how long the shopper is asked. Pure.

Quantities are thousandths of a product's unit, amounts minor units. Likeness is counted in whole permille: no float.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from storeline.catalog.api import ProductFacts
from storeline.fulfilment.errors import NotOffered, PickedTooMuch
from storeline.kernel.api import QUANTITY_ONE, round_div

ANSWER_WITHIN = timedelta(minutes=15)
AT_LEAST = timedelta(minutes=5)
HOLD_BEYOND = timedelta(minutes=1)
"""The goods are held a little longer than the shopper may answer, so that an answer in time finds them."""

OfferState = Literal["offered", "accepted", "declined", "expired", "withdrawn"]
Reason = Literal[
    "same_brand", "other_brand", "same_size", "larger", "smaller", "same_price", "cheaper", "dearer", "last_ones"
]
_FINE: dict[str, tuple[str, int, int]] = {
    "g": ("weight", 1_000, 1),
    "kg": ("weight", 1_000_000, 1),
    "oz": ("weight", 45_359_237, 1_600),
    "lb": ("weight", 45_359_237, 100),
    "ml": ("volume", 1_000, 1),
    "cl": ("volume", 10_000, 1),
    "l": ("volume", 1_000_000, 1),
    "fl_oz": ("volume", 29_573_530, 1_000),
    "gal": ("volume", 3_785_412, 1),
}
"""A unit in milligrams or microlitres, as a fraction: the international pound, the US gallon and its 128th."""
_FAR = 1_000
_WEIGHTS = {"words": 4, "size": 3, "price": 2}
_OTHER_BRAND, _LAST = 300, 150
_SAME_SIZE, _SAME_PRICE = 50, 30
"""Permille within which people call two sizes or prices the same."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An offer as the picker makes it; `id` is the client's and its idempotency record."""

    id: UUID
    order_id: UUID
    replaces: int
    product_id: UUID
    missing: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product that is there: what can still be promised of it, and what one unit costs where that is known."""

    product: ProductFacts
    available: int
    price: int | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A product that fits: how many of it stand for what is missing, and why; the smaller `distance` the better."""

    product: ProductFacts
    quantity: int
    reasons: tuple[Reason, ...]
    distance: int


def answer_until(moment: datetime, due_at: datetime) -> datetime:
    """A quarter of an hour, but not beyond when the order is due; always five minutes."""
    return min(moment + ANSWER_WITHIN, max(due_at, moment + AT_LEAST))


def added_allergens(wanted: ProductFacts, other: ProductFacts) -> tuple[str, ...]:
    """What the other one contains beyond the wanted one, in the order of the law."""
    return tuple(allergen for allergen in other.allergens if allergen not in wanted.allergens)


def check_offered(wanted: ProductFacts, other: ProductFacts) -> None:
    """Refuse what no shopper may be offered instead: other deposits, other ages, services, the thing itself.

    Allergens are no reason to refuse a picker who scanned it: the shopper sees them and decides.
    """
    if other.id == wanted.id:
        raise NotOffered("This is what is missing: pick it instead.", field="product")
    if other.service or wanted.service:
        raise NotOffered("Only goods are picked.", field="product")
    if other.deposit_product_id not in (None, wanted.deposit_product_id):
        raise NotOffered("It carries a deposit that the missing one does not.", field="product")
    if other.age_limit is not None and (wanted.age_limit or 0) < other.age_limit:
        raise NotOffered("It may be sold to older shoppers only.", field="product")


def check_missing(asked: Asked, ordered: int, picked: int | None, substituted: int, by_weight: bool) -> None:  # noqa: FBT001
    """Refuse to offer for more than is missing, or so little of it that it cannot be sold."""
    if picked is None:
        raise NotOffered("Say first how much of it is there.", field="line")
    if not 0 < asked.missing <= ordered - picked - substituted:
        raise PickedTooMuch("So much of it is not missing.", field="missing")
    if asked.quantity <= 0 or (asked.quantity % QUANTITY_ONE and not by_weight):
        raise PickedTooMuch("Offer whole units, above 0.", field="quantity")


def measure(product: ProductFacts, quantity: int) -> tuple[str, int] | None:
    """So much of a product as (weight or volume, milligrams or microlitres); None where only pieces are known."""
    if product.unit in _FINE:
        kind, numerator, denominator = _FINE[product.unit]
        return kind, round_div(quantity * numerator, QUANTITY_ONE * denominator)
    if product.content_quantity and product.content_unit in _FINE:
        kind, numerator, denominator = _FINE[product.content_unit]
        whole = product.content_quantity * quantity * numerator
        return kind, round_div(whole, QUANTITY_ONE * QUANTITY_ONE * denominator)
    return None


def quantity_for(wanted: ProductFacts, missing: int, other: ProductFacts) -> int:
    """How much of the other one stands for what is missing: as much by weight or volume, in whole units of at least one.

    Where sizes cannot be compared it is one for one.
    """
    need, one = measure(wanted, missing), measure(other, QUANTITY_ONE)
    if need is None or one is None or need[0] != one[0] or not one[1]:
        return missing if other.by_weight else -(-missing // QUANTITY_ONE) * QUANTITY_ONE
    if other.by_weight:
        return max(round_div(need[1] * QUANTITY_ONE, one[1]), 1)
    return max(round_div(need[1], one[1]), 1) * QUANTITY_ONE


def rank(wanted: ProductFacts, missing: int, price: int | None, candidates: Iterable[Candidate]) -> list[Ranked]:
    """Those that may stand for what is missing, the likest first.

    Out are those that add an allergen, need other care on the way home, or of which too little is there. The rest go by
    the words of their names, their size, their price for the same amount (a dearer one costs us, not the shopper), their
    brand, and whether they are the last ones.
    """
    found = [
        _ranked(wanted, missing, price, one, quantity)
        for one in candidates
        if _may(wanted, one) and (quantity := quantity_for(wanted, missing, one.product)) <= one.available
    ]
    return sorted(found, key=lambda one: (one.distance, one.product.ref))


def _may(wanted: ProductFacts, one: Candidate) -> bool:
    try:
        check_offered(wanted, one.product)
    except NotOffered:
        return False
    other = one.product
    return other.sellable and other.temperature == wanted.temperature and not added_allergens(wanted, other)


def _ranked(wanted: ProductFacts, missing: int, price: int | None, one: Candidate, quantity: int) -> Ranked:
    other = one.product
    reasons: list[Reason] = []
    brand = _brand(wanted, other)
    if brand is not None:
        reasons.append("same_brand" if brand else "other_brand")
    size = _gap(measure(wanted, QUANTITY_ONE), measure(other, QUANTITY_ONE))
    if size is not None:
        reasons.append("same_size" if abs(size) <= _SAME_SIZE else "larger" if size > 0 else "smaller")
    cost = None
    if price and one.price:
        cost = _permille(round_div(price * missing, QUANTITY_ONE), round_div(one.price * quantity, QUANTITY_ONE))
        reasons.append("same_price" if abs(cost) <= _SAME_PRICE else "dearer" if cost > 0 else "cheaper")
    last = one.available < 2 * quantity
    if last:
        reasons.append("last_ones")
    distance = (
        _WEIGHTS["words"] * _unlike(wanted, other)
        + _WEIGHTS["size"] * (_FAR // 2 if size is None else abs(size))
        + _WEIGHTS["price"] * (_FAR // 2 if cost is None else abs(cost))
        + (_OTHER_BRAND if brand is False else 0)
        + (_LAST if last else 0)
    )
    return Ranked(other, quantity, tuple(reasons), distance)


def _brand(wanted: ProductFacts, other: ProductFacts) -> bool | None:
    if not wanted.brand or not other.brand:
        return None
    return wanted.brand.casefold() == other.brand.casefold()


def _gap(wanted: tuple[str, int] | None, other: tuple[str, int] | None) -> int | None:
    if wanted is None or other is None or wanted[0] != other[0]:
        return None
    return _permille(wanted[1], other[1])


def _permille(wanted: int, other: int) -> int:
    """How far two sizes are apart, signed: 0 for equal ones, up to 1000 where one is nothing beside the other."""
    larger = max(wanted, other)
    return 0 if not larger else round_div((other - wanted) * _FAR, larger)


def _unlike(wanted: ProductFacts, other: ProductFacts) -> int:
    """The share of words that the two names do not have in common."""
    mine, others = _words(wanted), _words(other)
    every = mine | others
    return _FAR - len(mine & others) * _FAR // len(every) if every else _FAR


def _words(product: ProductFacts) -> set[str]:
    text = unicodedata.normalize("NFKC", product.name).casefold()
    return {word for word in "".join(char if char.isalnum() else " " for char in text).split() if not word.isdigit()}


def next_line(lines: Sequence[int]) -> int:
    """The number of a new line: never one that was used before, also by an offer that came to nothing."""
    return max(lines) + 1
