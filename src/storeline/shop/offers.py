"""What is on offer at a shop now, the best first, and what a member buys again and again. Each in one statement."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.kernel.api import Pending, business_date, ids_array, later, now
from storeline.pricing import api as pricing
from storeline.shop import shelf
from storeline.shop.where import Here

_KEPT_S = 300.0
_LOOKED_AT = 240
_SHOPS_KEPT = 2_000
_RANKED = 96
_OF_ONE_KIND = 2
_LOOK_BACK_DAYS = 28
_SHARE = 1_000_000
_AGAIN = 20
_LAST_ORDERS = 60
# Products that a promotion names, members' own included, and that the shop has; what it sells most comes first.
_OFFERED = """
WITH sold AS (
    SELECT l.product_id, count(*) AS times FROM orders_order o JOIN orders_line l ON l.order_id = o.id
    WHERE o.place_id = %(place)s AND o.business_date >= %(since)s GROUP BY l.product_id
), offered AS (
    SELECT DISTINCT t.product_id FROM pricing_promotion p JOIN pricing_promotion_target t ON t.promotion_id = p.id
    WHERE p.state = 'scheduled' AND p.starts_at <= %(now)s AND coalesce(p.ends_at > %(now)s, true)
        AND coalesce(%(channel)s = ANY (p.channels), true) AND t.product_id IS NOT NULL
        AND (t.place_id = %(place)s OR (t.place_id IS NULL AND (p.everywhere OR EXISTS (
            SELECT FROM pricing_promotion_place x WHERE x.promotion_id = p.id AND x.place_id = %(place)s))))
)
SELECT product_id FROM offered JOIN stock_balance b USING (product_id) LEFT JOIN sold USING (product_id)
WHERE b.place_id = %(place)s AND b.on_hand > b.reserved
ORDER BY coalesce(times, 0) DESC, product_id LIMIT %(limit)s
"""
# Often and lately bought: each time counts half after six weeks, so that what is older than the last orders hardly counts.
# As floats: the exponential of a numeric takes a thousand times as long.
_BOUGHT = """
SELECT l.product_id FROM (
    SELECT id, placed_at FROM orders_order
    WHERE customer_id = ANY(%s::uuid[]) AND state IN ('completed', 'confirmed') ORDER BY placed_at DESC LIMIT %s
) o JOIN orders_line l ON l.order_id = o.id
WHERE l.goods AND l.quantity > 0
GROUP BY l.product_id
ORDER BY sum(exp(-extract(epoch FROM %s::timestamptz - o.placed_at)::float8 / 86400 / 60.6)) DESC, l.product_id LIMIT %s
"""
# Of the same category, and there: what begins with the same word first, then what is of the same brand.
_ALTERNATIVES = """
SELECT p.id FROM catalog_product p JOIN stock_balance b ON b.product_id = p.id AND b.place_id = %s
WHERE p.category_id = %s AND p.id <> %s AND p.sellable AND p.online AND b.on_hand > b.reserved
ORDER BY split_part(p.name, ' ', 1) = split_part(%s, ' ', 1) DESC, p.brand = %s DESC, p.ref LIMIT %s
"""
_ranked: dict[tuple[UUID, bool], tuple[float, list[UUID]]] = {}


def kept(at: Here, *, member: bool) -> list[UUID] | None:
    """The products on offer at a shop, the best for such a visitor first, as they were ranked within five minutes.

    The same for all visitors of the shop, so that keeping it tells nothing of anybody. Prices are read anew each time.
    """
    found = _ranked.get((at.place.id, member))
    return None if found is None or time.monotonic() - found[0] > _KEPT_S else found[1]


def offered(at: Here) -> Pending[list[UUID]]:
    """Queue: what a promotion names and the shop has, what it sells most first: what is to be ranked."""
    moment = now()
    asked = {
        "place": at.place.id,
        "since": business_date(moment, at.place.zone) - timedelta(days=_LOOK_BACK_DAYS),
        "now": moment,
        "channel": shelf.CHANNEL,
        "limit": _LOOKED_AT,
    }
    return later(_OFFERED, asked, lambda rows: [row[0] for row in rows])


def rank(
    ids: Sequence[UUID],
    products: Mapping[UUID, catalog.ProductFacts],
    prices: Mapping[UUID, pricing.ShelfPrice],
    at: Here,
    *,
    member: bool,
) -> list[UUID]:
    """The best of what is offered, kept for the next visitors."""
    shown = [products[key] for key in ids if key in products and key in prices]
    worth = {product.id: saved(prices[product.id]) for product in shown if product.online and product.sellable}
    best_first = sorted((product for product in shown if worth.get(product.id)), key=lambda one: -worth[one.id])
    ranked = [product.id for product in _mixed(best_first)][:_RANKED]
    if len(_ranked) >= _SHOPS_KEPT:
        _ranked.clear()
    _ranked[at.place.id, member] = time.monotonic(), ranked
    return ranked


def _mixed(products: Sequence[catalog.ProductFacts]) -> list[catalog.ProductFacts]:
    """One of each name, and no more than two of one kind among the first: what is over comes after."""
    names: set[str] = set()
    seen: Counter[UUID | None] = Counter()
    first: list[catalog.ProductFacts] = []
    rest: list[catalog.ProductFacts] = []
    for product in products:
        if product.name not in names:
            names.add(product.name)
            seen[product.category_id] += 1
            (first if seen[product.category_id] <= _OF_ONE_KIND else rest).append(product)
    return first + rest


def saved(price: pricing.ShelfPrice) -> int:
    """Which share of its price is saved, in millionths: by everybody, else by members."""
    before = price.regular or price.price
    after = price.price if price.regular else price.member_price
    whole = before.times(1000)
    return 0 if after is None or not whole else (whole - after.times(1000)) * _SHARE // whole


def bought(records: Sequence[UUID]) -> Pending[list[UUID]]:
    """Queue: what these records of one person bought in their last orders, what is wanted most first."""
    params = [ids_array(records), _LAST_ORDERS, now(), _AGAIN]
    return later(_BOUGHT, params, lambda rows: [row[0] for row in rows])


def alternatives(product: catalog.ProductFacts, at: Here, limit: int) -> Pending[list[UUID]]:
    """Queue: what the shop has of the same category, the most alike first."""
    params = [at.place.id, product.category_id, product.id, product.name, product.brand, limit]
    return later(_ALTERNATIVES, params, lambda rows: [row[0] for row in rows])


def forget() -> None:
    """Rank anew."""
    _ranked.clear()


def shelf_of(
    ids: Sequence[UUID], cards: Mapping[UUID, shelf.Card], most: int, *, there: bool = True
) -> list[shelf.Card]:
    """The cards of these products in their order; only those that are `there`."""
    found = [cards[key] for key in ids if key in cards and (cards[key].stock != "elsewhere" or not there)]
    return found[:most]
