"""Figures as they are shown: tiles, the line of days or hours, shares with bars. Every word and number is ready to print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from storeline.insight import api as insight
from storeline.insight.api import Sums
from storeline.kernel.api import round_div
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
        return _("than %(day)s by this time") % {"day": formats.weekday(before.first)}
    if trade.span.days == 1:
        return _("than %(day)s") % {"day": formats.weekday(before.first)}
    days = trade.span.days
    return ngettext("than in the %(count)s day before", "than in the %(count)s days before", days) % {
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
        return Change(_("As much"), "same", against)
    return Change(f"+{text}" if tenths > 0 else text, "up" if tenths > 0 else "down", against)


def tiles(trade: Trade, orders_at: str) -> list[Tile]:
    """The figures above the chart. What is not known is left out, not shown as nothing."""
    now, compared = trade.now, trade.series.compared
    before, year = compared.before, compared.year_before
    if trade.live and before is not None:
        before = _so_far(trade, trade.span.before.first, before)
    against, against_year = words_before(trade), _("than 52 weeks before")
    if trade.live and year is not None and trade.span.year_before is not None:
        year = _so_far(trade, trade.span.year_before.first, year)
    spark = trade.series.spark

    def money(amount: int) -> str:
        return formats.money(amount, trade.currency)

    def both(name: str) -> tuple[Change, ...]:
        found = (
            changed(getattr(now, name), None if other is None else getattr(other, name), words)
            for other, words in ((before, against), (year, against_year))
        )
        return tuple(each for each in found if each)

    def shares(part: str, whole: str) -> tuple[Change, ...]:
        found = (
            _share_change(getattr(now, part), getattr(now, whole), other, (part, whole), words)
            for other, words in ((compared.before, _whole(trade, against)), (compared.year_before, against_year))
        )
        return tuple(each for each in found if each)

    lines = {
        "sales": [each.sales for each in spark],
        "baskets": [each.baskets for each in spark],
        "average": [each.average for each in spark],
        "items": [round_div(each.items * 100, each.baskets) if each.baskets else 0 for each in spark],
        "online": [insight.per_thousand(each.online_sales, each.sales) for each in spark],
        "promoted": [insight.per_thousand(each.promoted, each.net) for each in spark],
    }
    items = Decimal(round_div(now.items * _TENTHS, now.baskets)) / _TENTHS if now.baskets else Decimal(0)
    found = [
        Tile(_("Sales"), money(now.sales), both("sales"), "", points(lines["sales"]), orders_at),
        Tile(
            _("Baskets"),
            formats.number(now.baskets),
            both("baskets"),
            _waiting(now),
            points(lines["baskets"]),
            orders_at,
        ),
        Tile(_("Average basket"), money(now.average), both("average"), "", points(lines["average"]), orders_at),
        Tile(
            _("Items in a basket"),
            formats.number(items),
            shares_of_items(trade, against, against_year),
            "",
            points(lines["items"]),
            orders_at,
        ),
        Tile(
            _("Online"),
            percent(now.online_sales, now.sales),
            shares("online_sales", "sales"),
            _("of sales"),
            points(lines["online"]),
            orders_at,
        ),
        Tile(
            _("On promotion"),
            percent(now.promoted, now.net),
            shares("promoted", "net"),
            _("of what was sold"),
            points(lines["promoted"]),
            orders_at,
        ),
    ]
    if now.margin is not None:
        known = _("The cost of %(share)s of it is known") % {"share": percent(now.costed, now.net)}
        found.append(Tile(_("Margin"), percent(now.margin, now.costed), (), known, "", orders_at))
    if trade.shelves is not None:
        found.append(_availability(trade.shelves))
    return found


def percent(part: int, whole: int) -> str:
    """A share to a tenth of a percent; a dash where there is no whole."""
    return formats.percent(part, whole, 1) if whole > 0 else "\N{EN DASH}"


def _whole(trade: Trade, against: str) -> str:
    """Shares are compared with the whole of the day before, also while today goes on."""
    return _("than %(day)s") % {"day": formats.weekday(trade.span.before.first)} if trade.live else against


def _waiting(now: Sums) -> str:
    if not now.waiting:
        return ""
    return ngettext("%(count)s not handed over yet", "%(count)s not handed over yet", now.waiting) % {
        "count": formats.number(now.waiting)
    }


def shares_of_items(trade: Trade, against: str, against_year: str) -> tuple[Change, ...]:
    """How items in a basket moved; by the hundredth, since they move little."""
    compared = trade.series.compared
    now = compared.now
    found = []
    for other, words in ((compared.before, _whole(trade, against)), (compared.year_before, against_year)):
        if other is not None and other.baskets and now.baskets:
            found.append(
                changed(round_div(now.items * 100, now.baskets), round_div(other.items * 100, other.baskets), words)
            )
    return tuple(each for each in found if each)


def _so_far(trade: Trade, day: date, whole: Sums) -> Sums:
    part = trade.until_now(day)
    return Sums(baskets=part.baskets, net=part.sales, online_sales=part.online_sales, items=whole.items)


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
