"""The lowest price of 30 days: what a price reduction is measured against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from storeline.kernel.api import UnitPrice
from storeline.pricing.domain.offers import selling_price
from storeline.pricing.domain.prices import preference
from storeline.pricing.domain.terms import Offer, Price

PERIOD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PriorPrice:
    """The lowest price applied in the 30 days before the reduction that began at `reduced_at`."""

    price: UnitPrice
    reduced_at: datetime


def prices_over_time(
    prices: Iterable[Price], offers: Iterable[Offer], since: datetime, until: datetime
) -> list[tuple[datetime, UnitPrice]]:
    """What anybody paid for one unit, as (from, price) changes between `since` and `until`, oldest first.

    `prices` are those of one product at one place and channel, members' left out; of the offers those
    count that are open to all. Moments without a price are passed over.
    """
    rows = sorted((price for price in prices if not price.member), key=preference)
    plain = [
        offer
        for offer in offers
        if not offer.promotion.member_only and offer.promotion.weekdays is None and offer.promotion.from_minute is None
    ]
    found: list[tuple[datetime, UnitPrice]] = []
    for moment in _changes(rows, plain, since, until):
        shelf = next((row for row in rows if _valid(row.valid_from, row.valid_to, moment)), None)
        if shelf is None:
            continue
        running = [offer for offer in plain if _valid(offer.promotion.starts_at, offer.promotion.ends_at, moment)]
        price, _ = selling_price(shelf.unit_price, running)
        if not found or _unit(found[-1][1]) != _unit(price):
            found.append((moment, price))
    return found


def lowest_prior_price(changes: Sequence[tuple[datetime, UnitPrice]], at: datetime) -> PriorPrice | None:
    """The lowest price of the 30 days before the reduction in force at `at`; None where there is none.

    Directive 98/6/EC article 6a: the prior price is the lowest that the trader applied during a period not
    shorter than 30 days before the reduction. The reduction is the last change, if it went down.
    """
    past = [change for change in changes if change[0] <= at]
    if not past[1:] or _unit(past[-1][1]) >= _unit(past[-2][1]):
        return None
    reduced_at = past[-1][0]
    lowest = lowest_before(past, reduced_at)
    return None if lowest is None else PriorPrice(lowest, reduced_at)


def lowest_before(changes: Sequence[tuple[datetime, UnitPrice]], at: datetime) -> UnitPrice | None:
    """The lowest price that was applied in the 30 days before `at`; None where there was none."""
    ends = [*(moment for moment, _ in changes[1:]), at]
    applied = [price for (start, price), until in zip(changes, ends, strict=True) if start < at and until > at - PERIOD]
    return min(applied, key=_unit, default=None)


def _changes(prices: Iterable[Price], offers: Iterable[Offer], since: datetime, until: datetime) -> list[datetime]:
    moments = {since}
    for price in prices:
        moments |= {price.valid_from, price.valid_to or until}
    for offer in offers:
        moments |= {offer.promotion.starts_at, offer.promotion.ends_at or until}
    return sorted(moment for moment in moments if since <= moment <= until)


def _valid(start: datetime, end: datetime | None, moment: datetime) -> bool:
    return start <= moment and (end is None or moment < end)


def _unit(price: UnitPrice) -> Fraction:
    return Fraction(price.amount, price.base)
