"""Amounts, unit prices and quantities: integers only, rounded once, by a named rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from storeline.kernel.currencies import EXPONENTS
from storeline.kernel.errors import Invalid

QUANTITY_ONE = 1000
"""One unit of a product: quantities are integer thousandths of the product's unit."""
MAX_AMOUNT = 10**15
"""No single amount may reach this many minor units, so that sums stay far inside 64 bits."""
MAX_QUANTITY = 10**12

_DECIMAL = re.compile(r"(-?)([0-9]{1,18})(?:\.([0-9]{1,9}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` integer minor units of `currency` (ISO 4217)."""

    amount: int
    currency: str

    def __str__(self) -> str:
        return f"{format_amount(self.amount, self.currency)} {self.currency}"


class UnitPrice(NamedTuple):
    """`amount` minor units per `base` thousandths of the unit: 22991 per 100,000 is 229.91 cents a gallon."""

    amount: int
    base: int
    currency: str

    def times(self, quantity: int) -> int:
        """The amount for `quantity` thousandths, rounded once, half away from zero."""
        return round_div(self.amount * quantity, self.base)


def round_div(numerator: int, denominator: int) -> int:
    """`numerator / denominator` rounded to the nearest integer, halves away from zero."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    if numerator < 0:
        return -((-2 * numerator + denominator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def exponent(currency: str) -> int:
    """How many decimals the currency has: 0 for JPY, 2 for EUR, 3 for KWD, 4 for UYW."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise Invalid(f"{currency!r} is not an ISO 4217 currency code.", field="currency") from None


def _parse(text: str, decimals: int, limit: int, field: str) -> int:
    match = _DECIMAL.fullmatch(text.strip())
    if match is None:
        raise Invalid(f"{text[:40]!r} is not a decimal number such as 12.34.", field=field)
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    if len(fraction) > decimals:
        raise Invalid(f"{text[:40]!r} has more than {decimals} decimals.", field=field)
    value = int(whole + fraction.ljust(decimals, "0"))
    if value >= limit:
        raise Invalid(f"{text[:40]!r} is too large.", field=field)
    return -value if sign else value


def _format(value: int, decimals: int) -> str:
    digits = str(abs(value)).rjust(decimals + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def parse_amount(text: str, currency: str, *, field: str = "amount") -> int:
    """Decimal text to minor units, exactly: ``("12.34", "EUR")`` is 1234; more decimals are refused."""
    return _parse(text, exponent(currency), MAX_AMOUNT, field)


def format_amount(amount: int, currency: str) -> str:
    """Minor units as decimal text with all of the currency's decimals: ``(1230, "EUR")`` is ``12.30``."""
    return _format(amount, exponent(currency))


def parse_quantity(text: str, *, field: str = "quantity") -> int:
    """Decimal text to thousandths of a unit: ``"1.5"`` is 1500."""
    return _parse(text, 3, MAX_QUANTITY, field)


def format_quantity(quantity: int) -> str:
    """Thousandths as the shortest decimal text: 1500 is ``1.5``, 2000 is ``2``."""
    text = _format(quantity, 3).rstrip("0")
    return text.removesuffix(".")


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights` so that the parts sum to it exactly.

    Largest remainder (Hamilton's method); ties go to the earlier part. Weights are not negative;
    where all are zero the split is even.
    """
    if not weights:
        if total:
            raise Invalid("There is nothing to spread the amount over.")
        return []
    if min(weights) < 0:
        raise Invalid("Weights must not be negative.")
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    sign = -1 if total < 0 else 1
    shares = [divmod(abs(total) * weight, whole) for weight in weights]
    parts = [share for share, _ in shares]
    left = abs(total) - sum(parts)
    if left:
        by_remainder = sorted(range(len(shares)), key=lambda index: -shares[index][1])
        for index in by_remainder[:left]:
            parts[index] += 1
    return [sign * part for part in parts]


def total_quantity(quantities: Iterable[int]) -> int:
    """The sum of quantities, refused when it is too large to be true."""
    total = sum(quantities)
    if abs(total) >= MAX_QUANTITY:
        raise Invalid("The total quantity is too large.", field="quantity")
    return total
