"""What cannot come from where it stands moves to lines of its own, at the very price, tax and discounts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from storeline.kernel.api import Invalid, allocate, round_div
from storeline.orders.domain.amounts import RETAILER
from storeline.orders.domain.drafts import LineDiscount, PricedLine
from storeline.orders.domain.shorts import OrderLine, Taken, take_off


@dataclass(frozen=True, slots=True)
class Part:
    """`quantity` thousandths of a line come from `place_id` instead, and are the order's line `line_no` from now on."""

    line_no: int
    place_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What goes off a line, and the line that continues it: what goes off is what comes, to the cent."""

    part: Part
    taken: Taken
    line: PricedLine


def moves(
    line: OrderLine, unit: tuple[int | None, int | None], discounts: Sequence[LineDiscount], parts: Sequence[Part]
) -> list[Moved]:
    """Each part as a line; `unit` and `discounts` are those of the line that they move off."""
    moved = []
    for part in parts:
        taken = take_off(line, line.kept_quantity - part.quantity)
        if taken is None:
            raise Invalid("Say how much comes from elsewhere.", field="quantity")
        moved.append(Moved(part, taken, _continued(line, taken, unit, discounts)))
        line = replace(
            line,
            taken_quantity=line.taken_quantity + taken.quantity,
            taken_amount=line.taken_amount + taken.amount,
            taken_funded=line.taken_funded + taken.funded,
            taken_tax=line.taken_tax + taken.tax,
            amendments=line.amendments + 1,
        )
    return moved


def _continued(
    line: OrderLine, taken: Taken, unit: tuple[int | None, int | None], discounts: Sequence[LineDiscount]
) -> PricedLine:
    own = [one for one in discounts if one.funder == RETAILER]
    others = [one for one in discounts if one.funder != RETAILER]
    discount = round_div(line.discount * taken.quantity, line.quantity) if own else 0
    return PricedLine(
        line.product_id,
        taken.quantity,
        *unit,
        gross=taken.amount + discount,
        discount=discount,
        amount=taken.amount,
        funded=taken.funded,
        tax=taken.tax,
        tax_rate=line.tax_rate,
        discounts=(*_shared(discount, own), *_shared(taken.funded, others)),
        goods=True,
    )


def _shared(amount: int, discounts: Sequence[LineDiscount]) -> list[LineDiscount]:
    """These reductions, so much of them altogether, each by its size."""
    if not amount or not discounts:
        return []
    shares = allocate(amount, [one.amount for one in discounts])
    return [one._replace(amount=share) for one, share in zip(discounts, shares, strict=True) if share]
