"""What a shopper pays for goods that they take instead of missing ones: never more than those would have cost. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from storeline.orders.domain.amounts import RETAILER
from storeline.orders.domain.drafts import LineDiscount, PricedLine
from storeline.orders.domain.shorts import Taken
from storeline.pricing.api import MILLION, tax_of

SUBSTITUTION = "substitution"


@dataclass(frozen=True, slots=True)
class Instead:
    """`quantity` thousandths of a product instead of `missing` thousandths of the line `replaces`."""

    replaces: int
    missing: int
    product_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Worth:
    """What missing goods would have cost the shopper: their price, and what is handed over (with tax on top)."""

    price: int
    payable: int


def worth(taken: Taken, *, tax_included: bool) -> Worth:
    """What the shopper does not pay because this is taken off."""
    price = taken.amount - taken.funded
    return Worth(price, price if tax_included else price + taken.tax)


def payable(line: PricedLine, *, tax_included: bool) -> int:
    """What the shopper hands over for a line."""
    return line.amount - line.funded + (0 if tax_included else line.tax)


def at_most(line: PricedLine, limit: Worth, *, tax_included: bool) -> PricedLine:
    """The line, lowered by a discount of kind ``substitution`` until neither its price nor what is paid is above `limit`.

    The retailer bears the difference, also where the substitute is taxed higher.
    """
    own = line.amount - line.funded
    price = _highest(min(own, limit.price), limit.payable, line, tax_included=tax_included)
    off = own - price
    if not off:
        return line
    amount = line.amount - off
    before = [one for one in line.discounts if one.kind != SUBSTITUTION]
    given = off + sum(one.amount for one in line.discounts if one.kind == SUBSTITUTION)
    return line._replace(
        discount=line.discount + off,
        amount=amount,
        tax=tax_of(amount, line.tax_rate, inclusive=tax_included),
        discounts=(*before, LineDiscount(SUBSTITUTION, RETAILER, given, None, "Substitution")),
    )


def _highest(price: int, most: int, line: PricedLine, *, tax_included: bool) -> int:
    """The highest price up to `price` at which the shopper hands over no more than `most`, and not below 0."""
    if tax_included:
        return max(min(price, most), 0)
    near = (most * MILLION - line.funded * line.tax_rate) // (MILLION + line.tax_rate) + 2
    price = max(min(price, near), 0)
    while price > 0 and price + tax_of(price + line.funded, line.tax_rate, inclusive=False) > most:
        price -= 1
    return price


def pack(line: PricedLine) -> dict[str, Any]:
    """A priced line as JSON, to be kept until the shopper agrees."""
    return line._asdict() | {
        "product_id": str(line.product_id),
        "discounts": [
            one._asdict() | {"source_id": None if one.source_id is None else str(one.source_id)}
            for one in line.discounts
        ],
    }


def unpack(kept: dict[str, Any]) -> PricedLine:
    """The line that was packed."""
    discounts = tuple(
        LineDiscount(**(one | {"source_id": None if one["source_id"] is None else UUID(one["source_id"])}))
        for one in kept["discounts"]
    )
    return PricedLine(**(kept | {"product_id": UUID(kept["product_id"]), "discounts": discounts}))
