"""What a return asks for, and what was decided. Amounts are minor units, quantities thousandths; none is negative."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

MAX_LINES = 500
MAX_REFUNDS = 20


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """Goods that come back.

    With an original sale: `order_line` and `quantity`; the amounts follow from what was sold. Without one:
    `product_id`, `quantity`, and the `amount` (with its `tax`, where that is known) that the associate gives.
    """

    quantity: int
    order_line: int | None = None
    product_id: UUID | None = None
    amount: int | None = None
    tax: int = 0
    tax_rate: int = 0
    restock: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refund:
    """How the money is to go back; one refund may leave its amount open."""

    tender: str
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """A return as it was asked for; `id` is the client's and its idempotency record.

    Without `refunds` the money goes back to the tenders that it came by, in proportion. `currency` is a control.
    """

    id: UUID
    place_id: UUID
    lines: tuple[ReturnLine, ...]
    order_id: UUID | None = None
    original_reference: str | None = None
    refunds: tuple[Refund, ...] = ()
    reason: str = ""
    channel: str = "store"
    customer_id: UUID | None = None
    returned_at: datetime | None = None
    currency: str | None = None

    @property
    def digest(self) -> bytes:
        """What two requests under one id must share to count as the same."""
        return hashlib.sha256(repr(self).encode()).digest()


@dataclass(frozen=True, slots=True)
class Back:
    """What came back before of one sold line, in how many returns."""

    quantity: int = 0
    amount: int = 0
    funded: int = 0
    tax: int = 0
    times: int = 0


NOTHING_BACK = Back()


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment of the sale, and how much of it can still go back; `local` where the returning place can pay it out
    itself, as it can cash.
    """

    id: UUID
    tender: str
    account: str
    refundable: int
    local: bool


@dataclass(frozen=True, slots=True)
class Sale:
    """The original sale: its sold lines are given beside it."""

    id: UUID
    entity_id: UUID
    place_id: UUID
    channel: str
    currency: str
    state: str
    tax_included: bool


@dataclass(frozen=True, slots=True)
class Counter:
    """The place that takes the goods back."""

    id: UUID
    entity_id: UUID
    currency: str
    tax_included: bool
    zone: str


@dataclass(frozen=True, slots=True)
class TakenLine:
    """A line of a decided return; `goods` of it go back into stock where `restock`."""

    line_no: int
    order_line: int | None
    product_id: UUID
    quantity: int
    amount: int
    funded: int
    tax: int
    tax_rate: int
    restock: bool
    goods: bool
    reason: str


@dataclass(frozen=True, slots=True)
class PlannedRefund:
    """Money to give back: from payment `paid`, or (`paid` None) as a new payment out of the returning place."""

    seq: int
    tender: str
    account: str
    amount: int
    paid: UUID | None
    local: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """A return that holds, with all that its writing needs. The books of `entity_id` lose the sale."""

    asked: Return
    entity_id: UUID
    books_place: UUID
    currency: str
    tax_included: bool
    returned_at: datetime
    business_date: date
    customer_id: UUID | None
    lines: tuple[TakenLine, ...]
    refunds: tuple[PlannedRefund, ...]

    @property
    def amount(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def total(self) -> int:
        return self.amount if self.tax_included else self.amount + self.tax

    @property
    def funded(self) -> int:
        return sum(line.funded for line in self.lines)

    @property
    def refunded(self) -> int:
        return self.total - self.funded

    def taxes(self) -> tuple[tuple[int, int, int], ...]:
        """What its receipt says of taxes, as positive amounts."""
        return taxes_of((line.tax_rate, line.amount, line.tax) for line in self.lines)


def taxes_of(lines: Iterable[tuple[int, int, int]]) -> tuple[tuple[int, int, int], ...]:
    """(rate in millionths, taxable amount, tax) of lines, summed by rate as a receipt shows them."""
    sums: dict[int, tuple[int, int]] = {}
    for rate, amount, tax in lines:
        taxable, taxes = sums.get(rate, (0, 0))
        sums[rate] = (taxable + amount, taxes + tax)
    return tuple((rate, *sums[rate]) for rate in sorted(sums))


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that the decision reads, taken under the order's lock.

    `sold` are the kept lines of the sale by number, `back` what came back of each before, `goods` tells for each
    product whether it is there at all and kept in stock.
    """

    now: datetime
    counter: Counter | None
    sale: Sale | None
    sold: Mapping[int, SoldLine]
    back: Mapping[int, Back]
    payments: Sequence[Paid]
    products: Mapping[UUID, bool]


@dataclass(frozen=True, slots=True)
class SoldLine:
    """What was sold and kept of one line; `fee` is what bringing the others cost."""

    line_no: int
    product_id: UUID
    quantity: int
    amount: int
    funded: int
    tax: int
    tax_rate: int
    goods: bool
    fee: bool = False
