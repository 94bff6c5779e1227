"""Tax of a document: computed once per rate on the sum, then given to its lines."""

from __future__ import annotations

from collections.abc import Sequence

from storeline.kernel.api import allocate, round_div
from storeline.pricing.domain.quote import TaxTotal
from storeline.pricing.domain.terms import MILLION


def tax_of(amount: int, rate_ppm: int, *, inclusive: bool) -> int:
    """The tax on (or, if `inclusive`, inside) an amount: rounded once, half away from zero."""
    if not rate_ppm:
        return 0
    return round_div(amount * rate_ppm, MILLION + rate_ppm if inclusive else MILLION)


def spread_tax(
    amounts: Sequence[int],
    rates: Sequence[int],
    given: Sequence[int | None],
    *,
    inclusive: bool,
) -> tuple[list[int], tuple[TaxTotal, ...]]:
    """Each line's tax, and the totals per rate.

    One tax per rate on the sum of its lines, given to them by largest remainder, so that lines sum
    to the document to the last minor unit. Lines whose tax is `given` keep it and stay out of the sum.
    """
    taxes = [0 if tax is None else tax for tax in given]
    by_rate: dict[int, list[int]] = {}
    for index, rate in enumerate(rates):
        by_rate.setdefault(rate, []).append(index)
    totals = []
    for rate in sorted(by_rate):
        indexes = by_rate[rate]
        if rate:
            open_ = [index for index in indexes if given[index] is None]
            weights = [amounts[index] for index in open_]
            total = tax_of(sum(weights), rate, inclusive=inclusive)
            for index, part in zip(open_, allocate(total, weights), strict=True):
                taxes[index] = part
        totals.append(
            TaxTotal(
                rate,
                sum([amounts[index] for index in indexes]),
                sum([taxes[index] for index in indexes]),
            )
        )
    return taxes, tuple(totals)
