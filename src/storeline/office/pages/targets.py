"""What a promotion or coupon is about, as people type, paste or scan it: a line for each product or department.

A line begins with a reference or a bar code, or with ``category:`` and a department's reference; a value of its own may
follow, and ``@`` with the reference of the one place where it holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.utils.translation import gettext as _

from storeline.catalog import api as catalog
from storeline.kernel.api import (
    QUANTITY_ONE,
    Error,
    Invalid,
    format_amount,
    format_quantity,
    parse_amount,
    parse_quantity,
)
from storeline.office.pages.parts import decimal_text
from storeline.places import api as places
from storeline.pricing import api as pricing

CATEGORY = "category:"
MOST = 10_000
_FIRST = re.compile(r"[\t;]")
_REST = re.compile(r"[\t;\s]+")
_PPM_OF_PERCENT = pricing.MILLION // 100


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was typed."""

    number: int
    code: str
    value: str = ""
    place: str = ""

    @property
    def is_category(self) -> bool:
        """Whether it names a department."""
        return self.code.lower().startswith(CATEGORY)

    @property
    def ref(self) -> str:
        """The department's reference, or the code."""
        return self.code[len(CATEGORY) :].strip() if self.is_category else self.code


@dataclass(frozen=True, slots=True)
class Found:
    """A line that was understood."""

    line: Line
    target: pricing.TargetDraft
    product: catalog.ProductFacts | None = None
    category: catalog.Category | None = None


@dataclass(slots=True)
class Targets:
    """What the lines say: what was found, and what is wrong with which line."""

    found: list[Found] = field(default_factory=list)
    wrong: list[tuple[int, str]] = field(default_factory=list)

    @property
    def products(self) -> list[catalog.ProductFacts]:
        """The products that are named themselves."""
        return [one.product for one in self.found if one.product is not None]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a line's value is read: a percentage, or an amount of this currency; none where lines have no values."""

    kind: str = ""
    currency: str = ""


NO_VALUES = Terms()


def split(text: str) -> list[Line]:
    """The lines that say something, with their numbers."""
    found = []
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.strip():
            found.append(_line(number, raw.strip()))
    return found


def _line(number: int, raw: str) -> Line:
    code, *more = [part.strip() for part in _FIRST.split(raw, maxsplit=1)]
    if not more and not raw.lower().startswith(CATEGORY):
        code, *more = raw.split(maxsplit=1)
    rest = _REST.split(more[0]) if more else []
    place = next((part[1:] for part in rest if part.startswith("@")), "")
    value = next((part for part in rest if not part.startswith("@")), "")
    return Line(number, code[:200], value[:40], place[:200])


def read(text: str, terms: Terms = NO_VALUES) -> Targets:
    """What the lines name, each line's mistake with its number. At most five queries."""
    lines = split(text)
    result = Targets()
    if len(lines) > MOST:
        result.wrong.append(
            (MOST + 1, _("At most %(count)s lines at once. Name departments instead.") % {"count": MOST})
        )
        return result
    known = _Known(lines)
    seen: set[tuple[UUID | None, UUID | None, UUID | None]] = set()
    for line in lines:
        try:
            one = known.find(line, terms)
        except Invalid as error:
            result.wrong.append((line.number, error.detail))
            continue
        key = (one.target.product_id, one.target.category_id, one.target.place_id)
        if key not in seen:
            seen.add(key)
            result.found.append(one)
    return result


