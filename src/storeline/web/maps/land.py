"""Land and its borders in a window, as SVG paths, from the outlines that `web.outlines` wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

import orjson

from storeline.web.maps.window import FOLDER, HEIGHT, WIDTH, Box, Place, View, meet
from storeline.web.outlines import PLANE

_COUNTIES_SPAN = PLANE * 9 / 360
_STATES_SPAN = PLANE * 0.3
_HALF = PLANE / 2
_MARGIN = 40
_COARSE = 3
_SPECK = 4


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


@lru_cache(maxsize=256)
def paths(view: View) -> tuple[str, str, str]:
    """Land, thin lines and strong lines in a window, as paths of whole units."""
    window = (view.left, view.top, view.left + view.span, view.top + view.tall)
    found = [world(), states()]
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
        if meet(ring.box, window) and not _small(ring.box, speck)
    )


def _lines(outlines: Outlines, window: Box, view: View, *, kinds: tuple[int, ...]) -> str:
    parts = []
    speck = _SPECK * view.span / WIDTH
    for arc in outlines.arcs:
        if arc.kind in kinds and meet(arc.box, window) and not (arc.closed and _small(arc.box, speck)):
            parts += [_path(piece, closed=False) for piece in _pieces([view.xy(place) for place in arc.places])]
    return "".join(parts)


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
    return meet(box, (0, 0, WIDTH, HEIGHT))


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
def world() -> Outlines:
    """Countries."""
    return _read("world.json")


@lru_cache(maxsize=1)
def states() -> Outlines:
    """States and counties of the United States."""
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
