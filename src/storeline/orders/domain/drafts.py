"""What a channel asks for, and what was decided. Amounts are minor units, quantities thousandths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from storeline.kernel.api import MAX_AMOUNT, MAX_QUANTITY, Error, Invalid
from storeline.payments.api import Offer, Planned
from storeline.places.api import Position
from storeline.sourcing.api import Ask

MAX_LINES = 500
MAX_DISCOUNTS = 20

Method = Literal["carry_out", "collect", "deliver", "ship"]
State = Literal["pending", "confirmed", "completed", "cancelled"]
Wish = Literal["offer", "never", "accept"]
"""What a shopper wants where something is missing: be asked, no substitutes, or whatever the picker finds best."""
WISHES: tuple[Wish, ...] = ("offer", "never", "accept")


class LineDiscount(NamedTuple):
    """A reduction of one line: `kind` promotion, coupon, member_price …; `funder` says who pays for it."""

    kind: str
    funder: str
    amount: int
    source_id: UUID | None = None
    label: str = ""


class Agreed(NamedTuple):
    """The amounts of a line as they were agreed at a till, on a marketplace or in the past."""

    gross: int
    discounts: tuple[LineDiscount, ...] = ()
    tax: int = 0
    tax_rate: int = 0


class DraftLine(NamedTuple):
    """A product and how much of it; `agreed` only from actors that may sell at agreed amounts."""

    product_id: UUID
    quantity: int
    agreed: Agreed | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where goods are brought: personal data, which no log shows. `lines` are street and house, one below the other."""

    country: str
    postal_code: str = field(repr=False)
    name: str = field(default="", repr=False)
    lines: tuple[str, ...] = field(default=(), repr=False)
    city: str = field(default="", repr=False)
    region: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    note: str = field(default="", repr=False)
    position: Position | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Contact:
    """How to tell whoever orders about it, and in which language (BCP 47): personal data, which no log shows."""

    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Draft:
    """One order as it was asked for; `id` is the client's and its idempotency record.

    `address` is where it is brought, `collect_at` the place where it is collected, if not where it is picked. Lines, by
    their index from 0, that another place than the serving one gives are in `from_places`.
    """

    id: UUID
    place_id: UUID
    channel: str
    lines: tuple[DraftLine, ...]
    currency: str
    method: Method = "carry_out"
    payments: tuple[Offer, ...] = ()
    served_by: UUID | None = None
    customer_id: UUID | None = None
    slot_id: UUID | None = None
    coupons: tuple[str, ...] = ()
    expected_total: int | None = None
    placed_at: datetime | None = None
    till: str | None = None
    ref: str | None = None
    source: str = "live"
    substitutes: Wish = "offer"
    address: Address | None = None
    collect_at: UUID | None = None
    contact: Contact | None = None
    from_places: Mapping[int, UUID] | None = None
    body_hash: bytes = b""

    @property
    def brought(self) -> bool:
        """Whether it comes to an address."""
        return self.method in {"deliver", "ship"}

    @property
    def point(self) -> UUID | None:
        """The place where it waits for its shopper, if that is another than the one that picks it."""
        return None if self.collect_at == self.serving else self.collect_at

    @property
    def serving(self) -> UUID:
        """The place whose stock serves the order."""
        return self.served_by or self.place_id

    def from_place(self, index: int) -> UUID:
        """The place that gives a line, by its index from 0."""
        if self.from_places is None:
            return self.served_by or self.place_id
        return self.from_places.get(index, self.serving)

    @property
    def asked(self) -> dict[UUID, str]:
        """The places that it asks to pick, the serving one first, each with the field that names it."""
        asked = {self.serving: "served_by"}
        for index, place in sorted((self.from_places or {}).items()):
            asked.setdefault(place, f"lines[{index}].from_place")
        return asked

    @property
    def agreed(self) -> bool:
        """Whether all its amounts were agreed elsewhere."""
        return self.lines[0].agreed is not None

    @property
    def asks_online(self) -> bool:
        """Whether it is an order that a place may still refuse: neither carried out of the shop nor agreed elsewhere."""
        return self.method != "carry_out" and bool(self.lines) and not self.agreed


class PricedLine(NamedTuple):
    """A line with its amounts: ``amount = gross - discount``. `goods` are taken from stock, deposits are not.

    `fee` marks what bringing the others costs.
    """

    product_id: UUID
    quantity: int
    unit_amount: int | None
    unit_base: int | None
    gross: int
    discount: int
    amount: int
    funded: int
    tax: int
    tax_rate: int
    discounts: tuple[LineDiscount, ...]
    goods: bool = True
    fee: bool = False


