"""What a short pick takes off a line: in proportion, exactly, never a cent twice."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from storeline.kernel.api import Invalid, round_div


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line as agreed, and what was taken off it since (`taken_…`).

    `from_place` is where its goods stand, None: where the order is served, or on their way there. `continues` names the
    line that it moved off.
    """

    order_id: UUID
    line_no: int
    product_id: UUID
    quantity: int
    gross: int
    discount: int
    amount: int
    funded: int
    tax: int
    tax_rate: int
    taken_quantity: int = 0
    taken_amount: int = 0
    taken_funded: int = 0
    taken_tax: int = 0
    amendments: int = 0
    goods: bool = True
    from_place: UUID | None = None
    continues: int | None = None

    @property
    def kept_quantity(self) -> int:
        return self.quantity - self.taken_quantity

    @property
    def kept_amount(self) -> int:
        return self.amount - self.taken_amount

    @property
    def kept_funded(self) -> int:
        return self.funded - self.taken_funded

    @property
    def kept_tax(self) -> int:
        return self.tax - self.taken_tax


@dataclass(frozen=True, slots=True)
class Short:
    """Only `kept` thousandths of the line were found."""

    order_id: UUID
    line_no: int
    kept: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What a short takes off its line."""

    order_id: UUID
    line_no: int
    seq: int
    quantity: int
    amount: int
    funded: int
    tax: int


def take_off(line: OrderLine, kept: int) -> Taken | None:
    """What goes when `kept` of the line stays; None where nothing changes.

    The share that stays is rounded from the line as agreed, so several shorts come to the same as one.
    """
    if not 0 <= kept <= line.kept_quantity:
        raise Invalid("More cannot be kept than the line still has.", field=f"lines[{line.line_no}].kept")
    if kept == line.kept_quantity:
        return None

    def off(agreed: int, taken: int) -> int:
        return agreed - round_div(agreed * kept, line.quantity) - taken

    return Taken(
        line.order_id,
        line.line_no,
        line.amendments + 1,
        line.kept_quantity - kept,
        off(line.amount, line.taken_amount),
        off(line.funded, line.taken_funded),
        off(line.tax, line.taken_tax),
    )
