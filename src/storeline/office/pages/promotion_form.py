"""The form of a promotion: what was typed, what is wrong with it, and the draft that it makes. Nothing typed is lost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _

from storeline.kernel.api import (
    QUANTITY_ONE,
    Error,
    Invalid,
    new_id,
    now,
    parse_amount,
    parse_quantity,
)
from storeline.office.pages import promotion_words as words
from storeline.office.pages import targets
from storeline.office.pages.parts import as_id, decimal_text, moment_of
from storeline.office.pages.reading import FormReading, add_names, name_fields, names_of
from storeline.places import api as places
from storeline.places.api import PlaceGroup
from storeline.pricing import api as pricing

_CHANNELS = ("web", "till")
_DAYS = frozenset("1234567")
_NEEDED = ("name", "percent", "amount", "group_size", "targets", "places", "starts")
Choices = Sequence[tuple[str, str]]


class PromotionForm(forms.Form):
    """Texts as they were typed; `read` makes sense of them."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(required=False, max_length=200)
    ref = forms.CharField(required=False, max_length=100)
    kind = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    percent = forms.CharField(required=False, max_length=12)
    amount = forms.CharField(required=False, max_length=20)
    per = forms.CharField(required=False, max_length=12)
    group_size = forms.CharField(required=False, max_length=5)
    currency = forms.ChoiceField(required=False, widget=forms.Select(attrs={"class": "select"}))
    about = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    targets = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}))
    where = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    formats = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    regions = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    places = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}))
    every_channel = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    channels = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    member_only = forms.BooleanField(required=False)
    starts = forms.CharField(
        required=False, max_length=20, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    ends = forms.CharField(required=False, max_length=20, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    zone = forms.ChoiceField(required=False, widget=forms.Select(attrs={"class": "select"}))
    weekdays = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    from_time = forms.CharField(required=False, max_length=8, widget=forms.TimeInput(attrs={"type": "time"}))
    to_time = forms.CharField(required=False, max_length=8, widget=forms.TimeInput(attrs={"type": "time"}))
    priority = forms.CharField(required=False, max_length=6)
    combine = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    max_uses = forms.CharField(required=False, max_length=8)
    funder = forms.ChoiceField(required=False, widget=forms.RadioSelect)

    use_required_attribute = False

    def __init__(self, data: Any, groups: Sequence[PlaceGroup], more_channels: Collection[str] = ()) -> None:
        super().__init__(data, auto_id="f_%s", label_suffix="")
        self.preview_places: list[tuple[UUID, str, str]] = []
        self.zones = sorted({group.zone for group in groups}) or ["UTC"]
        self.currencies = sorted({group.currency for group in groups}) or ["USD"]
        self.offered_channels = [*_CHANNELS, *sorted(set(more_channels) - set(_CHANNELS))]
        add_names(self)
        choices = _choices(groups, self.offered_channels)
        for name, offered in (
            choices | {"zone": self._same(self.zones), "currency": self._same(self.currencies)}
        ).items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]  # each of these is a field of choices
        for name, label in _labels().items():
            self.fields[name].label = label
        self.is_valid()
        for name in _NEEDED:  # said by `read`, in the words of the field
            self.fields[name].required = True

    @staticmethod
    def _same(codes: Sequence[str]) -> list[tuple[str, str]]:
        return [(code, code.replace("_", " ")) for code in codes]

    def text(self, name: str) -> str:
        """What was typed, without blanks around it."""
        return str(self.data.get(name, "")).strip()

    def names(self) -> list[forms.BoundField]:
        """The name's fields in other languages."""
        return name_fields(self)

    def many(self, name: str) -> list[str]:
        """What was ticked."""
        data = self.data
        return list(data.getlist(name)) if hasattr(data, "getlist") else list(data.get(name, ()))


def _choices(groups: Sequence[PlaceGroup], channels: Sequence[str]) -> dict[str, Choices]:
    return {
        "kind": [(code, name) for code, name, _example in words.kinds()],
        "about": [("some", _("Some products or departments")), ("all", _("Everything"))],
        "where": [("all", _("Everywhere")), ("groups", _("Groups of places")), ("some", _("Chosen places"))],
        "formats": [(code, _format(code)) for code in sorted({group.format for group in groups})],
        "regions": [(code, code or _("Elsewhere")) for code in sorted({group.region for group in groups})],
        "every_channel": [("all", _("All channels")), ("some", _("Only some"))],
        "channels": [(code, words.channel(code)) for code in channels],
        "weekdays": [(str(day), name) for day, name in words.weekdays()],
        "combine": [
            ("best", _("The shopper gets the best one for each unit")),
            ("stack", _("On top of others, on what is left of the price")),
            ("alone", _("Alone: no other promotion on the same goods")),
        ],
        "funder": [(code, words.funder(code)) for code in pricing.FUNDERS],
    }


def _format(code: str) -> str:
    return {
        "hypermarket": _("Hypermarkets"),
        "supermarket": _("Supermarkets"),
        "convenience": _("Convenience shops"),
        "fuel_station": _("Fuel stations"),
        "warehouse": _("Warehouses"),
        "department_store": _("Department stores"),
        "pop_up": _("Pop-up shops"),
        "collection_point": _("Collection points"),
        "locker": _("Lockers"),
        "machine": _("Vending machines"),
        "web": _("Online shop"),
    }.get(code, code.replace("_", " ").capitalize())


def _labels() -> dict[str, str]:
    return {
        "name": _("Name on labels and receipts"),
        "ref": _("Reference"),
        "kind": _("Kind"),
        "percent": _("Percentage off"),
        "amount": _("Amount"),
        "per": _("For how many units"),
        "group_size": _("How many together"),
        "currency": _("Currency"),
        "about": _("Goods"),
        "targets": _("Products and departments"),
        "where": _("Places"),
        "formats": _("Formats"),
        "regions": _("Regions"),
        "places": _("References of places"),
        "every_channel": _("Channels"),
        "channels": _("Only in"),
        "member_only": _("Only for members"),
        "starts": _("Starts"),
        "ends": _("Ends"),
        "zone": _("Time zone"),
        "weekdays": _("Only on some days"),
        "from_time": _("From"),
        "to_time": _("To"),
        "priority": _("Priority"),
        "combine": _("Together with other promotions"),
        "max_uses": _("At most so many in a basket"),
        "funder": _("Who pays for the reduction"),
    }


@dataclass(slots=True)
class Reading(FormReading[PromotionForm]):
    """What a form says: the draft if it makes one, its targets and the places that it names."""

    draft: pricing.PromotionDraft | None = None
    targets: targets.Targets = field(default_factory=targets.Targets)
    places: tuple[tuple[UUID, str, str], ...] | None = None


def read(form: PromotionForm) -> Reading:
    """Make sense of what was typed. At most seven queries."""
    reading = Reading(form)
    kind = form.text("kind") or "percentage"
    member = kind == "member_price"
    terms_kind: Any = "fixed_price" if member else kind
    values = _Values(reading, terms_kind)
    currency = None if kind == "percentage" else (form.text("currency") or form.currencies[0])
    about = _about(reading, targets.Terms(kind, currency or ""))
    amount, base, rate = values.own(about, currency)
    starts, ends = _window(reading)
    from_minute, to_minute = _hours(reading)
    place_ids = _where(reading)
    name = form.text("name")
    if not name:
        reading.refuse("name", _("Give it a name: shoppers read it on labels and receipts."))
    combine = form.text("combine")
    draft = pricing.PromotionDraft(
        ref=form.text("ref") or default_ref(as_id(form.text("id")) or new_id()),
        name=name,
        kind=terms_kind,
        starts_at=starts or now(),
        ends_at=ends,
        currency=currency,
        amount=amount,
        base=base,
        rate_ppm=rate,
        group_size=values.group_size(),
        funder=_one_of(form.text("funder"), pricing.FUNDERS),
        channels=_channels(reading),
        member_only=member or form.text("member_only") == "on",
        priority=values.whole("priority", 0, -1000, 1000) or 0,
        stackable=combine == "stack",
        exclusive=combine == "alone",
        max_uses=values.whole("max_uses", None, 1, 1_000_000),
        weekdays=tuple(sorted(int(day) for day in form.many("weekdays") if day in _DAYS)) or None,
        from_minute=from_minute,
        to_minute=to_minute,
        targets=about,
        place_ids=place_ids,
        names=names_of(form),
    )
    if not reading.errors:
        _judge(reading, draft)
    if not reading.errors:
        reading.draft = draft
    return reading


def default_ref(promotion_id: UUID) -> str:
    """A reference for a promotion that was given none: short, from its id."""
    return f"P-{promotion_id.hex[-8:].upper()}"


def _one_of(text: str, known: Sequence[Any]) -> Any:
    return text if text in known else known[0]


_FIELD_OF = {
    "rate_ppm": "percent",
    "base": "per",
    "ends_at": "ends",
    "from_minute": "from_time",
    "to_minute": "to_time",
    "stackable": "combine",
    "place_ids": "places",
}


def _judge(reading: Reading, draft: pricing.PromotionDraft) -> None:
    """What pricing itself would refuse, at its field."""
    try:
        pricing.check_draft(draft)
    except Error as error:
        name = _FIELD_OF.get(error.field or "", (error.field or "").split("[")[0])
        stack = _("A group, or one with a limit in a basket, cannot come on top of others.")
        ends = _("It ends after it starts.")
        reading.refuse(name, {"combine": stack, "ends": ends}.get(name, error.detail))


class _Values:
    """The numbers of a form."""

    def __init__(self, reading: Reading, kind: str) -> None:
        self.reading, self.form, self.kind = reading, reading.form, kind

    def own(
        self, about: tuple[pricing.TargetDraft, ...] | None, currency: str | None
    ) -> tuple[int | None, int, int | None]:
        """The promotion's own value; none is fine where every line has one."""
        name = "percent" if self.kind == "percentage" else "amount"
        text = self.form.text(name)
        if not text:
            bare = about is None or any(one.amount is None and one.rate_ppm is None for one in about)
            if bare:
                ask = _("Type a percentage, such as 20.") if name == "percent" else _("Type an amount, such as 1.50.")
                self.reading.refuse(name, ask)
            return None, QUANTITY_ONE, None
        if name == "percent":
            try:
                return None, QUANTITY_ONE, targets.percent_of(text)
            except Invalid as error:
                self.reading.refuse(name, error.detail)
                return None, QUANTITY_ONE, None
        return self._amount(text, currency or ""), self._per(), None

    def _amount(self, text: str, currency: str) -> int | None:
        try:
            amount = parse_amount(decimal_text(text), currency)
        except Error:
            self.reading.refuse("amount", _("Type an amount, such as 1.50."))
            return None
        if amount < 0 or (amount == 0 and self.kind != "fixed_price"):
            self.reading.refuse("amount", _("Type an amount above zero."))
        return amount

    def _per(self) -> int:
        text = self.form.text("per")
        if not text or self.kind == "n_for_price":
            return QUANTITY_ONE
        try:
            per = parse_quantity(decimal_text(text))
        except Error:
            per = 0
        if per <= 0:
            self.reading.refuse("per", _("Type a number above 0, such as 1 or 3."))
        return max(per, 1)

    def group_size(self) -> int | None:
        """How many make a group; none for other kinds."""
        return self.whole("group_size", 0, 2, 1000, needed=True) if self.kind == "n_for_price" else None

    def whole(self, name: str, empty: int | None, least: int, most: int, *, needed: bool = False) -> int | None:
        """A whole number between two others."""
        text = self.form.text(name)
        if not text and not needed:
            return empty
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            told = {"least": least, "most": most}
            self.reading.refuse(name, _("Type a whole number from %(least)s to %(most)s.") % told)
            return empty
        return number


def _about(reading: Reading, terms: targets.Terms) -> tuple[pricing.TargetDraft, ...] | None:
    form = reading.form
    if form.text("about") == "all":
        return None
    reading.targets = targets.read(str(form.data.get("targets", "")), terms)
    if reading.targets.wrong:
        count = len(reading.targets.wrong)
        reading.refuse("targets", _("%(count)s of the lines cannot be used. They are listed below.") % {"count": count})
    elif not reading.targets.found:
        reading.refuse("targets", _("Name at least one product or department, or choose everything."))
    return tuple(one.target for one in reading.targets.found)


def _where(reading: Reading) -> tuple[UUID, ...] | None:
    form, where = reading.form, reading.form.text("where")
    if where == "groups":
        formats, regions = form.many("formats"), form.many("regions")
        if not formats and not regions:
            reading.refuse("formats", _("Choose a format or a region."))
            return ()
        reading.places = places.choose_places(formats, regions)
    elif where == "some":
        refs = list(dict.fromkeys(line.strip() for line in form.text("places").splitlines() if line.strip()))
        reading.places = places.choose_places(refs=refs)
        missing = set(refs) - {ref for _id, ref, _name in reading.places}
        if missing:
            told = {"refs": ", ".join(sorted(missing)[:5])}
            reading.refuse("places", _("No place has the reference: %(refs)s") % told)
        elif not refs:
            reading.refuse("places", _("Name at least one place, or choose everywhere."))
    else:
        return None
    return tuple(one[0] for one in reading.places)


def _channels(reading: Reading) -> tuple[str, ...] | None:
    if reading.form.text("every_channel") != "some":
        return None
    ticked = set(reading.form.many("channels"))
    chosen = tuple(code for code in reading.form.offered_channels if code in ticked)
    if not chosen:
        reading.refuse("channels", _("Choose at least one channel."))
    return chosen or None


def _window(reading: Reading) -> tuple[datetime | None, datetime | None]:
    form = reading.form
    zone = form.text("zone") if form.text("zone") in form.zones else form.zones[0]
    starts, ends = (moment_of(form.text(name), zone) for name in ("starts", "ends"))
    for name, moment in (("starts", starts), ("ends", ends)):
        if form.text(name) and moment is None:
            reading.refuse(name, _("Type a day and a time, such as 2018-01-31 07:00."))
    if not form.text("starts"):
        reading.refuse("starts", _("Say when it starts."))
    return starts, ends


def _hours(reading: Reading) -> tuple[int | None, int | None]:
    texts = [reading.form.text(name) for name in ("from_time", "to_time")]
    if not any(texts):
        return None, None
    found = [_minute(text) for text in texts]
    for name, minute in zip(("from_time", "to_time"), found, strict=True):
        if minute is None:
            reading.refuse(name, _("Type both times, such as 16:00 and 18:30."))
    start, end = found
    return start, 24 * 60 if end == 0 else end


def _minute(text: str) -> int | None:
    hours, _colon, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes[:2].isdecimal()):
        return None
    minute = int(hours) * 60 + int(minutes[:2])
    return minute if minute < 24 * 60 else None
