"""A map of places that needs no internet: outlines carried with us, projected here, drawn as SVG.

Coastlines, borders, states and counties come from `static/web/vendor/map/` (see `web.outlines`), towns too. A map is
zoomed to its points; what a reader with no script gets is the whole of it, and each point is a link.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from pathlib import Path

import orjson

from storeline.web.outlines import PLANE, plane

FOLDER = Path(__file__).parent / "static" / "web" / "vendor" / "map"
WIDTH, HEIGHT = 1000, 667
"""The drawing's own units; strokes and letters keep their size whatever size it is shown at."""
_NARROW, _WIDE = 320, 576
"""How wide the map is at least where names are placed for it, in CSS pixels: a phone's, and one of 36 rem or more.
The sheet shows either kind by the map's own width. Larger maps only move names apart.
"""
_LEAST_SPAN = PLANE * 0.5 / 360
"""A single point is shown with half a degree around it."""
_COUNTIES_SPAN = PLANE * 9 / 360
_PADDING = 1.3
_STEP = 1.2
_MARGIN = 40
_COARSE = 3
_SPECK = 4
_STATES_SPAN = PLANE * 0.3
_TOWNS = 60
_HALF = PLANE / 2
_FEW_TOWNS = 3
_EMPTY_SPAN = PLANE * 4 / 360
"""Where hardly a town is near, a little more of the land is shown, up to four degrees."""
_LETTER, _LINE = 7.4, 15
_HEAVY = 1.17
"""How much wider the name of the main point is, which is bold."""
_CJK = 12.5
_HERE = 8

Place = tuple[float, float]
"""A point of Mercator's plane, each way from 0 to PLANE."""
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Point:
    """A place to show: `size` is its radius in pixels, `tone` good, warn, stop or nothing, `main` the one that matters."""

    name: str
    latitude: float
    longitude: float
    href: str = ""
    note: str = ""
    size: int = 7
    tone: str = ""
    main: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """On which side of its point a name stands, end or start; `on` says where alone: narrow or wide maps."""

    side: str
    on: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point where it is drawn, in percent, and its name where there is room for it."""

    point: Point
    x: str
    y: str
    names: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Town:
    """A town's name where it is written, in percent; `on` says where alone: narrow or wide maps."""

    name: str
    x: str
    y: str
    on: str = ""


@dataclass(frozen=True, slots=True)
class Map:
    """All that the template draws."""

    land: str
    thin: str
    strong: str
    marks: tuple[Mark, ...]
    towns: tuple[Town, ...]
    here: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class View:
    """A window on the plane: its left upper corner and its width."""

    left: float
    top: float
    span: float

    @property
    def tall(self) -> float:
        return self.span * HEIGHT / WIDTH

    def xy(self, place: Place) -> tuple[float, float]:
        """Where a place is in the drawing."""
        scale = WIDTH / self.span
        return (place[0] - self.left) * scale, (place[1] - self.top) * scale


@dataclass(frozen=True, slots=True)
class Arc:
    """A piece of a border: `kind` 0 between counties, 1 between states or countries, 2 a coast, -1 not drawn."""

    places: tuple[Place, ...]
    box: Box
    kind: int

    @property
    def closed(self) -> bool:
        """Whether it is an island's whole coast."""
        return self.places[0] == self.places[-1]


@dataclass(frozen=True, slots=True)
class Outlines:
    """The borders, and the rings of each state or country."""

    arcs: tuple[Arc, ...]
    rings: tuple[Ring, ...]


@dataclass(frozen=True, slots=True)
class Ring:
    """One piece of land: its border all around. It may reach beyond the plane where it crosses the antimeridian."""

    places: tuple[Place, ...]
    box: Box


def ready() -> None:
    """Read the files that maps are drawn from: a second of a core, which the first visitor would wait for."""
    _world(), _states(), _all_towns()


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
        *_labelled(points, at, view, None if own is None else view.xy(own)),
        None if own is None else _percent(view.xy(own)),
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
    while view.span < _EMPTY_SPAN and len(_towns_in(view)) + len(places) <= _FEW_TOWNS:
        view = _around(middle, view.span * _STEP)
    return view


def _around(middle: Place, span: float) -> View:
    grid = span / 50
    left, top = middle[0] - span / 2, middle[1] - span * HEIGHT / WIDTH / 2
    return View(round(left / grid) * grid, round(top / grid) * grid, span)


@lru_cache(maxsize=256)
def paths(view: View) -> tuple[str, str, str]:
    """Land, thin lines and strong lines in a window, as paths of whole units."""
    window = (view.left, view.top, view.left + view.span, view.top + view.tall)
    found = [_world(), _states()]
    land = "".join(_filled(outlines, window, view) for outlines in found)
    thin = "" if view.span > _COUNTIES_SPAN else _lines(found[1], window, view, kinds=(0,))
    wide = view.span > _STATES_SPAN
    return (
        land,
        thin,
        _lines(found[0], window, view, kinds=(1, 2)) + _lines(found[1], window, view, kinds=(2,) if wide else (1, 2)),
    )


