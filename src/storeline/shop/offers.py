"""What is on offer at a shop now, the best first, and what a member buys again and again.

Which offers are a shop's best is worked out beforehand (`rank_due`, a job): a visitor reads a list of products, and sees their prices
and stock as they are now. A shop that nobody looked at for a day is left out; its first visitor sees offers in a plainer order.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.kernel.api import Pending, Ready, Row, business_date, ids_array, later, now, run
from storeline.places import api as places
from storeline.pricing import api as pricing
from storeline.shop import shelf
from storeline.shop.where import Here, may_buy_from

RANKED = 96
"""So many of a shop's offers are kept."""
_LOOKED_AT = 240
_PLAIN = 40
"""So many offers are read where none were ranked."""
_AGAIN_AFTER = timedelta(minutes=5)
_WANTED_FOR = timedelta(days=1)
_TOLD_EACH = timedelta(hours=1)
_OF_ONE_KIND = 2
_LOOK_BACK_DAYS = 28
_SHARE = 1_000_000
AGAIN = 16
_LAST_ORDERS = 60
_BOUGHT_KEPT_S = 60.0
_MOST_BOUGHT = 2_000
_bought: dict[tuple[UUID, ...], tuple[float, list[UUID]]] = {}
_PLAIN_KEPT_S = 60.0
_plain: dict[UUID, tuple[float, list[UUID]]] = {}
"""For as many shops as there are."""
# Products that a promotion names, members' own included.
_NAMED = """offered AS (
    SELECT DISTINCT t.product_id FROM pricing_promotion p JOIN pricing_promotion_target t ON t.promotion_id = p.id
    WHERE p.state = 'scheduled' AND p.starts_at <= %(now)s AND coalesce(p.ends_at > %(now)s, true)
        AND coalesce(%(channel)s = ANY (p.channels), true) AND t.product_id IS NOT NULL
        AND (t.place_id = %(place)s OR (t.place_id IS NULL AND (p.everywhere OR EXISTS (
            SELECT FROM pricing_promotion_place x WHERE x.promotion_id = p.id AND x.place_id = %(place)s))))
)"""
# Of these what the shop has; what it sells most comes first.
_OFFERED = f"""
WITH sold AS (
    SELECT l.product_id, count(*) AS times FROM orders_order o JOIN orders_line l ON l.order_id = o.id
    WHERE o.place_id = %(place)s AND o.business_date >= %(since)s GROUP BY l.product_id
), {_NAMED}
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
# The first few of what a promotion names and the shop has: quick to read, whatever their worth.
_PLAINLY = f"""
WITH {_NAMED}
SELECT product_id FROM offered JOIN stock_balance b USING (product_id)
WHERE b.place_id = %(place)s AND b.on_hand > b.reserved ORDER BY product_id LIMIT %(limit)s
"""
_KEPT = "SELECT products[1:%s], wanted_at, ranked_at IS NOT NULL FROM shop_ranking WHERE place_id = %s AND member = %s"
_WANT = """
INSERT INTO shop_ranking (place_id, member, products, wanted_at) VALUES (%s, %s, '{}', %s)
ON CONFLICT (place_id, member) DO UPDATE SET wanted_at = excluded.wanted_at
"""
# A clock that was set back must not leave a ranking of its future standing.
_DUE = """
SELECT place_id, member FROM shop_ranking
WHERE wanted_at > %(since)s AND coalesce(ranked_at NOT BETWEEN %(old)s AND %(now)s, true)
ORDER BY ranked_at NULLS FIRST, place_id, member LIMIT %(limit)s
"""
_RANK = "UPDATE shop_ranking SET products = %s::uuid[], ranked_at = %s WHERE place_id = %s AND member = %s"


@dataclass(frozen=True, slots=True)
class Ranking:
    """The products on offer at a shop, the best first; `wanted` is false where the job must be told that somebody looks."""

    products: tuple[UUID, ...]
    ranked: bool
    wanted: bool


def best(at: Here, *, member: bool, most: int) -> Pending[Ranking]:
    """Queue: a shop's best offers for such a visitor, as they were last ranked. The same for all, so they tell nothing of anybody."""
    lately = now() - _TOLD_EACH

    def read(rows: list[Row]) -> Ranking:
        return Ranking(tuple(rows[0][0]), rows[0][2], rows[0][1] > lately) if rows else Ranking((), False, False)

    return later(_KEPT, [most, at.place.id, member], read)


