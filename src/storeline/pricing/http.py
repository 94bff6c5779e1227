"""Prices, tax rates and promotions over HTTP. Amounts are decimal text; `per` and quantities too."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime

from storeline.catalog import api as catalog
from storeline.identity.api import Request, requires
from storeline.kernel.api import (
    Invalid,
    UnitPrice,
    format_amount,
    format_quantity,
    now,
    parse_amount,
    parse_quantity,
)
from storeline.places import api as places
from storeline.pricing.commands.prices import Put, put_prices, put_tax_rates
from storeline.pricing.commands.promotions import (
    end_promotion,
    schedule_promotion,
    write_promotion,
)
from storeline.pricing.domain import MILLION
from storeline.pricing.domain.draft import PromotionDraft, TargetDraft
from storeline.pricing.permissions import PROMOTE, READ, WRITE
from storeline.pricing.queries import listing
from storeline.pricing.queries.shelf import ShelfPrice, shelf_prices

router = Router()
Limit = Annotated[int, Query(ge=1, le=listing.MAX_PAGE)]
Text = Annotated[str, Field(max_length=200)]
Code = Annotated[str, Field(max_length=100)]
Amount = Annotated[str, Field(max_length=32, pattern=r"^[0-9]{1,12}(\.[0-9]{1,9})?$", examples=["1.99"])]
Percent = Annotated[str, Field(max_length=12, pattern=r"^[0-9]{1,3}(\.[0-9]{1,4})?$", examples=["12.5"])]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]
_PPM_OF_PERCENT = MILLION // 100


class UnitPriceOut(Schema):
    """`amount` for `per` units."""

    amount: str
    per: str
    currency: str


class ShelfPriceOut(Schema):
    """What a product costs at a place now; `regular` and `lowest_30_days` stand beside a reduction."""

    product: UUID
    price: UnitPriceOut
    regular: UnitPriceOut | None
    lowest_30_days: UnitPriceOut | None
    member_price: UnitPriceOut | None
    promotion: UUID | None
    label: str | None
    until: datetime | None
    offers: list[str]
    per_unit: UnitPriceOut | None
    unit: str | None


class ShelfPricesOut(Schema):
    """Products that have a price there, in the order asked."""

    items: list[ShelfPriceOut]
    next: None = None


class PriceOut(Schema):
    """A price as it is kept."""

    id: UUID
    product: UUID
    place: UUID | None
    zone: str | None
    channel: str | None
    member: bool
    price: UnitPriceOut
    valid_from: datetime
    valid_to: datetime | None


class PricesOut(Schema):
    items: list[PriceOut]
    next: UUID | None


class PriceIn(Schema):
    """A price by the retailer's own codes. The newest `valid_from` of the most specific ones holds."""

    product: Code
    place: Code | None = None
    zone: Code | None = None
    channel: Code | None = None
    member: bool = False
    currency: Currency
    valid_from: AwareDatetime
    valid_to: AwareDatetime | None = None
    amount: Amount
    per: Annotated[str, Field(max_length=32, examples=["1"])] = "1"


class TaxRateIn(Schema):
    """A rate of a tax regime from a local day on; `region` "" is the whole regime."""

    regime: Code
    tax_class: Code
    region: Code = ""
    valid_from: date
    rate: Percent
    included: bool = False


class TaxRateOut(Schema):
    regime: str
    tax_class: str
    region: str
    valid_from: date
    rate: str
    included: bool


class TaxRatesOut(Schema):
    items: list[TaxRateOut]
    next: None = None


class FieldError(Schema):
    field: str
    reason: str


class VerdictOut(Schema):
    """What became of one item."""

    index: int
    outcome: Literal["taken", "refused"]
    errors: list[FieldError]


class PutOut(Schema):
    """Each item's verdict, and how many rows were new, changed, as before, or refused."""

    items: list[VerdictOut]
    inserted: int
    updated: int
    unchanged: int
    refused: int


