"""The catalogue over HTTP: search, products, categories; kept by their refs."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from decimal import Decimal
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
from django.http import HttpResponse
from ninja import Field, Query, Router, Schema

from storeline.catalog import loading, queries
from storeline.catalog.beside import read_beside
from storeline.catalog.domain import ProductFacts
from storeline.catalog.errors import ProductNotFound
from storeline.catalog.permissions import READ, WRITE
from storeline.catalog.search.products import MAX_QUERY, alike, search
from storeline.identity.api import Request, requires
from storeline.kernel.api import format_quantity, parse_quantity
from storeline.web.bulk import Bulk, Item, VerdictsOut, upsert
from storeline.web.codec import plain
from storeline.web.fields import Cursor, Names, Quantity, Ref, Tag, Text, Words

router = Router()
_SHARED_S = 2
"""For so long a list may be given to everybody who has not signed in. An order is always checked against what holds."""
_MOST_KEPT = 500
"""Of 200 products each, about 50 MB of a process."""
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
    price: dict[str, Any] | None = Field(
        None,
        description="Asked for by `include=price`: as `GET /places/{place}/prices` says it; null where it has none.",
    )
    stock: dict[str, Any] | None = Field(
        None,
        description="Asked for by `include=stock`: `band` is `stock`, `few` or `out`; null where it was never kept.",
    )


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
    """A page of the tree, parents before children."""

    items: list[CategoryOut]
    next: UUID | None


class CategoryIn(Item):
    """A category by its ref; what is left out stays as it is."""

    ref: Ref
    name: Text | None = None
    names: Names | None = None
    parent: Text | None = None
    position: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] | None = None


class ProductIn(Item):
    """A product by its ref; what is left out stays as it is. `content_quantity` is decimal text."""

    ref: Ref
    name: Text | None = None
    names: Names | None = None
    description: Words | None = None
    descriptions: Annotated[dict[Tag, Words], Field(max_length=100)] | None = None
    category: Text | None = None
    brand: Text | None = None
    manufacturer: Text | None = None
    unit: Text | None = None
    by_weight: bool | None = None
    catch_weight: bool | None = None
    temperature: Text | None = None
    shelf_life_days: Annotated[int, Field(ge=0, le=100_000)] | None = None
    allergens: Annotated[list[Ref], Field(max_length=100)] | None = None
    gtins: Annotated[list[Ref], Field(max_length=200)] | None = None
    tax_class: Text | None = None
    deposit_product: Text | None = None
    content_quantity: Quantity | None = None
    content_unit: Text | None = None
    pictures: Annotated[list[Annotated[str, Field(max_length=2000)]], Field(max_length=100)] | None = None
    service: bool | None = None
    status: Text | None = None
    till_only: bool | None = None
    age_limit: Annotated[int, Field(ge=1, le=99)] | None = None


class Narrow(Schema):
    """Which products a list holds: of a category (id or ref), in a place's range, sold online."""

    category: Ref | None = None
    place: UUID | None = None
    online: bool = False


class Beside(Schema):
    """What a list shows beside each product, of `place`."""

    include: list[Ref] = Field([], max_length=5, description="`price`, `stock`")
    channel: Tag = Field("store", description="Through which channel the price holds.")


@router.get("/products", auth=requires(READ, guest=True), response=ProductsOut)
def list_products(
    request: Request,
    q: Annotated[str, Query(max_length=MAX_QUERY)] = "",
    language: Tag = "",
    cursor: Cursor | None = None,
    limit: Limit = 20,
    *,
    narrow: Query[Narrow],
    beside: Query[Beside],
) -> HttpResponse:
    """Search by what was typed (`q`), or list by ref; in a category (id or ref), in a place's range, sold online.

    `include=price` and `include=stock` add to each product what it costs at `place` through `channel`, and whether it is there.
    """
    shared = request.actor.kind == "guest"
    if shared and (kept := _kept_for(request)) is not None:
        return _answer(*kept)
    within = queries.find_category(narrow.category).id if narrow.category else None
    only = queries.Filter(category_id=within, place_id=narrow.place, online=narrow.online)
    if not q.strip():
        page = queries.list_products(only, cursor=cursor, limit=limit)
        products, after = page.items, page.next
        items = [_listed(facts, language) for facts in products]
    else:
        found = search(q, only, cursor=cursor, limit=limit)
        products, after = tuple(hit.product for hit in found.hits), found.next
        items = [_listed(hit.product, language) | {"others": hit.others} for hit in found.hits]
    for name, known in read_beside(beside.include, products, narrow.place, beside.channel).items():
        for facts, item in zip(products, items, strict=True):
            item[name] = known.get(facts.id)
    # Written as it is: to have each field checked again takes longer than to read them all.
    body = orjson.dumps({"items": items, "next": after}, default=plain)
    if not shared:
        return _answer(body)
    _keep(request, body)
    return _answer(body, _SHARED_S)


