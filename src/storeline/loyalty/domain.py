"""What coupons take off a basket: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from storeline.kernel.api import allocate, round_div, source_id
from storeline.loyalty.errors import (
    CouponMemberLimit,
    CouponNeedsMember,
    CouponNotForBasket,
    CouponNotValid,
    CouponsDoNotCombine,
    CouponUnknown,
    CouponUsedUp,
)
from storeline.pricing.api import MILLION, Adjustment, Funder, Quote, QuotedLine, Title

CouponKind = Literal["percentage", "amount", "fixed_price"]
KINDS: tuple[CouponKind, ...] = ("percentage", "amount", "fixed_price")
UNLIMITED = 1 << 62
"""What is left of a coupon that has no limit."""


class Sorted(Protocol):
    """What coupons must know of a product: where it stands in the category tree."""

    @property
    def category_path(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon's terms. `ref` is the code that the shopper gives.

    `amount` minor units off the goods that it is for, or for `fixed_price` what `base` thousandths of one of them
    cost; `rate_ppm` off all of them. Neither is set on coupons known from history only. `min_spend` is what those
    goods must cost after promotions. One that is not `stackable` goes alone.
    """

    id: UUID
    ref: str
    name: str
    kind: CouponKind
    funder: Funder
    currency: str | None
    amount: int | None
    base: int
    rate_ppm: int | None
    min_spend: int
    valid_from: datetime
    valid_to: datetime | None
    total_limit: int | None = None
    per_member_limit: int | None = None
    stackable: bool = True
    everything: bool = True
    products: frozenset[UUID] = frozenset()
    categories: tuple[str, ...] = ()
    translations: str = ""

    @property
    def title(self) -> Title:
        """Its name in every language that it has one in."""
        return Title(self.name, self.translations)

    def is_for(self, product_id: UUID | None, path: str) -> bool:
        """Whether it is for this product, itself or by one of the categories above it."""
        return (
            self.everything
            or product_id in self.products
            or any(path == above or path.startswith(f"{above}.") for above in self.categories)
        )


