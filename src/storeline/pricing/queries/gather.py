"""Everything that pricing many baskets needs, in three statements of the caller's pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from storeline.kernel.api import Pending, Ready, Row, UnitPrice, ids_array, later
from storeline.pricing.domain import Offer, Price, PriceBook, PriceKey, Promotion, TaxRate
from storeline.pricing.domain.prices import sort_prices, sort_rates

_ROW = """
p.product_id, p.id, p.amount, p.base, p.currency, p.place_id, p.price_zone, p.channel, p.member, p.valid_from, p.valid_to
"""
_VALID = """
  AND p.valid_from <= %(until)s AND (p.valid_to IS NULL OR p.valid_to > %(since)s)
  AND (p.channel IS NULL OR p.channel = ANY (%(channels)s::text[])) AND (NOT p.member OR %(members)s)
  WINDOW w AS (PARTITION BY p.price_zone, p.channel, p.member, p.currency ORDER BY p.valid_from)
"""
_NEXT = "p.*, lead(p.valid_from) OVER w AS next_from, lead(p.valid_to) OVER w AS next_to"
_HOLDS = "p.next_from IS NULL OR p.next_from > %(since)s OR p.next_to <= %(until)s"
"""Leaves out prices over which a newer one lies the whole time."""
PRICES = f"""
SELECT {_ROW} FROM unnest(%(products)s::uuid[], %(places)s::uuid[]) k (product_id, place_id)
CROSS JOIN LATERAL (
  SELECT {_NEXT} FROM pricing_price p WHERE p.product_id = k.product_id AND p.place_id = k.place_id {_VALID}
) p
WHERE {_HOLDS}
UNION ALL
SELECT {_ROW} FROM unnest(%(distinct)s::uuid[]) k (product_id)
CROSS JOIN LATERAL (
  SELECT {_NEXT} FROM pricing_price p WHERE p.product_id = k.product_id AND p.place_id IS NULL
  AND (p.price_zone IS NULL OR p.price_zone = ANY (%(zones)s::text[])) {_VALID}
) p
WHERE {_HOLDS}
"""
TERMS = """
p.id, p.name, p.kind, p.currency, p.starts_at, p.ends_at, p.funder, p.channels, p.member_only, p.priority,
p.stackable, p.exclusive, p.max_uses, p.group_size, p.weekdays, p.from_minute, p.to_minute,
coalesce(t.amount, p.amount), coalesce(t.base, p.base), coalesce(t.rate_ppm, p.rate_ppm),
CASE WHEN p.names <> '{}' THEN p.names::text ELSE '' END
"""
"""Columns of `read_offer`, over a promotion `p` and its target `t`."""
_RUNS = """
  AND p.starts_at <= %(until)s AND (p.ends_at IS NULL OR p.ends_at > %(since)s)
"""
_OFFERS = f"""
WITH wide AS MATERIALIZED (
  SELECT t.promotion_id, t.place_id, t.amount, t.base, t.rate_ppm, c.path
  FROM pricing_promotion_target t JOIN catalog_category c ON c.id = t.category_id
  JOIN pricing_promotion p ON p.id = t.promotion_id
  WHERE t.category_id IS NOT NULL AND p.state = 'scheduled' {_RUNS}
)
SELECT k.product_id, k.place_id, {TERMS}
FROM unnest(%(products)s::uuid[], %(places)s::uuid[]) k (product_id, place_id)
CROSS JOIN LATERAL (
  SELECT t.promotion_id, t.amount, t.base, t.rate_ppm FROM pricing_promotion_target t
  WHERE t.product_id = k.product_id AND (t.place_id IS NULL OR t.place_id = k.place_id)
  UNION ALL
  SELECT t.promotion_id, t.amount, t.base, t.rate_ppm
  FROM wide t JOIN catalog_product q ON q.id = k.product_id
  JOIN catalog_category c ON c.id = q.category_id AND c.path <@ t.path
  WHERE (SELECT EXISTS (SELECT FROM wide)) AND (t.place_id IS NULL OR t.place_id = k.place_id)
  UNION ALL
  SELECT p.id, NULL, NULL, NULL FROM pricing_promotion p
  WHERE p.everything AND p.state = 'scheduled' {_RUNS}
) t
JOIN pricing_promotion p ON p.id = t.promotion_id
WHERE p.state = 'scheduled' {_RUNS} AND (p.everywhere OR EXISTS (
  SELECT FROM pricing_promotion_place w WHERE w.promotion_id = p.id AND w.place_id = k.place_id))
