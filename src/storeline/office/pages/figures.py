"""Figures as they are shown: tiles, the line of days or hours, shares with bars. Every word and number is ready to print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from storeline.insight import api as insight
from storeline.insight.api import Sums
from storeline.kernel.api import round_div
from storeline.office.pages.naming import short_day
from storeline.office.pages.trade import Trade
from storeline.web import formats
from storeline.web.templatetags.ui import points

_TENTHS = 10
_SCALE = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """How far a figure is from another: `text` such as +4.2 %, `tone` up, down or same, `against` what."""

    text: str
    tone: str
    against: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with what it is compared with, its last four weeks as a line, and where it leads."""

    label: str
    value: str
    changes: tuple[Change, ...] = ()
    note: str = ""
    points: str = ""
    href: str = ""


def words_before(trade: Trade) -> str:
    """Against what the first comparison is."""
    before = trade.span.before
    if trade.live:
        return _("vs %(day)s by this time") % {"day": short_day(before.first)}
    if trade.span.days == 1:
        return _("vs %(day)s") % {"day": short_day(before.first)}
    days = trade.span.days
    return ngettext("vs the %(count)s day before", "vs the %(count)s days before", days) % {
        "count": formats.number(days)
    }


def changed(now: int, before: int | None, against: str) -> Change | None:
    """How far `now` is from `before`, in words; None where nothing can be said."""
    tenths = insight.change(now, before)
    if tenths is None:
        return None
    text = formats.percent(tenths, _SCALE, 1)
    return _changed(tenths, text, against)


def _share_change(part: int, whole: int, before: Sums | None, names: tuple[str, str], against: str) -> Change | None:
    if before is None:
        return None
    tenths = insight.change_of_share(part, whole, getattr(before, names[0]), getattr(before, names[1]))
    if tenths is None:
        return None
    text = _("%(points)s points") % {"points": formats.number(Decimal(tenths) / _TENTHS)}
    return _changed(tenths, text, against)


def _changed(tenths: int, text: str, against: str) -> Change:
    if tenths == 0:
        return Change(_("Unchanged"), "same", against)
    return Change(f"+{text}" if tenths > 0 else text, "up" if tenths > 0 else "down", against)


def tiles(trade: Trade, orders_at: str) -> list[Tile]:
    """The figures above the chart. What is not known is left out, not shown as nothing."""
    now = trade.now
    others = _others(trade)
    found = [
        Tile(
            _("Sales"),
            formats.money(now.sales, trade.currency),
            _changes(others, "sales", now),
            "",
            _line(trade, "sales"),
        ),
        Tile(
            _("Baskets"),
            formats.number(now.baskets),
            _changes(others, "baskets", now),
            _waiting(now),
            _line(trade, "baskets"),
        ),
        Tile(
            _("Average basket"),
            formats.money(now.average, trade.currency),
            _changes(others, "average", now),
            "",
            _line(trade, "average"),
        ),
        Tile(_("Items in a basket"), formats.number(_items(now)), shares_of_items(trade), "", _line(trade, "items")),
        Tile(
            _("Online"),
            percent(now.online_sales, now.sales),
            _shares(trade, "online_sales", "sales"),
            _("of sales"),
            _line(trade, "online"),
        ),
        Tile(
            _("On promotion"),
            percent(now.promoted, now.net),
            _shares(trade, "promoted", "net"),
            _("of what was sold"),
            _line(trade, "promoted"),
        ),
    ]
    if now.margin is not None:
        known = _("The cost of %(share)s of it is known") % {"share": percent(now.costed, now.net)}
        found.append(Tile(_("Margin"), percent(now.margin, now.costed), (), known))
    found = [replace(tile, href=orders_at) for tile in found]
    return found if trade.shelves is None else [*found, _availability(trade.shelves)]


def _items(sums: Sums) -> Decimal:
    return Decimal(round_div(sums.items * _TENTHS, sums.baskets)) / _TENTHS if sums.baskets else Decimal(0)


def _others(trade: Trade) -> list[tuple[Sums | None, str]]:
    """What amounts are compared with: of a day that goes on, what the earlier days had brought by this time."""
    compared, span = trade.series.compared, trade.span
    before, year = compared.before, compared.year_before
    if trade.live and before is not None:
        before = _so_far(trade, span.before.first)
    if trade.live and year is not None and span.year_before is not None:
        year = _so_far(trade, span.year_before.first)
    return [(before, words_before(trade)), (year, _("vs 52 weeks before"))]


