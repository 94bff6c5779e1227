"""Reads of the catalogue."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from storeline.catalog.domain import (
    Elements,
    Measured,
    MeasureRule,
    ProductFacts,
    normal_gtin,
    parse_elements,
    parse_measured,
    quantity_of_weight,
)
from storeline.catalog.errors import CategoryNotFound, ProductNotFound
from storeline.kernel.api import QUANTITY_ONE, Invalid, Pending, Row, ids_array, later, reading, run

MAX_PAGE = 200
MAX_CATEGORIES = 1000
FACTS = """p.id, p.ref, p.name, p.names, p.brand, p.category_id, coalesce(c.path::text, ''), p.unit, p.by_weight,
       p.catch_weight, p.temperature, p.shelf_life_days, p.allergens, p.deposit_product_id, p.tax_class,
       p.content_quantity, p.content_unit, p.service, p.sellable, p.online, p.age_limit"""
"""The columns that `product_facts` reads, of a product `p` and its category `c`."""
_FACTS = f"""
SELECT {FACTS} FROM catalog_product p LEFT JOIN catalog_category c ON c.id = p.category_id
"""
# A page of what lies under a category: so many of each category below it, along the index, and of these the first. However
# large a department is, no more than a page of each of its parts is looked at.
_UNDER = f"""
SELECT {FACTS} FROM (
    SELECT n.id FROM catalog_category a JOIN catalog_category b ON b.path <@ a.path
    CROSS JOIN LATERAL (
        SELECT p.id, p.ref FROM catalog_product p
        WHERE p.category_id = b.id AND {{only}} ORDER BY p.ref LIMIT %s
    ) n
    WHERE a.id = %s ORDER BY n.ref LIMIT %s
) n JOIN catalog_product p ON p.id = n.id LEFT JOIN catalog_category c ON c.id = p.category_id ORDER BY p.ref
"""
_WHOLE = f"""
SELECT p.description, p.descriptions, p.manufacturer, p.pictures, p.status, c.ref, c.name, d.ref,
       coalesce((SELECT array_agg(g.gtin ORDER BY g.gtin) FROM catalog_gtin g WHERE g.product_id = p.id), '{{}}'), {FACTS}
FROM catalog_product p LEFT JOIN catalog_category c ON c.id = p.category_id
LEFT JOIN catalog_product d ON d.id = p.deposit_product_id
"""
_DETAILS = 9


@dataclass(frozen=True, slots=True)
class Picture:
    """Where a picture is, and whom to credit for it."""

    url: str
    credit: str


@dataclass(frozen=True, slots=True)
class Product:
    """A product with everything that its page shows; `gtins` have 14 digits, refs are the retailer's own codes."""

    facts: ProductFacts
    description: str
    descriptions: Mapping[str, str]
    manufacturer: str
    pictures: tuple[Picture, ...]
    status: str
    category_ref: str | None
    category_name: str | None
    deposit_ref: str | None
    gtins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """A node of the category tree; `depth` is 1 for a root."""

    id: UUID
    ref: str
    name: str
    names: Mapping[str, str]
    parent_id: UUID | None
    depth: int


