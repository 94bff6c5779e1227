"""Where each file of master data comes from: column to SQL, and the rest of the query."""

from __future__ import annotations

from dataclasses import dataclass, field

from storeline.exchange.exporting.sql import amount, clock, flag, listed, moment, percent, plain, quantity

PLACE = "LEFT JOIN places_place place ON place.id = t.place_id"
PRODUCT = "LEFT JOIN catalog_product product ON product.id = t.product_id"
CATEGORY = "LEFT JOIN catalog_category category ON category.id = t.category_id"


@dataclass(frozen=True, slots=True)
class Query:
    """How a file is read: SQL by column, what comes FROM where, in which order; `names` are JSON maps of languages."""

    columns: dict[str, str]
    source: str
    order: str
    names: dict[str, str] = field(default_factory=dict)
    """The stem of the columns, such as ``name``, and the SQL of the map."""


def _same(*names: str) -> dict[str, str]:
    return {name: f"t.{name}" for name in names}


def _value(currency: str) -> str:
    return f"CASE WHEN t.kind = 'percentage' THEN {percent('t.rate_ppm')} ELSE {amount('t.amount', currency)} END"


ENTITIES = Query(
    _same("ref", "name", "country", "currency", "tax_regime")
    | {"tax_included": flag("t.inclusive")}
    | _same("zone", "tax_number", "gln", "receipt_series"),
    "places_entity t",
    "t.ref",
)
PLACES = Query(
    {"ref": "t.ref", "entity": "entity.ref"}
    | _same("name", "format", "zone", "country", "region", "city", "postal_code", "address")
    | {name: plain(f"t.{name}") for name in ("latitude", "longitude")}
    | _same("gln", "phone", "price_zone", "tax_region")
    | {"capabilities": listed("t.capabilities")}
    | _same("opens_on", "closes_on")
    | {"keeps": listed("t.keeps")},
    "places_place t JOIN places_entity entity ON entity.id = t.entity_id",
    "t.ref",
    {"name": "t.names"},
)
PLACE_HOURS = Query(
    {"place": "place.ref", "day": "t.day", "opens": clock("t.opens"), "closes": clock("t.closes")},
    f"""(SELECT place_id, weekday::text AS day, opens, closes FROM places_hours
        UNION ALL SELECT place_id, day::text, opens, closes FROM places_hours_exception) t {PLACE}""",
    "place.ref, t.day, t.opens",
)
CATEGORIES = Query(
    {"ref": "t.ref", "name": "t.name", "parent": "parent.ref", "position": "t.position"},
    "catalog_category t LEFT JOIN catalog_category parent ON parent.id = t.parent_id",
    "t.ref",
    {"name": "t.names"},
)
PRODUCTS = Query(
    {"ref": "t.ref", "name": "t.name", "description": "t.description", "category": "category.ref"}
    | _same("brand", "manufacturer", "unit")
    | {"by_weight": flag("t.by_weight"), "catch_weight": flag("t.catch_weight")}
    | _same("temperature", "shelf_life_days")
    | {
        "allergens": listed("t.allergens"),
        "gtins": "(SELECT string_agg(g.gtin, '|' ORDER BY g.gtin) FROM catalog_gtin g WHERE g.product_id = t.id)",
        "tax_class": "t.tax_class",
        "deposit_product": "deposit.ref",
        "content_quantity": quantity("t.content_quantity"),
        "content_unit": "t.content_unit",
        "pictures": """(SELECT string_agg(trim(p->>'url' || ' ' || coalesce(p->>'credit', '')), '|' ORDER BY n)
            FROM jsonb_array_elements(t.pictures) WITH ORDINALITY AS x(p, n))""",
        "service": flag("t.service"),
        "till_only": flag("(NOT t.online)"),
        "age_limit": "t.age_limit",
        "status": "t.status",
    },
    f"catalog_product t {CATEGORY} LEFT JOIN catalog_product deposit ON deposit.id = t.deposit_product_id",
    "t.ref",
    {"name": "t.names", "description": "t.descriptions"},
)
LISTINGS = Query(
    {"place": "place.ref", "product": "product.ref"} | _same("starts_on", "ends_on"),
    f"catalog_listing t {PLACE} {PRODUCT}",
    "place.ref, product.ref",
)
TAX_RATES = Query(
    {"regime": "t.regime", "tax_class": "t.class", "region": "t.region", "valid_from": "t.valid_from"}
    | {"rate": percent("t.rate_ppm"), "included": flag("t.inclusive")},
    "pricing_tax_rate t",
    "t.regime, t.class, t.region, t.valid_from",
)
PRICES = Query(
    {"product": "product.ref", "place": "place.ref", "zone": "t.price_zone", "channel": "t.channel"}
    | {"member": flag("t.member"), "currency": "t.currency"}
    | {"valid_from": moment("t.valid_from"), "valid_to": moment("t.valid_to")}
    | {"amount": amount("t.amount", "t.currency"), "per": quantity("t.base")},
    f"pricing_price t {PLACE} {PRODUCT}",
    "product.ref, place.ref, t.price_zone, t.channel, t.member, t.currency, t.valid_from",
)
COSTS = Query(
    {"product": "product.ref", "entity": "entity.ref", "currency": "t.currency", "valid_from": "t.valid_from"}
    | {"amount": amount("t.amount", "t.currency"), "per": quantity("t.base")},
    f"insight_cost t {PRODUCT} LEFT JOIN places_entity entity ON entity.id = t.entity_id",
    "product.ref, entity.ref, t.currency, t.valid_from",
)
PROMOTIONS = Query(
    _same("ref", "name", "kind")
    | {"value": _value("t.currency"), "per": quantity("t.base"), "n": "t.group_size", "currency": "t.currency"}
    | {"members_only": flag("t.member_only"), "channels": listed("t.channels")}
    | {"weekdays": listed("(SELECT array_agg(day ORDER BY day) FROM unnest(t.weekdays) AS day)")}
    | {"from_time": clock("t.from_minute"), "to_time": clock("t.to_minute")}
    | {"starts_at": moment("t.starts_at"), "ends_at": moment("t.ends_at"), "funder": "t.funder"}
    | {"priority": "t.priority", "stackable": flag("t.stackable"), "exclusive": flag("t.exclusive")}
    | {"max_uses": "t.max_uses", "status": "t.state"}
    | {"everything": flag("t.everything"), "everywhere": flag("t.everywhere")},
    "pricing_promotion t",
    "t.ref",
    {"name": "t.names"},
)
PROMOTION_ITEMS = Query(
    {"promotion": "m.ref", "product": "product.ref", "category": "category.ref", "place": "place.ref"}
    | {
        "value": f"CASE WHEN m.kind = 'percentage' THEN {percent('t.rate_ppm')}"
        f" ELSE {amount('t.amount', 'm.currency')} END",
        "per": quantity("t.base"),
    },
    f"pricing_promotion_target t JOIN pricing_promotion m ON m.id = t.promotion_id {PRODUCT} {CATEGORY} {PLACE}",
    "m.ref, product.ref, category.ref, place.ref",
)
PROMOTION_PLACES = Query(
    {"promotion": "m.ref", "place": "place.ref"},
    f"pricing_promotion_place t JOIN pricing_promotion m ON m.id = t.promotion_id {PLACE}",
    "m.ref, place.ref",
)
COUPONS = Query(
    _same("ref", "name", "kind")
    | {"value": _value("t.currency"), "per": quantity("t.base"), "currency": "t.currency", "funder": "t.funder"}
    | {"valid_from": moment("t.valid_from"), "valid_to": moment("t.valid_to")}
    | {"min_spend": amount("t.min_spend", "t.currency")}
    | {"max_uses": "t.total_limit", "max_uses_per_customer": "t.per_member_limit", "stackable": flag("t.stackable")}
    | {"everything": flag("t.everything")},
    "loyalty_coupon t",
    "t.ref",
    {"name": "t.names"},
)
COUPON_PRODUCTS = Query(
    {"coupon": "c.ref", "product": "product.ref", "category": "category.ref"},
    f"loyalty_coupon_target t JOIN loyalty_coupon c ON c.id = t.coupon_id {PRODUCT} {CATEGORY}",
    "c.ref, product.ref, category.ref",
)
CUSTOMER = "JOIN customers_customer customer ON customer.id = t.customer_id AND customer.erased_at IS NULL"
CUSTOMERS = Query(
    {name: f"customer.{name}" for name in ("ref", "kind", "name", "language", "country")}
    | {"joined_at": moment("customer.joined_at")},
    "customers_customer customer WHERE erased_at IS NULL",
    "1",
)
CONTACT_POINTS = Query(
    {"customer": "customer.ref", "kind": "t.kind", "value": "t.value"}
    | {"verified_at": moment("t.verified_at"), "preferred": flag("t.preferred")},
    f"customers_contact_point t {CUSTOMER}",
    "1, 2, 3",
)
CARDS = Query(
    {"number": "t.number", "customer": "customer.ref"}
    | {"issued_at": moment("t.issued_at"), "blocked_at": moment("t.blocked_at")},
    f"customers_card t {CUSTOMER}",
    "1",
)
MERGES = Query(
    {"customer": "customer.ref", "at": moment("t.at"), "survivor": "survivor.ref", "reason": "t.reason"}
    | {"undone_at": moment("t.undone_at")},
    f"""(SELECT merged_id AS customer_id, survivor_id, at, reason, undone_at FROM customers_merge) t {CUSTOMER}
        JOIN customers_customer survivor ON survivor.id = t.survivor_id AND survivor.erased_at IS NULL""",
    "1, t.at",
)
PURPOSES = Query(
    _same("code", "label", "basis")
    | {"data": listed("t.data"), "recipients": listed("t.recipients"), "valid_days": "t.valid_days"},
    "customers_purpose t",
    "1",
)
CONSENTS = Query(
    {"customer": "customer.ref", "purpose": "t.purpose", "at": moment("t.at"), "granted": flag("t.granted")}
    | _same("text", "text_version", "language", "source"),
    f"customers_consent t {CUSTOMER}",
    "1, 2, t.at",
)
# What is neither opening nor trade (receipts, counts, transfers) is folded into the opening: balances come out the same.
# A sale counts when its order was placed, as an import counts it; what nobody counted stays so while nothing is there.
STOCK = Query(
    {"place": "place.ref", "product": "product.ref", "as_of": moment("t.as_of")}
    | {"quantity": quantity("t.on_hand - t.trade"), "lot": "t.lot"},
    f"""(
        SELECT m.place_id, m.product_id, b.on_hand, coalesce(o.at, min(m.at)) AS as_of, o.reason AS lot,
            coalesce(sum(m.quantity) FILTER (WHERE m.kind IN ('sale', 'return') AND (o.at IS NULL OR m.at >= o.at)), 0)
                AS trade
        FROM (SELECT m.place_id, m.product_id, m.kind, m.quantity, coalesce(s.placed_at, m.at) AS at
            FROM stock_movement m LEFT JOIN orders_order s ON s.id = m.source_id) m
        JOIN stock_balance b USING (place_id, product_id)
        LEFT JOIN stock_movement o ON o.kind = 'opening' AND (o.place_id, o.product_id) = (m.place_id, m.product_id)
        GROUP BY m.place_id, m.product_id, b.on_hand, o.at, o.reason
        HAVING b.on_hand <> 0 OR bool_or(m.kind NOT IN ('sale', 'return', 'uncounted'))
    ) t {PLACE} {PRODUCT}""",
    "place.ref, product.ref",
)

