"""Tax rates as a set."""

from __future__ import annotations

from storeline.kernel.api import Actor, Column, Forbidden, Keyed, LoadResult, Rule, merge_keyed
from storeline.pricing.permissions import WRITE

TAX_RATES_IN = "row bigint, regime text, tax_class text, region text, valid_from date, rate numeric, included boolean"
"""`rate` in percent, at most four decimals; `valid_from` is a local day."""

_RULES = (
    Rule("regime", "required", "nullif(i.regime, '') IS NULL"),
    Rule("tax_class", "required", "nullif(i.tax_class, '') IS NULL"),
    Rule("valid_from", "required", "i.valid_from IS NULL"),
    Rule("rate", "required", "i.rate IS NULL"),
    Rule("rate", "must lie between 0 and 1000 percent", "NOT i.rate BETWEEN 0 AND 1000"),
    Rule("rate", "at most four decimals", "i.rate <> round(i.rate, 4)"),
    Rule(
        "included",
        "must be the same for the whole regime",
        "coalesce(i.included, false) <> first.included",
    ),
)
_FIRST = """
LEFT JOIN LATERAL (
  SELECT coalesce(o.included, false) AS included FROM pg_temp.in_tax_rates o WHERE o.regime = i.regime ORDER BY o.row LIMIT 1
) first ON true
"""
_TAX_RATES = Keyed(
    file="tax_rates",
    declared=TAX_RATES_IN,
    table="pricing_tax_rate",
    key=(
        Column("regime"),
        Column("region", "coalesce(i.region, '')"),
        Column("class", "i.tax_class"),
        Column("valid_from"),
    ),
    same="regime, tax_class, coalesce(region, ''), valid_from",
    told="regime",
    rules=_RULES,
    columns=(
        Column("rate_ppm", "(i.rate * 10000)::int", source="rate"),
        Column("inclusive", "coalesce(i.included, false)", source="included"),
    ),
    joins=_FIRST,
)


def load_tax_rates(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_tax_rates`` (TAX_RATES_IN) by regime, class, region and day, in the caller's transaction.

    A rate holds for all places of its regime: who may change some places' prices only may not change it.
    """
    actor.require(WRITE)
    if actor.places_for(WRITE) is not None:
        raise Forbidden(f"This needs the permission {WRITE} everywhere.", permission=WRITE)
    return merge_keyed(_TAX_RATES)