@dataclass(frozen=True, slots=True)
class ProductPage:
    """One page of products, and the cursor of the next one."""

    items: tuple[ProductFacts, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scanned code stands for: a product, and how much of it in thousandths of its unit.

    A code with a price instead of a weight gives `price`, counted in 10 to the minus `price_decimals` of the
    currency's main unit, and no quantity: that follows from the unit price (`quantity_of_price`).
    """

    product: ProductFacts
    quantity: int | None
    price: int | None = None
    price_decimals: int = 0


@dataclass(frozen=True, slots=True)
class Filter:
    """Which products a list holds: under a category, in a place's range on a day, online, on sale."""

    category_id: UUID | None = None
    place_id: UUID | None = None
    on: date | None = None
    online: bool = False
    ended: bool = False

    @property
    def narrow(self) -> bool:
        """Whether it leaves out much, so that a search must look only inside it."""
        return self.category_id is not None or self.place_id is not None

    def sql(self) -> tuple[str, list[Any]]:
        """A condition over `p`, the product, and its parameters."""
        parts: list[str] = []
        params: list[Any] = []
        if not self.ended:
            parts.append("p.sellable")
        if self.online:
            parts.append("p.online")
        if self.category_id is not None:
            parts.append("""p.category_id IN (SELECT b.id FROM catalog_category a
                            JOIN catalog_category b ON b.path <@ a.path WHERE a.id = %s)""")
            params.append(self.category_id)
        if self.place_id is not None:
            parts.append(_LISTED)
            params += [self.place_id, self.place_id, self.on, self.on, self.on, self.on]
        return " AND ".join(parts) or "true", params


# A place that lists nothing sells everything.
_LISTED = """(
  NOT EXISTS (SELECT FROM catalog_listing l WHERE l.place_id = %s)
  OR EXISTS (SELECT FROM catalog_listing l WHERE l.place_id = %s AND l.product_id = p.id
             AND (%s::date IS NULL OR l.starts_on IS NULL OR l.starts_on <= %s::date)
             AND (%s::date IS NULL OR l.ends_on IS NULL OR l.ends_on >= %s::date)))"""


def gather(product_ids: Sequence[UUID]) -> Pending[dict[UUID, ProductFacts]]:
    """What orders need of these products: one statement, in the caller's pipeline. Unknown ids are absent."""
    return later(f"{_FACTS} WHERE p.id = ANY (%s::uuid[])", [ids_array(product_ids)], _by_id)


def gather_listed(place_ids: Sequence[UUID], product_ids: Sequence[UUID], on: date) -> Pending[set[tuple[UUID, UUID]]]:
    """Which of these pairs (place, product; two sequences of one length) a place's range holds on that day."""
    return later(
        """
SELECT k.place_id, k.product_id FROM unnest(%s::uuid[], %s::uuid[]) AS k (place_id, product_id)
WHERE NOT EXISTS (SELECT FROM catalog_listing l WHERE l.place_id = k.place_id)
   OR EXISTS (SELECT FROM catalog_listing l WHERE l.place_id = k.place_id AND l.product_id = k.product_id
              AND coalesce(l.starts_on <= %s, true) AND coalesce(l.ends_on >= %s, true))
""",
        [ids_array(place_ids), ids_array(product_ids), on, on],
        lambda rows: {(place, product) for place, product in rows},
    )


def product_facts(row: Row) -> ProductFacts:
    """The facts from a row of the catalogue's own select list."""
    return ProductFacts._make((*row[:12], tuple(row[12]), *row[13:]))


def facts_where(condition: str, params: Sequence[Any]) -> list[ProductFacts]:
    """Facts of the products `p` that meet an SQL condition of this module's own."""
    return [product_facts(row) for row in run(f"{_FACTS} WHERE {condition}", params).fetchall()]


def _by_id(rows: list[Row]) -> dict[UUID, ProductFacts]:
    return {row[0]: product_facts(row) for row in rows}


def get(product_id: UUID) -> Product:
    """The product with this id, whole: one wait. Raises ProductNotFound."""
    found = _whole(f"{_WHOLE} WHERE p.id = %s", product_id)
    if found is None:
        raise ProductNotFound(f"There is no product {product_id}.")
    return found


def find_whole(ref: str) -> Product | None:
    """The product with the retailer's own code, whole: one wait."""
    return _whole(f"{_WHOLE} WHERE p.ref = %s", ref)


def _whole(sql: str, key: object) -> Product | None:
    row = run(sql, [key]).fetchone()
    if row is None:
        return None
    pictures = tuple(Picture(picture["url"], picture["credit"]) for picture in row[3])
    facts = product_facts(row[_DETAILS:])
    return Product(facts, row[0], row[1], row[2], pictures, row[4], row[5], row[6], row[7], tuple(row[8]))


def find_by_ref(refs: Iterable[str]) -> dict[str, ProductFacts]:
    """Products by the retailer's own codes; unknown ones are absent."""
    return {facts.ref: facts for facts in facts_where("p.ref = ANY (%s::text[])", [list(refs)])}


def find_by_gtin(codes: Iterable[str]) -> dict[str, ProductFacts]:
    """Products by the GTINs (14 digits) on their packages; unknown ones are absent. Two waits."""
    sql = "SELECT gtin, product_id FROM catalog_gtin WHERE gtin = ANY (%s::text[])"
    known: dict[str, UUID] = dict(run(sql, [list(codes)]).fetchall())
    facts = gather(list(known.values())).result() if known else {}
    return {gtin: facts[product_id] for gtin, product_id in known.items()}


def find_gtin(code: str) -> ProductFacts | None:
    """The product with this GTIN (8, 12, 13 or 14 digits). Raises Invalid where it is no GTIN."""
    found = facts_where("p.id = (SELECT product_id FROM catalog_gtin WHERE gtin = %s)", [normal_gtin(code)])
    return found[0] if found else None


def scan(code: str) -> Scanned | None:
    """What a code read at a till stands for: a GTIN, an in-store code that holds a weight or a price, or an element string.

    Raises Invalid where it is no such code; None where nothing is known by it.
    """
    if (elements := parse_elements(code)) is not None:
        return _scan_elements(elements)
    gtin = normal_gtin(code, field="code")
    if found := find_gtin(gtin):
        return Scanned(found, QUANTITY_ONE)
    rules = run("SELECT prefix, kind, item_digits, decimals, verifier FROM catalog_measure_rule").fetchall()
    measured = parse_measured(gtin, [MeasureRule(*rule) for rule in rules])
    product = find_gtin(measured.gtin) if measured else None
    if measured is None or product is None:
        return None
    return _measure(product, measured)


def _scan_elements(elements: Elements) -> Scanned | None:
    """A product by its GTIN; a weight or price counts where it is sold by weight, a count where it is not."""
    product = find_gtin(elements.gtin)
    if product is None:
        return None
    if product.by_weight and elements.price is not None:
        return Scanned(product, None, elements.price, elements.decimals)
    if product.by_weight and elements.grams is not None:
        return Scanned(product, quantity_of_weight(elements.grams, product.unit, field="code"))
    count = 1 if product.by_weight or not elements.count else elements.count
    return Scanned(product, count * QUANTITY_ONE)


def _measure(product: ProductFacts, measured: Measured) -> Scanned:
    if measured.grams is None:
        return Scanned(product, None, measured.price, measured.decimals)
    return Scanned(product, quantity_of_weight(measured.grams, product.unit, field="code"))


def list_products(only: Filter, *, cursor: str | None = None, limit: int = 50) -> ProductPage:
    """Products by ref, a page at a time; `limit` is at most 200."""
    size = page_size(limit)
    condition, params = replace(only, category_id=None).sql()
    if cursor is not None:
        condition += " AND p.ref > %s"
        params.append(_after(cursor))
    if only.category_id is None:
        with reading():  # to plan it takes longer than to walk along the index
            listed = run(f"{_FACTS} WHERE {condition} ORDER BY p.ref LIMIT %s", [*params, size + 1])
        found = [product_facts(row) for row in listed.fetchall()]
    else:
        asked = [*params, size + 1, only.category_id, size + 1]
        found = [product_facts(row) for row in run(_UNDER.format(only=condition), asked).fetchall()]
    more = len(found) > size
    return ProductPage(tuple(found[:size]), _cursor(found[size - 1].ref) if more else None)


def page_size(limit: int) -> int:
    """`limit` if a page may have so many items."""
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"A page has from 1 to {MAX_PAGE} items.", field="limit")
    return limit


