"""The catalogue over HTTP: search, products, categories; kept by their refs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from ninja import Body, Query, Router, Schema
from pydantic import WithJsonSchema

from storeline.catalog import loading, queries
from storeline.catalog.domain import ProductFacts
from storeline.catalog.errors import ProductNotFound
from storeline.catalog.permissions import READ, WRITE
from storeline.catalog.search.products import MAX_QUERY, alike, search
from storeline.identity.api import Request, requires
from storeline.kernel.api import MAX_BULK, Invalid, Verdict, format_quantity, parse_quantity

router = Router()
Limit = Annotated[int, Query(ge=1, le=queries.MAX_PAGE)]


class ProductOut(Schema):
    """A product in a list; `name` is in the asked language where there is one. Quantities are decimal text."""

    id: UUID
    ref: str
    name: str
    brand: str
    category_id: UUID | None
    unit: str
    by_weight: bool
    catch_weight: bool
    temperature: str
    content_quantity: str | None
    content_unit: str | None
    sellable: bool
    online: bool
    age_limit: int | None
    others: int | None = None


class ProductsOut(Schema):
    """A page of products; with `q`, the best first, and `others` counts further products of the same name."""

    items: list[ProductOut]
    next: str | None


class PictureOut(Schema):
    """A picture and whom to credit for it."""

    url: str
    credit: str


class ProductDetail(ProductOut):
    """A product whole."""

    names: dict[str, str]
    description: str
    descriptions: dict[str, str]
    manufacturer: str
    gtins: list[str]
    category_ref: str | None
    category_name: str | None
    deposit_ref: str | None
    shelf_life_days: int | None
    allergens: list[str]
    tax_class: str
    pictures: list[PictureOut]
    service: bool
    status: str


class ScannedOut(Schema):
    """What a scanned code stands for: `quantity` in the product's unit, or a `price` that the code holds."""

    product: ProductOut
    quantity: str | None
    price: str | None


class CategoryOut(Schema):
    """A category; `depth` is 1 for a root."""

    id: UUID
    ref: str
    name: str
    names: dict[str, str]
    parent_id: UUID | None
    depth: int


class CategoriesOut(Schema):
    """The tree, parents before children."""

    items: list[CategoryOut]


class CategoryIn(Schema):
    """A category by its ref; what is left out stays as it is."""

    ref: str
    name: str | None = None
    names: dict[str, str] | None = None
    parent: str | None = None
    position: int | None = None


class ProductIn(Schema):
    """A product by its ref; what is left out stays as it is. `content_quantity` is decimal text."""

    ref: str
    name: str | None = None
    names: dict[str, str] | None = None
    description: str | None = None
    descriptions: dict[str, str] | None = None
    category: str | None = None
    brand: str | None = None
    manufacturer: str | None = None
    unit: str | None = None
    by_weight: bool | None = None
    catch_weight: bool | None = None
    temperature: str | None = None
    shelf_life_days: int | None = None
    allergens: list[str] | None = None
    gtins: list[str] | None = None
    tax_class: str | None = None
    deposit_product: str | None = None
    content_quantity: str | None = None
    content_unit: str | None = None
    pictures: list[str] | None = None
    service: bool | None = None
    status: str | None = None
    till_only: bool | None = None
    age_limit: int | None = None


class FieldError(Schema):
    """What is wrong with one field."""

    field: str
    detail: str


class VerdictOut(Schema):
    """What became of one item: created, updated, unchanged or refused."""

    ref: str
    outcome: str
    errors: list[FieldError]


class VerdictsOut(Schema):
    """The verdicts, in the order of the items."""

    items: list[VerdictOut]


# An item with a wrong field is refused by itself, not with all the others: so items are read as they come.
CategoriesIn = Annotated[
    list[Annotated[dict[str, Any], WithJsonSchema(CategoryIn.model_json_schema())]], Body(max_length=MAX_BULK)
]
ProductsIn = Annotated[
    list[Annotated[dict[str, Any], WithJsonSchema(ProductIn.model_json_schema())]], Body(max_length=MAX_BULK)
]


