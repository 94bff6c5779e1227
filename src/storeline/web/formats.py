"""Money, quantities, dates and times as people of each language write them. No float: amounts are minor units."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from babel import Locale
from babel.dates import format_date, format_interval, format_time
from babel.numbers import format_currency, format_decimal, format_percent
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from storeline.kernel.api import business_date, exponent, now, round_div, time_zone

if TYPE_CHECKING:
    from storeline.kernel.api import UnitPrice

_THOUSAND = 1000
_DIGIT = "7"
"""Stands for any digit in an amount that is written as a pattern: no currency's sign holds one."""


@lru_cache(maxsize=16)
def _locale(language: str) -> Locale:
    return Locale.parse({"zh-hans": "zh_Hans_CN"}.get(language, language.replace("-", "_")))


def locale() -> Locale:
    """The reader's."""
    return _locale(get_language() or "en")


def _babel_money(amount: int, currency: str, language: str) -> str:
    value = Decimal(amount).scaleb(-exponent(currency))
    return str(format_currency(value, currency, locale=_locale(language), currency_digits=True))


@lru_cache(maxsize=2048)
def _pattern(size: int, currency: str, language: str, *, negative: bool) -> tuple[str, ...] | None:
    """What stands around the digits of an amount of so many of them; None where not all of them are shown as they are."""
    sample = int(_DIGIT * size)
    parts = tuple(_babel_money(-sample if negative else sample, currency, language).split(_DIGIT))
    return parts if len(parts) == size + 1 else None


@lru_cache(maxsize=8192)
def _money(amount: int, currency: str, language: str) -> str:
    """As Babel writes it, who takes a tenth of a millisecond for each: once for each number of digits, then only they are put in."""
    digits = str(abs(amount)).zfill(exponent(currency) + 1)
    pattern = _pattern(len(digits), currency, language, negative=amount < 0)
    if pattern is None:
        return _babel_money(amount, currency, language)
    return "".join([text for both in zip(pattern, digits, strict=False) for text in both]) + pattern[-1]


def money(amount: int, currency: str) -> str:
    """Minor units as an amount of money."""
    return _money(amount, currency, get_language() or "en")


def fine_money(thousandths: int, currency: str) -> str:
    """Thousandths of a minor unit as money: of less than ten minor units each decimal counts."""
    if abs(thousandths) >= 10 * _THOUSAND or thousandths % _THOUSAND == 0:
        return money(round_div(thousandths, _THOUSAND), currency)
    value = (Decimal(thousandths) / _THOUSAND).scaleb(-exponent(currency))
    return str(format_currency(value, currency, locale=locale(), decimal_quantization=False))


def unit_amount(price: UnitPrice, quantity: int = _THOUSAND) -> str:
    """The price of one unit (or of `quantity` thousandths)."""
    return money(price.times(quantity), price.currency)


def number(value: int | Decimal) -> str:
    """A count, with its groups of digits."""
    return _number(value, get_language() or "en")


@lru_cache(maxsize=8192, typed=True)
def _number(value: int | Decimal, language: str) -> str:
    return str(format_decimal(value, locale=_locale(language)))


def quantity(thousandths: int, unit: str = "each") -> str:
    """Thousandths of a unit: `3`, or `0.25 kg`."""
    text = str(format_decimal(Decimal(thousandths) / _THOUSAND, format="#,##0.###", locale=locale()))
    return text if unit == "each" else f"{text} {unit_name(unit)}"


def percent(part: int, whole: int, digits: int = 0) -> str:
    """`part` of `whole`; a dash where there is no whole."""
    return _percent(Decimal(part) / Decimal(whole), digits, get_language() or "en") if whole else "\N{EN DASH}"


@lru_cache(maxsize=8192)
def _percent(share: Decimal, digits: int, language: str) -> str:
    known = _locale(language)
    sign = known.percent_formats[None].pattern.removeprefix("#,##0")  # a space before it in French and Spanish
    pattern = "#,##0" + ("." + "0" * digits if digits else "") + sign
    return str(format_percent(share, format=pattern, locale=known))


def unit_name(unit: str) -> str:
    """A unit as it is written after a number or a stroke."""
    return pgettext("unit", "each") if unit == "each" else _SIGNS.get(unit, unit)


_SIGNS = {"m2": "m²", "m3": "m³", "fl_oz": "fl oz", "l": "L", "gal": "gal"}


_MILES = frozenset({"US", "GB", "LR", "MM"})


def distance(km: float, country: str = "") -> str:
    """How far away, as people of a country say it: kilometres or miles, to a tenth where it is near."""
    miles = country in _MILES
    tenths = round(km * (6.21371 if miles else 10))
    amount = Decimal(tenths) / 10 if tenths < 100 else Decimal(round(tenths / 10))  # noqa: PLR2004  # ten of them
    return f"{format_decimal(amount, locale=locale())} {_('mi') if miles else _('km')}"


def day(moment: date, zone: str = "UTC") -> str:
    """`Fri, 21 Nov`, or today, tomorrow, yesterday; a moment in the zone of its place."""
    on = business_date(moment, zone) if isinstance(moment, datetime) else moment
    away = (on - business_date(now(), zone)).days
    near = {0: _("today"), 1: _("tomorrow"), -1: _("yesterday")}.get(away)
    return near or weekday(on)


def weekday(on: date) -> str:
    """A day by its weekday and date."""
    return _weekday(on, get_language() or "en")


@lru_cache(maxsize=2048, typed=True)
def _weekday(on: date, language: str) -> str:
    skeleton = {"zh": "M月d日EEE", "en": "EEE, d MMM"}.get(_locale(language).language, "EEE d MMM")
    return str(format_date(on, format=skeleton, locale=_locale(language)))


def long_date(on: date) -> str:
    """A date with its year."""
    return str(format_date(on, format="long", locale=locale()))


def clock(moment: datetime, zone: str = "UTC") -> str:
    """The time of day at the place."""
    return str(format_time(moment, format="short", tzinfo=time_zone(zone), locale=locale()))


def when(moment: datetime, zone: str = "UTC") -> str:
    """A moment as people say it: `today, 16:00`."""
    return _("%(day)s, %(time)s") % {"day": day(moment, zone), "time": clock(moment, zone)}


def span(start: datetime, end: datetime, zone: str = "UTC") -> str:
    """From one time of a day to another: `16:00 to 17:00`, with a dash."""
    skeleton = "hm" if locale().language == "en" else "Hm"
    return str(format_interval(start, end, skeleton=skeleton, tzinfo=time_zone(zone), locale=locale()))
