"""Routes of prices and tax rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

from ninja import Query, Router, Schema

from storeline.catalog import api as catalog
from storeline.identity.api import Request, requires
from storeline.kernel.api import UnitPrice, format_amount, format_quantity, now, parse_quantity
from storeline.pricing.commands.prices import Put, put_prices, put_tax_rates
from storeline.pricing.http.schemas import (
    Code,
    Limit,
    PriceIn,
    PriceOut,
    PricesOut,
    PutOut,
    ShelfPriceOut,
    ShelfPricesOut,
    TaxRateIn,
    TaxRateOut,
    TaxRatesOut,
    TitleOut,
    UnitPriceOut,
    VerdictOut,
    find_place,
    percent_out,
    unit_price_out,
)
from storeline.pricing.permissions import READ, WRITE
from storeline.pricing.queries import listing
from storeline.pricing.queries.shelf import ShelfPrice, shelf_prices
from storeline.web.bulk import Bulk, field_errors, sift
from storeline.web.fields import Cursor

router = Router()
T = TypeVar("T", bound=Schema)


@router.get("/places/{place}/prices", auth=requires(READ, guest=True), response=ShelfPricesOut)
def get_shelf_prices(
    request: Request,
    place: UUID,
    product: Annotated[list[UUID], Query(min_length=1, max_length=200)],
    channel: Code = "store",
    member: bool = False,  # noqa: FBT001, FBT002
) -> ShelfPricesOut:
    """What up to 200 products cost at a place now, with unit prices and the lowest price of 30 days."""
    facts = catalog.gather(product).result()
    asked = [facts[key] for key in dict.fromkeys(product) if key in facts]
    found = shelf_prices(asked, find_place(place), channel, now(), member=member)
    return ShelfPricesOut(items=[_shelf(found[one.id]) for one in asked if one.id in found])


def _beside(products: Sequence[catalog.ProductFacts], place_id: UUID, channel: str) -> dict[UUID, dict[str, Any]]:
    found = shelf_prices(products, find_place(place_id), channel, now())
    return {product_id: _plain(shown) for product_id, shown in found.items()}


def _plain(shown: ShelfPrice) -> dict[str, Any]:
    """As `ShelfPriceOut`, but for the product."""

    def maybe(price: UnitPrice | None) -> dict[str, str] | None:
        if price is None:
            return None
        amount = format_amount(price.amount, price.currency)
        return {"amount": amount, "per": format_quantity(price.base), "currency": price.currency}

    display = shown.display
    return {
        "price": maybe(shown.price),
        "regular": maybe(shown.regular),
        "lowest_30_days": maybe(shown.lowest_30_days),
        "member_price": maybe(shown.member_price),
        "promotion": shown.promotion_id,
        "label": shown.label,
        "names": shown.title.names,
        "until": shown.until,
        "offers": [{"name": one.name, "names": one.names} for one in shown.offers],
        "per_unit": None if display is None else maybe(UnitPrice(display.amount, 1000, display.currency)),
        "unit": None if display is None else display.unit,
    }


catalog.register_beside("price", _beside)


def _shelf(shown: ShelfPrice) -> ShelfPriceOut:
    def maybe(price: UnitPrice | None) -> UnitPriceOut | None:
        return None if price is None else unit_price_out(price)

    display = shown.display
    return ShelfPriceOut(
        product=shown.product_id,
        price=unit_price_out(shown.price),
        regular=maybe(shown.regular),
        lowest_30_days=maybe(shown.lowest_30_days),
        member_price=maybe(shown.member_price),
        promotion=shown.promotion_id,
        label=shown.label,
        names=dict(shown.title.names),
        until=shown.until,
        offers=[TitleOut(name=one.name, names=dict(one.names)) for one in shown.offers],
        per_unit=None if display is None else unit_price_out(UnitPrice(display.amount, 1000, display.currency)),
        unit=None if display is None else display.unit,
    )


@router.get("/prices", auth=requires(READ, guest=True), response=PricesOut)
def get_prices(
    request: Request, product: UUID, place: UUID | None = None, cursor: UUID | None = None, limit: Limit = 50
) -> PricesOut:
    """A product's prices as they are kept, newest first."""
    rows, after = listing.list_prices(product, place, cursor=cursor, limit=limit)
    items = [
        PriceOut(
            id=row.id,
            product=row.product_id,
            place=row.place_id,
            zone=row.price_zone,
            channel=row.channel,
            member=row.member,
            price=unit_price_out(row.price),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in rows
    ]
    return PricesOut(items=items, next=after)


@router.put("/prices/bulk", auth=requires(WRITE), response=PutOut)
def put_price_rows(request: Request, body: Bulk[PriceIn]) -> PutOut:
    """Put in up to 1,000 prices by product, place, zone, channel, member, currency and start."""
    return _put(body, partial(put_prices, actor=request.actor), _price_row)


def _price_row(item: PriceIn) -> dict[str, Any]:
    return item.dict() | {"amount": Decimal(item.amount), "per": parse_quantity(item.per)}


@router.get("/tax-rates", auth=requires(READ, guest=True), response=TaxRatesOut)
def get_tax_rates(
    request: Request, regime: Code | None = None, cursor: Cursor | None = None, limit: Limit = 200
) -> TaxRatesOut:
    """Tax rates, of one regime where it is named, by class and region, newest first."""
    rows, after = listing.list_tax_rates(regime, cursor=cursor, limit=limit)
    items = [
        TaxRateOut(
            regime=row.regime,
            tax_class=row.tax_class,
            region=row.region,
            valid_from=row.valid_from,
            rate=percent_out(row.rate_ppm),
            included=row.inclusive,
        )
        for row in rows
    ]
    return TaxRatesOut(items=items, next=after)


@router.put("/tax-rates/bulk", auth=requires(WRITE), response=PutOut)
def put_tax_rate_rows(request: Request, body: Bulk[TaxRateIn]) -> PutOut:
    """Put in up to 1,000 tax rates by regime, class, region and first day."""
    return _put(
        body, partial(put_tax_rates, actor=request.actor), lambda item: item.dict() | {"rate": Decimal(item.rate)}
    )


def _put(items: list[T], deed: Callable[[list[dict[str, Any]]], Put], row: Callable[[T], dict[str, Any]]) -> PutOut:
    good, misfits = sift(items)
    put = deed([row(item) for item in good.values()])
    refused = {index: one.errors for index, one in misfits.items()}
    refused |= {index: put.errors[number] for number, index in enumerate(good) if number in put.errors}
    verdicts = [
        VerdictOut(
            index=index,
            outcome="refused" if index in refused else "taken",
            errors=field_errors(refused.get(index, ())),
        )
        for index in range(len(items))
    ]
    result = put.result
    return PutOut(
        items=verdicts,
        inserted=result.inserted,
        updated=result.updated,
        unchanged=result.unchanged,
        refused=len(refused),
    )
