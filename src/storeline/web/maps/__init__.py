"""A map of places that needs no internet: outlines carried with us, projected here, drawn as SVG.

Coastlines, borders, states and counties come from `static/web/vendor/map/` (see `web.outlines`), towns too. A map is
zoomed to its points; what a reader with no script gets is the whole of it, and each point is a link.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from storeline.web.maps.land import paths, states, world
from storeline.web.maps.names import Mark, Point, Town, all_towns, labelled, towns_in
from storeline.web.maps.window import HEIGHT, WIDTH, Place, View, percent
from storeline.web.outlines import PLANE, plane

__all__ = ["HEIGHT", "WIDTH", "Map", "Point", "View", "draw", "paths", "ready", "view_of"]

_LEAST_SPAN = PLANE * 0.5 / 360
"""A single point is shown with half a degree around it."""
_PADDING = 1.3
_STEP = 1.2
_FEW_TOWNS = 3
_EMPTY_SPAN = PLANE * 4 / 360
"""Where hardly a town is near, a little more of the land is shown, up to four degrees."""


@dataclass(frozen=True, slots=True)
class Map:
    """All that the template draws."""

    land: str
    thin: str
    strong: str
    marks: tuple[Mark, ...]
    towns: tuple[Town, ...]
    here: tuple[str, str] | None


def ready() -> None:
    """Read the files that maps are drawn from: a second of a core, which the first visitor would wait for."""
    world(), states(), all_towns()


def draw(points: Sequence[Point], here: tuple[float, float] | None = None) -> Map:
    """A map of the points, and of where the reader stands (latitude, longitude), zoomed to them all."""
    placed = [plane(point.latitude, point.longitude) for point in points]
    own = None if here is None else plane(*here)
    view = view_of([*placed, *([own] if own else [])])
    land, thin, strong = paths(view)
    at = [view.xy(place) for place in placed]
    return Map(
        land,
        thin,
        strong,
        *labelled(points, at, view, None if own is None else view.xy(own)),
        None if own is None else percent(view.xy(own)),
    )


def view_of(places: Sequence[Place]) -> View:
    """The window around these places, in steps, so that neighbours' maps share what was drawn once."""
    if not places:
        places = [plane(60, -140), plane(-45, 150)]
    xs, ys = [place[0] for place in places], [place[1] for place in places]
    needed = max(max(xs) - min(xs), (max(ys) - min(ys)) * WIDTH / HEIGHT) * _PADDING
    span = _LEAST_SPAN * _STEP ** math.ceil(math.log(max(needed, _LEAST_SPAN) / _LEAST_SPAN, _STEP))
    middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    view = _around(middle, span)
    while view.span < _EMPTY_SPAN and len(towns_in(view)) + len(places) <= _FEW_TOWNS:
        view = _around(middle, view.span * _STEP)
    return view


def _around(middle: Place, span: float) -> View:
    grid = span / 50
    left, top = middle[0] - span / 2, middle[1] - span * HEIGHT / WIDTH / 2
    return View(round(left / grid) * grid, round(top / grid) * grid, span)