"""
_RATES = """
SELECT DISTINCT t.regime, t.region, t.class, t.rate_ppm, t.valid_from
FROM places_place p JOIN places_entity e ON e.id = p.entity_id
JOIN pricing_tax_rate t ON t.regime = e.tax_regime AND t.region IN ('', p.tax_region)
WHERE p.id = ANY (%s::uuid[]) AND t.valid_from <= %s::date + 1
"""


class _Book(Pending[PriceBook]):
    """The book that three answers make."""

    __slots__ = ("_parts",)

    def __init__(
        self,
        prices: Pending[list[tuple[UUID, Price]]],
        rates: Pending[list[TaxRate]],
        offers: Pending[dict[UUID, dict[UUID, tuple[Offer, ...]]]],
    ) -> None:
        self._parts = (prices, rates, offers)

    def result(self) -> PriceBook:
        prices, rates, offers = self._parts
        return PriceBook(sort_prices(prices.result()), sort_rates(rates.result()), offers.result())


def gather(keys: Sequence[PriceKey], *, taxed: bool = True) -> Pending[PriceBook]:
    """What `price_basket` needs for these keys: three statements, queued in the caller's pipeline; two where no tax is reckoned.

    Rows are of the time from the first key's `at` to the last one's; `price_basket` picks by the basket's own.
    """
    if not keys:
        return Ready(PriceBook({}, {}))
    pairs = list({(key.product_id, key.place_id) for key in keys})
    since, until = min([key.at for key in keys]), max([key.at for key in keys])
    window: dict[str, Any] = {
        "products": ids_array([product_id for product_id, _ in pairs]),
        "places": ids_array([place_id for _, place_id in pairs]),
        "since": since,
        "until": until,
    }
    more = {
        "distinct": ids_array({product_id for product_id, _ in pairs}),
        "zones": sorted({key.price_zone for key in keys if key.price_zone}),
        "channels": sorted({key.channel for key in keys}),
        "members": any(key.member for key in keys),
    }
    place_ids = {key.place_id for key in keys}
    return _Book(
        later(PRICES, window | more, read_prices),
        later(_RATES, [ids_array(place_ids), until.date()], _read_rates) if taxed else Ready([]),
        later(_OFFERS, window, _read_offers),
    )


def read_prices(rows: Iterable[Row]) -> list[tuple[UUID, Price]]:
    """Rows of `PRICES` as prices with their product."""
    return [
        (
            product_id,
            Price(key, UnitPrice(amount, base, currency), place_id, zone, channel, member, start, end),
        )
        for (
            product_id,
            key,
            amount,
            base,
            currency,
            place_id,
            zone,
            channel,
            member,
            start,
            end,
        ) in rows
    ]


def _read_rates(rows: Iterable[Row]) -> list[TaxRate]:
    return [TaxRate(*row) for row in rows]


def _read_offers(rows: Iterable[Row]) -> dict[UUID, dict[UUID, tuple[Offer, ...]]]:
    known: dict[UUID, Promotion] = {}
    found: dict[UUID, dict[UUID, tuple[Offer, ...]]] = {}
    for product_id, place_id, *terms in rows:
        by_place = found.setdefault(product_id, {})
        by_place[place_id] = (*by_place.get(place_id, ()), read_offer(terms, known))
    return found


def read_offer(row: Sequence[Any], known: dict[UUID, Promotion]) -> Offer:
    """A row of `TERMS` as an offer; promotions that came before are taken from `known`."""
    promotion = known.get(row[0])
    if promotion is None:
        terms: list[Any] = [_set(value) if isinstance(value, list) else value for value in (*row[:17], row[20])]
        promotion = known[row[0]] = Promotion(*terms)
    amount, base, rate_ppm = row[17:20]
    return Offer(promotion, amount or 0, base, rate_ppm or 0)


def _set(values: list[Any]) -> frozenset[Any]:
    return frozenset(values)


def keys_of(
    product_ids: Iterable[UUID],
    place_id: UUID,
    price_zone: str | None,
    channel: str,
    at: datetime,
    *,
    member: bool = True,
) -> list[PriceKey]:
    """One key for each product at a place."""
    return [PriceKey(product_id, place_id, price_zone, channel, at, member) for product_id in product_ids]