class TargetIn(Schema):
    """A product or a category; `amount` (or price) per `per`, or `percent`, goes before the promotion's own."""

    product: UUID | None = None
    category: UUID | None = None
    place: UUID | None = None
    amount: Amount | None = None
    per: Annotated[str, Field(max_length=32)] = "1"
    percent: Percent | None = None


class PromotionIn(Schema):
    """A promotion; `targets` null: everything, `places` null: everywhere. Hours are minutes after local midnight."""

    name: Text
    kind: Literal["percentage", "amount", "fixed_price", "n_for_price"]
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = None
    currency: Currency | None = None
    amount: Amount | None = None
    percent: Percent | None = None
    group_size: Annotated[int, Field(ge=1, le=1000)] | None = None
    funder: Literal["retailer", "manufacturer", "partner"] = "retailer"
    channels: Annotated[list[Code], Field(min_length=1, max_length=20)] | None = None
    member_only: bool = False
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    stackable: bool = False
    exclusive: bool = False
    max_uses: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    weekdays: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)] | None = None
    from_minute: Annotated[int, Field(ge=0, le=1439)] | None = None
    to_minute: Annotated[int, Field(ge=1, le=1440)] | None = None
    targets: Annotated[list[TargetIn], Field(max_length=10_000)] | None = []
    places: Annotated[list[UUID], Field(max_length=10_000)] | None = None


class PromotionOut(Schema):
    """A promotion and its state; `targets` and `places` count its lists, null means everything or everywhere."""

    id: UUID
    ref: str
    name: str
    state: str
    kind: str
    funder: str
    currency: str | None
    amount: str | None
    percent: str | None
    group_size: int | None
    member_only: bool
    priority: int
    stackable: bool
    exclusive: bool
    max_uses: int | None
    starts_at: datetime
    ends_at: datetime | None
    targets: int | None
    places: int | None


class PromotionsOut(Schema):
    items: list[PromotionOut]
    next: str | None


class PreviewLineOut(Schema):
    product: UUID
    regular: UnitPriceOut
    price: UnitPriceOut


class PreviewOut(Schema):
    items: list[PreviewLineOut]
    next: None = None


def _unit(price: UnitPrice) -> UnitPriceOut:
    return UnitPriceOut(
        amount=format_amount(price.amount, price.currency),
        per=format_quantity(price.base),
        currency=price.currency,
    )


def _percent(rate_ppm: int) -> str:
    return format((Decimal(rate_ppm) / _PPM_OF_PERCENT).normalize(), "f")


def _place(place_id: UUID) -> places.PlaceFacts:
    found = places.gather([place_id]).result().get(place_id)
    if found is None:
        raise places.PlaceNotFound(f"There is no place {place_id}.", field="place")
    return found


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
    found = shelf_prices(asked, _place(place), channel, now(), member=member)
    return ShelfPricesOut(items=[_shelf(found[one.id]) for one in asked if one.id in found])


