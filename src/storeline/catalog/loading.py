"""Categories, products and listings that come as a set, from a file or a bulk upsert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from storeline.catalog.domain import ALLERGENS, MAX_NAME, STATUSES, TEMPERATURES, UNITS
from storeline.catalog.permissions import WRITE
from storeline.catalog.search.index import refresh
from storeline.kernel.api import (
    Actor,
    Column,
    Keyed,
    LoadResult,
    Merged,
    Rule,
    Target,
    Verdict,
    bulk,
    good,
    merge,
    merge_keyed,
    run,
    staged_columns,
)

CATEGORIES_IN = "row bigint, ref text, name text, names jsonb, parent text, position integer"
PRODUCTS_IN = (
    "row bigint, ref text, name text, names jsonb, description text, descriptions jsonb, category text, brand text, "
    "manufacturer text, unit text, by_weight boolean, catch_weight boolean, temperature text, "
    "shelf_life_days integer, allergens text[], gtins text[], tax_class text, deposit_product text, "
    "content_quantity bigint, content_unit text, pictures text[], service boolean, status text, till_only boolean, "
    "age_limit integer"
)
"""`content_quantity` in thousandths; `pictures` are addresses, each with the credit after a space."""
LISTINGS_IN = "row bigint, place text, product text, starts_on date, ends_on date"

_DEEPEST = 30
_MANY = 1_000


def _text(name: str, default: str = "") -> Column:
    return Column(name, f"coalesce(nullif(i.{name}, ''), '{default}')", f"'{default}'")


def _flag(name: str) -> Column:
    return Column(name, f"coalesce(i.{name}, false)", "false")


def _one_of(name: str, allowed: Sequence[str]) -> Rule:
    return Rule(
        name, f"must be one of: {' '.join(allowed)}", f"nullif(i.{name}, '') <> ALL ('{{{','.join(allowed)}}}'::text[])"
    )


def _refuse_unknown(file: str, table: str, column: str, reason: str) -> None:
    """Refuse rows that name a row neither there nor good in this file, and then the rows that name those."""
    while run(f"""
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT '{file}', i.row, '{column}', '{reason}' FROM pg_temp.in_{file} i
WHERE nullif(i.{column}, '') IS NOT NULL AND {good(file)}
  AND NOT EXISTS (SELECT FROM {table} o WHERE o.ref = i.{column})
  AND NOT EXISTS (
    SELECT FROM pg_temp.in_{file} o WHERE o.ref = i.{column}
      AND NOT EXISTS (SELECT FROM pg_temp.in_error x WHERE x.file = '{file}' AND x.row = o.row))
""").rowcount:
        pass


def _settle_categories(present: frozenset[str]) -> None:
    if "parent" not in present:
        return
    run(f"""
WITH RECURSIVE link (ref, parent) AS (
  SELECT i.ref, nullif(i.parent, '') FROM pg_temp.in_categories i WHERE {good("categories")}
  UNION ALL
  SELECT c.ref, p.ref FROM catalog_category c LEFT JOIN catalog_category p ON p.id = c.parent_id
  WHERE NOT EXISTS (SELECT FROM pg_temp.in_categories i WHERE i.ref = c.ref AND {good("categories")})
), walk (start, parent, depth) AS (
  SELECT ref, parent, 1 FROM link
  UNION ALL
  SELECT w.start, l.parent, w.depth + 1 FROM walk w JOIN link l ON l.ref = w.parent WHERE w.depth <= {_DEEPEST}
)
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'categories', i.row, 'parent', 'a category cannot be below itself, nor deeper than {_DEEPEST} levels'
FROM pg_temp.in_categories i
WHERE i.ref IN (SELECT start FROM walk WHERE depth > {_DEEPEST} AND parent IS NOT NULL) AND {good("categories")}
""")
    _refuse_unknown("categories", "catalog_category", "parent", "there is no category with this ref")


_GTINS = """
CREATE TEMP TABLE in_gtins ON COMMIT DROP AS
SELECT DISTINCT i.row, i.ref, g.code, lpad(replace(g.code, ' ', ''), 14, '0') AS gtin,
       length(replace(g.code, ' ', '')) AS size
FROM pg_temp.in_products i, unnest(i.gtins) AS g (code)
"""
_BAD_GTINS = f"""
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'products', row, 'gtins', code || ' is not a GTIN: 8, 12, 13 or 14 digits with their check digit'
FROM pg_temp.in_gtins WHERE size NOT IN (8, 12, 13, 14) OR NOT places_gs1_ok(gtin)
UNION ALL
SELECT 'products', g.row, 'gtins', g.code || ' is the code of another product: ' || p.ref
FROM pg_temp.in_gtins g JOIN catalog_gtin o ON o.gtin = g.gtin JOIN catalog_product p ON p.id = o.product_id
WHERE p.ref <> g.ref
UNION ALL
SELECT 'products', row, 'gtins', code || ' came before in this file'
FROM (SELECT g.row, g.code, dense_rank() OVER (PARTITION BY g.gtin ORDER BY g.row) AS time FROM pg_temp.in_gtins g
      JOIN pg_temp.in_products i ON i.row = g.row WHERE {good("products")}) g
