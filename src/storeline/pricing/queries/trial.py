"""What a promotion would do before anybody has it: priced by the very code that prices baskets, with it in the book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from storeline.catalog.api import ProductFacts
from storeline.kernel.api import QUANTITY_ONE, UnitPrice, ids_array, now, run
from storeline.pricing.domain import Basket, BasketLine, Offer, PriceBook, PricedPlace, Promotion, Quote, price_basket
from storeline.pricing.domain.draft import PromotionDraft, TargetDraft
from storeline.pricing.domain.history import PERIOD, lowest_before, prices_over_time
from storeline.pricing.domain.offers import first_live, is_live, selling_price
from storeline.pricing.domain.prices import find_price
from storeline.pricing.queries.gather import gather, keys_of
from storeline.pricing.queries.shelf import offers_at, prices_at

OPEN_ENDED = timedelta(days=365)
"""How far ahead a promotion without an end is compared with others."""


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One product under the promotion. `before` is what one costs without it then, other promotions counted;
    `lowest` the lowest price of the 30 days before; `others` run at the same time on the same product.
    """

    product: ProductFacts
    shelf: UnitPrice
    before: UnitPrice
    price: UnitPrice
    lowest: UnitPrice | None
    others: tuple[Promotion, ...]
    offered: bool

    @property
    def announced(self) -> int | None:
        """The reduction that may be announced (Directive 98/6/EC article 6a), in minor units of one; None: none."""
        if self.lowest is None:
            return None
        off = self.lowest.times(QUANTITY_ONE) - self.price.times(QUANTITY_ONE)
        return off if off > 0 else None


@dataclass(frozen=True, slots=True)
class Trial:
    """What a draft would do at a place from `at` on (None: it never holds there); products without a price are left out."""

    place: PricedPlace
    channel: str
    at: datetime | None
    promotion: Promotion
    lines: tuple[TrialLine, ...]
    book: PriceBook
    without: PriceBook

    def quote(self, wanted: Sequence[tuple[ProductFacts, int]]) -> tuple[Quote, Quote]:
        """A basket of these products (thousandths), priced as a till would: with the promotion and without it.

        Raises what pricing raises.
        """
        assert self.at is not None
        lines = tuple(BasketLine(product, quantity) for product, quantity in wanted)
        basket = _basket(self.place, self.channel, self.at, self.promotion, lines)
        return price_basket(basket, self.book), price_basket(basket, self.without)


def try_promotion(
    draft: PromotionDraft,
    products: Sequence[ProductFacts],
    place: PricedPlace,
    channel: str,
    *,
    promotion_id: UUID | None = None,
) -> Trial:
    """What a draft would do to these products at a place, in the first moment in which it holds there.

    `promotion_id` is its own where it is saved already, so that it does not meet itself. Two waits.
    """
    promotion = _terms(draft, promotion_id or UUID(int=0))
    start = max(draft.starts_at, now())
    at = first_live(promotion, _basket(place, channel, start, promotion, ()))
    when = at or start
    since, until = when - PERIOD, max(draft.ends_at or when + OPEN_ENDED, when)
    ids = [product.id for product in products]
    keys = [key for moment in (since, until) for key in keys_of(ids, place.id, place.price_zone, channel, moment)]
    book = gather(keys).result()
    own = _offers(draft, promotion, products, place)
    lines = [
        line
        for product in products
        if (line := _line(product, own.get(product.id), book, promotion, place, channel, when)) is not None
    ]
    books = (_with(book, offers, promotion, place.id) for offers in (own, {}))
    return Trial(place, channel, at, promotion, tuple(lines), *books)


def _terms(draft: PromotionDraft, key: UUID) -> Promotion:
    return Promotion(
        id=key,
        label=draft.name,
        kind=draft.kind,
        currency=draft.currency,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        funder=draft.funder,
        channels=None if draft.channels is None else frozenset(draft.channels),
        member_only=draft.member_only,
        priority=draft.priority,
        stackable=draft.stackable,
        exclusive=draft.exclusive,
        max_uses=draft.max_uses,
        group_size=draft.group_size,
        weekdays=None if draft.weekdays is None else frozenset(draft.weekdays),
        from_minute=draft.from_minute,
        to_minute=draft.to_minute,
        translations=orjson.dumps(draft.names).decode() if draft.names else "",
    )