@router.get("/products", auth=requires(READ, guest=True), response=ProductsOut)
def list_products(
    request: Request,
    q: Annotated[str, Query(max_length=MAX_QUERY)] = "",
    category: str | None = None,
    place: UUID | None = None,
    online: Annotated[bool, Query()] = False,  # noqa: FBT002 (a parameter of the address)
    language: Annotated[str, Query(max_length=35)] = "",
    cursor: str | None = None,
    limit: Limit = 20,
) -> dict[str, Any]:
    """Search by what was typed (`q`), or list by ref; in a category (id or ref), in a place's range, sold online."""
    within = queries.find_category(category).id if category else None
    only = queries.Filter(category_id=within, place_id=place, online=online)
    if not q.strip():
        page = queries.list_products(only, cursor=cursor, limit=limit)
        return {"items": [_out(facts, language) for facts in page.items], "next": page.next}
    found = search(q, only, cursor=cursor, limit=limit)
    return {"items": [_out(hit.product, language) | {"others": hit.others} for hit in found.hits], "next": found.next}


@router.get("/products/scan/{code}", auth=requires(READ, guest=True), response=ScannedOut)
def scan(request: Request, code: str, language: Annotated[str, Query(max_length=35)] = "") -> dict[str, Any]:
    """What a bar code stands for: a GTIN, or an in-store code that holds a weight or a price."""
    scanned = queries.scan(code)
    if scanned is None:
        raise ProductNotFound("No product is known by this code.", field="code")
    price = None if scanned.price is None else str(Decimal(scanned.price).scaleb(-scanned.price_decimals))
    return {"product": _out(scanned.product, language), "quantity": _quantity(scanned.quantity), "price": price}


@router.get("/products/{uuid:product_id}", auth=requires(READ, guest=True), response=ProductDetail)
def get_product(request: Request, product_id: UUID) -> dict[str, Any]:
    """One product, whole."""
    product = queries.get(product_id)
    facts = asdict(product.facts) | {"content_quantity": _quantity(product.facts.content_quantity)}
    detail = {name: value for name, value in asdict(product).items() if name != "facts"}
    return facts | detail


@router.get("/products/{uuid:product_id}/alike", auth=requires(READ, guest=True), response=ProductsOut)
def list_alike(request: Request, product_id: UUID, limit: Limit = 50) -> dict[str, Any]:
    """Other products of the same name."""
    return {"items": [_out(facts, "") for facts in alike(product_id, limit=limit)], "next": None}


@router.get("/categories", auth=requires(READ, guest=True), response=CategoriesOut)
def list_categories(request: Request) -> dict[str, Any]:
    """The whole category tree."""
    return {"items": [asdict(category) for category in queries.list_categories()]}


@router.put("/categories/bulk", auth=requires(WRITE), response=VerdictsOut)
def upsert_categories(request: Request, body: CategoriesIn) -> dict[str, Any]:
    """Create or change categories by ref, each with its own verdict."""
    return _verdicts(loading.upsert_categories(body, actor=request.actor))


@router.put("/products/bulk", auth=requires(WRITE), response=VerdictsOut)
def upsert_products(request: Request, body: ProductsIn) -> dict[str, Any]:
    """Create or change products by ref, each with its own verdict."""
    return _verdicts(loading.upsert_products([_measured(item) for item in body], actor=request.actor))


def _measured(item: Mapping[str, Any]) -> dict[str, Any]:
    """The content's decimal text as thousandths; what is none is refused with its item."""
    content = item.get("content_quantity")
    if not isinstance(content, str):
        return dict(item) if content is None else {**item, "content_quantity": "not text"}
    try:
        return {**item, "content_quantity": parse_quantity(content)}
    except Invalid:
        return dict(item)


def _quantity(value: int | None) -> str | None:
    return None if value is None else format_quantity(value)


def _out(facts: ProductFacts, language: str) -> dict[str, Any]:
    named = asdict(facts) | {"name": facts.name_in(language)} if language else asdict(facts)
    return named | {"content_quantity": _quantity(facts.content_quantity)}


def _verdicts(verdicts: tuple[Verdict, ...]) -> dict[str, Any]:
    return {
        "items": [
            {
                "ref": verdict.ref,
                "outcome": verdict.outcome,
                "errors": [{"field": field, "detail": detail} for field, detail in verdict.errors],
            }
            for verdict in verdicts
        ]
    }