def _shelf(shown: ShelfPrice) -> ShelfPriceOut:
    def maybe(price: UnitPrice | None) -> UnitPriceOut | None:
        return None if price is None else _unit(price)

    display = shown.display
    return ShelfPriceOut(
        product=shown.product_id,
        price=_unit(shown.price),
        regular=maybe(shown.regular),
        lowest_30_days=maybe(shown.lowest_30_days),
        member_price=maybe(shown.member_price),
        promotion=shown.promotion_id,
        label=shown.label,
        until=shown.until,
        offers=list(shown.offers),
        per_unit=None if display is None else _unit(UnitPrice(display.amount, 1000, display.currency)),
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
            price=_unit(row.price),
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
            rate=_percent(row.rate_ppm),
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


@router.get("/promotions", auth=requires(READ, guest=True), response=PromotionsOut)
def get_promotions(request: Request, cursor: Code | None = None, limit: Limit = 50) -> PromotionsOut:
    """Promotions by ref: all of them for those who make them, those that run now for everybody else."""
    running = not request.actor.may(PROMOTE)
    rows, after = listing.list_promotions(running=running, cursor=cursor, limit=limit)
    return PromotionsOut(items=[_promotion(row) for row in rows], next=after)


@router.get("/promotions/{ref}", auth=requires(PROMOTE), response=PromotionOut)
def get_promotion(request: Request, ref: Code) -> PromotionOut:
    """One promotion by its ref."""
    return _promotion(listing.get_promotion(ref))


@router.put("/promotions/{ref}", auth=requires(PROMOTE), response=PromotionOut)
def put_promotion(request: Request, ref: Code, body: PromotionIn) -> PromotionOut:
    """Write a promotion down, or change it while it is a draft. Nobody gets it until it is scheduled."""
    write_promotion(_draft(ref, body), actor=request.actor)
    return _promotion(listing.get_promotion(ref))


@router.post("/promotions/{ref}/schedule", auth=requires(PROMOTE), response=PromotionOut)
def post_schedule(request: Request, ref: Code) -> PromotionOut:
    """Let a draft run in its window. Again is no change."""
    schedule_promotion(ref, actor=request.actor)
    return _promotion(listing.get_promotion(ref))


@router.post("/promotions/{ref}/end", auth=requires(PROMOTE), response=PromotionOut)
def post_end(request: Request, ref: Code) -> PromotionOut:
    """End a promotion now. Again is no change."""
    end_promotion(ref, actor=request.actor)
    return _promotion(listing.get_promotion(ref))


@router.get("/promotions/{ref}/preview", auth=requires(PROMOTE), response=PreviewOut)
def get_preview(request: Request, ref: Code, place: UUID, channel: Code = "store", limit: Limit = 50) -> PreviewOut:
    """What the promotion does to the prices of single units at a place."""
    lines = listing.preview_promotion(ref, _place(place), channel, limit=limit)
    items = [
        PreviewLineOut(product=line.product_id, regular=_unit(line.regular), price=_unit(line.price)) for line in lines
    ]
    return PreviewOut(items=items)


def _promotion(row: listing.PromotionRow) -> PromotionOut:
    terms = row.terms
    return PromotionOut(
        id=terms.id,
        ref=row.ref,
        name=terms.label,
        state=row.state,
        kind=terms.kind,
        funder=terms.funder,
        currency=terms.currency,
        amount=None if row.amount is None or terms.currency is None else format_amount(row.amount, terms.currency),
        percent=None if row.rate_ppm is None else _percent(row.rate_ppm),
        group_size=terms.group_size,
        member_only=terms.member_only,
        priority=terms.priority,
        stackable=terms.stackable,
        exclusive=terms.exclusive,
        max_uses=terms.max_uses,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        targets=row.targets,
        places=row.places,
    )


def _draft(ref: str, body: PromotionIn) -> PromotionDraft:
    given: dict[str, Any] = body.dict(exclude={"amount", "percent", "targets", "places", "channels", "weekdays"})
    targets = (
        None
        if body.targets is None
        else tuple(_target(target, body.currency, f"targets[{index}]") for index, target in enumerate(body.targets))
    )
    return PromotionDraft(
        ref=ref,
        **given,
        amount=_minor(body.amount, body.currency, "amount"),
        rate_ppm=_ppm(body.percent),
        channels=None if body.channels is None else tuple(body.channels),
        weekdays=None if body.weekdays is None else tuple(body.weekdays),
        targets=targets,
        place_ids=None if body.places is None else tuple(body.places),
    )


def _target(target: TargetIn, currency: str | None, where: str) -> TargetDraft:
    return TargetDraft(
        target.product,
        target.category,
        target.place,
        _minor(target.amount, currency, f"{where}.amount"),
        parse_quantity(target.per, field=f"{where}.per"),
        _ppm(target.percent),
    )


def _minor(amount: str | None, currency: str | None, field: str) -> int | None:
    if amount is None:
        return None
    if currency is None:
        raise Invalid("An amount needs its currency.", field="currency")
    return parse_amount(amount, currency, field=field)


def _ppm(percent: str | None) -> int | None:
    return None if percent is None else int(Decimal(percent) * _PPM_OF_PERCENT)
