"""Prices as a set: up to millions of rows, by one key of where, for whom and from when."""

from __future__ import annotations

from dataclasses import replace

from storeline.kernel.api import (
    Actor,
    Column,
    Keyed,
    LoadResult,
    Rule,
    good,
    ids_array,
    merge_keyed,
    now,
    run,
)
from storeline.pricing.loading.common import (
    CURRENCIES,
    too_fine,
    whole_amount,
    whole_base,
)
from storeline.pricing.permissions import WRITE

PRICES_IN = (
    "row bigint, product text, place text, zone text, channel text, member boolean, currency text, "
    "valid_from timestamptz, valid_to timestamptz, amount numeric, per bigint"
)
"""`amount` in main units of the currency (decimal, up to six decimals beyond its own), `per` thousandths."""

_JOINS = "LEFT JOIN catalog_product p ON p.ref = i.product LEFT JOIN places_place l ON l.ref = i.place"
_SAME = """
t.product_id = p.id AND t.place_id IS NOT DISTINCT FROM l.id AND t.valid_from = i.valid_from
AND t.member = coalesce(i.member, false) AND t.price_zone IS NOT DISTINCT FROM nullif(i.zone, '')
AND t.channel IS NOT DISTINCT FROM nullif(i.channel, '') AND t.currency = i.currency
"""
_AMOUNT = whole_amount("i.amount", "i.currency")
_BASE = whole_base("i.amount", "i.currency", "coalesce(i.per, 1000)")
_RULES = (
    Rule("product", "required", "nullif(i.product, '') IS NULL"),
    Rule("product", "there is no product with this ref", "i.product <> '' AND p.id IS NULL"),
    Rule("place", "there is no place with this ref", "i.place <> '' AND l.id IS NULL"),
    Rule("zone", "not together with a place", "i.zone <> '' AND i.place <> ''"),
    Rule("currency", "not an ISO 4217 code", f"(i.currency = ANY ('{CURRENCIES}')) IS NOT TRUE"),
    Rule("valid_from", "required", "i.valid_from IS NULL"),
    Rule("valid_to", "must lie after valid_from", "i.valid_to <= i.valid_from"),
    Rule("amount", "required", "i.amount IS NULL"),
    Rule("amount", "must not be negative", "i.amount < 0"),
    Rule("amount", "too large", "i.amount >= 1000000000"),
    Rule("amount", "too many decimals", too_fine("i.amount", "i.currency")),
    Rule("per", "must be above zero", "i.per <= 0"),
)


def _refuse_begun(_present: frozenset[str]) -> None:
    if not run("SELECT EXISTS (SELECT FROM pricing_price)").fetchall()[0][0]:
        return
    run(
        f"""
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'prices', i.row, 'amount', 'immutable: this price has begun; add one with a later valid_from'
FROM pg_temp.in_prices i {_JOINS} JOIN pricing_price t ON {_SAME}
WHERE {good("prices")} AND t.valid_from <= %s AND t.amount * ({_BASE})::numeric <> ({_AMOUNT})::numeric * t.base
""",
        [now()],
    )


_PRICES = Keyed(
    file="prices",
    declared=PRICES_IN,
    table="pricing_price",
    key=(
        Column("product_id", "p.id"),
        Column("place_id", "l.id"),
        Column("valid_from"),
        Column("price_zone", "nullif(i.zone, '')"),
        Column("channel", "nullif(i.channel, '')"),
        Column("member", "coalesce(i.member, false)"),
        Column("currency"),
    ),
    same="product, place, zone, channel, coalesce(member, false), currency, valid_from",
    told="product",
    rules=_RULES,
    columns=(Column("amount", _AMOUNT), Column("base", _BASE, source="amount"), Column("valid_to")),
    made=(Column("id", "uuidv7()"),),
    joins=_JOINS,
    settle=_refuse_begun,
)


def load_prices(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_prices`` (PRICES_IN) by product, place, zone, channel, member, currency and start.

    In the caller's transaction. What a price was is not rewritten: of a row whose time has begun
    only `valid_to` may change. Whoever sets prices of some places sets no others, and none that hold beyond a place.
    """
    actor.require(WRITE)
    own = actor.places_for(WRITE)
    if own is None:
        return merge_keyed(_PRICES)
    beyond = Rule("place", "you may not set prices there", f"(l.id = ANY ('{ids_array(own)}'::uuid[])) IS NOT TRUE")
    return merge_keyed(replace(_PRICES, rules=(*_RULES, beyond)))
