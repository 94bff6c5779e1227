"""Which module takes which file in, and the columns that it declares for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from storeline.aftersales import api as aftersales
from storeline.capacity import api as capacity
from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.insight import api as insight
from storeline.kernel.api import Actor, LoadResult, run
from storeline.loyalty import api as loyalty
from storeline.orders import api as orders
from storeline.partners import api as partners
from storeline.places import api as places
from storeline.pricing import api as pricing
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock


@dataclass(frozen=True, slots=True)
class Loader:
    """The owner's declaration of ``pg_temp.in_<file>`` and the function that takes it in."""

    declared: str
    load: Callable[..., LoadResult]


_UNKNOWN = """
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'agreements', i.row, '{column}', 'there is no such row in {column}' FROM pg_temp.in_agreements i
WHERE EXISTS (SELECT FROM unnest(i.{column}) AS n(ref) WHERE NOT EXISTS (SELECT FROM {table} x WHERE x.ref = n.ref))
"""
_FIND = """
UPDATE pg_temp.in_agreements i SET {column} = (
    SELECT array_agg(x.id::text ORDER BY x.id) FROM {table} x WHERE x.ref = ANY (i.{column})
)
"""


def load_agreements(*, actor: Actor) -> LoadResult:
    """Let partners take agreements in; where they hold lies beside partners, so that is found here."""
    for column, table in (("entities", "places_entity"), ("places", "places_place")):
        run(_UNKNOWN.format(column=column, table=table))
        run(_FIND.format(column=column, table=table))
    return partners.load_agreements(actor=actor)


MASTER: dict[str, Loader] = {
    "entities": Loader(places.ENTITIES_IN, places.load_entities),
    "places": Loader(places.PLACES_IN, places.load_places),
    "place_hours": Loader(places.PLACE_HOURS_IN, places.load_place_hours),
    "categories": Loader(catalog.CATEGORIES_IN, catalog.load_categories),
    "products": Loader(catalog.PRODUCTS_IN, catalog.load_products),
    "listings": Loader(catalog.LISTINGS_IN, catalog.load_listings),
    "tax_rates": Loader(pricing.TAX_RATES_IN, pricing.load_tax_rates),
    "prices": Loader(pricing.PRICES_IN, pricing.load_prices),
    "costs": Loader(insight.COSTS_IN, insight.load_costs),
    "promotions": Loader(pricing.PROMOTIONS_IN, pricing.load_promotions),
    "promotion_items": Loader(pricing.PROMOTION_ITEMS_IN, pricing.load_promotion_items),
    "promotion_places": Loader(pricing.PROMOTION_PLACES_IN, pricing.load_promotion_places),
    "coupons": Loader(loyalty.COUPONS_IN, loyalty.load_coupons),
    "coupon_products": Loader(loyalty.COUPON_PRODUCTS_IN, loyalty.load_coupon_products),
    "customers": Loader(customers.CUSTOMERS_IN, customers.load_customers),
    "contact_points": Loader(customers.CONTACT_POINTS_IN, customers.load_contact_points),
    "cards": Loader(customers.CARDS_IN, customers.load_cards),
    "merges": Loader(customers.MERGES_IN, customers.load_merges),
    "purposes": Loader(customers.PURPOSES_IN, customers.load_purposes),
    "consents": Loader(customers.CONSENTS_IN, customers.load_consents),
    "stock": Loader(stock.STOCK_IN, stock.load_stock),
    "stock_policies": Loader(stock.STOCK_POLICIES_IN, stock.load_stock_policies),
    "partners": Loader(partners.PARTNERS_IN, partners.load_partners),
    "agreements": Loader(partners.AGREEMENTS_IN, load_agreements),
    "owned_goods": Loader(stock.OWNED_GOODS_IN, stock.load_owned_goods),
    "recalls": Loader(stock.RECALLS_IN, stock.load_recalls),
    "lots": Loader(stock.LOTS_IN, stock.load_lots),
    "areas": Loader(capacity.AREAS_IN, capacity.load_areas),
    "slot_rules": Loader(capacity.SLOT_RULES_IN, capacity.load_slot_rules),
    "slot_peaks": Loader(capacity.SLOT_PEAKS_IN, capacity.load_slot_peaks),
    "sourcing_groups": Loader(sourcing.GROUPS_IN, sourcing.load_groups),
    "sourcing_group_places": Loader(sourcing.GROUP_PLACES_IN, sourcing.load_group_places),
    "sourcing_channels": Loader(sourcing.CHANNELS_IN, sourcing.load_channels),
    "sourcing_policies": Loader(sourcing.POLICIES_IN, sourcing.load_policies),
    "sourcing_limits": Loader(sourcing.LIMITS_IN, sourcing.load_limits),
    "sourcing_closures": Loader(sourcing.CLOSURES_IN, sourcing.load_closures),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Documents that are taken whole or not at all: the file of their heads, and those of their parts."""

    head: str
    moment: str
    parts: dict[str, str]
    """Declared columns by file."""
    declared: str
    load: Callable[..., LoadResult]


RECEIPTS_IN = 'row bigint, "order" text, series text, number text, issued_at timestamptz'
ORDERS = Group(
    "orders",
    "ordered_at",
    {
        "order_lines": orders.ORDER_LINES_IN,
        "line_discounts": orders.LINE_DISCOUNTS_IN,
        "payments": orders.PAYMENTS_IN,
        "receipts": RECEIPTS_IN,
    },
    orders.ORDERS_IN,
    orders.load_orders,
)
RETURNS = Group(
    "returns",
    "returned_at",
    {
        "return_lines": aftersales.RETURN_LINES_IN,
        "refunds": aftersales.REFUNDS_IN,
        "return_receipts": RECEIPTS_IN.replace('"order"', '"return"'),
    },
    aftersales.RETURNS_IN,
    aftersales.load_returns,
)
REDEMPTIONS = Loader(loyalty.COUPON_REDEMPTIONS_IN, loyalty.load_coupon_redemptions)
