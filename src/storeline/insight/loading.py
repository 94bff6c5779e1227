"""What products cost the retailer, as a set: without it margins are not known."""

from __future__ import annotations

from storeline.insight.permissions import COST
from storeline.kernel.api import Actor, Column, Keyed, LoadResult, Rule, good, merge_keyed, run
from storeline.pricing.api import CURRENCIES, too_fine, whole_amount, whole_base

COSTS_IN = "row bigint, product text, entity text, currency text, valid_from date, amount numeric, per bigint"
"""`amount` in main units of the currency (decimal, up to six decimals beyond its own), `per` thousandths."""

_RULES = (
    Rule("product", "required", "nullif(i.product, '') IS NULL"),
    Rule("product", "there is no product with this ref", "i.product <> '' AND p.id IS NULL"),
    Rule("entity", "required", "nullif(i.entity, '') IS NULL"),
    Rule("entity", "there is no legal entity with this ref", "i.entity <> '' AND e.id IS NULL"),
    Rule("currency", "not an ISO 4217 code", f"(i.currency = ANY ('{CURRENCIES}')) IS NOT TRUE"),
    Rule("valid_from", "required", "i.valid_from IS NULL"),
    Rule("amount", "required", "i.amount IS NULL"),
    Rule("amount", "must not be negative", "i.amount < 0"),
    Rule("amount", "too large", "i.amount >= 1000000000"),
    Rule("amount", "too many decimals", too_fine("i.amount", "i.currency")),
    Rule("per", "must be above zero", "i.per <= 0"),
)
_COSTS = Keyed(
    file="costs",
    declared=COSTS_IN,
    table="insight_cost",
    key=(
        Column("product_id", "p.id"),
        Column("entity_id", "e.id"),
        Column("currency"),
        Column("valid_from"),
    ),
    same="product, entity, currency, valid_from",
    told="product",
    rules=_RULES,
    columns=(
        Column("amount", whole_amount("i.amount", "i.currency")),
        Column("base", whole_base("i.amount", "i.currency", "coalesce(i.per, 1000)"), source="amount"),
    ),
    joins="LEFT JOIN catalog_product p ON p.ref = i.product LEFT JOIN places_entity e ON e.ref = i.entity",
)
# A cost counts from its day on, so that is where figures may change.
_TOUCH = f"""
INSERT INTO insight_touched (place_id, day)
SELECT DISTINCT o.place_id, o.business_date FROM orders_order o
WHERE o.business_date >= (SELECT min(i.valid_from) FROM pg_temp.in_costs i WHERE {good("costs")})
"""


def load_costs(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_costs`` (COSTS_IN) by product, entity, currency and first day, in the caller's transaction.

    Days of trade from the earliest of them on are folded anew.
    """
    actor.require(COST)
    result = merge_keyed(_COSTS)
    if result.inserted or result.updated:
        run(_TOUCH)
    return result
