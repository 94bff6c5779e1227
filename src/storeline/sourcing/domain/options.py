"""Which places can serve a basket, and why the others cannot: the pure part."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from storeline.places import api as places


class Method(StrEnum):
    """How the shopper receives the basket."""

    CARRY_OUT = "carry_out"
    COLLECT = "collect"
    DELIVER = "deliver"
    SHIP = "ship"

    @property
    def capability(self) -> str:
        """What a place must be able to do for it."""
        return "sell" if self is Method.CARRY_OUT else self.value

    @property
    def online(self) -> bool:
        """Whether the basket is ordered from afar, so that goods for tills only are left out."""
        return self is not Method.CARRY_OUT

    @property
    def slotted(self) -> bool:
        """Whether slots of capacity bound it."""
        return self in {Method.COLLECT, Method.DELIVER}


class Code(StrEnum):
    """Why a place can, or cannot."""

    ALL_THERE = "all_there"
    SHORT = "short"
    NOT_LISTED = "not_listed"
    NOT_KEPT_COLD = "not_kept_cold"
    NOT_SOLD = "not_sold"
    NOT_ONLINE = "not_online"
    UNKNOWN_PRODUCT = "unknown_product"
    NO_CAPABILITY = "no_capability"
    NOT_TRADING = "not_trading"
    CLOSED = "closed"
    SLOTS_FULL = "slots_full"
    SLOT = "slot"
    OPEN = "open"
    CLOSED_ONLINE = "closed_online"
    NO_ROOM = "no_room"
    TOO_FAR = "too_far"
    NO_PLACE = "no_place"
    SPLIT = "split"
    WELL_STOCKED = "well_stocked"
    FEW_LEFT = "few_left"
    SELLS_FAST = "sells_fast"
    COUNTED = "counted"
    NOT_COUNTED = "not_counted"


AMBIENT_ONLY = ("collection_point", "locker", "machine", "pop_up")
"""Formats that keep nothing of their own to send: goods come to them."""


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A product and how many thousandths of its unit."""

    product_id: UUID
    quantity: int


class Reason(NamedTuple):
    """Why, in a stable code and plain words; `missing` is how many thousandths are not there."""

    code: Code
    text: str
    product_id: UUID | None = None
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Option:
    """One place's answer. `at` is when the basket can be handed over, or leave; `slot_id` the slot that is then."""

    place_id: UUID
    ref: str
    name: str
    serves: bool
    distance_km: float | None
    at: datetime | None
    slot_id: UUID | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ProductNeed:
    """What was found of a wanted product; products asked for twice are one need."""

    product_id: UUID
    quantity: int
    known: bool
    temperature: str
    sellable: bool
    online: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place as it was read: `available` and `listed` go by the needs' order."""

    place_id: UUID
    ref: str
    name: str
    format: str
    capable: bool
    trading: bool
    distance_km: float | None
    available: Sequence[int]
    listed: Sequence[bool]
    slot_id: UUID | None
    slot_at: datetime | None
    slotted: bool
    keeps: Sequence[str] = ()


def keeps(place_format: str, temperature: str, stated: Collection[str] = ()) -> bool:
    """Whether a place can hold goods of that class until they are handed over: by what it states, else by its format."""
    return temperature in places.kept_by(place_format, stated) or temperature not in places.TEMPERATURES


def combine(lines: Iterable[WantedLine]) -> list[WantedLine]:
    """Lines of one product as one, in the order of their first."""
    total: dict[UUID, int] = {}
    for line in lines:
        total[line.product_id] = total.get(line.product_id, 0) + line.quantity
    return [WantedLine(product, quantity) for product, quantity in total.items()]


def obstacles(candidate: Candidate, needs: Sequence[ProductNeed], method: Method) -> list[Reason]:
    """Everything that keeps this place from serving the whole basket, apart from its hours."""
    found = []
    if not candidate.capable:
        found.append(Reason(Code.NO_CAPABILITY, f"This place does not offer {method.value}."))
    if not candidate.trading:
        found.append(Reason(Code.NOT_TRADING, "This place has not opened yet, or has closed for good."))
    if method.slotted and candidate.slotted and candidate.slot_id is None:
        found.append(Reason(Code.SLOTS_FULL, "Every slot is full."))
    for need, available, listed in zip(needs, candidate.available, candidate.listed, strict=True):
        if reason := _obstacle(candidate, need, available, listed=listed, method=method):
            found.append(reason)
    return found


def _obstacle(
    candidate: Candidate, need: ProductNeed, available: int, *, listed: bool, method: Method
) -> Reason | None:
    product = need.product_id
    if not need.known:
        return Reason(Code.UNKNOWN_PRODUCT, "There is no such product.", product, need.quantity)
    if not need.sellable:
        return Reason(Code.NOT_SOLD, "This product is not sold any more.", product, need.quantity)
    if method.online and not need.online:
        return Reason(Code.NOT_ONLINE, "This product is sold at tills only.", product, need.quantity)
    if not keeps(candidate.format, need.temperature, candidate.keeps):
        return Reason(Code.NOT_KEPT_COLD, f"This place cannot keep {need.temperature} goods.", product, need.quantity)
    if not listed:
        return Reason(Code.NOT_LISTED, "This place does not carry the product.", product, need.quantity)
    if available < need.quantity:
        return Reason(Code.SHORT, "Not enough is there.", product, need.quantity - max(available, 0))
    return None


def rank(options: Iterable[Option]) -> list[Option]:
    """Those that serve first; among them the nearest, then the soonest, then by reference. The rest likewise."""
    return sorted(
        options,
        key=lambda option: (
            not option.serves,
            option.distance_km if option.distance_km is not None else float("inf"),
            option.at.timestamp() if option.at else float("inf"),
            option.ref,
        ),
    )