STOCK_POLICIES = Query(
    {"place": "place.ref", "product": "product.ref", "channel": "t.channel", "quantity": quantity("t.quantity")},
    f"stock_policy t {PLACE} {PRODUCT}",
    "product.ref, place.ref NULLS FIRST, t.channel",
)

PARTNERS = Query(
    _same("ref", "name") | {"kind": "nullif(t.kind, '')", "country": "nullif(t.country, '')"},
    "partners_organisation t",
    "t.ref",
)
AGREEMENTS = Query(
    {
        "ref": "t.id",
        "partner": "o.ref",
        "commission": "trim_scale(t.commission / 10::numeric)::text",
        "losses": "t.losses",
    }
    | {
        name: f"(SELECT string_agg(x.ref, '|' ORDER BY x.ref) FROM {table} x WHERE x.id = ANY (t.{ids}))"
        for name, table, ids in (("entities", "places_entity", "entity_ids"), ("places", "places_place", "place_ids"))
    }
    | {"starts_at": moment("t.starts_at"), "ends_at": moment("t.ends_at")},
    "(SELECT * FROM partners_agreement WHERE commission IS NOT NULL) t"
    " JOIN partners_organisation o ON o.id = t.organisation_id",
    "t.id",
)
OWNED_GOODS = Query(
    {"place": "place.ref", "product": "product.ref", "agreement": "t.agreement_id"}
    | {
        "currency": "CASE WHEN t.value IS NOT NULL THEN entity.currency END",
        "value": amount("t.value", "entity.currency"),
    }
    | {"since": moment("t.since")},
    f"(SELECT * FROM stock_ownership WHERE until IS NULL) t {PLACE}"
    f" JOIN places_entity entity ON entity.id = place.entity_id {PRODUCT}",
    "place.ref, product.ref",
)
RECALLS = Query(
    {"product": "product.ref"}
    | _same("lot", "reason", "state")
    | {"started_at": moment("t.started_at"), "ended_at": moment("t.ended_at")},
    f"(SELECT * FROM stock_recall WHERE state <> 'lifted') t {PRODUCT}",
    "product.ref, t.lot",
)
# What has lots has a row in the opening too, since something came.
LOTS = Query(
    {"place": "place.ref", "product": "product.ref", "lot": "t.lot", "expires_on": "t.expires_on"}
    | {"quantity": quantity("t.on_hand")},
    f"(SELECT * FROM stock_lot WHERE on_hand > 0) t {PLACE} {PRODUCT}",
    "place.ref, product.ref, t.lot",
)

MASTER: dict[str, Query] = {
    "entities": ENTITIES,
    "places": PLACES,
    "place_hours": PLACE_HOURS,
    "categories": CATEGORIES,
    "products": PRODUCTS,
    "listings": LISTINGS,
    "tax_rates": TAX_RATES,
    "prices": PRICES,
    "costs": COSTS,
    "promotions": PROMOTIONS,
    "promotion_items": PROMOTION_ITEMS,
    "promotion_places": PROMOTION_PLACES,
    "coupons": COUPONS,
    "coupon_products": COUPON_PRODUCTS,
    "customers": CUSTOMERS,
    "contact_points": CONTACT_POINTS,
    "cards": CARDS,
    "merges": MERGES,
    "purposes": PURPOSES,
    "consents": CONSENTS,
    "stock": STOCK,
    "stock_policies": STOCK_POLICIES,
    "partners": PARTNERS,
    "agreements": AGREEMENTS,
    "owned_goods": OWNED_GOODS,
    "recalls": RECALLS,
    "lots": LOTS,
}