def want(at: Here, *, member: bool) -> None:
    """Have the job rank this shop's offers from now on. Once an hour for a shop that is looked at."""
    run(_WANT, [at.place.id, member, now()])


def plainly(at: Here) -> Pending[list[UUID]]:
    """Queue: some of what is on offer at a shop whose offers were never ranked; as it was a minute ago at most."""
    kept = _plain.get(at.place.id)
    if kept is not None and time.monotonic() - kept[0] < _PLAIN_KEPT_S:
        return Ready(kept[1])

    def keep(rows: list[Row]) -> list[UUID]:
        found = [row[0] for row in rows]
        if found:
            _plain[at.place.id] = time.monotonic(), found
        return found

    return later(_PLAINLY, {"place": at.place.id, "now": now(), "channel": shelf.CHANNEL, "limit": _PLAIN}, keep)


def rank_due(limit: int) -> int:
    """Rank anew the offers of shops that people look at and that were ranked some minutes ago; how many rankings."""
    moment = now()
    asked = {"since": moment - _WANTED_FOR, "old": moment - _AGAIN_AFTER, "now": moment, "limit": limit}
    due = run(_DUE, asked).fetchall()
    for place_id, member in due:
        ranked = _ranked(place_id, member=member)
        run(_RANK, [ids_array(ranked), now(), place_id, member])
    return len(due)


def _ranked(place_id: UUID, *, member: bool) -> list[UUID]:
    """What a promotion names and the shop has, the best first."""
    found = places.find_with_facts(places.get_place(place_id).ref)
    if found is None or not may_buy_from(found[0]):
        return []
    at, moment = Here(*found, chosen=True), now()
    asked = {
        "place": place_id,
        "since": business_date(moment, at.place.zone) - timedelta(days=_LOOK_BACK_DAYS),
        "now": moment,
        "channel": shelf.CHANNEL,
        "limit": _LOOKED_AT,
    }
    ids = [row[0] for row in run(_OFFERED, asked).fetchall()]
    products = catalog.gather(ids).result()
    sold = [products[key] for key in ids if key in products and products[key].online and products[key].sellable]
    prices = pricing.shelf_prices(sold, at.facts, shelf.CHANNEL, moment, member=member, lowest=False)
    return best_of(sold, prices)[:RANKED]


def best_of(products: Sequence[catalog.ProductFacts], prices: Mapping[UUID, pricing.ShelfPrice]) -> list[UUID]:
    """Those of the products that are reduced, the largest saving first, the first of them of many kinds."""
    worth = {product.id: saved(prices[product.id]) for product in products if product.id in prices}
    best_first = sorted((product for product in products if worth.get(product.id)), key=lambda one: -worth[one.id])
    return [product.id for product in _mixed(best_first)]


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
    """Queue: what these records of one person bought in their last orders, what is wanted most first; as it was a minute ago at
    most, since it is the habit of a year. Products alone: what they cost and whether they are there is read each time.
    """
    whose = tuple(records)
    kept = _bought.get(whose)
    if kept is not None and time.monotonic() - kept[0] < _BOUGHT_KEPT_S:
        return Ready(kept[1])

    def keep(rows: list[Row]) -> list[UUID]:
        if len(_bought) >= _MOST_BOUGHT:
            _bought.clear()
        found = [row[0] for row in rows]
        if found:  # somebody's first order is seen at once
            _bought[whose] = time.monotonic(), found
        return found

    return later(_BOUGHT, [ids_array(records), _LAST_ORDERS, now(), AGAIN], keep)


def forget() -> None:
    """Ask anew what people buy again, and what is on offer where nothing was ranked."""
    _bought.clear()
    _plain.clear()


def alternatives(product: catalog.ProductFacts, at: Here, limit: int) -> Pending[list[UUID]]:
    """Queue: what the shop has of the same category, the most alike first."""
    params = [at.place.id, product.category_id, product.id, product.name, product.brand, limit]
    return later(_ALTERNATIVES, params, lambda rows: [row[0] for row in rows])


def shelf_of(
    ids: Sequence[UUID], cards: Mapping[UUID, shelf.Card], most: int, *, there: bool = True
) -> list[shelf.Card]:
    """The cards of these products in their order; only those that are `there`."""
    found = [cards[key] for key in ids if key in cards and (cards[key].stock != "elsewhere" or not there)]
    return found[:most]