WHERE time > 1
"""
_PUT_GTINS = f"""
WITH kept AS MATERIALIZED (
  SELECT i.row, i.ref, p.id FROM pg_temp.in_products i JOIN catalog_product p ON p.ref = i.ref WHERE {good("products")}
), gone AS (
  DELETE FROM catalog_gtin o USING kept k WHERE o.product_id = k.id
    AND NOT EXISTS (SELECT FROM pg_temp.in_gtins g WHERE g.row = k.row AND g.gtin = o.gtin)
  RETURNING o.product_id
), come AS (
  INSERT INTO catalog_gtin (gtin, product_id)
  SELECT DISTINCT g.gtin, k.id FROM pg_temp.in_gtins g JOIN kept k ON k.row = g.row ORDER BY 1
  ON CONFLICT DO NOTHING RETURNING product_id
)
SELECT k.ref, k.id FROM kept k
WHERE k.id IN (SELECT product_id FROM gone UNION ALL SELECT product_id FROM come)
"""


def _settle_products(present: frozenset[str]) -> None:
    _refuse_unknown("products", "catalog_product", "deposit_product", "there is no product with this ref")
    if "gtins" in present:
        run("DROP TABLE IF EXISTS pg_temp.in_gtins")
        run(_GTINS)
        run("ANALYZE pg_temp.in_gtins")
        run(_BAD_GTINS)
        _refuse_unknown("products", "catalog_product", "deposit_product", "there is no product with this ref")


_CATEGORIES = Target(
    file="categories",
    declared=CATEGORIES_IN,
    table="catalog_category",
    kind="catalog.category",
    joins="LEFT JOIN catalog_category u ON u.ref = nullif(i.parent, '')",
    settle=_settle_categories,
    required=("ref", "name"),
    rules=(Rule("name", f"at most {MAX_NAME} characters", f"length(i.name) > {MAX_NAME}"),),
    columns=(
        Column("name"),
        Column("names", "coalesce(i.names, '{}')", "'{}'"),
        Column(
            "parent_id",
            "coalesce(u.id, kernel_source_id('catalog.category', nullif(i.parent, ''), NULL))",
            source="parent",
        ),
        Column("position", "coalesce(i.position, 0)", "0"),
        Column("path", "coalesce(t.path, '')", source="ref"),
    ),
)

_PRODUCTS = Target(
    file="products",
    declared=PRODUCTS_IN,
    table="catalog_product",
    kind="catalog.product",
    joins="""