@dataclass(frozen=True, slots=True)
class Coupons:
    """Coupons by code, and the uses that each spendable row has left (locked, unless only quoted).

    Rows are a coupon's own, under its id, and its members', under `member_row`.
    """

    by_code: Mapping[str, Coupon] = field(default_factory=dict)
    left: Mapping[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CouponUse:
    """One use of a coupon: what it takes off, and the spendable rows that it takes one from."""

    coupon_id: UUID
    adjustment: Adjustment
    rows: tuple[UUID, ...]


def member_row(coupon_id: UUID, member_id: UUID) -> UUID:
    """The id of the row that counts a member's uses of a coupon."""
    return source_id("loyalty.coupon_count", f"{coupon_id}:{member_id}")


def decide(
    codes: Sequence[str],
    coupons: Coupons,
    left: Mapping[UUID, int],
    quote: Quote,
    member_id: UUID | None,
    at: datetime,
    products: Mapping[UUID, Sorted],
) -> tuple[CouponUse, ...]:
    """What the codes take off a basket priced without them: all of them, or a refusal naming the one.

    In the order given, each on what the ones before it left of the lines; never below zero. `left` is
    as in `Coupons`, lowered by earlier baskets of the set. Deposits, fees and agreed lines are not for coupons.
    """
    remaining = {
        line.line_no: line.amount - line.funded
        for line in quote.lines
        if line.kind == "product" and line.steps[0].code != "agreed"
    }
    taken: dict[UUID, int] = {}
    uses = []
    for index, code in enumerate(codes):
        coupon = _find(code, coupons, quote.currency, at, f"coupons[{index}]")
        if not coupon.stackable and len(codes) > 1:
            raise CouponsDoNotCombine(f"{code} only goes alone.", field=f"coupons[{index}]")
        rows = _spend(coupon, member_id, left, taken, f"coupons[{index}]")
        adjustment = _take_off(coupon, quote, remaining, products, f"coupons[{index}]")
        uses.append(CouponUse(coupon.id, adjustment, rows))
    return tuple(uses)


def _find(code: str, coupons: Coupons, currency: str, at: datetime, where: str) -> Coupon:
    coupon = coupons.by_code.get(code)
    if coupon is None:
        raise CouponUnknown(f"There is no coupon {code[:40]!r}.", field=where)
    if at < coupon.valid_from or (coupon.valid_to is not None and at >= coupon.valid_to):
        raise CouponNotValid(f"{code} is not valid at this time.", field=where)
    if coupon.amount is None and coupon.rate_ppm is None:
        raise CouponNotValid(f"What {code} is worth is not known.", field=where)
    if coupon.currency not in {None, currency}:
        raise CouponNotForBasket(f"{code} is in {coupon.currency}, not in {currency}.", field=where)
    return coupon


def _spend(
    coupon: Coupon,
    member_id: UUID | None,
    left: Mapping[UUID, int],
    taken: dict[UUID, int],
    where: str,
) -> tuple[UUID, ...]:
    """The rows to take a use from; refuses where one has none left."""
    rows = [coupon.id]
    if left.get(coupon.id, 0) <= taken.get(coupon.id, 0):
        raise CouponUsedUp(f"{coupon.ref} is used up.", field=where)
    if coupon.per_member_limit is not None:
        if member_id is None:
            raise CouponNeedsMember(f"{coupon.ref} is for known members.", field=where)
        row = member_row(coupon.id, member_id)
        if left.get(row, 0) <= taken.get(row, 0):
            raise CouponMemberLimit(
                f"{coupon.ref} may be used {coupon.per_member_limit} times by each member.",
                field=where,
            )
        rows.append(row)
    for row in rows:
        taken[row] = taken.get(row, 0) + 1
    return tuple(rows)


def _take_off(
    coupon: Coupon,
    quote: Quote,
    remaining: dict[int, int],
    products: Mapping[UUID, Sorted],
    where: str,
) -> Adjustment:
    lines = [
        line
        for line in quote.lines
        if remaining.get(line.line_no) and coupon.is_for(line.product_id, _path(line, products))
    ]
    if sum(line.amount for line in lines) < coupon.min_spend:
        raise CouponNotForBasket(f"{coupon.ref} needs a larger basket.", field=where)
    amount, numbers = _worth(coupon, lines, remaining)
    if amount <= 0:
        raise CouponNotForBasket(f"{coupon.ref} takes nothing off this basket.", field=where)
    _spread(amount, numbers, remaining)
    return Adjustment("coupon", coupon.funder, coupon.id, coupon.name, amount, numbers, coupon.translations)


def _path(line: QuotedLine, products: Mapping[UUID, Sorted]) -> str:
    product = products.get(line.product_id) if line.product_id is not None else None
    return "" if product is None else product.category_path or ""


def _worth(coupon: Coupon, lines: Sequence[QuotedLine], remaining: Mapping[int, int]) -> tuple[int, tuple[int, ...]]:
    """What the coupon takes off, at most what is left, and off which lines."""
    numbers = tuple(line.line_no for line in lines)
    whole = sum(remaining[number] for number in numbers)
    if coupon.kind == "percentage":
        return min(whole, round_div(whole * (coupon.rate_ppm or 0), MILLION)), numbers
    if coupon.kind == "amount":
        return min(whole, coupon.amount or 0), numbers
    best, number = 0, 0
    for line in lines:
        if line.quantity >= coupon.base:
            share = remaining[line.line_no] * coupon.base // line.quantity
            if share - (coupon.amount or 0) > best:
                best, number = share - (coupon.amount or 0), line.line_no
    return best, (number,)


def _spread(amount: int, numbers: Sequence[int], remaining: dict[int, int]) -> None:
    """Lower what is left of the lines just as pricing will."""
    parts = allocate(amount, [remaining[number] for number in numbers])
    for number, part in zip(numbers, parts, strict=True):
        remaining[number] -= part
