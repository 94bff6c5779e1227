"""The router that the files of this folder add their routes to, and the fields that they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from storeline.kernel.api import Invalid, parse_quantity
from storeline.places import api as places
from storeline.sourcing.domain import WantedLine

router = Router()
Cost = Annotated[int, Field(ge=-(10**15), le=10**15)]
Channel = Annotated[str, Field(min_length=1, max_length=100)]


class LineIn(Schema):
    """A product and how much of it."""

    product: UUID
    quantity: Annotated[str, Field(max_length=32, examples=["1"])] = "1"


class PositionIn(Schema):
    """Degrees of WGS 84."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


def wanted(lines: Sequence[LineIn]) -> list[WantedLine]:
    """The lines of a body."""
    return [
        WantedLine(line.product, parse_quantity(line.quantity, field=f"lines[{index}].quantity"))
        for index, line in enumerate(lines)
    ]


def where(near: PositionIn | None, near_place: UUID | None) -> places.Position | UUID:
    """A position, or a place's own: one of them must be there."""
    if near is not None:
        return places.Position(near.latitude, near.longitude)
    if near_place is None:
        raise Invalid("Say where it is to be received: a position, or near which place.", field="near")
    return near_place
