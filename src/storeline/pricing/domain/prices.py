"""Which of several prices holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from storeline.pricing.domain.terms import Price, PricedPlace, TaxRate


class Found(NamedTuple):
    """The shelf price, and the price for members where there is one of its own."""

    shelf: Price | None
    member: Price | None


def preference(price: Price) -> tuple[bool, bool, bool, float]:
    """Sorts the price that holds to the front: place before zone before all, own channel before all, newest."""
    return (
        price.place_id is None,
        price.price_zone is None,
        price.channel is None,
        -price.valid_from.timestamp(),
    )


def sort_prices(
    rows: Iterable[tuple[UUID, Price]],
) -> dict[UUID, dict[UUID | None, tuple[Price, ...]]]:
    """Price rows with their product as `PriceBook.prices`."""
    found: dict[UUID, dict[UUID | None, list[Price]]] = {}
    for product_id, price in rows:
        found.setdefault(product_id, {}).setdefault(price.place_id, []).append(price)
    return {
        product_id: {
            place_id: tuple(sorted(prices, key=preference) if len(prices) > 1 else prices)
            for place_id, prices in by_place.items()
        }
        for product_id, by_place in found.items()
    }


def sort_rates(
    rows: Iterable[TaxRate],
) -> dict[tuple[str, str, str], tuple[TaxRate, ...]]:
    """Tax rates as `PriceBook.rates`: newest first."""
    found: dict[tuple[str, str, str], list[TaxRate]] = {}
    for rate in rows:
        found.setdefault((rate.regime, rate.region, rate.tax_class), []).append(rate)
    return {key: tuple(sorted(rates, key=lambda rate: rate.valid_from, reverse=True)) for key, rates in found.items()}


def find_price(
    by_place: Mapping[UUID | None, tuple[Price, ...]],
    place: PricedPlace,
    channel: str,
    at: datetime,
    *,
    member: bool,
) -> Found:
    """The most specific price of those valid at `at`: place > zone > all, channel > all, newest.

    The price for members is looked for in the same order by itself, and only if `member`.
    """
    shelf: Price | None = None
    for_member: Price | None = None
    for key in (place.id, None):
        for price in by_place.get(key, ()):
            if not _holds(price, place, channel, at):
                continue
            if not price.member:
                shelf = shelf or price
            elif member and for_member is None:
                for_member = price
            if shelf is not None and (for_member is not None or not member):
                return Found(shelf, for_member)
    return Found(shelf, for_member)


def _holds(price: Price, place: PricedPlace, channel: str, at: datetime) -> bool:
    return (
        (price.channel is None or price.channel == channel)
        and price.valid_from <= at
        and (price.valid_to is None or at < price.valid_to)
        and (price.price_zone is None or price.price_zone == place.price_zone)
        and price.unit_price.currency == place.currency
    )


def find_rate(
    rates: Mapping[tuple[str, str, str], tuple[TaxRate, ...]],
    place: PricedPlace,
    tax_class: str,
    day: date,
) -> int | None:
    """The rate in ppm of the place's own region, else of the whole regime; None where there is none.

    A product without a tax class (a deposit, a gift card) is outside the tax: rate 0.
    """
    if not tax_class:
        return 0
    for region in (place.tax_region, ""):
        for rate in rates.get((place.tax_regime, region or "", tax_class), ()):
            if rate.valid_from <= day:
                return rate.rate_ppm
    return None