def _changes(others: Sequence[tuple[Sums | None, str]], name: str, now: Sums) -> tuple[Change, ...]:
    found = (
        changed(getattr(now, name), None if other is None else getattr(other, name), words) for other, words in others
    )
    return tuple(each for each in found if each)


def _wholes(trade: Trade) -> list[tuple[Sums | None, str]]:
    """What shares are compared with: the whole of the days before, also while today goes on."""
    compared = trade.series.compared
    words = _("vs %(day)s") % {"day": short_day(trade.span.before.first)} if trade.live else words_before(trade)
    return [(compared.before, words), (compared.year_before, _("vs 52 weeks before"))]


def _shares(trade: Trade, part: str, whole: str) -> tuple[Change, ...]:
    now = trade.now
    found = (
        _share_change(getattr(now, part), getattr(now, whole), other, (part, whole), words)
        for other, words in _wholes(trade)
    )
    return tuple(each for each in found if each)


_LINES: dict[str, Callable[[Sums], int]] = {
    "sales": lambda sums: sums.sales,
    "baskets": lambda sums: sums.baskets,
    "average": lambda sums: sums.average,
    "items": lambda sums: round_div(sums.items * 100, sums.baskets) if sums.baskets else 0,
    "online": lambda sums: insight.per_thousand(sums.online_sales, sums.sales),
    "promoted": lambda sums: insight.per_thousand(sums.promoted, sums.net),
}


def _line(trade: Trade, name: str) -> str:
    """The last four weeks of it, as a small line."""
    return points([_LINES[name](sums) for sums in trade.series.spark])


def percent(part: int, whole: int) -> str:
    """A share to a tenth of a percent; a dash where there is no whole."""
    return formats.percent(part, whole, 1) if whole > 0 else "\N{EN DASH}"


def _waiting(now: Sums) -> str:
    if not now.waiting:
        return ""
    return ngettext("%(count)s not handed over yet", "%(count)s not handed over yet", now.waiting) % {
        "count": formats.number(now.waiting)
    }


def shares_of_items(trade: Trade) -> tuple[Change, ...]:
    """How items in a basket moved; by the hundredth, since they move little."""
    now = trade.now
    found = [
        changed(round_div(now.items * 100, now.baskets), round_div(other.items * 100, other.baskets), words)
        for other, words in _wholes(trade)
        if other is not None and other.baskets and now.baskets
    ]
    return tuple(each for each in found if each)


def _so_far(trade: Trade, day: date) -> Sums:
    part = trade.until_now(day)
    return Sums(baskets=part.baskets, net=part.sales, online_sales=part.online_sales)


def _availability(shelves: insight.Shelves) -> Tile:
    note = (
        _("of its range, now")
        if shelves.places == 1
        else _("of the ranges of %(count)s places, now") % {"count": formats.number(shelves.places)}
    )
    return Tile(_("In stock"), percent(shelves.available, shelves.listed), (), note)


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the way from shelf prices to sales."""

    name: str
    value: str
    total: bool = False


def bridge(trade: Trade) -> list[Step]:
    """How sales come about: what the goods would have cost, what was taken off by whom, what came back, tax apart."""
    now = trade.now

    def step(name: str, amount: int, *, total: bool = False) -> Step:
        return Step(name, formats.money(amount, trade.currency), total)

    found = [step(_("Goods sold, before our discounts"), now.net + now.discount_retailer)]
    if now.discount_retailer:
        found.append(step(_("Our own discounts"), -now.discount_retailer))
    if now.returned_net:
        found.append(step(_("Sold"), now.net, total=True))
        found.append(step(_("Came back"), -now.returned_net))
    found.append(step(_("Sales"), now.sales, total=True))
    for name, amount in (
        (_("Of it paid by manufacturers"), now.discount_manufacturer),
        (_("Of it paid by partners"), now.discount_partner),
        (_("Tax on top of it"), now.tax - now.returned_tax),
    ):
        if amount:
            found.append(step(name, amount))
    return found