LEFT JOIN catalog_category c ON c.ref = nullif(i.category, '')
LEFT JOIN catalog_product d ON d.ref = nullif(i.deposit_product, '')
""",
    settle=_settle_products,
    required=("ref", "name"),
    rules=(
        Rule("name", f"at most {MAX_NAME} characters", f"length(i.name) > {MAX_NAME}"),
        Rule(
            "names",
            f"at most {MAX_NAME} characters each",
            f"EXISTS (SELECT FROM jsonb_each_text(i.names) n WHERE length(n.value) > {MAX_NAME})",
        ),
        Rule("brand", f"at most {MAX_NAME} characters", f"length(i.brand) > {MAX_NAME}"),
        Rule("category", "there is no category with this ref", "nullif(i.category, '') IS NOT NULL AND c.id IS NULL"),
        _one_of("unit", UNITS),
        Rule("unit", "immutable: what its quantities count", "coalesce(nullif(i.unit, ''), t.unit) <> t.unit"),
        Rule(
            "by_weight",
            "something sold each has no weight",
            "i.by_weight AND coalesce(nullif(i.unit, ''), t.unit, 'each') = 'each'",
        ),
        Rule(
            "catch_weight",
            "only what is sold by weight",
            "i.catch_weight AND NOT coalesce(i.by_weight, t.by_weight, false)",
        ),
        _one_of("temperature", TEMPERATURES),
        Rule("shelf_life_days", "must not be negative", "i.shelf_life_days < 0"),
        Rule(
            "allergens",
            f"must be among: {' '.join(ALLERGENS)}",
            f"NOT i.allergens <@ '{{{','.join(ALLERGENS)}}}'::text[]",
        ),
        Rule("content_quantity", "must be more than nothing", "i.content_quantity <= 0"),
        Rule(
            "content_unit",
            "a content needs both quantity and unit",
            "(i.content_quantity IS NULL) <> (nullif(i.content_unit, '') IS NULL)",
        ),
        _one_of("content_unit", UNITS),
        Rule(
            "pictures",
            "must be addresses that begin with http:// or https://, or paths that begin with /",
            "EXISTS (SELECT FROM unnest(i.pictures) u WHERE u !~ '^(https?:/)?/')",
        ),
        _one_of("status", STATUSES),
        Rule("age_limit", "must be from 1 to 99", "NOT i.age_limit BETWEEN 1 AND 99"),
    ),
    columns=(
        Column("name"),
        Column("names", "coalesce(i.names, '{}')", "'{}'"),
        _text("description"),
        Column("descriptions", "coalesce(i.descriptions, '{}')", "'{}'"),
        Column("category_id", "c.id", source="category"),
        _text("brand"),
        _text("manufacturer"),
        _text("unit", "each"),
        _flag("by_weight"),
        _flag("catch_weight"),
        _text("temperature", "ambient"),
        Column("shelf_life_days"),
        Column("allergens", "coalesce(i.allergens, '{}')", "'{}'"),
        _text("tax_class", "standard"),
        Column(
            "deposit_product_id",
            "coalesce(d.id, kernel_source_id('catalog.product', nullif(i.deposit_product, ''), NULL))",
            source="deposit_product",
        ),
        Column("content_quantity"),
        Column("content_unit", "nullif(i.content_unit, '')"),
        Column("pictures", "catalog_pictures(i.pictures)", "'[]'"),
        _flag("service"),
        _text("status", "active"),
        Column("online", "NOT coalesce(i.till_only, false)", "true", source="till_only"),
        Column("age_limit"),
    ),
)

# A path is the ids from the root down; a category that moved takes its subtree along.
_PATHS = """
WITH RECURSIVE tree (id, path) AS (
  SELECT id, replace(id::text, '-', '')::ltree FROM catalog_category WHERE parent_id IS NULL
  UNION ALL
  SELECT c.id, t.path || replace(c.id::text, '-', '') FROM catalog_category c JOIN tree t ON c.parent_id = t.id
)
UPDATE catalog_category c SET path = t.path FROM tree t WHERE t.id = c.id AND c.path <> t.path
"""


def load_categories(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_categories`` (CATEGORIES_IN) by ref, in the caller's transaction."""
    actor.require_everywhere(WRITE)
    return _merge_categories().result


def load_products(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_products`` (PRODUCTS_IN) by ref, with codes and search index, in the caller's transaction."""
    actor.require_everywhere(WRITE)
    return _merge_products().result


def upsert_categories(items: Sequence[Mapping[str, Any]], *, actor: Actor) -> tuple[Verdict, ...]:
    """Create or change up to 1,000 categories by `ref`; fields as in CATEGORIES_IN. Each gets its own verdict."""
    actor.require_everywhere(WRITE)
    return bulk("categories", CATEGORIES_IN, items, _merge_categories)


def upsert_products(items: Sequence[Mapping[str, Any]], *, actor: Actor) -> tuple[Verdict, ...]:
    """Create or change up to 1,000 products by `ref`; fields as in PRODUCTS_IN. Each gets its own verdict."""
    actor.require_everywhere(WRITE)
    return bulk("products", PRODUCTS_IN, items, _merge_products)


def _merge_categories() -> Merged:
    merged = merge(_CATEGORIES)
    if merged.changed():
        run(_PATHS)
    return merged


def _merge_products() -> Merged:
    merged = merge(_PRODUCTS)
    if len(merged.changed()) > _MANY:
        run("ANALYZE catalog_product")  # the planner has not seen these rows yet
    if "gtins" in staged_columns("products"):
        merged = _with_codes(merged)
    refresh(merged.changed())
    return merged


def _with_codes(merged: Merged) -> Merged:
    """Write the codes of the merged products; a product whose codes alone changed counts as updated."""
    written = merged.inserted.keys() | merged.updated.keys()
    others = {ref: key for ref, key in run(_PUT_GTINS).fetchall() if ref not in written}
    result = replace(
        merged.result, updated=merged.result.updated + len(others), unchanged=merged.result.unchanged - len(others)
    )
    return replace(merged, updated=merged.updated | others, result=result)


_LISTINGS = Keyed(
    file="listings",
    declared=LISTINGS_IN,
    table="catalog_listing",
    key=(Column("place_id", "l.id"), Column("product_id", "p.id")),
    same="place, product",
    told="product",
    rules=(
        Rule("place", "there is no place with this ref", "l.id IS NULL"),
        Rule("product", "there is no product with this ref", "p.id IS NULL"),
        Rule("ends_on", "must not lie before starts_on", "i.ends_on < i.starts_on"),
    ),
    columns=(Column("starts_on"), Column("ends_on")),
    joins="LEFT JOIN places_place l ON l.ref = i.place LEFT JOIN catalog_product p ON p.ref = i.product",
)


def load_listings(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_listings`` (LISTINGS_IN) by place and product, in the caller's transaction."""
    actor.require(WRITE)
    return merge_keyed(_LISTINGS)
