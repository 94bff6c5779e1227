"""Figures of trade: the latest day or any other days, narrowed as the address says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from storeline.identity.api import Request
from storeline.insight import api as insight
from storeline.kernel.api import now
from storeline.office.domain import CUSTOM, RANGES, Asked
from storeline.office.pages import figures, lines, needing, shares
from storeline.office.pages.naming import day_name, format_name
from storeline.office.pages.promotion_words import channel as channel_name
from storeline.office.pages.shared import drawn, pages, render
from storeline.office.pages.trade import Days, Trade, Wanted, by_category, days_of, gather, held_of, wanted
from storeline.office.queries import needs
from storeline.orders import api as orders
from storeline.web import formats
from storeline.web.live import about


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several: its code, its name, where it leads."""

    code: str
    name: str
    href: str
    chosen: bool


@pages.get("", insight.VIEW, name="today")
def today(request: Request) -> HttpResponse:
    """The latest day of trade, and what needs somebody."""
    found = wanted(request)
    return show(request, found, "office/today.html", {"tab": "today", "at": reverse("office:today")})


def show(request: Request, found: Wanted, template: str, more: Mapping[str, Any]) -> HttpResponse:
    """A page of figures; where nothing was ever sold it says so."""
    held = held_of(found)
    at = str(more["at"])
    frame = {"asked": found.asked, "place": found.place, "choices": choices(found, at)} | dict(more)
    if held is None:
        return render(request, template, frame | {"shown": None})
    shown = days_of(found, held)
    waiting = needs(request.actor, None if found.place is None else found.place.id).result()
    context: dict[str, Any] = {
        "shown": shown,
        "needs": needing.shown(waiting, found.place),
        "title": title_of(shown.span, shown.today, live=shown.live),
        "ranges": ranges(found.asked, at),
        "before": _step(found, held, shown.span, at, -1),
        "after": _step(found, held, shown.span, at, 1),
        "currency": held.currency,
        "compared": compared(shown),
        "as_of": found.ground.at,
        "zone": found.ground.zones[0] if found.ground.zones else "UTC",
        "figures": SafeString(drawn.get(_key(request, found, shown, at), lambda: _draw(request, found, held, at))),
    }
    if shown.latest:
        context["follow"] = about(None, insight.FOLDED)
    part = request.headers.get("HX-Target") == "trade"
    return render(request, "office/trade.html" if part else template, frame | context)


def _key(request: Request, found: Wanted, shown: Days, at: str) -> tuple[object, ...]:
    """All that figures depend on: their version, whose they are, the address, the reader; of a day that goes on the minute."""
    moment = now().replace(second=0, microsecond=0) if shown.live else None
    may_see_orders = request.actor.may(orders.VIEW)
    return (
        (found.ground.version, found.ground.at),  # a database that was restored counts anew
        found.scope,
        found.asked,
        shown,
        None if found.place is None else found.place.id,
        at,
        get_language(),
        may_see_orders,
        moment,
    )


def _draw(request: Request, found: Wanted, held: insight.Held, at: str) -> str:
    """The tiles, the line and the tables."""
    trade = gather(found, held)
    orders_at = orders_address(request, trade)
    place = None if trade.place is None else trade.place.ref
    context = {
        "trade": trade,
        "place": found.place,
        "at": at,
        "tiles": figures.tiles(trade, orders_at),
        "chart": lines.chart(trade, orders_at),
        "places": shares.places_table(trade),
        "categories": shares.categories_table(trade, at),
        "bridge": figures.bridge(trade),
        "channels": shares.channels_table(trade, at),
        "orders_at": orders_at,
        "export_at": f"{reverse('office:export')}{trade.asked.query(place=place)}",
        "department_at": f"{at}{trade.asked.query(department=None)}#departments",
        "departments_at": f"{reverse('office:departments')}{trade.asked.query()}",
        "all_places_at": f"{reverse('office:places')}{trade.asked.query(department=None)}",
    }
    return render_to_string("office/figures.html", context)