def _cursor(ref: str) -> str:
    return base64.urlsafe_b64encode(ref.encode()).decode().rstrip("=")


def _after(cursor: str) -> str:
    try:
        ref = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        ref = "\x00"
    if "\x00" in ref:
        raise Invalid("The cursor does not come from a page before.", field="cursor")
    return ref


_CATEGORIES = "SELECT id, ref, name, names, parent_id, nlevel(path) FROM catalog_category"


def list_categories(*, after: UUID | None = None, limit: int | None = None) -> tuple[Category, ...]:
    """The tree, parents before children, in the retailer's order; all of it, or so many after one of them."""
    tree = gather_tree().result()
    if after is None:
        return tree[:limit]
    start = next((number for number, category in enumerate(tree, 1) if category.id == after), None)
    if start is None:
        raise Invalid("The cursor does not come from a page before.", field="cursor")
    return tree[start:][:limit]


def gather_tree() -> Pending[tuple[Category, ...]]:
    """Queue the reading of all categories, parents before children, in the retailer's order."""
    return later(
        f"{_CATEGORIES} ORDER BY position, name, ref", (), lambda rows: _tree([Category(*row) for row in rows])
    )


def gather_online_categories() -> Pending[frozenset[UUID]]:
    """Queue which categories hold something that is sold online, themselves or below them."""
    return later(
        """SELECT DISTINCT up.id FROM catalog_category c JOIN catalog_category up ON c.path <@ up.path
           WHERE EXISTS (SELECT FROM catalog_product p WHERE p.category_id = c.id AND p.sellable AND p.online)""",
        (),
        lambda rows: frozenset(row[0] for row in rows),
    )


def gather_categories(category_ids: Sequence[UUID]) -> Pending[dict[UUID, Category]]:
    """These categories: one statement, in the caller's pipeline. Unknown ids are absent."""
    return later(
        f"{_CATEGORIES} WHERE id = ANY (%s::uuid[])",
        [ids_array(category_ids)],
        lambda rows: {row[0]: Category(*row) for row in rows},
    )


def _tree(found: Sequence[Category]) -> tuple[Category, ...]:
    below: dict[UUID | None, list[Category]] = {}
    for category in found:
        below.setdefault(category.parent_id, []).append(category)
    ordered: list[Category] = []
    stack = list(reversed(below.get(None, [])))
    while stack:
        category = stack.pop()
        ordered.append(category)
        stack += reversed(below.get(category.id, []))
    return tuple(ordered)


def find_category(key: str) -> Category:
    """The category with this id or ref. Raises CategoryNotFound."""
    rows = run(f"{_CATEGORIES} WHERE ref = %s OR id::text = %s", [key, key]).fetchall()
    if not rows:
        raise CategoryNotFound("There is no such category.", field="category")
    return Category(*rows[0])
