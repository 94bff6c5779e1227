"""What comes out of a price: every line, every step, the tax and the totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from storeline.kernel.api import UnitPrice
from storeline.pricing.domain.terms import LineAdjustment, LineKind


class Step(NamedTuple):
    """One step of a calculation: what the shopper owes before and after it, and why.

    `code` and `params` are for a sentence in the reader's language; `source_id` is the price,
    promotion or coupon. Each step begins where the last one ended.
    """

    code: str
    before: int
    after: int
    source_id: UUID | None
    params: Mapping[str, int | str]


class QuotedLine(NamedTuple):
    """A priced line. ``amount = gross - discount`` is what the retailer receives and taxes.

    The shopper's share is ``amount - funded``, plus the tax where it is not included.
    `unit_price` is that of the shelf; None on agreed lines that came without one.
    """

    line_no: int
    kind: LineKind
    product_id: UUID | None
    quantity: int
    unit_price: UnitPrice | None
    gross: int
    discount: int
    amount: int
    funded: int
    tax: int
    tax_class: str
    tax_rate_ppm: int
    adjustments: tuple[LineAdjustment, ...]
    steps: tuple[Step, ...]


class TaxTotal(NamedTuple):
    """The document's tax at one rate: `taxable` is the sum of line amounts, tax inside it if inclusive."""

    rate_ppm: int
    taxable: int
    tax: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A priced basket: ``total = amount + (0 if inclusive else tax)``, ``payable = total - funded``."""

    currency: str
    inclusive: bool
    lines: tuple[QuotedLine, ...]
    taxes: tuple[TaxTotal, ...]
    gross: int
    discount: int
    amount: int
    funded: int
    tax: int
    total: int
    payable: int
    steps: tuple[Step, ...]