@pages.get("departments", insight.VIEW, name="departments")
def departments(request: Request) -> HttpResponse:
    """Departments of very many places: asked for by the page when it is there."""
    found = wanted(request)
    held = held_of(found)
    if held is None:
        return HttpResponse()
    at = reverse("office:today")

    def draw() -> str:
        trade = gather(found, held)
        answer = by_category(trade.scope, trade.span, trade.since, trade.department).result()
        return render_to_string("office/shares.html", {"shares": shares.category_rows(trade, answer, at)})

    return HttpResponse(drawn.get(("departments", *_key(request, found, days_of(found, held), at)), draw))


def title_of(span: insight.Span, today: date, *, live: bool) -> str:
    """Which days these are."""
    if live:
        return _("Today so far")
    if span.days == 1:
        return day_name(span.first, today)
    return span_name(span, today)


def span_name(span: insight.Span, today: date) -> str:
    """From a day to a day; the year is said once where both have the same."""
    first = formats.weekday(span.first) if span.first.year == span.last.year else day_name(span.first, today)
    return _("%(first)s to %(last)s") % {"first": first, "last": day_name(span.last, today)}


def compared(shown: Days) -> str:
    """Against what the figures are compared, in a sentence."""
    span = shown.span
    if span.before.first < shown.since:
        return _("Nothing is held before these days to compare them with.")
    days = day_name(span.before.first, shown.today) if span.days == 1 else span_name(span.before, shown.today)
    if shown.live:
        return _("Compared with %(day)s by the same time of day.") % {"day": days}
    year_before = span.year_before
    if year_before is None or year_before.first < shown.since:
        return _("Compared with %(days)s. A year before is not held.") % {"days": days}
    return _("Compared with %(days)s, and with 52 weeks before.") % {"days": days}


def ranges(asked: Asked, at: str) -> list[Choice]:
    """How many days to look at."""
    words = {
        "day": _("Day"),
        "week": _("7 days"),
        "month": _("28 days"),
        "quarter": _("13 weeks"),
        "year": _("Year"),
    }
    return [
        Choice(
            code,
            words[code],
            f"{at}{asked.query(range=None if code == 'day' else code, to=None, day=None if asked.range == CUSTOM else asked.day, **{'from': None})}",
            asked.range == code,
        )
        for code in RANGES
    ]


def _step(found: Wanted, held: insight.Held, span: insight.Span, at: str, direction: int) -> str:
    """The days before or after these; none where nothing is held there."""
    moved = span.back(-direction * span.days)
    if moved.last < held.first or moved.first > held.last:
        return ""
    asked = found.asked
    if asked.range == CUSTOM:
        return f"{at}{asked.query(to=moved.last, **{'from': moved.first})}"
    return f"{at}{asked.query(day=moved.last)}"


def choices(found: Wanted, at: str) -> dict[str, list[Choice]]:
    """What the page can be narrowed by; a choice of one thing is none."""
    asked, ground = found.asked, found.ground

    def some(name: str, codes: list[tuple[str, str]], chosen: str) -> list[Choice]:
        if len(codes) < 2 and not chosen:  # noqa: PLR2004  # nothing to choose from
            return []
        return [
            Choice(code, label, f"{at}{asked.query(**{name: code})}", code == chosen)
            for code, label in [*codes, *([(chosen, chosen)] if chosen and chosen not in dict(codes) else [])]
        ]

    held = [(each.currency, each.currency) for each in ground.held]
    return {
        "format": some("format", [(code, format_name(code)) for code in ground.formats], asked.format),
        "region": some("region", [(code, code) for code in ground.regions], asked.region),
        "channel": some("channel", [(code, channel_name(code)) for code in ground.channels], asked.channel),
        "entity": some("entity", [(each.ref, each.name) for each in ground.entities], asked.entity),
        "currency": some("currency", held, asked.currency or (held[0][0] if len(held) > 1 else "")),
    }


def orders_address(request: Request, trade: Trade) -> str:
    """Where the orders behind these figures are listed; empty for who may not see them."""
    if not request.actor.may(orders.VIEW):
        return ""
    asked = {
        "place": "" if trade.place is None else trade.place.ref,
        "channel": trade.asked.channel,
        "day": trade.span.first.isoformat() if trade.span.days == 1 else "",
        "from": trade.span.first.isoformat() if trade.span.days > 1 else "",
        "to": trade.span.last.isoformat() if trade.span.days > 1 else "",
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/office/orders?{query}"
