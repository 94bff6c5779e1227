"""Collecting elsewhere: points and lockers near a shop or a visitor, with when the basket is there."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.kernel.api import ids_array, run
from storeline.places import api as places
from storeline.shop import shelf
from storeline.shop.where import Here
from storeline.sourcing import api as sourcing
from storeline.web.maps import Point

_KEPT_S = 60.0
_FORMATS = ["collection_point", "locker"]
_ANY = "SELECT EXISTS (SELECT FROM places_place WHERE format = ANY(%s::text[]) AND 'collect' = ANY(capabilities))"
_STANDS = """
SELECT id, format, latitude, longitude, address, postal_code, city, region, country, zone FROM places_place WHERE id = ANY(%s::uuid[])
"""
_known: tuple[float, bool] | None = None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A point where the basket can be from `ready` on, picked by `served_by`; `slots` where one chooses a time.

    `spread`: others give to it.
    """

    id: UUID
    ref: str
    name: str
    km: float | None
    ready: datetime
    slots: tuple[sourcing.Window, ...]
    served_by: UUID
    spread: bool
    format: str
    latitude: float | None
    longitude: float | None
    address: str
    postal_code: str
    city: str
    region: str
    country: str
    zone: str

    def slot(self, wanted: str) -> UUID | None:
        """The chosen time, else the first; None where none is chosen here."""
        ids = {str(one.slot_id): one.slot_id for one in self.slots}
        return ids.get(wanted) or next(iter(ids.values()), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """All that can be chosen, the nearest first, with what is chosen; nothing where no point can have the basket.

    `in_shop`: the shop itself can have all of it together.
    """

    found: Sequence[Elsewhere]
    chosen: Elsewhere | None
    in_shop: bool = True

    @property
    def points(self) -> list[Point]:
        """On a map, each a link to the button that chooses it, which a script presses."""
        return [
            Point(
                one.name,
                one.latitude,
                one.longitude,
                href=f"#point-{number}",
                main=one is self.chosen,
            )
            for number, one in enumerate(self.found, 1)
            if one.latitude is not None and one.longitude is not None
        ]


def anywhere() -> bool:
    """Whether there is any point at all: asked once a minute."""
    global _known  # noqa: PLW0603  # points are opened by the season
    if _known is None or time.monotonic() - _known[0] > _KEPT_S:
        _known = time.monotonic(), bool(run(_ANY, [_FORMATS]).fetchall()[0][0])
    return _known[1]


def forget() -> None:
    """Ask anew."""
    global _known  # noqa: PLW0603  # see `anywhere`
    _known = None


def choice_of(
    at: Here,
    lines: Mapping[UUID, int],
    products: Mapping[UUID, catalog.ProductFacts],
    *,
    near: places.Position | None,
    wanted: str,
) -> Choice:
    """Where a basket can be collected near a position, else near the shop; `wanted` is the ref of the chosen one. Three waits."""
    asked = [sourcing.WantedLine(key, quantity) for key, quantity in lines.items() if key in products]
    answers = sourcing.promise(asked, near or at.place.id, channel=shelf.CHANNEL).ways if asked else ()
    answer = next((one for one in answers if one.way is sourcing.Way.POINT), None)
    offers = answer.offers if answer is not None else ()
    rows = run(_STANDS, [ids_array(one.place_id for one in offers)]).fetchall() if offers else []
    stands = {row[0]: row[1:] for row in rows}
    found = [
        Elsewhere(
            *(one.place_id, one.ref, one.name, one.km, one.at, one.windows),
            *(one.sources[0], len(one.sources) > 1),
            *stands[one.place_id],
        )
        for one in offers
    ]
    chosen = next((one for one in found if one.ref == wanted), found[0] if found else None)
    collect = next((one for one in answers if one.way is sourcing.Way.COLLECT), None)
    in_shop = collect is not None and any(one.place_id == at.place.id for one in collect.offers)
    return Choice(found, chosen, in_shop or near is not None)  # around another position the shop need not be told
