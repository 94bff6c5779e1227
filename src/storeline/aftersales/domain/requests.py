"""What a shopper asks before goods come back: which units, why, and until when the shop expects them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from storeline.aftersales.domain.terms import MAX_LINES, Back, SoldLine
from storeline.aftersales.errors import BadReturn, TooMuchReturned
from storeline.kernel.api import MAX_QUANTITY, format_quantity

REASONS: Final = ("damaged", "spoiled", "wrong", "unwanted", "other")
UNFIT: Final = frozenset({"damaged", "spoiled"})
"""Goods that come back for these reasons are not sold again unless somebody looked at them and says so."""
REQUEST_STATES: Final = ("requested", "accepted", "withdrawn", "lapsed")
LAPSES_AFTER: Final = timedelta(days=14)
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is read as another or as a digit."""
_CODE_DIGITS = 7


@dataclass(frozen=True, slots=True)
class RequestLine:
    """So much (in thousandths) of one line of the order, and one of REASONS."""

    order_line: int
    quantity: int
    reason: str = "other"


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """What a shopper asks to bring back of one order; `id` is the client's and its idempotency record."""

    id: UUID
    order_id: UUID
    lines: tuple[RequestLine, ...]

    @property
    def digest(self) -> bytes:
        """What two requests under one id must share to count as the same."""
        return hashlib.sha256(repr(self).encode()).digest()

    @property
    def code(self) -> str:
        """What a till or a desk scans or types: R and seven characters."""
        number = self.id.int & ((1 << 5 * _CODE_DIGITS) - 1)
        return "R" + "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(_CODE_DIGITS)))


def normal_code(text: str) -> str:
    """A code as somebody typed it, in its one form: capitals, no spaces, letters that stand for digits as these."""
    plain = "".join(text.upper().split()).replace("-", "")
    return plain[:1] + plain[1:].translate(str.maketrans("OIL", "011"))


def check_request(asked: ReturnRequest) -> None:
    """Refuse what makes no sense, naming the field."""
    if not 0 < len(asked.lines) <= MAX_LINES:
        raise BadReturn("Say what you want to bring back.", field="lines")
    if len({line.order_line for line in asked.lines}) != len(asked.lines):
        raise BadReturn("Each line of the order is named once.", field="lines")
    for line in asked.lines:
        if not 0 < line.quantity < MAX_QUANTITY:
            raise BadReturn("The quantity must be more than 0.", field=f"lines[{line.order_line}].quantity")
        if line.reason not in REASONS:
            raise BadReturn(f"A reason is one of {', '.join(REASONS)}.", field=f"lines[{line.order_line}].reason")


def check_left(
    lines: Sequence[RequestLine], sold: Mapping[int, SoldLine], back: Mapping[int, Back], asked: Mapping[int, int]
) -> None:
    """Refuse units that came back before or that were asked for already. Raises BadReturn, TooMuchReturned."""
    for line in lines:
        if line.order_line not in sold:
            raise BadReturn("The sale has no such line.", field=f"lines[{line.order_line}].order_line")
        if sold[line.order_line].fee:
            raise BadReturn("The fee goes back by itself with the last of the goods.", field="lines")
        left = left_of(sold[line.order_line], back, asked)
        if line.quantity > left:
            raise TooMuchReturned(
                f"Only {format_quantity(left)} of it can still come back.",
                field=f"lines[{line.order_line}].quantity",
                left=format_quantity(left),
            )


def left_of(sold: SoldLine, back: Mapping[int, Back], asked: Mapping[int, int]) -> int:
    """How much of a sold line can still be asked for, in thousandths."""
    returned = back[sold.line_no].quantity if sold.line_no in back else 0
    return max(0, sold.quantity - returned - asked.get(sold.line_no, 0))


def lapses_at(requested_at: datetime) -> datetime:
    """Until when the goods are expected."""
    return requested_at + LAPSES_AFTER
