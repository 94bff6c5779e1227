"""Shares of sales by place, department and channel: rows with a bar, each leading on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from storeline.insight import api as insight
from storeline.kernel.api import round_div
from storeline.office.pages.figures import Change, changed, percent, words_before
from storeline.office.pages.promotion_words import channel as channel_name
from storeline.office.pages.trade import Trade
from storeline.web import formats
from storeline.web.templatetags.ui import local_name

_TENTHS = 10
_SCALE = 1000
_FIRST = 10
"""How many rows are shown at once; the rest is folded in."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Rows of a table, and those that are seen when asked for."""

    first: tuple[Row, ...]
    rest: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table of shares; `bar` is the width of its bar in tenths of a percent of the longest."""

    name: str
    href: str
    sales: str
    share: str
    bar: str
    change: Change | None
    more: str = ""


def rows_of(parts: Sequence[tuple[str, str, int, int, str]], trade: Trade, *, compared: bool = True) -> list[Row]:
    """A table of shares from (name, where it leads, sales, sales before, more)."""
    whole = sum(sales for _name, _href, sales, _before, _more in parts)
    return shares_of(parts, trade, whole, compared=compared)


def shares_of(
    parts: Sequence[tuple[str, str, int, int, str]], trade: Trade, whole: int, *, compared: bool = True
) -> list[Row]:
    """The same where the parts are not all of it."""
    longest = max((sales for _name, _href, sales, _before, _more in parts), default=0)
    against = "" if trade.series.compared.before is None or not compared else words_before(trade)
    return [
        Row(
            name,
            href,
            formats.money(sales, trade.currency),
            percent(sales, whole),
            _bar(sales, longest),
            changed(sales, before, against) if against and not trade.live else None,
            more,
        )
        for name, href, sales, before, more in parts
    ]


def _bar(value: int, longest: int) -> str:
    tenths = round_div(max(0, value) * _SCALE, longest) if longest > 0 else 0
    return f"{tenths // _TENTHS}.{tenths % _TENTHS}"


def places_table(trade: Trade) -> list[Row]:
    """The places with most sales, each leading to its own figures."""
    asked = trade.asked
    return shares_of(
        [
            (
                f"{local_name(each)}",
                reverse("office:place", args=[each.ref]) + asked.query(place=None, format=None, region=None),
                each.sales,
                each.sales_before,
                ngettext("%(count)s basket", "%(count)s baskets", each.baskets)
                % {"count": formats.number(each.baskets)},
            )
            for each in trade.ranked.items
        ],
        trade,
        trade.now.sales,
    )


def categories_table(trade: Trade, at: str) -> Shares:
    """Departments, each leading to its categories; or those."""
    return category_rows(trade, trade.categories, at)


def category_rows(trade: Trade, found: Sequence[insight.CategorySums], at: str) -> Shares:
    """The same for what was asked for after the page."""
    inside = trade.department is not None
    rows = rows_of(
        [
            (
                local_name(each) if each.name else _("Without a department"),
                "" if inside or not each.ref else f"{at}{trade.asked.query(department=each.ref)}#departments",
                each.sales,
                each.sales_before,
                ngettext("%(count)s item", "%(count)s items", each.items) % {"count": formats.number(each.items)},
            )
            for each in found
            if each.sales or each.items
        ],
        trade,
    )
    # One row that is folded in would take as much room as itself.
    many = len(rows) > _FIRST + 1
    return Shares(tuple(rows[:_FIRST] if many else rows), tuple(rows[_FIRST:] if many else ()))


def channels_table(trade: Trade, at: str) -> list[Row]:
    """Channels, each narrowing the page to itself."""
    found = sorted(trade.series.channels.items(), key=lambda one: -one[1].now.sales)
    return rows_of(
        [
            (
                channel_name(code),
                "" if trade.asked.channel else f"{at}{trade.asked.query(channel=code)}",
                of.now.sales,
                0 if of.before is None else of.before.sales,
                ngettext("%(count)s basket", "%(count)s baskets", of.now.baskets)
                % {"count": formats.number(of.now.baskets)},
            )
            for code, of in found
            if of.now.baskets or of.now.returns or (of.before is not None and of.before.baskets)
        ],
        trade,
    )
