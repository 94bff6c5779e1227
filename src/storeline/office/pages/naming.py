"""How the office calls things that are codes in the data."""

from __future__ import annotations

from datetime import date, time
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from storeline.office.pages.parts import by_language
from storeline.web import formats


def format_name(code: str) -> str:
    """A format of places."""
    return _formats().get(code, code)


@by_language
def _formats() -> dict[str, str]:
    return {
        "hypermarket": _("Hypermarket"),
        "supermarket": _("Supermarket"),
        "convenience": _("Convenience shop"),
        "department_store": _("Department store"),
        "pop_up": _("Pop-up shop"),
        "fuel_station": _("Fuel station"),
        "warehouse": _("Warehouse"),
        "collection_point": _("Collection point"),
        "locker": _("Locker"),
        "machine": _("Vending machine"),
        "web": pgettext("place", "Web shop"),
    }


def capability_name(code: str) -> str:
    """What a place can do."""
    return _capabilities().get(code, code)


@by_language
def _capabilities() -> dict[str, str]:
    return {
        "sell": _("Sells goods"),
        "collect": _("Hands over online orders"),
        "deliver": _("Delivers"),
        "ship": _("Ships parcels"),
        "service": _("Repairs and services"),
    }


def short_day(day: date) -> str:
    """A day without its year and weekday: `31 Dec`."""
    pattern = "d MMM" if formats.locale().language == "en" else None
    if pattern:
        return str(format_date(day, format=pattern, locale=formats.locale()))
    return str(format_skeleton("MMMd", day, locale=formats.locale()))


def day_name(day: date, today: date) -> str:
    """A day by weekday and date, with its year where that is not this one."""
    if day.year == today.year:
        return formats.weekday(day)
    pattern = {"zh": "y年M月d日EEE", "en": "EEE, d MMM y"}.get(formats.locale().language, "EEE d MMM y")
    return str(format_date(day, format=pattern, locale=formats.locale()))


def hour_name(hour: int) -> str:
    """An hour of the day, as clocks show where it begins: `9:00`."""
    return _hour_name(hour, formats.locale())


@lru_cache(maxsize=24 * 8)
def _hour_name(hour: int, locale: Locale) -> str:
    pattern = "h a" if locale.language == "en" else "short"
    return str(format_time(time(hour), format=pattern, locale=locale))