@dataclass(frozen=True, slots=True)
class Priced:
    """A basket with its amounts: ``payable = total - funded``; `area_id` is where it is brought, and sets the fee."""

    lines: tuple[PricedLine, ...]
    amount: int
    tax: int
    total: int
    funded: int
    tax_included: bool
    area_id: UUID | None = None

    @property
    def payable(self) -> int:
        return self.total - self.funded


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a coupon by an order: what it took off, and the spendable rows that it takes one from."""

    coupon_id: UUID
    amount: int
    rows: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A draft that holds, with all that its writing needs; `moved` where its basket held another slot until now.

    It counts among its `asks` at places that take only so many in an hour.
    """

    draft: Draft
    priced: Priced
    payments: tuple[Planned, ...]
    state: State
    entity_id: UUID
    placed_at: datetime
    business_date: date
    expires_at: datetime | None = None
    uses: tuple[Use, ...] = ()
    moved: bool = False
    asks: tuple[Ask, ...] = ()

    @property
    def fee_line(self) -> int | None:
        """The number of the line that is the fee for bringing it; it is the last one."""
        return len(self.priced.lines) if self.priced.lines[-1].fee else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one order: its state, or why not. `again` marks the answer to a repeat."""

    order_id: UUID
    state: State | None
    currency: str = ""
    total: int = 0
    payable: int = 0
    error: Error | None = None
    again: bool = False

    @property
    def ok(self) -> bool:
        return self.error is None


def check_draft(draft: Draft) -> None:
    """Refuse what no place could sell, naming the field."""
    check_lines(draft.lines, agreed=bool(draft.lines) and draft.agreed)
    if draft.placed_at is not None and draft.placed_at.tzinfo is None:
        raise Invalid("The time needs its offset.", field="placed_at")
    if draft.method == "carry_out" and draft.serving != draft.place_id:
        raise Invalid("Goods carried out leave from the place that sells them.", field="served_by")
    if draft.from_places and (draft.agreed or draft.method == "carry_out"):
        raise Invalid(
            "Only what is ordered online comes from several places.",
            field=f"lines[{min(draft.from_places)}].from_place",
        )
    if not draft.agreed and draft.channel != "till" and draft.expected_total is None:
        raise Invalid("Say what total the shopper was shown.", field="expected_total")
    _check_way(draft)


_LONGEST = {"name": 100, "city": 100, "region": 100, "phone": 32, "note": 500, "postal_code": 20}
MAX_ADDRESS_LINES = 4


def _check_way(draft: Draft) -> None:
    """Refuse an address where nothing is brought, and none where something is; likewise for the place to collect at."""
    if draft.collect_at is not None and draft.method != "collect":
        raise Invalid("Only what is collected waits at a place.", field="collect_at")
    if draft.contact is not None and draft.method == "carry_out":
        raise Invalid("Nobody is told about goods that they carry out.", field="contact")
    if not draft.brought:
        if draft.address is not None:
            raise Invalid("Nothing is brought to an address this way.", field="address")
        return
    if draft.address is None:
        raise Invalid("Say where to bring it.", field="address")
    check_address(draft.address)
    if draft.method == "deliver" and draft.slot_id is None and not draft.agreed:
        raise Invalid("Choose when to have it delivered.", field="slot")


def check_address(address: Address) -> None:
    """Refuse an address that nobody could find, naming the field."""
    for name in ("name", "city", "postal_code"):
        if not getattr(address, name).strip():
            raise Invalid("An address needs this.", field=f"address.{name}")
    if not 0 < len(address.lines) <= MAX_ADDRESS_LINES or not all(0 < len(line) <= 200 for line in address.lines):  # noqa: PLR2004  # a long street
        raise Invalid("An address has one to four lines.", field="address.lines")
    for name, longest in _LONGEST.items():
        if len(getattr(address, name)) > longest:
            raise Invalid(f"At most {longest} characters.", field=f"address.{name}")


def check_lines(lines: Sequence[DraftLine], *, agreed: bool) -> None:
    """Refuse lines that make no sense: none, too many, half of them agreed, no quantity."""
    if not lines:
        raise Invalid("An order needs at least one line.", field="lines")
    if len(lines) > MAX_LINES:
        raise Invalid(f"An order has at most {MAX_LINES} lines.", field="lines")
    for index, line in enumerate(lines):
        if (line.agreed is not None) != agreed:
            raise Invalid("Either all lines carry agreed amounts or none.", field=f"lines[{index}].gross")
        if not (0 if agreed else 1) <= line.quantity < MAX_QUANTITY:
            raise Invalid("The quantity must be more than 0.", field=f"lines[{index}].quantity")
        if line.agreed is not None:
            _check_agreed(line.agreed, f"lines[{index}]")


def _check_agreed(agreed: Agreed, path: str) -> None:
    if not 0 <= agreed.gross < MAX_AMOUNT:
        raise Invalid("The shelf amount must not be negative.", field=f"{path}.gross")
    if len(agreed.discounts) > MAX_DISCOUNTS:
        raise Invalid(f"A line has at most {MAX_DISCOUNTS} discounts.", field=f"{path}.discounts")
    if any(not 0 <= discount.amount < MAX_AMOUNT for discount in agreed.discounts):
        raise Invalid("A discount must not be negative.", field=f"{path}.discounts")
    if abs(agreed.tax) >= MAX_AMOUNT:
        raise Invalid("The tax is too large.", field=f"{path}.tax")
