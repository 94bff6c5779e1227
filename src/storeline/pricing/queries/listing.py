"""Prices, tax rates and promotions as rows, for those who keep them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from storeline.kernel.api import Invalid, NotFound, Row, UnitPrice, now, run
from storeline.places.api import PlaceFacts
from storeline.pricing.domain import Price, Promotion
from storeline.pricing.domain.offers import selling_price
from storeline.pricing.domain.prices import find_price
from storeline.pricing.queries.gather import TERMS, gather, keys_of, read_offer

MAX_PAGE = 200


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price as it is kept."""

    id: UUID
    product_id: UUID
    place_id: UUID | None
    price_zone: str | None
    channel: str | None
    member: bool
    price: UnitPrice
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class TaxRateRow:
    """One tax rate as it is kept."""

    regime: str
    region: str
    tax_class: str
    rate_ppm: int
    inclusive: bool
    valid_from: date


@dataclass(frozen=True, slots=True)
class PromotionRow:
    """A promotion's terms and state, and how many targets and places it lists (None: everything, everywhere)."""

    ref: str
    state: str
    terms: Promotion
    amount: int | None
    base: int
    rate_ppm: int | None
    targets: int | None
    places: int | None


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """What a promotion does to one product's price: groups do not change the price of one."""

    product_id: UUID
    regular: UnitPrice
    price: UnitPrice


def page_size(limit: int) -> int:
    """`limit` if a page may have so many items."""
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"A page has from 1 to {MAX_PAGE} items.", field="limit")
    return limit


def list_prices(
    product_id: UUID, place_id: UUID | None = None, *, cursor: UUID | None = None, limit: int = 50
) -> tuple[tuple[PriceRow, ...], UUID | None]:
    """A product's prices, newest first, with those of one place and everywhere if `place_id`; next page's cursor."""
    size = page_size(limit)
    rows = run(
        """
SELECT p.id, p.product_id, p.place_id, p.price_zone, p.channel, p.member, p.amount, p.base, p.currency, p.valid_from,
       p.valid_to
FROM pricing_price p
WHERE p.product_id = %s AND (%s::uuid IS NULL OR p.place_id = %s::uuid OR p.place_id IS NULL)
  AND (%s::uuid IS NULL OR (p.valid_from, p.id) < (SELECT b.valid_from, b.id FROM pricing_price b WHERE b.id = %s::uuid))
ORDER BY p.valid_from DESC, p.id DESC LIMIT %s
""",
        [product_id, place_id, place_id, cursor, cursor, size + 1],
    ).fetchall()
    items = tuple(_price(row) for row in rows[:size])
    return items, items[-1].id if len(rows) > size else None


def _price(row: Row) -> PriceRow:
    cells: list[Any] = [*row[:6], UnitPrice(*row[6:9]), *row[9:]]
    return PriceRow(*cells)


_TAX_RATES = """
SELECT regime, region, class, rate_ppm, inclusive, valid_from FROM pricing_tax_rate
WHERE (%(regime)s::text IS NULL OR regime = %(regime)s)
  AND (%(after)s::text[] IS NULL
       OR (regime, class, region) > ((%(after)s::text[])[1], (%(after)s::text[])[2], (%(after)s::text[])[3])
       OR (regime, class, region) = ((%(after)s::text[])[1], (%(after)s::text[])[2], (%(after)s::text[])[3])
          AND valid_from < (%(after)s::text[])[4]::date)
ORDER BY regime, class, region, valid_from DESC LIMIT %(limit)s
"""


def list_tax_rates(
    regime: str | None = None, *, cursor: str | None = None, limit: int = MAX_PAGE
) -> tuple[tuple[TaxRateRow, ...], str | None]:
    """Tax rates, of one regime if named, by class and region, newest first; and the cursor of the next page."""
    size = page_size(limit)
    asked = {"regime": regime, "after": None if cursor is None else _after(cursor), "limit": size + 1}
    rows = tuple(TaxRateRow(*row) for row in run(_TAX_RATES, asked).fetchall())
    if len(rows) <= size:
        return rows, None
    last = rows[size - 1]
    return rows[:size], json.dumps([last.regime, last.tax_class, last.region, last.valid_from.isoformat()])


def _after(cursor: str) -> list[str]:
    try:
        regime, tax_class, region, valid_from = json.loads(cursor)
        return [str(regime), str(tax_class), str(region), date.fromisoformat(valid_from).isoformat()]
    except (ValueError, TypeError):
        raise Invalid("The cursor does not come from a page before.", field="cursor") from None


