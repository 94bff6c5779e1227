"""Coupons, what they are for, and their history, as sets."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from storeline.kernel.api import (
    Actor,
    Column,
    Keyed,
    LoadResult,
    Merged,
    Rule,
    Target,
    all_columns,
    good,
    ids_array,
    merge,
    merge_keyed,
    refuse_rows,
    refuse_same,
    run,
    staged_result,
)
from storeline.loyalty.locks import lock_counts
from storeline.loyalty.permissions import WRITE
from storeline.pricing.api import OFFER_RULES, sql_minor_units

COUPONS_IN = (
    "row bigint, ref text, name text, names jsonb, kind text, value numeric, per bigint, currency text, funder text, "
    "min_spend numeric, valid_from timestamptz, valid_to timestamptz, max_uses integer, max_uses_per_customer integer, "
    "stackable boolean, everything boolean"
)
"""`value`: percent off, or an amount in main units (none: known from history only). `kind`: percentage, amount
off the goods together, fixed_price of `per` thousandths of one product."""
COUPON_PRODUCTS_IN = "row bigint, coupon text, product text, category text"
COUPON_REDEMPTIONS_IN = (
    "row bigint, ref text, coupon text, customer text, order_id uuid, redeemed_at timestamptz, amount bigint"
)
"""`order_id` is the order's id where it is known, `amount` minor units."""

_MONEY = "i.kind IN ('amount', 'fixed_price')"


def _whole(name: str) -> str:
    return f"{sql_minor_units(f'i.{name}', 'i.currency')} <> trunc({sql_minor_units(f'i.{name}', 'i.currency')})"


_COUPONS = Target(
    file="coupons",
    declared=COUPONS_IN,
    table="loyalty_coupon",
    kind="loyalty.coupon",
    required=("ref", "name", "kind", "valid_from"),
    rules=(
        Rule(
            "kind",
            "not a kind: percentage amount fixed_price",
            "i.kind <> ALL ('{percentage,amount,fixed_price}')",
        ),
        Rule(
            "currency",
            "required",
            f"(({_MONEY} AND i.value IS NOT NULL) OR i.min_spend > 0) AND nullif(i.currency, '') IS NULL",
            "currency",
        ),
        *OFFER_RULES,
        Rule("value", "too many decimals", f"{_MONEY} AND {_whole('value')}"),
        Rule("min_spend", "must not be negative", "i.min_spend < 0"),
        Rule("min_spend", "too many decimals", _whole("min_spend")),
        Rule("valid_to", "must lie after valid_from", "i.valid_to <= i.valid_from"),
        Rule("max_uses", "must not be negative", "i.max_uses < 0"),
        Rule("max_uses_per_customer", "must be 1 or more", "i.max_uses_per_customer < 1"),
    ),
    columns=(
        Column("name"),
        Column("names", "coalesce(i.names, '{}')", "'{}'"),
        Column("kind"),
        Column("currency", "nullif(i.currency, '')"),
        Column(
            "amount",
            f"CASE WHEN {_MONEY} THEN {sql_minor_units('i.value', 'i.currency')}::bigint END",
            source="value",
        ),
        Column(
            "rate_ppm",
            "CASE WHEN i.kind = 'percentage' THEN (i.value * 10000)::int END",
            source="value",
        ),
        Column("funder", "coalesce(nullif(i.funder, ''), 'retailer')", "'retailer'"),
        Column(
            "min_spend",
            f"coalesce({sql_minor_units('i.min_spend', 'i.currency')}, 0)::bigint",
            "0",
        ),
        Column("valid_from"),
        Column("valid_to"),
        Column("total_limit", "i.max_uses", source="max_uses"),
        Column("per_member_limit", "i.max_uses_per_customer", source="max_uses_per_customer"),
        Column("stackable", "coalesce(i.stackable, true)", "true"),
        Column("base", "coalesce(i.per, 1000)", "1000", "per"),
        Column("everything", "coalesce(i.everything, t.everything, true)", "true"),
    ),
)


