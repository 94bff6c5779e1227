"""Promotions, what they are about and where they run, as sets."""

from __future__ import annotations

from collections.abc import Callable

from storeline.kernel.api import (
    Actor,
    Column,
    Keyed,
    LoadResult,
    Rule,
    Target,
    merge,
    merge_keyed,
    run,
)
from storeline.pricing.loading.common import (
    DAY,
    OFFER_RULES,
    minutes,
    sql_minor_units,
    too_fine,
    value_rules,
    whole_amount,
    whole_base,
)
from storeline.pricing.permissions import PROMOTE

PROMOTIONS_IN = (
    "row bigint, ref text, name text, names jsonb, kind text, value numeric, per bigint, n integer, currency text, "
    "members_only boolean, channels text[], weekdays text[], from_time text, to_time text, starts_at timestamptz, "
    "ends_at timestamptz, funder text, priority integer, stackable boolean, exclusive boolean, max_uses integer, "
    "status text, everything boolean, everywhere boolean"
)
"""`value`: percent off, or an amount in main units for `per` thousandths, by `kind`: percentage, amount, fixed_price,
n_for_price, member_price (a fixed price for members only). `n` is the group size of `n_for_price`. Times are ``HH:MM``."""
PROMOTION_ITEMS_IN = "row bigint, promotion text, product text, category text, place text, value numeric, per bigint"
PROMOTION_PLACES_IN = "row bigint, promotion text, place text"

_KINDS = "percentage amount fixed_price n_for_price member_price"
_MONEY = "i.kind IN ('amount', 'fixed_price', 'n_for_price', 'member_price')"


def _kept(name: str, default: str, source: str = "") -> Column:
    """A column whose empty cell means the default."""
    return Column(name, f"coalesce(i.{source or name}, {default})", default, source)


_PROMOTIONS = Target(
    file="promotions",
    declared=PROMOTIONS_IN,
    table="pricing_promotion",
    kind="pricing.promotion",
    required=("ref", "name", "kind", "starts_at"),
    rules=(
        Rule("kind", f"not a kind: {_KINDS}", f"i.kind <> ALL ('{{{_KINDS.replace(' ', ',')}}}')"),
        Rule("currency", "required", f"{_MONEY} AND nullif(i.currency, '') IS NULL", "currency"),
        *OFFER_RULES,
        Rule("value", "too many decimals", f"{_MONEY} AND {too_fine('i.value', 'i.currency')}"),
        Rule(
            "value",
            "the price of a group is above zero, in whole minor units",
            f"i.kind = 'n_for_price' AND (i.value <= 0 OR i.value IS NULL"
            f" OR {sql_minor_units('i.value', 'i.currency')} <> trunc({sql_minor_units('i.value', 'i.currency')}))",
            "value",
        ),
        Rule("n", "required, from 1", "i.kind = 'n_for_price' AND coalesce(i.n, 0) < 1", "n"),
        Rule(
            "stackable",
            "not for groups, nor together with exclusive or max_uses",
            "i.stackable AND (i.kind = 'n_for_price' OR i.exclusive OR i.max_uses IS NOT NULL)",
        ),
        Rule("max_uses", "must be 1 or more", "i.max_uses < 1"),
        Rule("to_time", "from_time and to_time go together", "(i.from_time IS NULL) <> (i.to_time IS NULL)"),
        Rule("from_time", "must be before 24:00", f"{minutes('i.from_time')} >= {DAY}"),
        Rule("to_time", "from 00:01 to 24:00", f"{minutes('i.to_time')} NOT BETWEEN 1 AND {DAY}"),
        Rule("ends_at", "must not lie before starts_at", "i.ends_at < i.starts_at"),
        Rule(
            "status",
            "not one of draft scheduled cancelled",
            "i.status <> ALL ('{draft,scheduled,cancelled}')",
        ),
    ),
    columns=(
        Column("name"),
        Column("names", "coalesce(i.names, '{}')", "'{}'"),
        Column("kind", "CASE i.kind WHEN 'member_price' THEN 'fixed_price' ELSE i.kind END"),
        Column("currency", "nullif(i.currency, '')"),
        Column(
            "amount",
            f"CASE WHEN {_MONEY} THEN {whole_amount('i.value', 'i.currency')} END",
            source="value",
        ),
        Column(
            "base",
            f"CASE WHEN {_MONEY} AND i.value IS NOT NULL"
            f" THEN {whole_base('i.value', 'i.currency', 'coalesce(i.per, 1000)')} ELSE coalesce(i.per, 1000) END",
            "1000",
            "value",
        ),
        Column(
            "rate_ppm",
            "CASE WHEN i.kind = 'percentage' THEN (i.value * 10000)::int END",
            source="value",
        ),
        Column("group_size", "CASE WHEN i.kind = 'n_for_price' THEN i.n END", source="n"),
        Column(
            "member_only",
            "coalesce(i.members_only, false) OR i.kind = 'member_price'",
            "i.kind = 'member_price'",
            "members_only",
            "t.member_only OR i.kind = 'member_price'",
        ),
        Column("channels", "nullif(i.channels, '{}')"),
        Column(
            "weekdays",
            "(SELECT array_agg(DISTINCT day::smallint ORDER BY day::smallint) FROM unnest(i.weekdays) AS day)",
        ),
        Column("from_minute", minutes("i.from_time"), source="from_time"),
        Column("to_minute", minutes("i.to_time"), source="to_time"),
        Column("starts_at"),
        Column("ends_at"),
        _kept("funder", "'retailer'"),
        _kept("priority", "0"),
        _kept("stackable", "false"),
        _kept("exclusive", "false"),
        Column("max_uses"),
        Column("state", "coalesce(i.status, 'scheduled')", "'scheduled'", "status"),
        Column("everything", "coalesce(i.everything, t.everything, true)", "true"),
        Column("everywhere", "coalesce(i.everywhere, t.everywhere, true)", "true"),
    ),
)


