"""Routes of prices and tax rates."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from ninja import Query, Router

from storeline.catalog import api as catalog
from storeline.identity.api import Request, requires
from storeline.kernel.api import UnitPrice, now, parse_quantity
from storeline.pricing.commands.prices import Put, put_prices, put_tax_rates
from storeline.pricing.http.schemas import (
    Code,
    FieldError,
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
    UnitPriceOut,
    VerdictOut,
    find_place,
    percent_out,
    unit_price_out,
)
from storeline.pricing.permissions import READ, WRITE
from storeline.pricing.queries import listing
from storeline.pricing.queries.shelf import ShelfPrice, shelf_prices

router = Router()


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
        until=shown.until,
        offers=list(shown.offers),
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
def put_price_rows(request: Request, body: list[PriceIn]) -> PutOut:
    """Put in up to 1,000 prices by product, place, zone, channel, member, currency and start."""
    rows = [
        item.dict() | {"amount": Decimal(item.amount), "per": parse_quantity(item.per, field=f"[{index}].per")}
        for index, item in enumerate(body)
    ]
    return _put(put_prices(rows, actor=request.actor), len(rows))


@router.get("/tax-rates", auth=requires(READ, guest=True), response=TaxRatesOut)
def get_tax_rates(request: Request, regime: Code | None = None) -> TaxRatesOut:
    """Every tax rate, or one regime's."""
    items = [
        TaxRateOut(
            regime=row.regime,
            tax_class=row.tax_class,
            region=row.region,
            valid_from=row.valid_from,
            rate=percent_out(row.rate_ppm),
            included=row.inclusive,
        )
        for row in listing.list_tax_rates(regime)
    ]
    return TaxRatesOut(items=items)


@router.put("/tax-rates/bulk", auth=requires(WRITE), response=PutOut)
def put_tax_rate_rows(request: Request, body: list[TaxRateIn]) -> PutOut:
    """Put in up to 1,000 tax rates by regime, class, region and first day."""
    rows = [item.dict() | {"rate": Decimal(item.rate)} for item in body]
    return _put(put_tax_rates(rows, actor=request.actor), len(rows))


def _put(put: Put, size: int) -> PutOut:
    items = [
        VerdictOut(
            index=index,
            outcome="refused" if index in put.errors else "taken",
            errors=[FieldError(field=field, reason=reason) for field, reason in put.errors.get(index, ())],
        )
        for index in range(size)
    ]
    result = put.result
    return PutOut(
        items=items,
        inserted=result.inserted,
        updated=result.updated,
        unchanged=result.unchanged,
        refused=result.refused,
    )
