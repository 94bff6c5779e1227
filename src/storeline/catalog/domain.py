"""Rules of products, without a database: codes on packages, units, allergens, names in many languages."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, NamedTuple
from urllib.parse import unquote
from uuid import UUID

from storeline.kernel.api import Invalid, UnitPrice, round_div
from storeline.places.api import gs1_check_digit

UNITS = ("each", "kg", "g", "lb", "oz", "l", "ml", "cl", "gal", "fl_oz", "m", "cm", "ft")
WEIGHTS = ("kg", "g", "lb", "oz")
TEMPERATURES = ("ambient", "fresh", "chilled", "frozen", "hot")
ALLERGENS = (
    "gluten",
    "crustaceans",
    "eggs",
    "fish",
    "peanuts",
    "soybeans",
    "milk",
    "nuts",
    "celery",
    "mustard",
    "sesame",
    "sulphites",
    "lupin",
    "molluscs",
)
"""The fourteen of Regulation (EU) No 1169/2011, Annex II, in its order."""
STATUSES = ("active", "ended")
MAX_NAME = 300
GTIN_LENGTHS = (8, 12, 13, 14)

_GRAMS = {"kg": (1_000, 1), "g": (1, 1), "lb": (45_359_237, 100_000), "oz": (45_359_237, 1_600_000)}
"""A unit of weight in grams, as a fraction: the international pound is 453.59237 g exactly."""


def normal_gtin(text: str, *, field: str = "gtin") -> str:
    """A GTIN-8, -12, -13 or -14 as the 14 digits under which it is kept, or a refusal."""
    digits = text.strip().replace(" ", "")
    if len(digits) not in GTIN_LENGTHS or not (digits.isascii() and digits.isdigit()):
        raise Invalid(f"{text[:20]!r} is not a GTIN: 8, 12, 13 or 14 digits.", field=field)
    if gs1_check_digit(digits[:-1]) != digits[-1]:
        raise Invalid(f"The check digit of {digits} is wrong.", field=field)
    return digits.zfill(14)


@dataclass(frozen=True, slots=True)
class MeasureRule:
    """How one prefix of in-store codes (GS1: 02 and 20 to 29, for each retailer to lay out) holds a weight or a price.

    After the prefix come `item_digits` of item number, a verifier digit where `verifier`, then the value up to
    the check digit. `kind` weight: `decimals` counts from a kilogram (3 is grams); price: from one of the
    currency's main units.
    """

    prefix: str
    kind: Literal["weight", "price"]
    item_digits: int
    decimals: int
    verifier: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """An in-store code taken apart: the code under which its product is registered (value zero), and the value.

    One of `grams` and `price` is set; `price` counts in units of 10 to the minus `decimals`.
    """

    gtin: str
    grams: int | None = None
    price: int | None = None
    decimals: int = 0


def parse_measured(gtin: str, rules: Iterable[MeasureRule]) -> Measured | None:
    """Take a 14-digit code apart by the longest of `rules` that fits its prefix; None where none does."""
    code = gtin[1:]
    fitting = [rule for rule in rules if gtin[0] == "0" and code.startswith(rule.prefix)]
    if not fitting:
        return None
    rule = max(fitting, key=lambda one: len(one.prefix))
    item_end = len(rule.prefix) + rule.item_digits
    value = code[item_end + rule.verifier : 12]
    body = "0" + code[:item_end] + "0" * (12 - item_end)
    registered = body + gs1_check_digit(body)
    if rule.kind == "price":
        return Measured(registered, price=int(value), decimals=rule.decimals)
    exponent = 3 - rule.decimals
    return Measured(
        registered, grams=int(value) * 10**exponent if exponent >= 0 else round_div(int(value), 10**-exponent)
    )


_SYMBOLOGY = re.compile(r"\](?:C1|d2|Q3|e0)")
_BRACKETS = re.compile(r"\((\d{2,4})\)")
_LINK = re.compile(r"https?://[^/?#]+/(?:[^?#]*/)?01/(\d{8,14})(?:[/?#]|$)", re.IGNORECASE)
_LINK_MORE = re.compile(r"[?&](31[0-6]\d|32[0-7]\d|392\d|17)=(\d{1,15})(?=&|$)")
_LINK_LOT = re.compile(r"/10/([^/?#]{1,60})(?:[/?#]|$)")
_LOT = re.compile(r"[!-Z_a-z]{1,20}")
_BARE_GTIN = re.compile(r"01[0-9]{14}")
_BARE = re.compile(r"01[0-9]{14}(?:\x1d.*|[0-9]{2}.+)", re.DOTALL)
_GROUP = "\x1d"
_LENGTHS = {"00": 18, "01": 14, "02": 14, "03": 14, "04": 16, "20": 2, "41": 14} | {
    f"{number}": 6 for number in (*range(11, 20), *range(31, 37))
}
"""Digits after the first two (of a weight the first four) where how an element begins gives its length (GS1 General Specifications)."""


@dataclass(frozen=True, slots=True)
class Elements:
    """What a GS1-128, DataMatrix or Digital Link code says of a product: its GTIN, and a weight, a price or a count;
    its lot and the last day on which it is good, where it says them (application identifiers 10 and 17).

    `price` counts in units of 10 to the minus `decimals` of the currency's main unit.
    """

    gtin: str
    grams: int | None = None
    price: int | None = None
    decimals: int = 0
    count: int | None = None
    lot: str | None = None
    expires_on: date | None = None


def parse_elements(text: str) -> Elements | None:
    """Take an element string (with its symbology mark, in brackets or bare) or a Digital Link apart; None for anything else.

    Sixteen bare digits are one only where 01 and a right GTIN-14 stand there: another such number may be a card's. An SSCC has
    eighteen, fewer than a GTIN with whatever may follow it. Raises Invalid where it is one whose GTIN is none.
    """
    text = text.strip()
    if link := _LINK.match(text):
        lot = [("10", unquote(found[1])) for found in [_LINK_LOT.search(text)] if found]
        return _of_elements([("01", link[1]), *lot, *_LINK_MORE.findall(text)])
    if _SYMBOLOGY.match(text):
        return _of_elements(_split(text[3:].lstrip(_GROUP)))
    parts = _BRACKETS.split(text)
    if len(parts) > 1 and not parts[0]:
        return _of_elements(list(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True)))
    if _BARE_GTIN.fullmatch(text):
        return Elements(text[2:]) if gs1_check_digit(text[2:-1]) == text[-1] else None
    return _of_elements(_split(text)) if _BARE.fullmatch(text) else None


def _split(text: str) -> list[tuple[str, str]]:
    """An element string as (identifier, value) pairs, as far as it can be read."""
    found = []
    while text:
        wide = 4 if text[0] == "3" and text[1:2] != "0" and text[1:2] != "7" else 2
        code, length = text[:wide], _LENGTHS.get(text[:2])
        value, separator, after = text[wide:].partition(_GROUP)
        if length is not None:
            value, after = text[wide : wide + length], text[wide + length :].removeprefix(_GROUP)
        elif not separator:
            after = ""
        found.append((code, value))
        text = after
    return found


def _of_elements(elements: Iterable[tuple[str, str]]) -> Elements | None:
    said = dict(elements)
    values = {code: value for code, value in said.items() if value.isascii() and value.isdigit()}
    if "01" not in values:
        return None
    lot = said.get("10", "")
    found = Elements(
        normal_gtin(values["01"], field="code"),
        lot=lot if _LOT.fullmatch(lot) else None,
        expires_on=_day_of(values.get("17", "")),
    )
    for code, value in values.items():
        decimals = int(code[-1])
        if code[:3] == "310":
            return replace(found, grams=round_div(int(value) * 1000, 10**decimals))
        if code[:3] == "320":
            numerator, denominator = _GRAMS["lb"]
            return replace(found, grams=round_div(int(value) * numerator, denominator * 10**decimals))
        if code[:3] == "392":
            return replace(found, price=int(value), decimals=decimals)
    count = values.get("30")
    return replace(found, count=int(count)) if count else found


def _day_of(digits: str) -> date | None:
    """YYMMDD as a day of this century (the General Specifications' window reaches to 2075); day 00 is the month's last."""
    if len(digits) != len("YYMMDD"):
        return None
    year, month, day = 2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:])
    try:
        return date(year, month, day or monthrange(year, month)[1])
    except (ValueError, IndexError):
        return None


def quantity_of_weight(grams: int, unit: str, *, field: str = "unit") -> int:
    """`grams` as thousandths of `unit` (a unit of weight), rounded half up."""
    if unit not in _GRAMS:
        raise Invalid(f"A product sold by the {unit} cannot carry a weight in its code.", field=field)
    numerator, denominator = _GRAMS[unit]
    return round_div(grams * 1000 * denominator, numerator)


def quantity_of_price(amount: int, price: UnitPrice) -> int:
    """The thousandths that `amount` minor units buy at a unit price, rounded half up."""
    if price.amount <= 0:
        raise Invalid("A product without a price cannot be measured by one.", field="price")
    return round_div(amount * price.base, price.amount)


def name_in(names: Mapping[str, str], default: str, languages: Iterable[str]) -> str:
    """The name for a reader of `languages` (BCP 47, best first): the tag itself, then its shorter forms, then
    another variant of the same language (``zh`` finds ``zh-Hant``), then the default name.
    """
    if not names:
        return default
    by_tag = {tag.lower(): name for tag, name in names.items() if name}
    for wanted in languages:
        parts = wanted.lower().split("-")
        for size in range(len(parts), 0, -1):
            if name := by_tag.get("-".join(parts[:size])):
                return name
        for tag in sorted(by_tag):
            if tag.split("-")[0] == parts[0]:
                return by_tag[tag]
    return default


class ProductFacts(NamedTuple):
    """What an order needs of a product, read in one statement. Quantities count thousandths of `unit`.

    `deposit_product_id` names the deposit item sold along with each unit; `content_quantity` (thousandths of
    `content_unit`) is what one unit holds, for the price per kilogram or litre; `age_limit` in years, or None.
    """

    id: UUID
    ref: str
    name: str
    names: Mapping[str, str]
    brand: str
    category_id: UUID | None
    category_path: str
    unit: str
    by_weight: bool
    catch_weight: bool
    temperature: str
    shelf_life_days: int | None
    allergens: tuple[str, ...]
    deposit_product_id: UUID | None
    tax_class: str
    content_quantity: int | None
    content_unit: str | None
    service: bool
    sellable: bool
    online: bool
    age_limit: int | None

    def name_in(self, *languages: str) -> str:
        """The name for a reader of these languages, best first."""
        return name_in(self.names, self.name, languages)
