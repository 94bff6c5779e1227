"""The form of a coupon: what was typed, what is wrong with it, and the terms that it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _

from storeline.kernel.api import Error, Invalid, format_amount, now, parse_amount, time_zone
from storeline.loyalty import api as loyalty
from storeline.office.pages import promotion_words as words
from storeline.office.pages import targets
from storeline.office.pages.parts import decimal_text, end_of, moment_of
from storeline.office.pages.reading import FormReading, add_names, name_fields, names_of
from storeline.places import api as places
from storeline.pricing import api as pricing

_MONTH = timedelta(days=28)
_NEEDED = ("ref", "name", "percent", "amount", "targets", "starts")
_MOST = 2_000_000_000


class CouponForm(forms.Form):
    """Texts as they were typed; `read` makes sense of them."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    ref = forms.CharField(required=False, max_length=100)
    name = forms.CharField(required=False, max_length=200)
    kind = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    percent = forms.CharField(required=False, max_length=12)
    amount = forms.CharField(required=False, max_length=20)
    currency = forms.ChoiceField(required=False, widget=forms.Select(attrs={"class": "select"}))
    min_spend = forms.CharField(required=False, max_length=20)
    about = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    targets = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}))
    max_uses = forms.CharField(required=False, max_length=12)
    max_uses_per_customer = forms.CharField(required=False, max_length=12)
    starts = forms.CharField(
        required=False, max_length=20, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    ends = forms.CharField(required=False, max_length=20, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    alone = forms.BooleanField(required=False)
    funder = forms.ChoiceField(required=False, widget=forms.RadioSelect)

    use_required_attribute = False

    def __init__(self, data: Any, groups: Sequence[places.PlaceGroup]) -> None:
        super().__init__(data, auto_id="f_%s", label_suffix="")
        self.zone = str(data.get("zone") or (groups[0].zone if groups else "UTC"))
        self.currencies = sorted({group.currency for group in groups}) or ["USD"]
        add_names(self)
        offered: dict[str, list[tuple[str, str]]] = {
            "kind": _kinds(),
            "currency": [(code, code) for code in self.currencies],
            "about": [("all", _("The whole basket")), ("some", _("Some products or departments"))],
            "funder": [(code, words.funder(code)) for code in pricing.FUNDERS],
        }
        for name, choices in offered.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # each of these is a field of choices
        for name, label in _labels().items():
            self.fields[name].label = label
        self.is_valid()
        for name in _NEEDED:  # said by `read`, in the words of the field
            self.fields[name].required = True

    def text(self, name: str) -> str:
        """What was typed, without blanks around it."""
        return str(self.data.get(name, "")).strip()

    def names(self) -> list[forms.BoundField]:
        """The name's fields in other languages."""
        return name_fields(self)


def _kinds() -> list[tuple[str, str]]:
    return [
        ("amount", _("An amount off the goods together")),
        ("percentage", _("A percentage off")),
        ("fixed_price", _("A price for one product")),
    ]


def _labels() -> dict[str, str]:
    return {
        "ref": _("Code that shoppers give"),
        "name": _("Name on receipts"),
        "kind": _("What it gives"),
        "percent": _("Percentage off"),
        "amount": _("Amount"),
        "currency": _("Currency"),
        "min_spend": _("For baskets from"),
        "about": _("What it is for"),
        "targets": _("Products and departments"),
        "max_uses": _("Uses in all"),
        "max_uses_per_customer": _("Uses by each member"),
        "starts": _("Valid from"),
        "ends": _("Valid until"),
        "alone": _("Only without other coupons"),
        "funder": _("Who pays for the reduction"),
    }


@dataclass(slots=True)
class Reading(FormReading[CouponForm]):
    """What a form says: the terms if it makes some. `products` None: for everything."""

    terms: dict[str, Any] | None = None
    products: list[UUID] | None = None
    categories: list[UUID] = field(default_factory=list)
    targets: targets.Targets = field(default_factory=targets.Targets)


def read(form: CouponForm, saved: loyalty.CouponView | None) -> Reading:
    """Make sense of what was typed. What a used coupon gives is taken from what is saved."""
    reading = Reading(form)
    ref = saved.ref if saved else form.text("ref")
    if not ref:
        reading.refuse("ref", _("Give it a code, such as SUMMER25."))
    if not form.text("name"):
        reading.refuse("name", _("Give it a name: shoppers read it on receipts."))
    terms: dict[str, Any] = {
        "ref": ref,
        "name": form.text("name"),
        "names": names_of(form),
        "max_uses": _whole(reading, "max_uses"),
        "max_uses_per_customer": _whole(reading, "max_uses_per_customer"),
    }
    terms |= _window(reading, saved)
    if saved is not None and saved.redeemed:
        terms |= {"kind": saved.kind}
        _kept(reading)
    else:
        terms |= _given(reading)
    if not reading.errors:
        reading.terms = terms
    return reading


def _kept(reading: Reading) -> None:
    """A used coupon is for what it was for: its form sends that along unseen."""
    if reading.form.text("about") == "all":
        return
    reading.targets = targets.read(str(reading.form.data.get("targets", "")))
    _split(reading)


def _split(reading: Reading) -> None:
    found = reading.targets.found
    reading.products = [one.target.product_id for one in found if one.target.product_id is not None]
    reading.categories = [one.target.category_id for one in found if one.target.category_id is not None]


def _given(reading: Reading) -> dict[str, Any]:
    form = reading.form
    kind = form.text("kind") if form.text("kind") in dict(_kinds()) else "amount"
    currency = form.text("currency") or form.currencies[0]
    spend = _money(reading, "min_spend", currency, needed=False)
    value = _percent(reading) if kind == "percentage" else _money(reading, "amount", currency, needed=True)
    if form.text("about") == "some":
        reading.targets = targets.read(str(form.data.get("targets", "")))
        _split(reading)
        if reading.targets.wrong:
            told = {"count": len(reading.targets.wrong)}
            reading.refuse("targets", _("%(count)s of the lines cannot be used. They are listed below.") % told)
        elif not reading.targets.found:
            reading.refuse("targets", _("Name at least one product or department, or choose the whole basket."))
    elif kind == "fixed_price":
        reading.refuse("about", _("A price is for a product: choose some products."))
    funder = form.text("funder")
    return {
        "kind": kind,
        "value": value,
        "currency": currency if kind != "percentage" or spend else "",
        "min_spend": spend,
        "funder": funder if funder in pricing.FUNDERS else "retailer",
        "stackable": form.text("alone") != "on",
    }


def _percent(reading: Reading) -> Decimal | None:
    try:
        return Decimal(targets.percent_text(targets.percent_of(reading.form.text("percent"))))
    except Invalid as error:
        reading.refuse("percent", error.detail)
        return None


def _money(reading: Reading, name: str, currency: str, *, needed: bool) -> Decimal | None:
    text = reading.form.text(name)
    if not text and not needed:
        return None
    try:
        amount = parse_amount(decimal_text(text), currency)
    except Error:
        amount = -1
    if amount < 0 or (needed and amount == 0):
        reading.refuse(name, _("Type an amount, such as 1.50."))
        return None
    return Decimal(format_amount(amount, currency))


def _whole(reading: Reading, name: str) -> int | None:
    text = reading.form.text(name)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= _MOST:
        reading.refuse(name, _("Type a whole number from 1 on, or leave it empty for no limit."))
        return None
    return int(text)


def _window(reading: Reading, saved: loyalty.CouponView | None) -> dict[str, Any]:
    form = reading.form
    starts, ends = (moment_of(form.text(name), form.zone) for name in ("starts", "ends"))
    for name, moment in (("starts", starts), ("ends", ends)):
        if form.text(name) and moment is None:
            reading.refuse(name, _("Type a day and a time, such as 2018-01-31 07:00."))
    if saved is not None and form.text("starts") == end_of(saved.valid_from, form.zone):
        starts = saved.valid_from  # seconds that the field cannot show
    if saved is not None and saved.valid_to is not None and form.text("ends") == end_of(saved.valid_to, form.zone):
        ends = saved.valid_to
    if starts is None:
        reading.refuse("starts", _("Say from when on it is valid."))
    elif ends is not None and ends <= starts:
        reading.refuse("ends", _("It ends after it starts."))
    return {"valid_from": starts or now(), "valid_to": ends}


def blank(zone: str) -> dict[str, Any]:
    """What a new form begins with: an amount off the whole basket, for four weeks from tomorrow."""
    tomorrow = now().astimezone(time_zone(zone)).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return {
        "kind": "amount",
        "about": "all",
        "funder": "retailer",
        "max_uses_per_customer": "1",
        "starts": end_of(tomorrow, zone),
        "ends": end_of(tomorrow + _MONTH, zone),
        "zone": zone,
    }
