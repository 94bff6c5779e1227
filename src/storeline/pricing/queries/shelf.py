"""What shelves, lists and pages show beside a product: its price now, and what law asks beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from storeline.kernel.api import QUANTITY_ONE, UnitPrice, reading
from storeline.pricing.domain import Basket, Offer, Price, PriceBook, PricedPlace
from storeline.pricing.domain.display import UnitPriceDisplay, unit_price_display
from storeline.pricing.domain.history import PriorPrice, lowest_prior_price, prices_over_time
from storeline.pricing.domain.offers import MEMBER_PRICE, is_live, selling_price
from storeline.pricing.domain.prices import find_price
from storeline.pricing.domain.terms import Title
from storeline.pricing.queries.gather import gather, keys_of

LOOK_BACK = timedelta(days=120)
"""How far back a reduction may have begun for its 30 days before to be known."""


class Shown(Protocol):
    """What must be known of a product to show its price."""

    @property
    def id(self) -> UUID: ...
    @property
    def unit(self) -> str: ...
    @property
    def content_quantity(self) -> int | None: ...
    @property
    def content_unit(self) -> str | None: ...


class ShelfPrice(NamedTuple):
    """A product's price at a place now.

    `price` is what anybody (or, if asked for a member, the member) pays for one; `regular` what it would be without
    reduction, None without one; `member_price` what members pay where that is less. `offers` are promotions that need more than one unit. `lowest_30_days`
    goes beside a reduction. `display` is the price per kilogram, litre, metre or piece.
    """

    product_id: UUID
    price: UnitPrice
    regular: UnitPrice | None = None
    promotion_id: UUID | None = None
    label: str | None = None
    until: datetime | None = None
    member_price: UnitPrice | None = None
    offers: tuple[Title, ...] = ()
    display: UnitPriceDisplay | None = None
    lowest_30_days: UnitPrice | None = None
    translations: str = ""

    @property
    def title(self) -> Title:
        """The name of what reduces it, in every language that it has one in; empty without reduction."""
        return Title(self.label or "", self.translations)


def shelf_prices(
    products: Sequence[Shown],
    place: PricedPlace,
    channel: str,
    at: datetime,
    *,
    member: bool = False,
    lowest: bool = True,
    beside: Callable[[], None] = lambda: None,
) -> dict[UUID, ShelfPrice]:
    """Each product's price at a place; those without one are absent. One wait, two where something is reduced.

    Without `lowest` what law asks beside a reduction is left out, for those who compare first (`with_lowest`). `beside` may queue other
    statements, which are sent with the first.
    """
    keys = keys_of([product.id for product in products], place.id, place.price_zone, channel, at)
    with reading():
        beside()
        pending = gather(keys, taxed=False)
    book = pending.result()
    moment = Basket(place, channel, at, (), member=member)
    found = {product.id: shown for product in products if (shown := _shown(product, moment, book)) is not None}
    return with_lowest(found, place, channel, at) if lowest else found


def with_lowest(
    prices: Mapping[UUID, ShelfPrice], place: PricedPlace, channel: str, at: datetime
) -> dict[UUID, ShelfPrice]:
    """These prices with the lowest of the 30 days before beside each that is reduced. One wait, or none."""
    found = dict(prices)
    reduced = [key for key, shown in found.items() if shown.regular is not None]
    for key, prior in lowest_prices_30_days(reduced, place, channel, at).items():
        found[key] = _beside(found[key], prior)
    return found


def _shown(product: Shown, moment: Basket, book: PriceBook) -> ShelfPrice | None:
    prices = find_price(book.prices.get(product.id, {}), moment.place, moment.channel, moment.at, member=True)
    if prices.shelf is None:
        return None
    regular = prices.shelf.unit_price
    offers = [
        offer for offer in book.offers.get(product.id, {}).get(moment.place.id, ()) if is_live(offer.promotion, moment)
    ]
    price, offer = selling_price(regular, offers)
    for_member = _lower(prices.member, regular)
    if not moment.member:
        for_member = _of_members(product, moment, book, price, for_member)
    label = None if offer is None else offer.promotion.label
    if moment.member and for_member is not None and _each(for_member) < _each(price):
        price, offer, label = for_member, None, MEMBER_PRICE.label
    return ShelfPrice(
        product.id,
        price,
        regular if label is not None else None,
        None if offer is None else offer.promotion.id,
        label,
        None if offer is None else offer.promotion.ends_at,
        for_member,
        _larger(offers),
        unit_price_display(price, product.unit, product.content_quantity, product.content_unit),
        translations="" if offer is None else offer.promotion.translations,
    )


def _of_members(
    product: Shown, moment: Basket, book: PriceBook, price: UnitPrice, for_member: UnitPrice | None
) -> UnitPrice | None:
    """What members pay where that is less than `price`: by a price of their own or by an offer to them alone."""
    offers = book.offers.get(product.id, {}).get(moment.place.id, ())
    theirs = [offer for offer in offers if offer.promotion.member_only]
    member = replace(moment, member=True) if theirs else moment
    live = [offer for offer in theirs if is_live(offer.promotion, member)]
    if live:
        offered, _ = selling_price(price, live)
        for_member = min(offered, for_member or offered, key=_each)
    return for_member if for_member is not None and _each(for_member) < _each(price) else None


def _lower(member: Price | None, regular: UnitPrice) -> UnitPrice | None:
    return None if member is None or _each(member.unit_price) >= _each(regular) else member.unit_price


def _each(price: UnitPrice) -> int:
    return price.times(QUANTITY_ONE)


def _larger(offers: Iterable[Offer]) -> tuple[Title, ...]:
    return tuple(
        dict.fromkeys(
            offer.promotion.title
            for offer in offers
            if offer.promotion.kind == "n_for_price" or offer.promotion.max_uses is not None
        )
    )


def _beside(shown: ShelfPrice, prior: PriorPrice) -> ShelfPrice:
    return shown._replace(lowest_30_days=prior.price)


def lowest_prices_30_days(
    product_ids: Sequence[UUID], place: PricedPlace, channel: str, at: datetime
) -> Mapping[UUID, PriorPrice]:
    """The lowest price of the 30 days before the reduction that runs at `at`, of each product that is reduced.

    Directive 98/6/EC article 6a. Prices and promotions that are not open to all do not count. One wait, or none.
    """
    if not product_ids:
        return {}
    since = at - LOOK_BACK
    keys = [
        key
        for moment in (since, at)
        for key in keys_of(product_ids, place.id, place.price_zone, channel, moment, member=False)
    ]
    with reading():
        pending = gather(keys, taxed=False)
    book = pending.result()
    found = {}
    for product_id in product_ids:
        changes = prices_over_time(
            prices_at(book, product_id, place, channel),
            offers_at(book, product_id, place, channel),
            since,
            at,
        )
        if (prior := lowest_prior_price(changes, at)) is not None:
            found[product_id] = prior
    return found


def prices_at(book: PriceBook, product_id: UUID, place: PricedPlace, channel: str) -> Iterable[Price]:
    """A product's prices there, whatever their time."""
    by_place = book.prices.get(product_id, {})
    return (
        price
        for key in (place.id, None)
        for price in by_place.get(key, ())
        if price.channel in {None, channel}
        and price.price_zone in {None, place.price_zone}
        and price.unit_price.currency == place.currency
    )


def offers_at(book: PriceBook, product_id: UUID, place: PricedPlace, channel: str) -> Iterable[Offer]:
    """A product's offers there, whatever their time."""
    return (
        offer
        for offer in book.offers.get(product_id, {}).get(place.id, ())
        if (offer.promotion.channels is None or channel in offer.promotion.channels)
        and offer.promotion.currency in {None, place.currency}
    )


def lowest_price_30_days(product_id: UUID, place: PricedPlace, channel: str, at: datetime) -> PriorPrice | None:
    """The same for one product; None where nothing is reduced."""
    return lowest_prices_30_days([product_id], place, channel, at).get(product_id)
