"""The form of a policy to try: costs as amounts of money, what is wrong with them, and the policy that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from storeline.kernel.api import EXPONENTS
from storeline.office.pages.parts import decimal_text
from storeline.office.pages.reading import FormReading
from storeline.sourcing import api as sourcing
from storeline.web import formats

COSTS = ("visit", "line", "parcel", "parcel_km", "kg", "split")
SHARES = ("keep_share", "waste_share")
_SCALE = 1_000
_MOST_SHARE = 1_000
_FARTHEST = 50_000


def _decimal(mills: int, currency: str) -> Decimal:
    """In main units."""
    return (Decimal(mills) / _SCALE).scaleb(-EXPONENTS.get(currency, 2)).normalize()


def filled(row: sourcing.PolicyRow, currency: str) -> dict[str, str]:
    """A policy as its form shows it."""
    one = row.policy
    costs = {name: f"{_decimal(getattr(one, name), currency):f}" for name in COSTS}
    shares = {name: f"{(Decimal(getattr(one, name)) / 10).normalize():f}" for name in SHARES}
    return {"most_places": str(one.most_places), "reach_km": str(one.reach_km), **costs, **shares}


class PolicyForm(forms.Form):
    """Texts as they were typed; `read` makes sense of them."""

    most_places = forms.ChoiceField(required=False, widget=forms.Select(attrs={"class": "select"}))
    split = forms.CharField(required=False, max_length=20)
    visit = forms.CharField(required=False, max_length=20)
    line = forms.CharField(required=False, max_length=20)
    parcel = forms.CharField(required=False, max_length=20)
    parcel_km = forms.CharField(required=False, max_length=20)
    kg = forms.CharField(required=False, max_length=20)
    reach_km = forms.CharField(required=False, max_length=6)
    keep_share = forms.CharField(required=False, max_length=6)
    waste_share = forms.CharField(required=False, max_length=6)
    ref = forms.CharField(required=False, max_length=60)

    use_required_attribute = False

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id="f_%s", label_suffix="")
        self.fields["most_places"].choices = [(str(many), formats.number(many)) for many in range(1, 5)]  # type: ignore[attr-defined]  # a field of choices
        for name, label in _labels().items():
            self.fields[name].label = label
        self.is_valid()
        for name in self.fields:  # said by `read`, in the words of the field
            self.fields[name].required = True

    def text(self, name: str) -> str:
        """What was typed, without blanks around it."""
        return str(self.data.get(name, "")).strip()


def _labels() -> dict[str, str]:
    return {
        "most_places": _("Most places for an order"),
        "split": _("Each further place"),
        "visit": _("Asking a place to pick"),
        "line": _("Each line"),
        "parcel": _("Each parcel"),
        "parcel_km": _("Each kilometre"),
        "kg": _("Each kilogram"),
        "reach_km": _("Places at most so many km away"),
        "keep_share": _("Worth of a unit where it stands, in percent"),
        "waste_share": _("What would spoil, in percent"),
        "ref": _("Name of the policy"),
    }


@dataclass(slots=True)
class Reading(FormReading[PolicyForm]):
    """What a form says: the policy to try, and the row that would go live."""

    tried: sourcing.Policy | None = None
    row: sourcing.PolicyRow | None = None


def read(form: PolicyForm, live: sourcing.PolicyRow, currency: str, *, named: bool = False) -> Reading:
    """Make sense of what was typed; what it does not say stays as it is live. `named`: it is to have a name of its own."""
    reading = Reading(form)
    changes: dict[str, int] = (
        {"most_places": int(form.text("most_places"))} if form.text("most_places") in ["1", "2", "3", "4"] else {}
    )
    scale = Decimal(_SCALE).scaleb(EXPONENTS.get(currency, 2))
    for name in COSTS:
        _take(reading, changes, name, scale, sourcing.MOST)
    for name in SHARES:
        _take(reading, changes, name, Decimal(10), _MOST_SHARE * 10)
    _take(reading, changes, "reach_km", Decimal(1), _FARTHEST)
    ref = form.text("ref")
    if named and not ref:
        reading.refuse("ref", _("Give it a name, so that people know it again."))
    if not reading.errors:
        reading.tried = replace(live.policy, ref=ref or "tried", **changes)
        reading.row = replace(live, policy=reading.tried, live=True)
    return reading


def _take(reading: Reading, changes: dict[str, int], name: str, scale: Decimal, most: int) -> None:
    text = decimal_text(reading.form.text(name))
    if not text:
        return
    try:
        value = Decimal(text) * scale
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        reading.refuse(name, _("Write a number, such as 1.50."))
    elif value != value.to_integral_value():
        reading.refuse(name, _("It has too many decimals."))
    elif not 0 <= value <= most:
        reading.refuse(name, _("It is below 0, or far too much."))
    else:
        changes[name] = int(value)
