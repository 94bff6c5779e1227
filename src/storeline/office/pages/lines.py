"""The line of sales: by hour of a day, by day, by week, with the table behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from storeline.kernel.api import exponent
from storeline.office.pages.naming import hour_name, short_day
from storeline.office.pages.trade import Trade
from storeline.web import formats
from storeline.web.templatetags.ui import points

_FEW = 31
"""So many points stand apart as bars."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of the chart and a row of the table behind it: shown texts, and minor units for the drawing."""

    label: str
    short: str
    href: str
    now: int
    now_text: str
    before: int | None = None
    before_text: str = ""
    year: int | None = None
    year_text: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A line of sales. `bars`: few enough points to stand apart. `digits`: the currency's decimals."""

    title: str
    unit: str
    dots: tuple[Dot, ...]
    now: str
    before: str
    year: str
    bars: bool
    digits: int
    drawing: str
    drawing_before: str


def chart(trade: Trade, orders_at: str) -> Chart:
    """Sales by hour of a day, by day, or by week of a long span, with what they are compared with."""
    dots = _hours(trade, orders_at) if trade.span.days == 1 else _days(trade)
    before = trade.series.compared.before is not None
    year = trade.series.compared.year_before is not None
    lines = [dot.now for dot in dots]
    return Chart(
        _title(trade),
        trade.currency,
        tuple(dots),
        formats.weekday(trade.span.first) if trade.span.days == 1 else _("These days"),
        _before_name(trade) if before else "",
        _("52 weeks before") if year else "",
        len(dots) <= _FEW,
        exponent(trade.currency),
        points(lines, 1000, 240),
        points([dot.before or 0 for dot in dots], 1000, 240) if before else "",
    )


def _title(trade: Trade) -> str:
    if trade.span.days == 1:
        return _("Sales by hour")
    return _("Sales by day") if trade.span.step == 1 else _("Sales by week")


def _before_name(trade: Trade) -> str:
    if trade.span.days == 1:
        return formats.weekday(trade.span.before.first)
    days = trade.span.days
    return ngettext("The %(count)s day before", "The %(count)s days before", days) % {"count": formats.number(days)}


def _hours(trade: Trade, orders_at: str) -> list[Dot]:
    span = trade.span
    now = {hour.hour: hour for hour in trade.hours.get(span.first, ())}
    before = {hour.hour: hour.sales for hour in trade.hours.get(span.before.first, ())}
    year_span = span.year_before
    year = {hour.hour: hour.sales for hour in trade.hours.get(year_span.first, ())} if year_span else {}
    seen = sorted({*now, *before, *year})
    if not seen:
        return []
    has_before, has_year = trade.series.compared.before is not None, trade.series.compared.year_before is not None
    return [
        _dot(
            trade,
            hour_name(hour),
            hour_name(hour),
            orders_at,
            now[hour].sales if hour in now else 0,
            before.get(hour, 0) if has_before else None,
            year.get(hour, 0) if has_year else None,
        )
        for hour in range(seen[0], seen[-1] + 1)
    ]


def _days(trade: Trade) -> list[Dot]:
    return [
        _dot(
            trade,
            _day_label(trade, point.day),
            short_day(point.day),
            _day_address(trade, point.day),
            point.now.sales,
            None if point.before is None else point.before.sales,
            None if point.year_before is None else point.year_before.sales,
        )
        for point in trade.series.compared.points
    ]


def _day_label(trade: Trade, day: date) -> str:
    if trade.span.step == 1:
        return formats.weekday(day)
    last = min(day + timedelta(days=trade.span.step - 1), trade.span.last)
    return _("%(first)s to %(last)s") % {"first": short_day(day), "last": short_day(last)}


def _day_address(trade: Trade, day: date) -> str:
    """From a point of the line to that day alone, or to the days of that week."""
    asked = trade.asked
    if trade.span.step == 1:
        return asked.query(range=None, day=day, to=None, **{"from": None})
    last = min(day + timedelta(days=trade.span.step - 1), trade.span.last)
    return asked.query(range="custom", day=None, to=last, **{"from": day})


def _dot(trade: Trade, label: str, short: str, href: str, now: int, before: int | None, year: int | None) -> Dot:
    def money(amount: int | None) -> str:
        return "" if amount is None else formats.money(amount, trade.currency)

    return Dot(label, short, href, now, money(now), before, money(before), year, money(year))