def _answer(body: bytes, age: int | None = None) -> HttpResponse:
    answer = HttpResponse(body, content_type="application/json")
    if age is not None:
        answer["Cache-Control"] = f"public, max-age={age}"
    return answer


_kept: dict[str, tuple[float, bytes]] = {}
"""Of guests' lists what was said last: caches on the way ask anew for each cookie."""


def _kept_for(request: Request) -> tuple[bytes, int] | None:
    """What may still be given, and for how many whole seconds more."""
    said, body = _kept.get(request.get_full_path(), (-math.inf, b""))
    left = said + _SHARED_S - time.monotonic()
    return (body, int(left)) if left > 0 else None


def _keep(request: Request, body: bytes) -> None:
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[request.get_full_path()] = time.monotonic(), body


def forget() -> None:
    """Ask anew what there is."""
    _kept.clear()


@router.get("/products/scan/{code}", auth=requires(READ, guest=True), response=ScannedOut)
def scan(request: Request, code: Ref, language: Tag = "") -> dict[str, Any]:
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
    facts = product.facts._asdict() | {"content_quantity": _quantity(product.facts.content_quantity)}
    detail = {name: value for name, value in asdict(product).items() if name != "facts"}
    return facts | detail


@router.get("/products/{uuid:product_id}/alike", auth=requires(READ, guest=True), response=ProductsOut)
def list_alike(request: Request, product_id: UUID, limit: Limit = 50) -> dict[str, Any]:
    """Other products of the same name."""
    return {"items": [_out(facts, "") for facts in alike(product_id, limit=limit)], "next": None}


@router.get("/categories", auth=requires(READ, guest=True), response=CategoriesOut)
def list_categories(
    request: Request,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=queries.MAX_CATEGORIES)] = queries.MAX_CATEGORIES,
) -> dict[str, Any]:
    """The category tree, parents before children, in the retailer's order."""
    found = queries.list_categories(after=cursor, limit=limit)
    return {"items": found, "next": found[-1].id if len(found) == limit else None}


@router.put("/categories/bulk", auth=requires(WRITE), response=VerdictsOut)
def upsert_categories(request: Request, body: Bulk[CategoryIn]) -> VerdictsOut:
    """Create or change categories by ref, each with its own verdict."""
    return upsert(body, partial(loading.upsert_categories, actor=request.actor))


@router.put("/products/bulk", auth=requires(WRITE), response=VerdictsOut)
def upsert_products(request: Request, body: Bulk[ProductIn]) -> VerdictsOut:
    """Create or change products by ref, each with its own verdict."""
    return upsert(body, partial(loading.upsert_products, actor=request.actor), row=_row)


def _row(item: ProductIn) -> dict[str, Any]:
    given: dict[str, Any] = item.dict(exclude_unset=True)
    if item.content_quantity is not None:
        given["content_quantity"] = parse_quantity(item.content_quantity)
    return given


def _quantity(value: int | None) -> str | None:
    return None if value is None else format_quantity(value)


def _listed(facts: ProductFacts, language: str) -> dict[str, Any]:
    """As `ProductOut`."""
    return {
        "id": facts.id,
        "ref": facts.ref,
        "name": facts.name_in(language) if language else facts.name,
        "brand": facts.brand,
        "category_id": facts.category_id,
        "unit": facts.unit,
        "by_weight": facts.by_weight,
        "catch_weight": facts.catch_weight,
        "temperature": facts.temperature,
        "content_quantity": _quantity(facts.content_quantity),
        "content_unit": facts.content_unit,
        "sellable": facts.sellable,
        "online": facts.online,
        "age_limit": facts.age_limit,
        "others": None,
    }


def _out(facts: ProductFacts, language: str) -> dict[str, Any]:
    shown = facts._asdict() | {"content_quantity": _quantity(facts.content_quantity)}
    return shown | {"name": facts.name_in(language)} if language else shown
