"""The window of the plane that a map shows, and where things are in the drawing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "static" / "web" / "vendor" / "map"
WIDTH, HEIGHT = 1000, 667
"""The drawing's own units; strokes and letters keep their size whatever size it is shown at."""

Place = tuple[float, float]
"""A point of Mercator's plane, each way from 0 to PLANE."""
Box = tuple[float, float, float, float]


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


def meet(one: Box, other: Box) -> bool:
    """Whether two boxes share a point."""
    return one[0] <= other[2] and one[2] >= other[0] and one[1] <= other[3] and one[3] >= other[1]


def percent(spot: tuple[float, float]) -> tuple[str, str]:
    """A spot of the drawing, in percent of its width and height."""
    return f"{spot[0] * 100 / WIDTH:.2f}%", f"{spot[1] * 100 / HEIGHT:.2f}%"