def _basket(
    place: PricedPlace, channel: str, at: datetime, promotion: Promotion, lines: tuple[BasketLine, ...]
) -> Basket:
    return Basket(place, channel, at, lines, member=promotion.member_only)


def _offers(
    draft: PromotionDraft, promotion: Promotion, products: Sequence[ProductFacts], place: PricedPlace
) -> dict[UUID, tuple[Offer, ...]]:
    """The draft's offers on these products at the place, as `gather` would read them had it been saved."""
    if draft.place_ids is not None and place.id not in draft.place_ids:
        return {}
    if draft.targets is None:
        whole = TargetDraft()
        return {product.id: (_offer(draft, whole, promotion),) for product in products}
    paths = _paths([target.category_id for target in draft.targets if target.category_id is not None])
    here = [target for target in draft.targets if target.place_id in {None, place.id}]
    return {
        product.id: found
        for product in products
        if (found := tuple(_offer(draft, target, promotion) for target in here if _is_about(target, product, paths)))
    }


def _offer(draft: PromotionDraft, target: TargetDraft, promotion: Promotion) -> Offer:
    own = target.amount is not None
    amount, base = (target.amount, target.base) if own else (draft.amount, draft.base)
    return Offer(promotion, amount or 0, base, target.rate_ppm or draft.rate_ppm or 0)


def _is_about(target: TargetDraft, product: ProductFacts, paths: Mapping[UUID, str]) -> bool:
    if target.product_id is not None:
        return target.product_id == product.id
    path = paths.get(target.category_id) if target.category_id is not None else None
    return path is not None and (product.category_path == path or product.category_path.startswith(f"{path}."))


def _paths(category_ids: Sequence[UUID]) -> dict[UUID, str]:
    if not category_ids:
        return {}
    sql = "SELECT id, path::text FROM catalog_category WHERE id = ANY (%s::uuid[])"
    return dict(run(sql, [ids_array(category_ids)]).fetchall())


def _with(book: PriceBook, own: Mapping[UUID, tuple[Offer, ...]], promotion: Promotion, place_id: UUID) -> PriceBook:
    """The book with the draft in it, in place of what is saved of it."""
    offers: dict[UUID, dict[UUID, tuple[Offer, ...]]] = {}
    for product_id in {*book.offers, *own}:
        others = book.offers.get(product_id, {}).get(place_id, ())
        kept = tuple(offer for offer in others if offer.promotion.id != promotion.id)
        offers[product_id] = {place_id: (*kept, *own.get(product_id, ()))}
    return replace(book, offers=offers)


def _line(
    product: ProductFacts,
    own: Sequence[Offer] | None,
    book: PriceBook,
    promotion: Promotion,
    place: PricedPlace,
    channel: str,
    at: datetime,
) -> TrialLine | None:
    moment = _basket(place, channel, at, promotion, ())
    shelf = find_price(book.prices.get(product.id, {}), place, channel, at, member=False).shelf
    if shelf is None:
        return None
    others = [offer for offer in offers_at(book, product.id, place, channel) if offer.promotion.id != promotion.id]
    live = [offer for offer in others if is_live(offer.promotion, moment)]
    before, _ = selling_price(shelf.unit_price, live)
    price, _ = selling_price(shelf.unit_price, [*live, *(own or ())])
    changes = prices_over_time(prices_at(book, product.id, place, channel), others, at - PERIOD, at)
    return TrialLine(
        product,
        shelf.unit_price,
        before,
        price,
        lowest_before(changes, at),
        tuple(dict.fromkeys(offer.promotion for offer in others if _meets(offer.promotion, promotion))),
        bool(own),
    )


def _meets(one: Promotion, other: Promotion) -> bool:
    """Whether their windows have a moment in common."""
    return (one.ends_at is None or one.ends_at > other.starts_at) and (
        other.ends_at is None or other.ends_at > one.starts_at
    )
