"""The shapes of prices, tax rates and promotions in JSON. Amounts are decimal text; `per` and quantities too."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Query, Schema

from storeline.kernel.api import UnitPrice, format_amount, format_quantity
from storeline.places import api as places
from storeline.pricing.domain import MILLION
from storeline.pricing.queries.listing import MAX_PAGE
from storeline.web.bulk import FieldError, Item
from storeline.web.fields import Currency, Moment, Names, Text

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
Code = Annotated[str, Field(max_length=100)]
Amount = Annotated[str, Field(max_length=32, pattern=r"^[0-9]{1,12}(\.[0-9]{1,9})?$", examples=["1.99"])]
Percent = Annotated[str, Field(max_length=12, pattern=r"^[0-9]{1,3}(\.[0-9]{1,4})?$", examples=["12.5"])]
Per = Annotated[str, Field(max_length=16, pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?$", examples=["1"])]
PPM_OF_PERCENT = MILLION // 100


class UnitPriceOut(Schema):
    """`amount` for `per` units."""

    amount: str
    per: str
    currency: str


class TitleOut(Schema):
    """What an offer is called; `names` by language (BCP 47)."""

    name: str
    names: dict[str, str]


class ShelfPriceOut(Schema):
    """What a product costs at a place now; `regular` and `lowest_30_days` stand beside a reduction, `label` says what reduces it."""

    product: UUID
    price: UnitPriceOut
    regular: UnitPriceOut | None
    lowest_30_days: UnitPriceOut | None
    member_price: UnitPriceOut | None
    promotion: UUID | None
    label: str | None
    names: dict[str, str]
    until: datetime | None
    offers: list[TitleOut]
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


class PriceIn(Item):
    """A price by the retailer's own codes. The newest `valid_from` of the most specific ones holds."""

    product: Code
    place: Code | None = None
    zone: Code | None = None
    channel: Code | None = None
    member: bool = False
    currency: Currency
    valid_from: Moment
    valid_to: Moment | None = None
    amount: Amount
    per: Per = "1"


class TaxRateIn(Item):
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
    next: str | None


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
    per: Per = "1"
    percent: Percent | None = None


class PromotionIn(Schema):
    """A promotion; `targets` null: everything, `places` null: everywhere. Hours are minutes after local midnight."""

    name: Text
    names: Names = {}
    kind: Literal["percentage", "amount", "fixed_price", "n_for_price"]
    starts_at: Moment
    ends_at: Moment | None = None
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
    names: dict[str, str]
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


def unit_price_out(price: UnitPrice) -> UnitPriceOut:
    """A unit price as JSON shows it."""
    return UnitPriceOut(
        amount=format_amount(price.amount, price.currency),
        per=format_quantity(price.base),
        currency=price.currency,
    )


def percent_out(rate_ppm: int) -> str:
    """A rate in ppm as percent: 88750 is ``8.875``."""
    return format((Decimal(rate_ppm) / PPM_OF_PERCENT).normalize(), "f")


def find_place(place_id: UUID) -> places.PlaceFacts:
    """The place's facts. Raises PlaceNotFound."""
    found = places.gather([place_id]).result().get(place_id)
    if found is None:
        raise places.PlaceNotFound(f"There is no place {place_id}.", field="place")
    return found
