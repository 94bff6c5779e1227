"""What a page of figures shows, as CSV: amounts as decimals without separators, days in ISO 8601."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from django.http import HttpResponse

from storeline.identity.api import Request
from storeline.insight import api as insight
from storeline.kernel.api import Invalid, format_amount
from storeline.office.pages.parts import csv_file
from storeline.office.pages.shared import pages
from storeline.office.pages.trade import Trade, by_category, gather, held_of, wanted

MOST_PLACES = 20_000
_SUMS: Final = (
    "sales",
    "sold",
    "returned",
    "tax",
    "discount_retailer",
    "discount_manufacturer",
    "discount_partner",
    "promoted",
)
_COUNTS: Final = ("baskets", "items", "returns", "online_baskets")


@pages.get("export", insight.VIEW, name="export")
def export(request: Request) -> HttpResponse:
    """A table of the page as a file: `what` is days, hours, places, departments or channels. Raises Invalid."""
    found = wanted(request)
    held = held_of(found)
    what = request.GET.get("what", "days")
    if what not in _TABLES:
        raise Invalid("This table is not known: days, hours, places, departments or channels.", field="what")
    if held is None:
        return csv_file(what, ["currency"], [])
    trade = gather(found, held)
    head, rows = _TABLES[what](trade)
    name = f"{what}-{trade.span.first}-{trade.span.last}" if trade.span.days > 1 else f"{what}-{trade.span.first}"
    return csv_file(name, head, rows)


_Table = tuple[Sequence[str], Iterator[Sequence[object]]]


def _amounts(sums: insight.Sums, currency: str) -> list[object]:
    values = (
        sums.sales,
        sums.net,
        sums.returned_net,
        sums.tax - sums.returned_tax,
        sums.discount_retailer,
        sums.discount_manufacturer,
        sums.discount_partner,
        sums.promoted,
    )
    return [
        *[format_amount(value, currency) for value in values],
        *[getattr(sums, name) for name in _COUNTS],
        "" if sums.margin is None else format_amount(sums.margin, currency),
        format_amount(sums.costed, currency) if sums.costed else "",
    ]


_HEAD: Final = ("currency", *_SUMS, *_COUNTS, "margin", "margin_of")


def _days(trade: Trade) -> _Table:
    def rows() -> Iterator[Sequence[object]]:
        for point in trade.series.compared.points:
            before = "" if point.before is None else format_amount(point.before.sales, trade.currency)
            year = "" if point.year_before is None else format_amount(point.year_before.sales, trade.currency)
            yield [point.day, trade.currency, *_amounts(point.now, trade.currency), before, year]

    first = "day" if trade.span.step == 1 else "week_from"
    return [first, *_HEAD, "sales_before", "sales_52_weeks_before"], rows()


def _hours(trade: Trade) -> _Table:
    def rows() -> Iterator[Sequence[object]]:
        for hour in trade.hours.get(trade.span.first, ()):
            yield [
                trade.span.first,
                hour.hour,
                trade.currency,
                format_amount(hour.sales, trade.currency),
                hour.baskets,
            ]

    return ["day", "hour", "currency", "sales", "baskets"], rows()


def _places(trade: Trade) -> _Table:
    ranked = insight.by_place(trade.scope, trade.span, trade.since, limit=MOST_PLACES).result()

    def rows() -> Iterator[Sequence[object]]:
        for place in ranked.items:
            yield [
                place.ref,
                place.name,
                place.format,
                place.region,
                place.city,
                trade.currency,
                format_amount(place.sales, trade.currency),
                place.baskets,
                format_amount(place.online_sales, trade.currency),
                _before(trade, place.sales_before),
            ]

    head = ["place", "name", "format", "region", "city", "currency", "sales", "baskets", "online_sales", "sales_before"]
    return head, rows()


def _departments(trade: Trade) -> _Table:
    found = (
        by_category(trade.scope, trade.span, trade.since, trade.department).result()
        if trade.later
        else trade.categories
    )

    def rows() -> Iterator[Sequence[object]]:
        for one in found:
            yield [
                one.ref,
                one.name,
                trade.currency,
                format_amount(one.sales, trade.currency),
                one.items,
                format_amount(one.promoted, trade.currency),
                _before(trade, one.sales_before),
            ]

    kind = "department" if trade.department is None else "category"
    return [kind, "name", "currency", "sales", "items", "promoted", "sales_before"], rows()


def _channels(trade: Trade) -> _Table:
    def rows() -> Iterator[Sequence[object]]:
        for code, of in trade.series.channels.items():
            before = "" if of.before is None else format_amount(of.before.sales, trade.currency)
            yield [code, trade.currency, *_amounts(of.now, trade.currency), before]

    return ["channel", *_HEAD, "sales_before"], rows()


def _before(trade: Trade, sales: int) -> str:
    return "" if trade.series.compared.before is None else format_amount(sales, trade.currency)


_TABLES = {"days": _days, "hours": _hours, "places": _places, "departments": _departments, "channels": _channels}
