"""A line of a basket on its way through the promotions, and what may be given to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from storeline.pricing.domain.offers import saving
from storeline.pricing.domain.terms import LineAdjustment, Offer, Price, Promotion


@dataclass(slots=True)
class Candidate:
    """A line on its way through the promotions. `free` thousandths and `free_amount` have none yet."""

    product_id: UUID
    quantity: int
    gross: int
    by_weight: bool
    offers: Sequence[Offer]
    member_price: Price | None
    free: int = 0
    free_amount: int = 0
    left: int = 0
    closed: bool = False
    given: list[LineAdjustment] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free, self.free_amount, self.left = self.quantity, self.gross, self.gross


@dataclass(frozen=True, slots=True)
class Plain:
    """The best promotion of a line that needs nothing but the line."""

    kind: str
    offer: Offer
    source_id: UUID


def shut(line: Candidate, promotion: Promotion) -> bool:
    """Whether an exclusive promotion keeps this one off the line, or is it and comes too late."""
    return line.closed or (promotion.exclusive and bool(line.given))


def give(line: Candidate, promotion: Promotion, amount: int) -> None:
    amount = min(amount, line.left)
    if amount > 0:
        line.left -= amount
        line.closed = line.closed or promotion.exclusive
        line.given.append(LineAdjustment("promotion", promotion.funder, promotion.id, amount, *promotion.title))


def offer_of(line: Candidate, promotion: Promotion, price: int | None = None) -> Offer | None:
    """The line's offer under this promotion; where it has several items, the one that saves most."""
    if shut(line, promotion):
        return None
    found = [
        offer
        for offer in line.offers
        if offer.promotion.id == promotion.id and (price is None or offer.amount == price)
    ]
    if price is not None:
        return found[0] if found else None
    return max(found, key=lambda offer: saving(offer, line.quantity, line.gross), default=None)