def load_coupons(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_coupons`` (COUPONS_IN) by ref, in the caller's transaction."""
    actor.require_everywhere(WRITE)
    return merge_coupons().result


def merge_coupons() -> Merged:
    """Merge the staged coupons and bring their count rows into line."""
    merged = merge(_COUPONS)
    recount(merged.changed())
    return merged


_RECOUNT = """
WITH stands AS (
  SELECT r.coupon_id, r.member_id, count(*) AS uses FROM loyalty_redemption r
  WHERE r.coupon_id = ANY (%(ids)s::uuid[]) AND r.released_at IS NULL GROUP BY r.coupon_id, r.member_id
), wanted AS (
  SELECT c.id, c.id AS coupon_id, NULL::uuid AS member_id, c.total_limit AS at_most,
         coalesce((SELECT sum(s.uses) FROM stands s WHERE s.coupon_id = c.id), 0)::int AS redeemed
  FROM loyalty_coupon c WHERE c.id = ANY (%(ids)s::uuid[]) AND c.total_limit IS NOT NULL
  UNION ALL
  SELECT kernel_source_id('loyalty.coupon_count', c.id || ':' || s.member_id, NULL), c.id, s.member_id,
         c.per_member_limit, s.uses::int
  FROM loyalty_coupon c JOIN stands s ON s.coupon_id = c.id
  WHERE c.per_member_limit IS NOT NULL AND s.member_id IS NOT NULL
), gone AS (
  DELETE FROM loyalty_coupon_count n WHERE n.coupon_id = ANY (%(ids)s::uuid[])
  AND NOT EXISTS (SELECT FROM wanted w WHERE w.id = n.id)
)
INSERT INTO loyalty_coupon_count AS n (id, coupon_id, member_id, redeemed, at_most, overrun)
SELECT w.id, w.coupon_id, w.member_id, w.redeemed, w.at_most, greatest(0, w.redeemed - w.at_most) FROM wanted w
ORDER BY w.coupon_id, w.member_id NULLS FIRST
ON CONFLICT (id) DO UPDATE
SET redeemed = excluded.redeemed, at_most = excluded.at_most, overrun = excluded.overrun
"""


def recount(coupon_ids: Iterable[UUID]) -> None:
    """Make the count rows of these coupons what their redemptions and limits say.

    Waits for uses under way (they hold the count rows, or the coupon by their foreign key) and keeps others out.
    """
    ids = sorted(coupon_ids)
    if not ids:
        return
    lock_counts(ids)
    array = ids_array(ids)
    run("SELECT FROM loyalty_coupon WHERE id = ANY (%s::uuid[]) ORDER BY id FOR UPDATE", [array])
    run(_RECOUNT, {"ids": array})


_PRODUCT_JOINS = """
LEFT JOIN loyalty_coupon c ON c.ref = i.coupon LEFT JOIN catalog_product p ON p.ref = i.product
LEFT JOIN catalog_category g ON g.ref = i.category
"""
_PRODUCT_RULES = (
    Rule("coupon", "there is no coupon with this ref", "c.id IS NULL"),
    Rule("product", "there is no product with this ref", "i.product <> '' AND p.id IS NULL"),
    Rule("category", "there is no category with this ref", "i.category <> '' AND g.id IS NULL"),
    Rule(
        "product",
        "either a product or a category",
        "(nullif(i.product, '') IS NULL) = (nullif(i.category, '') IS NULL)",
    ),
)


def _list_products(_present: frozenset[str]) -> None:
    run("""UPDATE loyalty_coupon c SET everything = false
        FROM (SELECT DISTINCT coupon FROM pg_temp.in_coupon_products) i WHERE c.ref = i.coupon AND c.everything""")


_PRODUCTS = Keyed(
    file="coupon_products",
    declared=COUPON_PRODUCTS_IN,
    table="loyalty_coupon_target",
    key=(Column("coupon_id", "c.id"), Column("product_id", "p.id"), Column("category_id", "g.id")),
    same="coupon, coalesce(product, ''), coalesce(category, '')",
    told="coupon",
    rules=_PRODUCT_RULES,
    joins=_PRODUCT_JOINS,
    settle=_list_products,
)


def load_coupon_products(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_coupon_products`` (COUPON_PRODUCTS_IN), in the caller's transaction.

    A coupon that has products, good or refused, is no longer for the whole basket.
    """
    actor.require_everywhere(WRITE)
    return merge_keyed(_PRODUCTS)


_USE_JOINS = """
LEFT JOIN loyalty_coupon c ON c.ref = i.coupon LEFT JOIN customers_customer m ON m.ref = i.customer
LEFT JOIN loyalty_redemption t ON t.ref = i.ref
"""
# Whoever was erased is nobody, whatever an old file says.
_MEMBER = "CASE WHEN m.erased_at IS NULL THEN m.id END"
_USE_RULES = (
    Rule("ref", "required", "nullif(i.ref, '') IS NULL"),
    Rule("coupon", "there is no coupon with this ref", "c.id IS NULL"),
    Rule("customer", "there is no customer with this ref", "i.customer <> '' AND m.id IS NULL"),
    Rule("redeemed_at", "required", "i.redeemed_at IS NULL"),
    Rule("amount", "must not be negative", "i.amount < 0"),
    Rule(
        "ref",
        "immutable: this redemption came before with other contents",
        "t.id IS NOT NULL AND (t.coupon_id, t.member_id, t.order_id, t.at, t.amount)"
        f" IS DISTINCT FROM (c.id, {_MEMBER}, i.order_id, i.redeemed_at, i.amount)",
    ),
)
_USE_INSERT = f"""
INSERT INTO loyalty_redemption (id, ref, order_id, seq, coupon_id, member_id, amount, at)
SELECT kernel_source_id('loyalty.redemption', i.ref, i.redeemed_at), i.ref, i.order_id, 1, c.id, {_MEMBER}, i.amount,
       i.redeemed_at
FROM pg_temp.in_coupon_redemptions i {_USE_JOINS} WHERE {good("coupon_redemptions")} AND t.id IS NULL
ORDER BY i.redeemed_at, i.ref
RETURNING coupon_id
"""


def load_coupon_redemptions(*, actor: Actor) -> LoadResult:
    """Add ``pg_temp.in_coupon_redemptions`` (COUPON_REDEMPTIONS_IN) by ref, in the caller's transaction.

    What happened is taken even beyond a coupon's limits; nothing is left for live uses then.
    """
    actor.require_everywhere(WRITE)
    with all_columns("coupon_redemptions", COUPON_REDEMPTIONS_IN):
        refuse_rows("coupon_redemptions", _USE_RULES, _USE_JOINS)
        refuse_same("coupon_redemptions", "ref", "ref")
        written = [row[0] for row in run(_USE_INSERT).fetchall()]
    recount(set(written))
    return staged_result("coupon_redemptions", len(written), 0)
