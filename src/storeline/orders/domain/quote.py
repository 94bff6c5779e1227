"""A basket's price: pricing's rules, with loyalty's coupons handed to it as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.catalog import api as catalog
from storeline.loyalty import api as loyalty
from storeline.orders.domain.amounts import sum_up
from storeline.orders.domain.drafts import Draft, LineDiscount, Priced, PricedLine, Use
from storeline.orders.errors import NotServed
from storeline.places import api as places
from storeline.pricing import api as pricing


@dataclass(frozen=True, slots=True)
class Tariff:
    """All that pricing reads, gathered once for a set of orders.

    `areas` is where the serving places bring goods, `slot_fees` what a slot adds to a delivery's fee.
    """

    moment: datetime
    places: Mapping[UUID, places.PlaceFacts]
    products: Mapping[UUID, catalog.ProductFacts]
    book: pricing.PriceBook | None
    coupons: loyalty.Coupons
    areas: Mapping[UUID, tuple[capacity.Area, ...]] = field(default_factory=dict)
    slot_fees: Mapping[UUID, int] = field(default_factory=dict)


def keys(
    drafts: Sequence[Draft],
    known_places: Mapping[UUID, places.PlaceFacts],
    products: Mapping[UUID, catalog.ProductFacts],
    moment: datetime,
) -> list[pricing.PriceKey]:
    """Which prices these drafts need: those of lines that were not agreed elsewhere, and of their deposits."""
    found = set()
    for draft in drafts:
        place = known_places.get(draft.place_id)
        if place is None or not draft.lines or draft.agreed:
            continue
        for line in draft.lines:
            product = products.get(line.product_id)
            if product is None:
                continue
            for product_id in (product.id, product.deposit_product_id):
                if product_id is not None:
                    at = draft.placed_at or moment
                    found.add(pricing.PriceKey(product_id, place.id, place.price_zone, draft.channel, at))
    return sorted(found, key=lambda key: (key.product_id, key.place_id))


def basket_of(draft: Draft, tariff: Tariff) -> pricing.Basket:
    """The draft as pricing sees it, deposits added."""
    lines = tuple(pricing.BasketLine(tariff.products[line.product_id], line.quantity) for line in draft.lines)
    return pricing.Basket(
        place=tariff.places[draft.place_id],
        channel=draft.channel,
        at=draft.placed_at or tariff.moment,
        lines=lines + pricing.deposit_lines(lines, tariff.products),
        member=draft.customer_id is not None,
    )


def quote(draft: Draft, tariff: Tariff, left: Mapping[UUID, int]) -> tuple[pricing.Quote, tuple[Use, ...]]:
    """The basket's price with every step, and the coupons that it uses.

    Coupons, and the fee for bringing it, need what the goods cost without them: such a basket is priced twice.
    """
    if tariff.book is None:
        raise ValueError("prices were not gathered")
    basket = basket_of(draft, tariff)
    priced = pricing.price_basket(basket, tariff.book)
    delivery = delivery_of(draft, tariff, priced)
    if not draft.coupons and delivery is None:
        return priced, ()
    used = (
        loyalty.decide(draft.coupons, tariff.coupons, left, priced, draft.customer_id, basket.at, tariff.products)
        if draft.coupons
        else ()
    )
    whole = replace(basket, delivery=delivery)
    adjusted = pricing.price_basket(whole, tariff.book, [use.adjustment for use in used])
    return adjusted, tuple(Use(use.coupon_id, use.adjustment.amount, use.rows) for use in used)


def area_of(draft: Draft, tariff: Tariff) -> capacity.Area | None:
    """The area of the serving place that the draft's address lies in; None where nothing is brought. Raises NotServed."""
    address = draft.address
    if address is None:
        return None
    to = capacity.Destination(address.country, address.postal_code, address.position)
    area = capacity.area_for(tariff.areas.get(draft.serving, ()), to, draft.method)
    if area is None:
        raise NotServed("Nobody brings goods from there to this address.", field="address.postal_code")
    return area


def delivery_of(draft: Draft, tariff: Tariff, goods: pricing.Quote) -> pricing.Delivery | None:
    """The fee for bringing these goods, by what they cost after promotions and before coupons; None where it is free."""
    area = area_of(draft, tariff)
    if area is None:
        return None
    worth = sum(line.amount - line.funded for line in goods.lines if line.kind == "product")
    amount = capacity.fee_of(area, worth, tariff.slot_fees.get(draft.slot_id, 0) if draft.slot_id else 0)
    if not amount:
        return None
    return pricing.Delivery(amount, tariff.products[area.product_id].tax_class, product_id=area.product_id)


def priced(draft: Draft, tariff: Tariff, left: Mapping[UUID, int]) -> tuple[Priced, tuple[Use, ...]]:
    """The same as an order keeps it."""
    result, uses = quote(draft, tariff, left)
    lines = [_line(line, tariff) for line in result.lines]
    area = area_of(draft, tariff)
    summed = sum_up(lines, tax_included=result.inclusive)
    return (summed if area is None else replace(summed, area_id=area.id)), uses


def _line(line: pricing.QuotedLine, tariff: Tariff) -> PricedLine:
    if line.product_id is None:
        raise ValueError("every line of an order is sold as a product of the catalogue, fees too")
    unit = line.unit_price
    return PricedLine(
        line.product_id,
        line.quantity,
        None if unit is None else unit.amount,
        None if unit is None else unit.base,
        line.gross,
        line.discount,
        line.amount,
        line.funded,
        line.tax,
        line.tax_rate_ppm,
        tuple(LineDiscount(one.kind, one.funder, one.amount, one.source_id, one.label) for one in line.adjustments)
        if line.adjustments
        else (),
        goods=line.kind == "product" and not tariff.products[line.product_id].service,
        fee=line.kind == "delivery",
    )
