"""Places: all of them with their sales on a list and a map, and each with its own figures."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isqrt
from uuid import UUID

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from storeline.identity.api import Request
from storeline.insight import api as insight
from storeline.kernel.api import round_div
from storeline.office.domain import Asked
from storeline.office.pages import figures
from storeline.office.pages.home import Choice, choices, show, title_of
from storeline.office.pages.naming import capability_name, format_name
from storeline.office.pages.shared import drawn, pages, render
from storeline.office.pages.trade import Wanted, held_of, place_of, wanted
from storeline.places import api as places
from storeline.web import formats
from storeline.web.maps import Point
from storeline.web.templatetags.ui import local_name

PAGE = 50
MOST = 20_000
"""So many places are ranked; the map shows those among them that have a position."""
_SMALLEST, _LARGEST = 3, 16
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list."""

    name: str
    href: str
    where: str
    kind: str
    sales: str
    baskets: str
    change: figures.Change | None


@pages.get("places", insight.VIEW, name="places")
def list_all(request: Request) -> HttpResponse:
    """Every place with its sales of the days asked for, the largest first, and where it is."""
    found = wanted(request)
    held = held_of(found)
    at = reverse("office:places")
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    frame = {"tab": "places", "asked": found.asked, "at": at, "q": words, "choices": choices(found, at)}
    if held is None:
        return render(request, "office/places.html", frame | {"shown": None})
    number = request.GET.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) <= _DIGITS else 1
    key = ("places", found.ground.version, found.ground.at, found.scope, found.asked, words, page, get_language())
    context = {
        "shown": True,
        "title": title_of(found.asked.span(held.last, _complete(found)), found.ground.today, live=False),
        "table": SafeString(drawn.get(key, lambda: _draw_list(request, found, held, words, max(1, page)))),
        "map_at": f"{reverse('office:map')}{found.asked.query(q=words)}",
        "ranges": range_choices(found.asked, at),
    }
    return render(request, "office/places.html", frame | context)


def _draw_list(request: Request, found: Wanted, held: insight.Held, words: str, page: int) -> str:
    """The list, a page of it at a time."""
    span = found.asked.span(held.last, _complete(found))
    scope = replace(found.scope, currency=held.currency)
    ranked = insight.by_place(
        scope, span, held.first, limit=PAGE, skip=(page - 1) * PAGE, idle=True, words=words
    ).result()
    against = span.before.first >= held.first
    context = {
        "total": ranked.count,
        "rows": [_listed(each, found.asked, held.currency, compared=against) for each in ranked.items],
        "next": _more(request, page + 1 if page * PAGE < ranked.count else None),
        "export_at": f"{reverse('office:export')}{found.asked.query(what='places')}",
        "at": reverse("office:places"),
    }
    return render_to_string("office/places_list.html", context)


@pages.get("places/map", insight.VIEW, name="map")
def draw_map(request: Request) -> HttpResponse:
    """The same places on a map: asked for by the list when it is there."""
    found = wanted(request)
    held = held_of(found)
    if held is None:
        return HttpResponse()
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    key = ("map", found.ground.version, found.ground.at, found.scope, found.asked, words, get_language())
    return HttpResponse(drawn.get(key, lambda: _draw_map(found, held, words)))


def _draw_map(found: Wanted, held: insight.Held, words: str) -> str:
    span = found.asked.span(held.last, _complete(found))
    scope = replace(found.scope, currency=held.currency)
    shown = insight.by_place(scope, span, held.first, limit=MOST, idle=True, words=words).result().items
    points = _points(shown, held.currency, {each.id for each in shown[:PAGE]})
    return render_to_string("office/map.html", {"points": points})


def _complete(found: Wanted) -> date:
    return date.fromordinal(found.ground.today.toordinal() - 1)


def _listed(place: insight.PlaceSums, asked: Asked, currency: str, *, compared: bool) -> Listed:
    return Listed(
        local_name(place),
        place_address(place.ref, asked),
        ", ".join(part for part in (place.city, place.region) if part),
        format_name(place.format),
        formats.money(place.sales, currency),
        formats.number(place.baskets),
        figures.changed(place.sales, place.sales_before, "") if compared else None,
    )


def place_address(ref: str, asked: Asked) -> str:
    """A place's page, for the same days and channel."""
    return reverse("office:place", args=[ref]) + asked.query(place=None, format=None, region=None, entity=None)


def _points(shown: Sequence[insight.PlaceSums], currency: str, linked: Container[UUID]) -> list[Point]:
    """Where places are: a dot's area grows with the sales. The largest are drawn first, so that none is hidden.

    Only those on the list beside it are links: hundreds would be in the way of whoever goes by keyboard.
    """
    longest = max((each.sales for each in shown), default=0)
    return [
        Point(
            local_name(each),
            each.latitude,
            each.longitude,
            reverse("office:place", args=[each.ref]) if each.id in linked else "",
            formats.money(each.sales, currency),
            _radius(each.sales, longest),
        )
        for each in shown
        if each.latitude is not None and each.longitude is not None
    ]


def _radius(sales: int, longest: int) -> int:
    share = round_div(max(0, sales) * 10_000, longest) if longest > 0 else 0
    return max(_SMALLEST, isqrt(_LARGEST * _LARGEST * share // 10_000))


def _more(request: Request, number: int | None) -> str:
    if number is None:
        return ""
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"


def range_choices(asked: Asked, at: str) -> list[Choice]:
    """How many days the list adds up."""
    words = {"day": _("Day"), "week": _("7 days"), "month": _("28 days"), "quarter": _("13 weeks"), "year": _("Year")}
    return [
        Choice(
            code,
            name,
            at + asked.query(range=None if code == "day" else code, to=None, **{"from": None}),
            asked.range == code,
        )
        for code, name in words.items()
    ]


@pages.get("places/<str:ref>", insight.VIEW, name="place")
def one(request: Request, ref: str) -> HttpResponse:
    """A place: its figures, when it is open, what it can do."""
    place = place_of(request, ref)
    found = wanted(request, place)
    today = found.ground.today
    more = {
        "tab": "places",
        "at": reverse("office:place", args=[ref]),
        "hours": [
            _("all day") if opening.all_day else formats.span(opening.opens, opening.closes, place.zone)
            for opening in places.open_hours(place.id, today)
        ],
        "today": today,
        "kind": format_name(place.format),
        "capabilities": [capability_name(code) for code in place.capabilities],
        "points": _own_point(place),
    }
    return show(request, found, "office/place.html", more)


def _own_point(place: places.Place) -> list[Point]:
    if place.position is None:
        return []
    return [Point(local_name(place), place.position.latitude, place.position.longitude, main=True)]
