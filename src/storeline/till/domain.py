"""Pure rules of the till: what was typed or scanned, what a receipt is called, which notes people hand over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from storeline.kernel.api import QUANTITY_ONE, exponent

LONGEST = 200
MOST_TIMES = 999
_TIMES = re.compile(r"(\d{1,3})\s*[*x\u00d7]\s*(.*)", re.IGNORECASE | re.DOTALL)
_ORDER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_RECEIPT = re.compile(r"(.{1,40})-([A-Za-z0-9]{1,20})-(\d{1,12})")
_NUMBER = re.compile(r"#?\s*([0-9A-Fa-f]{6})")
_NOTES = (5, 10, 20, 50, 100)
_NOTES_OF = {
    "CNY": (1, 5, 10, 20, 50, 100),
    "JPY": (1_000, 5_000, 10_000),
    "KRW": (1_000, 5_000, 10_000, 50_000),
    "CLP": (1_000, 2_000, 5_000, 10_000, 20_000),
    "MXN": (20, 50, 100, 200, 500, 1_000),
    "RUB": (50, 100, 500, 1_000, 5_000),
    "CHF": (10, 20, 50, 100, 200),
}
"""Bank notes in main units, where they are not the usual ones."""
_QUICK = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """What came into the field: `times` so many of `code`; `order_id` where a receipt or an order was scanned."""

    code: str
    times: int | None = None
    order_id: UUID | None = None


def parse_entry(text: str) -> Entry:
    """``3*4006381333931`` is three of that; ``3*`` waits for its code; a link with an order's id is that order."""
    text = text.strip()[:LONGEST]
    if found := _ORDER.search(text):
        return Entry(text, order_id=UUID(found[0]))
    times = _TIMES.fullmatch(text)
    if times is None or not 1 <= int(times[1]) <= MOST_TIMES:
        return Entry(text)
    return Entry(times[2].strip(), int(times[1]))


def is_words(code: str) -> bool:
    """Whether it was typed to be searched for: it has a letter or a script of its own, and is no product's code."""
    return any(one.isalpha() for one in code)


@dataclass(frozen=True, slots=True)
class ReceiptName:
    """What people read on a receipt, taken apart: the place's code, the series there, the number in it."""

    place: str
    series: str
    number: int


def receipt_name(place: str, series: str | None, number: str) -> str:
    """What a receipt is called: place, till and number, as they are printed and typed."""
    return f"{place}-{series}-{number}" if series else number


def parse_receipt(text: str) -> ReceiptName | None:
    """The other way round; None where it is no receipt's name."""
    found = _RECEIPT.fullmatch(text.strip())
    return None if found is None else ReceiptName(found[1], found[2], int(found[3]))


def parse_number(text: str) -> str | None:
    """The short number by which people call an order, in the form in which it is kept; None where it is none."""
    found = _NUMBER.fullmatch(text.strip())
    return None if found is None else found[1].upper()


def quick_amounts(total: int, currency: str) -> list[int]:
    """What people are likely to hand over for `total` minor units, other than that itself: whole notes."""
    unit = 10 ** exponent(currency)
    notes = [note * unit for note in _NOTES_OF.get(currency, _NOTES)]
    found = {-(-total // note) * note for note in notes} - {total}
    return sorted(found)[:_QUICK]


def pieces(lines: Sequence[tuple[int, bool]]) -> int:
    """How many pieces (thousandths, whether weighed) are; what is weighed is one piece a line."""
    return sum(1 if weighed else quantity // QUANTITY_ONE for quantity, weighed in lines)


State = Literal["completed", "confirmed", "pending", "cancelled"]


def after_payment(state: str | None) -> Literal["done", "paying", "open"]:
    """How a sale stands once its order stands so; None is an order that is not there."""
    if state == "completed":
        return "done"
    return "paying" if state in {"pending", "confirmed"} else "open"


def lowest(prices: Sequence[int]) -> int:
    """What is given back for a product without its receipt: the least that it has cost in 30 days."""
    return min(prices)
