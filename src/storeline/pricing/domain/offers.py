"""What one offer is worth to one line: when it holds, what it takes off, and what a shelf label says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from storeline.kernel.api import QUANTITY_ONE, UnitPrice, round_div, time_zone
from storeline.pricing.domain.terms import MILLION, Basket, LineAdjustment, Offer, Price, Promotion

_DAYS_AHEAD = 8
MEMBER_PRICE = Promotion(
    UUID(int=0),
    "member price",
    "fixed_price",
    None,
    datetime.min.replace(tzinfo=UTC),
    None,
)
"""A member's price of its own works as a fixed price of priority 0 for the retailer's account."""


def is_live(promotion: Promotion, basket: Basket) -> bool:
    """Whether the promotion holds for this channel, member, moment and local hour."""
    at = basket.at
    if (
        at < promotion.starts_at
        or (promotion.ends_at is not None and at >= promotion.ends_at)
        or (promotion.member_only and not basket.member)
        or (promotion.channels is not None and basket.channel not in promotion.channels)
        or (promotion.currency is not None and promotion.currency != basket.place.currency)
    ):
        return False
    if promotion.weekdays is None and promotion.from_minute is None:
        return True
    local = at.astimezone(time_zone(basket.place.zone))
    if promotion.weekdays is not None and local.isoweekday() not in promotion.weekdays:
        return False
    minute = local.hour * 60 + local.minute
    start, end = promotion.from_minute or 0, promotion.to_minute or 1440
    return start <= minute < end if start < end else minute >= start or minute < end


def first_live(promotion: Promotion, basket: Basket) -> datetime | None:
    """The first moment from the basket's own on in which the promotion holds for it, within eight days; None: none."""
    zone = time_zone(basket.place.zone)
    local = basket.at.astimezone(zone)
    minutes = promotion.from_minute or 0
    for day in range(_DAYS_AHEAD):
        begins = local.replace(hour=minutes // 60, minute=minutes % 60, second=0, microsecond=0) + timedelta(days=day)
        for moment in (local + timedelta(days=day), begins):
            at = moment.astimezone(UTC)
            if at >= basket.at and is_live(promotion, replace(basket, at=at)):
                return at
    return None


def saving(offer: Offer, quantity: int, amount: int) -> int:
    """What a plain offer takes off `quantity` thousandths that cost `amount`: rounded once, 0 to `amount`."""
    kind = offer.promotion.kind
    if kind == "percentage":
        return min(amount, round_div(amount * offer.rate_ppm, MILLION))
    worth = round_div(offer.amount * quantity, offer.base)
    if kind == "amount":
        return min(amount, worth)
    return max(0, amount - worth)


def member_discount(price: Price, quantity: int, gross: int) -> LineAdjustment | None:
    """What a member's price of its own takes off a line that has no promotions; None where it is not lower."""
    worth = gross - price.unit_price.times(quantity)
    if worth <= 0:
        return None
    return LineAdjustment("member_price", "retailer", price.id, worth, MEMBER_PRICE.label)


def selling_price(shelf: UnitPrice, offers: Iterable[Offer]) -> tuple[UnitPrice, Offer | None]:
    """The price of one unit under the best plain offer, for shelf labels: groups and caps do not change it.

    Per `QUANTITY_ONE` thousandths unless the offer states its own base.
    """
    best, chosen = shelf, None
    unit = shelf.times(QUANTITY_ONE)
    lowest = unit
    for offer in offers:
        promotion = offer.promotion
        if promotion.kind == "n_for_price" or promotion.max_uses is not None:
            continue
        price = unit - saving(offer, QUANTITY_ONE, unit)
        if price < lowest:
            lowest, chosen = price, offer
            own = promotion.kind == "fixed_price"
            best = (
                UnitPrice(offer.amount, offer.base, shelf.currency)
                if own
                else UnitPrice(price, QUANTITY_ONE, shelf.currency)
            )
    return best, chosen
