"""What goes into a price: prices, tax rates, promotions, and the basket that asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

import orjson

from storeline.kernel.api import UnitPrice

Funder = Literal["retailer", "manufacturer", "partner"]
PromotionKind = Literal["percentage", "amount", "fixed_price", "n_for_price"]
LineKind = Literal["product", "deposit", "delivery"]

FUNDERS: tuple[Funder, ...] = ("retailer", "manufacturer", "partner")
PROMOTION_KINDS: tuple[PromotionKind, ...] = (
    "percentage",
    "amount",
    "fixed_price",
    "n_for_price",
)
ADJUSTMENT_KINDS = (
    "member_price",
    "promotion",
    "coupon",
    "coupon_match",
    "loyalty",
    "basket",
    "manual",
    "staff",
    "markdown",
    "substitution",
    "other",
)
MILLION = 1_000_000


@lru_cache(maxsize=4096)
def _read(translations: str) -> Mapping[str, str]:
    found: Mapping[str, str] = orjson.loads(translations)
    return found


class Title(NamedTuple):
    """What people read of a promotion or coupon: `name` in the retailer's own language, others as they are kept.

    The text of a JSON map of BCP 47 tags, since most of those who gather promotions show none of it.
    """

    name: str
    translations: str = ""

    @property
    def names(self) -> Mapping[str, str]:
        """The name in other languages, by BCP 47 tag."""
        return _read(self.translations) if self.translations else {}


class PricedProduct(Protocol):
    """What pricing must know of a product; the catalogue's facts have this shape."""

    @property
    def id(self) -> UUID: ...
    @property
    def tax_class(self) -> str: ...
    @property
    def by_weight(self) -> bool: ...
    @property
    def deposit_product_id(self) -> UUID | None: ...


class PricedPlace(Protocol):
    """What pricing must know of the selling place; the places' facts have this shape."""

    @property
    def id(self) -> UUID: ...
    @property
    def currency(self) -> str: ...
    @property
    def tax_regime(self) -> str: ...
    @property
    def tax_region(self) -> str | None: ...
    @property
    def price_zone(self) -> str | None: ...
    @property
    def zone(self) -> str: ...
    @property
    def inclusive(self) -> bool: ...


class PriceKey(NamedTuple):
    """One price to gather: who sells what, where, when; without the members' prices if not `member`."""

    product_id: UUID
    place_id: UUID
    price_zone: str | None
    channel: str
    at: datetime
    member: bool = True


class Price(NamedTuple):
    """A price row: `place_id`, `price_zone` and `channel` None mean all. The newest `valid_from` wins."""

    id: UUID
    unit_price: UnitPrice
    place_id: UUID | None
    price_zone: str | None
    channel: str | None
    member: bool
    valid_from: datetime
    valid_to: datetime | None


class TaxRate(NamedTuple):
    """`rate_ppm` millionths of the net amount, from the local day `valid_from` until a newer row's.

    `region` "" is the whole regime.
    """

    regime: str
    region: str
    tax_class: str
    rate_ppm: int
    valid_from: date


@dataclass(frozen=True, slots=True)
class Promotion:
    """The terms of a promotion; what its items are worth is in `Offer`.

    Of higher `priority` first. Within one priority each unit takes the one promotion that is best
    for the shopper, unless it is `stackable`: those come last, each on what is left of the line.
    A line touched by an `exclusive` one takes no other. `max_uses` per basket counts units (groups for
    `n_for_price`; a weighed line is one unit). `group_size` is the n of `n_for_price`. Local hours are minutes
    after midnight at the place, `weekdays` ISO numbers (1 is Monday).
    """

    id: UUID
    label: str
    kind: PromotionKind
    currency: str | None
    starts_at: datetime
    ends_at: datetime | None
    funder: Funder = "retailer"
    channels: frozenset[str] | None = None
    member_only: bool = False
    priority: int = 0
    stackable: bool = False
    exclusive: bool = False
    max_uses: int | None = None
    group_size: int | None = None
    weekdays: frozenset[int] | None = None
    from_minute: int | None = None
    to_minute: int | None = None
    translations: str = ""

    @property
    def title(self) -> Title:
        """Its name in every language that it has one in."""
        return Title(self.label, self.translations)


class Offer(NamedTuple):
    """A promotion on one product: `amount` per `base` (off, or the price), or `rate_ppm` off.

    For `n_for_price` the amount is that of a whole group; only items of one amount mix in a group.
    """

    promotion: Promotion
    amount: int = 0
    base: int = 1000
    rate_ppm: int = 0


@dataclass(frozen=True, slots=True)
class PriceBook:
    """All that `price_basket` needs to know, gathered beforehand.

    `prices` by product, then by place (None: zone and general prices), best first as `book` sorts
    them; `rates` by (regime, region, class), newest first; `offers` by product, then place.
    """

    prices: Mapping[UUID, Mapping[UUID | None, tuple[Price, ...]]]
    rates: Mapping[tuple[str, str, str], tuple[TaxRate, ...]]
    offers: Mapping[UUID, Mapping[UUID, tuple[Offer, ...]]] = field(default_factory=dict)


class LineAdjustment(NamedTuple):
    """One reduction of a line, already in minor units; the retailer's are the line's discount, others are funded."""

    kind: str
    funder: Funder
    source_id: UUID | None
    amount: int
    label: str
    translations: str = ""

    @property
    def title(self) -> Title:
        """The name of what reduces it, in every language that it has one in."""
        return Title(self.label, self.translations)


class AgreedAmounts(NamedTuple):
    """What was agreed for a line elsewhere: at a till, on a marketplace, in history.

    ``discount`` is the retailer's, `funded` is paid by others (it may exceed the amount on recorded
    lines), `tax` None means: compute it. `unit_price` None means: only line amounts are known.
    """

    gross: int
    discount: int = 0
    funded: int = 0
    tax: int | None = None
    tax_rate_ppm: int | None = None
    unit_price: UnitPrice | None = None
    adjustments: tuple[LineAdjustment, ...] = ()

    @property
    def amount(self) -> int:
        return self.gross - self.discount


class BasketLine(NamedTuple):
    """`quantity` thousandths of the product's unit; line numbers are positions from 1."""

    product: PricedProduct
    quantity: int
    agreed: AgreedAmounts | None = None
    kind: LineKind = "product"


class Delivery(NamedTuple):
    """The fee for bringing it, as a priced line of its own; `product_id` is the service that it is sold as."""

    amount: int
    tax_class: str
    label: str = "delivery"
    product_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Basket:
    """What somebody wants to buy at one selling place at one moment."""

    place: PricedPlace
    channel: str
    at: datetime
    lines: tuple[BasketLine, ...]
    member: bool = False
    delivery: Delivery | None = None


class Adjustment(NamedTuple):
    """A reduction decided elsewhere (a coupon, a price given by hand) and handed in as data.

    `amount` minor units, spread by what is left of them over the lines `line_nos`; None means all
    product lines. Never takes more than is left. Agreed lines are not touched.
    """

    kind: str
    funder: Funder
    source_id: UUID | None
    label: str
    amount: int
    line_nos: tuple[int, ...] | None = None
    translations: str = ""
