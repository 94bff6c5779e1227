"""Names on a map: of points and of towns, where there is room for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import orjson

from storeline.web.maps.window import FOLDER, HEIGHT, WIDTH, Box, Place, View, meet, percent
from storeline.web.outlines import plane

_NARROW, _WIDE = 320, 576
"""How wide the map is at least where names are placed for it, in CSS pixels: a phone's, and one of 36 rem or more.
The sheet shows either kind by the map's own width. Larger maps only move names apart.
"""
_TOWNS = 60
_LETTER, _LINE = 7.4, 15
_HEAVY = 1.17
"""How much wider the name of the main point is, which is bold."""
_CJK = 12.5
_HERE = 8


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


def labelled(
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
        marks[number] = Mark(point, *percent(spot), tuple(_names(*sides)))
    named = {point.name.casefold() for point in points}
    towns = []
    for name, spot in towns_in(view):
        if name.casefold() not in named:
            fits = narrow.middle(spot, name), wide.middle(spot, name)
            towns += [
                Town(name, *percent(spot), each.on) for each in _names(*("middle" if fit else "" for fit in fits))
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
        if inside and not any(meet(box, other) for other in self.taken):
            self.taken.append(box)
            return True
        return False


def _broad(name: str) -> float:
    """About how wide a name is written, in pixels."""
    return sum(_CJK if ord(letter) > 0x2E80 else _LETTER for letter in name) + 4  # noqa: PLR2004  # where ideographs begin


@lru_cache(maxsize=1)
def all_towns() -> tuple[tuple[str, Place], ...]:
    """Towns, the largest first."""
    file = orjson.loads((FOLDER / "towns.json").read_bytes())
    return tuple((name, plane(latitude / 100, longitude / 100)) for name, latitude, longitude in file["towns"])


@lru_cache(maxsize=256)
def towns_in(view: View) -> tuple[tuple[str, tuple[float, float]], ...]:
    """The largest towns in a window."""
    right, low = view.left + view.span, view.top + view.tall
    found = []
    for name, place in all_towns():
        if view.left < place[0] < right and view.top < place[1] < low:
            found.append((name, view.xy(place)))
            if len(found) == _TOWNS:
                break
    return tuple(found)