def _filled(outlines: Outlines, window: Box, view: View) -> str:
    speck = _SPECK * view.span / WIDTH
    return "".join(
        _path(_clipped([view.xy(place) for place in ring.places]), closed=True)
        for ring in outlines.rings
        if _meet(ring.box, window) and not _small(ring.box, speck)
    )


def _lines(outlines: Outlines, window: Box, view: View, *, kinds: tuple[int, ...]) -> str:
    parts = []
    speck = _SPECK * view.span / WIDTH
    for arc in outlines.arcs:
        if arc.kind in kinds and _meet(arc.box, window) and not (arc.closed and _small(arc.box, speck)):
            parts += [_path(piece, closed=False) for piece in _pieces([view.xy(place) for place in arc.places])]
    return "".join(parts)


def _meet(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and one[2] >= other[0] and one[1] <= other[3] and one[3] >= other[1]


def _small(box: Box, speck: float) -> bool:
    return box[2] - box[0] < speck and box[3] - box[1] < speck


def _near(at: tuple[float, float]) -> bool:
    return -_MARGIN <= at[0] <= WIDTH + _MARGIN and -_MARGIN <= at[1] <= HEIGHT + _MARGIN


def _pieces(line: Sequence[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """Those parts of a line that come near the window, each with one point beyond it."""
    piece: list[tuple[float, float]] = []
    last: tuple[float, float] | None = None
    for at in line:
        if _near(at):
            if not piece and last is not None:
                piece.append(last)
            piece.append(at)
        elif piece:
            piece.append(at)
            yield piece
            piece = []
        elif last is not None and _crosses(last, at):
            yield [last, at]
        last = at
    if piece:
        yield piece


def _crosses(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether a long step may cross the window although both its ends lie outside."""
    box = (min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1]))
    return _meet(box, (0, 0, WIDTH, HEIGHT))


def _clipped(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """What of a ring lies in the window (Sutherland and Hodgman's way, one side after another)."""
    for axis, edge, sign in ((0, -_MARGIN, 1), (0, WIDTH + _MARGIN, -1), (1, -_MARGIN, 1), (1, HEIGHT + _MARGIN, -1)):
        kept: list[tuple[float, float]] = []
        for number, at in enumerate(ring):
            before = ring[number - 1]
            inside, was = (at[axis] - edge) * sign >= 0, (before[axis] - edge) * sign >= 0
            if inside != was:
                share = (edge - before[axis]) / (at[axis] - before[axis])
                kept.append((before[0] + (at[0] - before[0]) * share, before[1] + (at[1] - before[1]) * share))
            if inside:
                kept.append(at)
        ring = kept
        if not ring:
            break
    return ring


def _path(line: Sequence[tuple[float, float]], *, closed: bool) -> str:
    """A line in whole units, without steps too small to be seen."""
    spots = [(round(x), round(y)) for x, y in line]
    if not spots:
        return ""
    kept = [spots[0]]
    for number, spot in enumerate(spots[1:], 1):
        away = abs(spot[0] - kept[-1][0]) + abs(spot[1] - kept[-1][1])
        if away >= _COARSE or (number == len(spots) - 1 and away):
            kept.append(spot)
    if len(kept) < (3 if closed else 2):
        return ""
    steps = "".join(f"{after[0] - before[0]} {after[1] - before[1]} " for before, after in pairwise(kept))
    return f"M{kept[0][0]} {kept[0][1]}l{steps.strip().replace(' -', '-')}{'z' if closed else ''}"


@lru_cache(maxsize=1)
def _world() -> Outlines:
    return _read("world.json")


@lru_cache(maxsize=1)
def _states() -> Outlines:
    return _read("us.json")


def _read(name: str) -> Outlines:
    """One of the files that `web.outlines` wrote: arcs of whole steps, and rings of arcs."""
    file = orjson.loads((FOLDER / name).read_bytes())
    arcs = [_arc(steps, kind) for kind, steps in zip(file["kinds"], file["arcs"], strict=True)]
    rings = [tuple(_unwrapped(_run(arcs, numbers))) for numbers in file["rings"]]
    return Outlines(tuple(arcs), tuple(Ring(ring, _box(ring)) for ring in rings))


def _arc(steps: list[int], kind: int) -> Arc:
    places = tuple(_unwrapped(zip(accumulate(steps[::2]), accumulate(steps[1::2]), strict=True)))
    return Arc(places, _box(places), kind)


def _run(arcs: Sequence[Arc], ring: Iterable[int]) -> Iterator[Place]:
    for number in ring:
        places = arcs[number if number >= 0 else ~number].places
        yield from places if number >= 0 else reversed(places)


def _unwrapped(places: Iterable[Place]) -> Iterator[Place]:
    """A line that crosses the antimeridian goes on beyond the plane's edge instead of all the way back."""
    turned = 0
    last: float | None = None
    for x, y in places:
        if last is not None and abs(x - last) > _HALF:
            turned += PLANE if x < last else -PLANE
        last = x
        yield x + turned, y


def _box(places: Sequence[Place]) -> Box:
    xs, ys = [place[0] for place in places], [place[1] for place in places]
    return min(xs), min(ys), max(xs), max(ys)


@lru_cache(maxsize=1)
def _all_towns() -> tuple[tuple[str, Place], ...]:
    """Towns, the largest first."""
    file = orjson.loads((FOLDER / "towns.json").read_bytes())
    return tuple((name, plane(latitude / 100, longitude / 100)) for name, latitude, longitude in file["towns"])


@lru_cache(maxsize=256)
def _towns_in(view: View) -> tuple[tuple[str, tuple[float, float]], ...]:
    """The largest towns in a window."""
    right, low = view.left + view.span, view.top + view.tall
    found = []
    for name, place in _all_towns():
        if view.left < place[0] < right and view.top < place[1] < low:
            found.append((name, view.xy(place)))
            if len(found) == _TOWNS:
                break
    return tuple(found)


def _labelled(
    points: Sequence[Point], at: Sequence[tuple[float, float]], view: View, here: tuple[float, float] | None
) -> tuple[tuple[Mark, ...], tuple[Town, ...]]:
    """Names beside their points and towns where there is room: what matters most first, nothing over anything."""
    narrow, wide = _Room(_NARROW), _Room(_WIDE)
    for room in (narrow, wide):
        for spot, point in zip(at, points, strict=True):
            room.take_mark(spot, point.size)
        if here is not None:
            room.take_mark(here, _HERE)
    marks: dict[int, Mark] = {}
    for number in sorted(range(len(points)), key=lambda one: (not points[one].main, one)):
        point, spot = points[number], at[number]
        sides = narrow.side(spot, point), wide.side(spot, point)
        marks[number] = Mark(point, *_percent(spot), tuple(_names(*sides)))
    named = {point.name.casefold() for point in points}
    towns = []
    for name, spot in _towns_in(view):
        if name.casefold() not in named:
            fits = narrow.middle(spot, name), wide.middle(spot, name)
            towns += [
                Town(name, *_percent(spot), each.on) for each in _names(*("middle" if fit else "" for fit in fits))
            ]
    return tuple(marks[number] for number in range(len(points))), tuple(towns)


def _names(narrow: str, wide: str) -> Iterator[Name]:
    """A name as it is written: once where it stands on the same side in both, else for each kind of map."""
    if narrow == wide:
        if wide:
            yield Name(wide)
        return
    if narrow:
        yield Name(narrow, "narrow")
    if wide:
        yield Name(wide, "wide")


class _Room:
    """Where something is written already on a map of some width, in its pixels."""

    def __init__(self, width: int) -> None:
        self.scale, self.width, self.height = width / WIDTH, width, width * HEIGHT / WIDTH
        self.taken: list[Box] = []

    def take_mark(self, spot: tuple[float, float], size: int) -> None:
        """A point's own circle."""
        x, y = spot[0] * self.scale, spot[1] * self.scale
        self.taken.append((x - size, y - size, x + size, y + size))

    def side(self, spot: tuple[float, float], point: Point) -> str:
        """On which side of its point a name fits; it is written there."""
        x, y = spot[0] * self.scale, spot[1] * self.scale
        broad = _broad(point.name) * (_HEAVY if point.main else 1)
        gap = point.size + 4
        for side in ("end", "start"):
            left = x + gap if side == "end" else x - gap - broad
            if self._fits((left, y - _LINE / 2, left + broad, y + _LINE / 2)):
                return side
        return ""

    def middle(self, spot: tuple[float, float], name: str) -> bool:
        """Whether a name fits over its spot; it is written there."""
        x, y, half = spot[0] * self.scale, spot[1] * self.scale, _broad(name) / 2
        return self._fits((x - half, y - _LINE / 2, x + half, y + _LINE / 2))

    def _fits(self, box: Box) -> bool:
        inside = box[0] >= 0 and box[1] >= 0 and box[2] <= self.width and box[3] <= self.height
        if inside and not any(_meet(box, other) for other in self.taken):
            self.taken.append(box)
            return True
        return False


def _broad(name: str) -> float:
    """About how wide a name is written, in pixels."""
    return sum(_CJK if ord(letter) > 0x2E80 else _LETTER for letter in name) + 4  # noqa: PLR2004  # where ideographs begin


def _percent(spot: tuple[float, float]) -> tuple[str, str]:
    return f"{spot[0] * 100 / WIDTH:.2f}%", f"{spot[1] * 100 / HEIGHT:.2f}%"