def load_promotions(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_promotions`` (PROMOTIONS_IN) by ref, in the caller's transaction; new ones are scheduled."""
    actor.require(PROMOTE)
    return merge(_PROMOTIONS).result


_ITEM_JOINS = """
LEFT JOIN pricing_promotion m ON m.ref = i.promotion LEFT JOIN catalog_product p ON p.ref = i.product
LEFT JOIN catalog_category c ON c.ref = i.category LEFT JOIN places_place l ON l.ref = i.place
"""
_ITEM_RULES = (
    Rule("promotion", "there is no promotion with this ref", "m.id IS NULL"),
    Rule("product", "there is no product with this ref", "i.product <> '' AND p.id IS NULL"),
    Rule("category", "there is no category with this ref", "i.category <> '' AND c.id IS NULL"),
    Rule(
        "product",
        "either a product or a category",
        "(nullif(i.product, '') IS NULL) = (nullif(i.category, '') IS NULL)",
    ),
    Rule("place", "there is no place with this ref", "i.place <> '' AND l.id IS NULL"),
    Rule(
        "value",
        "required: the promotion has none of its own",
        "i.value IS NULL AND m.amount IS NULL AND m.rate_ppm IS NULL AND m.id IS NOT NULL",
    ),
    *value_rules("m.kind"),
    Rule(
        "value",
        "too many decimals",
        f"m.kind <> 'percentage' AND {too_fine('i.value', 'm.currency')}",
    ),
    Rule(
        "value",
        "the price of a group is above zero, in whole minor units",
        f"m.kind = 'n_for_price' AND (i.value <= 0"
        f" OR {sql_minor_units('i.value', 'm.currency')} <> trunc({sql_minor_units('i.value', 'm.currency')}))",
    ),
)
_ITEM_MONEY = "m.kind <> 'percentage' AND i.value IS NOT NULL"


def _list(promotions: str, flag: str) -> Callable[[frozenset[str]], None]:
    """A promotion that the file names, be its rows good or not, no longer has this flag."""

    def settle(_present: frozenset[str]) -> None:
        run(f"""UPDATE pricing_promotion m SET {flag} = false
            FROM (SELECT DISTINCT promotion FROM pg_temp.in_{promotions}) i WHERE m.ref = i.promotion AND m.{flag}""")

    return settle


_ITEMS = Keyed(
    file="promotion_items",
    declared=PROMOTION_ITEMS_IN,
    table="pricing_promotion_target",
    key=(
        Column("promotion_id", "m.id"),
        Column("product_id", "p.id"),
        Column("category_id", "c.id"),
        Column("place_id", "l.id"),
    ),
    same="promotion, coalesce(product, ''), coalesce(category, ''), coalesce(place, '')",
    told="promotion",
    rules=_ITEM_RULES,
    columns=(
        Column("amount", f"CASE WHEN {_ITEM_MONEY} THEN {whole_amount('i.value', 'm.currency')} END", source="value"),
        Column(
            "base",
            f"CASE WHEN {_ITEM_MONEY} THEN {whole_base('i.value', 'm.currency', 'coalesce(i.per, 1000)')} END",
            source="value",
        ),
        Column("rate_ppm", "CASE WHEN m.kind = 'percentage' THEN (i.value * 10000)::int END", source="value"),
    ),
    joins=_ITEM_JOINS,
    settle=_list("promotion_items", "everything"),
)


def load_promotion_items(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_promotion_items`` (PROMOTION_ITEMS_IN), in the caller's transaction.

    A promotion that has items, good or refused, is no longer about everything.
    """
    actor.require(PROMOTE)
    return merge_keyed(_ITEMS)


_PLACES = Keyed(
    file="promotion_places",
    declared=PROMOTION_PLACES_IN,
    table="pricing_promotion_place",
    key=(Column("promotion_id", "m.id"), Column("place_id", "l.id")),
    same="promotion, place",
    told="promotion",
    rules=(
        Rule("promotion", "there is no promotion with this ref", "m.id IS NULL"),
        Rule("place", "there is no place with this ref", "l.id IS NULL"),
    ),
    joins="LEFT JOIN pricing_promotion m ON m.ref = i.promotion LEFT JOIN places_place l ON l.ref = i.place",
    settle=_list("promotion_places", "everywhere"),
)


def load_promotion_places(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_promotion_places`` (PROMOTION_PLACES_IN), in the caller's transaction.

    A promotion that has places, good or refused, no longer runs everywhere.
    """
    actor.require(PROMOTE)
    return merge_keyed(_PLACES)
