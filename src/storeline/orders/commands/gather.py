"""The first move: everything that the decision reads, in two waits, under lock where it can be spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.catalog import api as catalog
from storeline.kernel.api import Pending, Ready, Row, ids_array, later, now, pipeline
from storeline.loyalty import api as loyalty
from storeline.orders.domain.decide import Gathered, Known
from storeline.orders.domain.drafts import Draft
from storeline.orders.domain.quote import Tariff, keys
from storeline.places import api as places
from storeline.pricing import api as pricing
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

# A repeat is answered as the order was placed: without lines that came into it later, moved or as substitutes.
_KNOWN = """
SELECT o.id, o.ref, o.body_hash, o.state, o.currency, o.total - later.total, o.payable - later.total + later.funded,
    o.entity_id, o.placed_at
FROM orders_order o CROSS JOIN LATERAL (
    SELECT coalesce(sum(l.amount + CASE WHEN o.tax_included THEN 0 ELSE l.tax END), 0)::bigint AS total,
        coalesce(sum(l.funded), 0)::bigint AS funded
    FROM orders_line l WHERE l.order_id = o.id AND (l.continues IS NOT NULL OR EXISTS (
        SELECT FROM orders_substitute s WHERE s.order_id = o.id AND s.line_no = l.line_no
    ))
) AS later
WHERE o.id = ANY(%s::uuid[]) OR o.ref = ANY(%s::text[])
"""
_OTHER = b"another order has this ref"


@dataclass(frozen=True, slots=True)
class Facts:
    """Places and products: they change rarely and nobody spends them."""

    moment: datetime
    places: dict[UUID, places.PlaceFacts]
    products: dict[UUID, catalog.ProductFacts]
    listed: set[tuple[UUID, UUID]]
    areas: dict[UUID, tuple[capacity.Area, ...]]
    bars: sourcing.Bars


@dataclass(frozen=True, slots=True)
class PendingTariff:
    """Prices, coupons and what slots cost that are on their way."""

    facts: Facts
    book: Pending[pricing.PriceBook] | None
    coupons: Pending[loyalty.Coupons]
    slot_fees: Pending[dict[UUID, int]]

    def result(self) -> Tariff:
        """The tariff, once the pipeline has ended."""
        return Tariff(
            self.facts.moment,
            self.facts.places,
            self.facts.products,
            None if self.book is None else self.book.result(),
            self.coupons.result(),
            self.facts.areas,
            self.slot_fees.result(),
        )


def gather_facts(drafts: Sequence[Draft]) -> Facts:
    """One wait: the places that sell, serve and keep for the shopper, the products and their deposits, and fees."""
    place_ids = {place for draft in drafts for place in (draft.place_id, draft.serving, draft.collect_at) if place}
    place_ids |= {place for draft in drafts if draft.from_places for place in draft.from_places.values()}
    bringing = {draft.serving for draft in drafts if draft.address is not None}
    product_ids = {line.product_id for draft in drafts for line in draft.lines}
    priced = [draft for draft in drafts if draft.lines and not draft.agreed]
    online = any(draft.asks_online for draft in drafts)
    moment = now()
    with pipeline():
        found_places = places.gather(list(place_ids))
        found_products = catalog.gather(list(product_ids))
        listed = catalog.gather_listed(
            [draft.place_id for draft in priced for _ in draft.lines],
            [line.product_id for draft in priced for line in draft.lines],
            moment.date(),
        )
        found_areas = capacity.gather_areas(bringing)
        found_bars = sourcing.gather_bars(place_ids, moment) if online else Ready(sourcing.Bars())
    products, areas = found_products.result(), found_areas.result()
    more = {one.deposit_product_id for one in products.values() if one.deposit_product_id}
    more |= {area.product_id for of_place in areas.values() for area in of_place}
    if more - products.keys():  # a second wait, for baskets with deposits, or that are brought, only
        products |= catalog.gather(list(more - products.keys())).result()
    return Facts(moment, found_places.result(), products, listed.result(), areas, found_bars.result())


def gather_tariff(drafts: Sequence[Draft], facts: Facts, *, lock: bool) -> PendingTariff:
    """Queue the prices that these drafts need, and their coupons, under lock where they are to be spent."""
    wanted = keys(drafts, facts.places, facts.products, facts.moment)
    codes = {code for draft in drafts for code in draft.coupons}
    customers = {draft.customer_id for draft in drafts if draft.customer_id and draft.coupons}
    products = {line.product_id for draft in drafts if draft.coupons for line in draft.lines}
    slots = {draft.slot_id for draft in drafts if draft.address is not None and draft.slot_id is not None}
    return PendingTariff(
        facts,
        pricing.gather(wanted) if wanted else None,
        loyalty.gather(codes, customers, products, lock=lock),
        capacity.slot_fees(slots),
    )


def gather(drafts: Sequence[Draft], facts: Facts) -> tuple[Gathered, Tariff]:
    """One wait: known ids and prices, and under lock in the global order slots, coupons, stock, what an hour's caps leave."""
    slotted = [draft for draft in drafts if draft.slot_id is not None]
    capped = (
        facts.bars.capped and {place for one in drafts if one.asks_online for place in one.asked} & facts.bars.capped
    )
    with pipeline():
        known = _known(drafts)
        room = capacity.lock({draft.slot_id for draft in slotted if draft.slot_id}, {draft.id for draft in slotted})
        pending = gather_tariff(drafts, facts, lock=True)
        levels = stock.lock(_pairs(drafts, facts))
        hours = sourcing.lock_hours(capped, sourcing.hour_of(facts.moment))
    tariff = pending.result()
    seen = Gathered(
        now=facts.moment,
        known=_known_by_id(drafts, known.result()),
        places=facts.places,
        products=facts.products,
        listed=facts.listed,
        levels=levels.result(),
        slots=room.result(),
        coupons=tariff.coupons.left,
        closed=facts.bars.closed,
        hours=hours.result(),
    )
    return seen, tariff


def _pairs(drafts: Sequence[Draft], facts: Facts) -> set[stock.Pair]:
    """Every balance that these drafts may change."""
    return {
        (place, line.product_id)
        for draft in drafts
        for index, line in enumerate(draft.lines)
        if line.product_id in facts.products and (place := draft.from_place(index)) in facts.places
    }


def _known(drafts: Sequence[Draft]) -> Pending[list[Row]]:
    refs = [draft.ref for draft in drafts if draft.ref is not None]
    return later(_KNOWN, [ids_array(draft.id for draft in drafts), refs], list)


def _known_by_id(drafts: Sequence[Draft], rows: list[Row]) -> dict[UUID, Known]:
    """Known orders by id; a draft whose `ref` belongs to another order is known, with other contents."""
    found = {row[0]: Known(bytes(row[2]), *row[3:]) for row in rows}
    by_ref = {row[1]: row for row in rows if row[1] is not None}
    for draft in drafts:
        if draft.ref in by_ref and by_ref[draft.ref][0] != draft.id:
            found[draft.id] = Known(_OTHER, *by_ref[draft.ref][3:])
    return found
