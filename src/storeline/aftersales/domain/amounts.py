"""What comes back of a sold line: in proportion, exactly, and never a cent more than was sold."""

from __future__ import annotations

from storeline.aftersales.domain.terms import Back, ReturnLine, SoldLine, TakenLine
from storeline.aftersales.errors import TooMuchReturned
from storeline.kernel.api import format_quantity, round_div


def take_back(line_no: int, asked: ReturnLine, sold: SoldLine, before: Back) -> TakenLine:
    """The line of a return that takes `asked.quantity` of `sold`, of which `before` is back already.

    What has come back in all is rounded once from the line as sold, and this return is the difference: several
    partial returns come to the same as one, and the last gives exactly the rest. A line that was sold with quantity
    0 (a coupon, a fee) comes back whole, once. Raises TooMuchReturned naming the field.
    """
    left = sold.quantity - before.quantity
    if asked.quantity > left or (sold.quantity == 0 and before.times):
        raise TooMuchReturned(
            f"Only {format_quantity(left)} of it can still come back.",
            field=f"lines[{line_no - 1}].quantity",
            left=format_quantity(left),
        )
    back = before.quantity + asked.quantity

    def share(whole: int, given: int) -> int:
        return (whole if back == sold.quantity else round_div(whole * back, sold.quantity)) - given

    return TakenLine(
        line_no,
        sold.line_no,
        sold.product_id,
        asked.quantity,
        share(sold.amount, before.amount),
        share(sold.funded, before.funded),
        share(sold.tax, before.tax),
        sold.tax_rate,
        asked.restock,
        sold.goods,
        asked.reason,
    )
