"""What the shelf label says beside the price: the price per kilogram, litre, metre or piece."""

from __future__ import annotations

from typing import NamedTuple

from storeline.kernel.api import QUANTITY_ONE, UnitPrice, round_div

_SHOWN: dict[str, tuple[str, int, int]] = {
    "mg": ("kg", 1, 1_000_000),
    "g": ("kg", 1, 1_000),
    "kg": ("kg", 1, 1),
    "ml": ("l", 1, 1_000),
    "cl": ("l", 1, 100),
    "dl": ("l", 1, 10),
    "l": ("l", 1, 1),
    "mm": ("m", 1, 1_000),
    "cm": ("m", 1, 100),
    "m": ("m", 1, 1),
    "m2": ("m2", 1, 1),
    "m3": ("m3", 1, 1),
    "oz": ("lb", 1, 16),
    "lb": ("lb", 1, 1),
    "fl_oz": ("qt", 1, 32),
    "pt": ("qt", 1, 2),
    "qt": ("qt", 1, 1),
    "gal": ("gal", 1, 1),
    "in": ("ft", 1, 12),
    "ft": ("ft", 1, 1),
    "each": ("each", 1, 1),
}
"""Unit of content: the unit shown, and how much of that it is, as a fraction.

Metric as Directive 98/6/EC article 2(b) asks; pounds and quarts as NIST Handbook 130, Uniform Unit
Pricing Regulation, section 3.
"""


class UnitPriceDisplay(NamedTuple):
    """`amount` minor units per one `unit`."""

    amount: int
    unit: str
    currency: str


def unit_price_display(
    price: UnitPrice, unit: str, content_quantity: int | None, content_unit: str | None
) -> UnitPriceDisplay | None:
    """The price per kilogram, litre, metre, square metre or piece, rounded once, half away from zero.

    `price` is for the product's `unit`, of which each holds `content_quantity` thousandths of
    `content_unit`; goods sold by measure need no content. None where nothing sensible can be shown.
    """
    if content_quantity and content_unit in _SHOWN:
        shown, part, whole = _SHOWN[content_unit]
        content = content_quantity
    elif unit in _SHOWN and unit != "each":
        shown, part, whole = _SHOWN[unit]
        content = QUANTITY_ONE
    else:
        return None
    amount = round_div(price.amount * QUANTITY_ONE * QUANTITY_ONE * whole, price.base * content * part)
    return UnitPriceDisplay(amount, shown, price.currency)