PROMOTION = f"""
SELECT p.ref, p.state, p.amount, p.base, p.rate_ppm,
       CASE WHEN NOT p.everything THEN (SELECT count(*) FROM pricing_promotion_target x WHERE x.promotion_id = p.id) END,
       CASE WHEN NOT p.everywhere THEN (SELECT count(*) FROM pricing_promotion_place x WHERE x.promotion_id = p.id) END,
       {TERMS}
FROM pricing_promotion p
LEFT JOIN (SELECT NULL::bigint AS amount, NULL::bigint AS base, NULL::integer AS rate_ppm) t ON true
"""
"""Columns of a `PromotionRow` over promotions `p`."""


def get_promotion(ref: str) -> PromotionRow:
    """The promotion with this ref. Raises NotFound."""
    rows = run(f"{PROMOTION} WHERE p.ref = %s", [ref]).fetchall()
    if not rows:
        raise NotFound(f"There is no promotion {ref[:40]!r}.")
    return _promotion(rows[0])


def list_promotions(
    *,
    state: str | None = None,
    running: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> tuple[tuple[PromotionRow, ...], str | None]:
    """Promotions by ref, of one state, only those `running` now; and the cursor of the next page."""
    size = page_size(limit)
    conditions: list[str] = ["p.ref > %s"]
    params: list[Any] = [cursor or ""]
    if state is not None:
        conditions.append("p.state = %s")
        params.append(state)
    if running:
        conditions.append("p.state = 'scheduled' AND p.starts_at <= %s AND coalesce(p.ends_at > %s, true)")
        params += [now(), now()]
    where = " AND ".join(conditions)
    rows = run(f"{PROMOTION} WHERE {where} ORDER BY p.ref LIMIT %s", [*params, size + 1]).fetchall()
    items = tuple(_promotion(row) for row in rows[:size])
    return items, items[-1].ref if len(rows) > size else None


def _promotion(row: Row) -> PromotionRow:
    offer = read_offer(row[7:], {})
    return PromotionRow(row[0], row[1], offer.promotion, row[2], row[3], row[4], row[5], row[6])


_OFFERED = """
SELECT DISTINCT t.product_id FROM pricing_promotion p JOIN pricing_promotion_target t ON t.promotion_id = p.id
WHERE p.state = 'scheduled' AND p.starts_at <= %s AND coalesce(p.ends_at > %s, true) AND NOT p.member_only
  AND coalesce(%s = ANY (p.channels), true) AND t.product_id IS NOT NULL
  AND (t.place_id = %s OR (t.place_id IS NULL AND (p.everywhere OR EXISTS (
       SELECT FROM pricing_promotion_place x WHERE x.promotion_id = p.id AND x.place_id = %s))))
ORDER BY t.product_id LIMIT %s
"""


def list_offered(place_id: UUID, channel: str, *, limit: int = 50) -> list[UUID]:
    """Products that a promotion open to all names at a place now, some of them: what a page of offers begins with."""
    moment = now()
    params = [moment, moment, channel, place_id, place_id, page_size(limit)]
    return [row[0] for row in run(_OFFERED, params).fetchall()]


_ABOUT = f"""
SELECT q.id, {TERMS}
FROM pricing_promotion p
CROSS JOIN LATERAL (
  SELECT t.product_id AS id, t.amount, t.base, t.rate_ppm FROM pricing_promotion_target t
  WHERE t.promotion_id = p.id AND t.product_id IS NOT NULL AND (t.place_id IS NULL OR t.place_id = %(place)s)
  UNION ALL
  SELECT q.id, t.amount, t.base, t.rate_ppm FROM pricing_promotion_target t
  JOIN catalog_category a ON a.id = t.category_id JOIN catalog_category c ON c.path <@ a.path
  JOIN catalog_product q ON q.category_id = c.id
  WHERE t.promotion_id = p.id AND (t.place_id IS NULL OR t.place_id = %(place)s)
  UNION ALL
  SELECT q.id, NULL, NULL, NULL FROM catalog_product q WHERE p.everything
) t
JOIN catalog_product q ON q.id = t.id
WHERE p.ref = %(ref)s ORDER BY q.ref LIMIT %(limit)s
"""


def preview_promotion(ref: str, place: PlaceFacts, channel: str, *, limit: int = 50) -> tuple[PreviewLine, ...]:
    """What a promotion, even a draft, will do to the prices of one unit at a place when it starts (or now, if it has).

    The first products by ref that have a price there.
    """
    row = get_promotion(ref)
    at = max(row.terms.starts_at, now())
    rows = run(_ABOUT, {"ref": ref, "place": place.id, "limit": page_size(limit)}).fetchall()
    known: dict[UUID, Promotion] = {}
    offers = {found[0]: read_offer(found[1:], known) for found in rows}
    book = gather(keys_of(offers, place.id, place.price_zone, channel, at)).result()
    lines = []
    for product_id, offer in offers.items():
        found: Price | None = find_price(book.prices.get(product_id, {}), place, channel, at, member=False).shelf
        if found is not None:
            price, _ = selling_price(found.unit_price, [offer])
            lines.append(PreviewLine(product_id, found.unit_price, price))
    return tuple(lines)