class _Known:
    """Everything that the lines name, looked up as sets."""

    def __init__(self, lines: Sequence[Line]) -> None:
        codes = [line.ref for line in lines if not line.is_category]
        self.by_ref: Mapping[str, catalog.ProductFacts] = catalog.find_by_ref(codes) if codes else {}
        gtins = {gtin for code in codes if code not in self.by_ref and (gtin := _gtin(code))}
        self.by_gtin = catalog.find_by_gtin(gtins) if gtins else {}
        wanted = any(line.is_category for line in lines)
        self.categories = {one.ref: one for one in catalog.list_categories()} if wanted else {}
        refs = [line.place for line in lines if line.place]
        self.places = {ref: key for key, ref, _name in places.choose_places(refs=refs)} if refs else {}

    def find(self, line: Line, terms: Terms) -> Found:
        """The line as a target. Raises Invalid with a sentence for its row."""
        product = category = None
        if line.is_category:
            category = self.categories.get(line.ref)
            if category is None:
                raise Invalid(_("No department has the reference “%(code)s”.") % {"code": line.ref})
        else:
            product = self.by_ref.get(line.ref) or self.by_gtin.get(_gtin(line.ref) or "")
            if product is None:
                raise Invalid(_("No product has the reference or bar code “%(code)s”.") % {"code": line.ref})
        if line.place and line.place not in self.places:
            raise Invalid(_("No place has the reference “%(code)s”.") % {"code": line.place})
        amount, base, rate = value_of(line.value, terms)
        place_id = self.places.get(line.place) if line.place else None
        target = pricing.TargetDraft(
            None if product is None else product.id,
            None if category is None else category.id,
            place_id,
            amount,
            base,
            rate,
        )
        return Found(line, target, product, category)


def _gtin(code: str) -> str | None:
    try:
        return catalog.normal_gtin(code)
    except Invalid:
        return None


def value_of(text: str, terms: Terms) -> tuple[int | None, int, int | None]:
    """A value as typed: amount, for how many thousandths, and share in millionths. Raises Invalid in words."""
    if not text or not terms.kind:
        return None, QUANTITY_ONE, None
    if terms.kind == "percentage":
        return None, QUANTITY_ONE, percent_of(text)
    money, _slash, per = text.partition("/")
    try:
        amount = parse_amount(decimal_text(money), terms.currency)
        base = parse_quantity(decimal_text(per)) if per else QUANTITY_ONE
    except Error:
        raise Invalid(
            _("“%(text)s” is not an amount. Write it as 1.50, or 5.00/3 for three.") % {"text": text}
        ) from None
    if amount < 0 or base <= 0:
        raise Invalid(_("An amount is not below zero."))
    return amount, base, None


def percent_of(text: str) -> int:
    """A percentage as typed, in millionths. Raises Invalid in words."""
    try:
        value = Decimal(decimal_text(text.replace("%", "")))
    except InvalidOperation:
        value = Decimal(-1)
    ppm = value * _PPM_OF_PERCENT if value.is_finite() else Decimal(-1)
    if not 0 < ppm <= pricing.MILLION or ppm != int(ppm):
        raise Invalid(_("Type a percentage above 0 and up to 100, such as 20 or 12.5."))
    return int(ppm)


def percent_text(ppm: int) -> str:
    """Millionths as a percentage is typed."""
    return format((Decimal(ppm) / _PPM_OF_PERCENT).normalize(), "f")


def text_of(views: Sequence[pricing.TargetView], currency: str | None, refs: Mapping[UUID, str]) -> str:
    """What is saved as lines that can be edited; `refs` of the places that lines name."""
    return "\n".join(_text(one, currency, refs) for one in views)


def _text(one: pricing.TargetView, currency: str | None, refs: Mapping[UUID, str]) -> str:
    parts = [one.ref if one.kind == "product" else f"{CATEGORY}{one.ref}"]
    if one.rate_ppm is not None:
        parts.append(percent_text(one.rate_ppm))
    elif one.amount is not None and currency is not None:
        per = "" if one.base in (None, QUANTITY_ONE) else f"/{format_quantity(one.base or QUANTITY_ONE)}"
        parts.append(f"{format_amount(one.amount, currency)}{per}")
    if one.place_id is not None:
        parts.append(f"@{refs.get(one.place_id, '')}")
    return "; ".join(parts)
