"""The figures that an address asks for: gathered in two waits, whatever the days and places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.insight import api as insight
from storeline.kernel.api import Pending, pipeline
from storeline.office.domain import Asked, read
from storeline.places import api as places

MANY = 20
"""Departments of more places than this, and not of all of them, are asked for after the page is there."""
RANKED = 10


@dataclass(frozen=True, slots=True)
class Trade:
    """Every figure that a page shows. `live`: its day goes on; `later`: departments come after the page."""

    asked: Asked
    place: places.Place | None
    department: catalog.Category | None
    ground: insight.Ground
    currency: str
    span: insight.Span
    since: date
    live: bool
    scope: insight.Scope
    series: insight.Series
    ranked: insight.Ranked
    categories: tuple[insight.CategorySums, ...]
    later: bool
    hours: Mapping[date, tuple[insight.Hour, ...]]
    shelves: insight.Shelves | None

    @property
    def now(self) -> insight.Sums:
        """The span's sums."""
        return self.series.compared.now

    def until_now(self, day: date) -> insight.SoFar:
        """What an earlier day had brought by this time of it."""
        return insight.so_far(self.hours.get(day, ()))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose figures, before anything is read of them."""

    asked: Asked
    place: places.Place | None
    department: catalog.Category | None
    ground: insight.Ground
    scope: insight.Scope


def wanted(request: Request, place: places.Place | None = None) -> Wanted:
    """Whose figures the address asks for, at those places only that this person may see. Raises PlaceNotFound."""
    asked = read(request.GET.dict())
    if place is None and asked.place:
        place = place_of(request, asked.place)
    reach = (
        insight.reach(request.actor, insight.VIEW, format_=asked.format or None, region=asked.region or None)
        if place is None
        else (place.id,)
    )
    scope = insight.Scope(reach, channel=asked.channel or None)
    ground = insight.ground(request.actor, insight.VIEW, scope)
    if not ground.held and reach != (own := insight.reach(request.actor, insight.VIEW)):
        # Nothing was ever sold there: the days and the currency are those of everything else.
        ground = replace(ground, held=insight.ground(request.actor, insight.VIEW, insight.Scope(own)).held)
    entity = next((each.id for each in ground.entities if each.ref == asked.entity), None)
    if entity is not None:
        scope = replace(scope, entity_id=entity)
        ground = insight.ground(request.actor, insight.VIEW, scope)
    department = catalog.find_category(asked.department) if asked.department else None
    return Wanted(asked, place, department, ground, scope)


def place_of(request: Request, ref: str) -> places.Place:
    """The place of this ref, where this person may see its figures; raises PlaceNotFound as if it were not there."""
    found = places.find_by_ref(ref.replace("\0", ""))
    if found is None or not request.actor.may(insight.VIEW, found.id):
        raise places.PlaceNotFound("There is no such place.")
    return found


def held_of(found: Wanted) -> insight.Held | None:
    """The currency that is asked for, else the one with most trade; None where nothing is held."""
    held = found.ground.held
    return next((each for each in held if each.currency == found.asked.currency), held[0] if held else None)


@dataclass(frozen=True, slots=True)
class Days:
    """Which days are shown, and since when any are held; `live`: the one day goes on, `latest`: new trade changes them."""

    span: insight.Span
    since: date
    today: date
    live: bool
    latest: bool


def days_of(found: Wanted, held: insight.Held) -> Days:
    """The days that the address asks for."""
    today = found.ground.today
    span = found.asked.span(held.last, _day_before(today))
    live = span.days == 1 and span.last >= today
    return Days(span, held.first, today, live, live or (found.asked.day is None and span.days == 1))


def gather(found: Wanted, held: insight.Held) -> Trade:
    """The figures themselves, in one wait."""
    shown = days_of(found, held)
    span, today, live = shown.span, shown.today, shown.live
    scope = replace(found.scope, currency=held.currency)
    later = scope.places is not None and len(scope.places) > MANY
    days = [day.first for day in (span, span.before, span.year_before) if day] if span.days == 1 else []
    with pipeline():
        series = insight.series(scope, span, held.first)
        ranked = insight.by_place(scope, span, held.first, limit=RANKED) if found.place is None else None
        categories = None if later else by_category(scope, span, held.first, found.department)
        hours = insight.hours(scope, days, found.ground.zones, today) if days else None
        shelves = insight.shelves(scope, today)
    return Trade(
        found.asked,
        found.place,
        found.department,
        found.ground,
        held.currency,
        span,
        held.first,
        live,
        scope,
        series.result(),
        insight.Ranked((), 0) if ranked is None else ranked.result(),
        () if categories is None else categories.result(),
        later,
        {} if hours is None else hours.result(),
        shelves.result(),
    )


def by_category(
    scope: insight.Scope, span: insight.Span, since: date, department: catalog.Category | None
) -> Pending[tuple[insight.CategorySums, ...]]:
    """Departments, or the categories of one."""
    return insight.by_category(scope, span, since, department_id=None if department is None else department.id)


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


__all__ = ["Trade", "Wanted", "by_category", "gather", "held_of", "place_of", "wanted"]
