"""What a partner is owed for its goods: sales without tax, less the retailer's commission, less what came back.

Amounts are minor units, commission is in thousandths, quantities in thousandths of the product's unit. Everything is
rounded half up, away from zero below it, once for each line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

SALE: Final = "sale"
RETURN: Final = "return"
LOSS: Final = "loss"
KINDS: Final = (SALE, RETURN, LOSS)
WHOLE: Final = 1000
Key = tuple[UUID, int]
"""(source id, line): of an order, a return, or another document of stock."""


@dataclass(frozen=True, slots=True)
class Where:
    """Whose goods, which, and in whose books: what every line has."""

    organisation_id: UUID
    ownership_id: UUID
    entity_id: UUID
    place_id: UUID
    product_id: UUID
    currency: str


@dataclass(frozen=True, slots=True)
class Line:
    """One change of what a partner is owed. `quantity` is what left: below 0 where it came back or was found.

    `owed` is ``net - commission``: below 0 for what came back. A return names the sale that it takes back.
    """

    kind: str
    source_id: UUID
    line_no: int
    where: Where
    quantity: int
    net: int
    commission: int
    business_date: date
    at: datetime
    sale: Key | None = None

    @property
    def owed(self) -> int:
        """What the partner is owed by it."""
        return self.net - self.commission


@dataclass(frozen=True, slots=True)
class Sold:
    """A line of a completed order: `net` is what it earned without tax."""

    key: Key
    where: Where
    quantity: int
    net: int
    commission: int
    business_date: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Back:
    """A line of a return; `sale` is None where nobody knows of which sale it was: then today's terms hold.

    `sale_net` and `sale_commission` are the sale's, `value` is what a lost unit is owed where the retailer bears losses.
    """

    key: Key
    where: Where
    quantity: int
    net: int
    commission: int
    business_date: date
    at: datetime
    sale: Key | None
    sale_net: int
    sale_commission: int
    restock: bool
    value: int | None


@dataclass(frozen=True, slots=True)
class Lost:
    """Goods that left otherwise than by a sale (or were found: `quantity` below 0); `value` None: the partner bears it."""

    key: Key
    where: Where
    quantity: int
    value: int | None
    business_date: date
    at: datetime


@dataclass(slots=True)
class Given:
    """What was given back already of each sale's line: (net, commission)."""

    of: dict[Key, tuple[int, int]] = field(default_factory=dict)


def share_of(amount: int, thousandths: int) -> int:
    """So many thousandths of an amount.

    >>> share_of(999, 250), share_of(-2, 250)
    (250, -1)
    """
    return rounded(amount * thousandths, WHOLE)


def rounded(numerator: int, denominator: int) -> int:
    """A fraction as a whole number, halves away from zero.

    >>> rounded(5, 2), rounded(-5, 2), rounded(4, 3)
    (3, -3, 1)
    """
    half = (2 * abs(numerator) + denominator) // (2 * denominator)
    return half if numerator >= 0 else -half


def sale_line(sold: Sold) -> Line:
    """What a sale adds to what is owed."""
    commission = share_of(sold.net, sold.commission)
    return Line(SALE, *sold.key, sold.where, sold.quantity, sold.net, commission, sold.business_date, sold.at)


def return_lines(backs: Iterable[Back], given: Given) -> list[Line]:
    """What returns take away again, in their order; goods that cannot be sold again are lost besides.

    Of a sale that comes back in parts each part gives back commission so that, together, they give back the very cents
    that were kept for as much: all of it gives back all.
    """
    lines = []
    for back in backs:
        lines.append(_return_line(back, given))
        if not back.restock and back.quantity:
            lines.append(loss_line(Lost(back.key, back.where, back.quantity, back.value, back.business_date, back.at)))
    return lines


def _return_line(back: Back, given: Given) -> Line:
    if back.sale is None:
        commission = share_of(back.net, back.commission)
    else:
        net, kept = given.of.get(back.sale, (0, 0))
        commission = rounded(back.sale_commission * (net + back.net), back.sale_net) - kept if back.sale_net else 0
        given.of[back.sale] = net + back.net, kept + commission
    return Line(
        RETURN, *back.key, back.where, -back.quantity, -back.net, -commission, back.business_date, back.at, back.sale
    )


def loss_line(lost: Lost) -> Line:
    """What is owed for goods that are missing: their value where the retailer bears it, else nothing."""
    net = 0 if lost.value is None else rounded(lost.value * lost.quantity, WHOLE)
    return Line(LOSS, *lost.key, lost.where, lost.quantity, net, 0, lost.business_date, lost.at)


def account_of(organisation_id: UUID) -> str:
    """The code of the ledger's account for what a partner is owed."""
    return f"partner_{organisation_id.hex}"
