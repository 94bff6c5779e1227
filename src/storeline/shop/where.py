"""Which shop the visitor buys from: the one that they chose, else one that stands for all."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse

from storeline.identity.api import Request
from storeline.kernel.api import Invalid, NotFound
from storeline.places import api as places

COOKIE = "shop"
_YEAR_S = 31_536_000
_PARTS = 2


@dataclass(frozen=True, slots=True)
class Here:
    """A shop, with what pricing must know of it; `chosen` is false where nobody has chosen yet."""

    place: places.Place
    facts: places.PlaceFacts
    chosen: bool


def here(request: Request) -> Here:
    """The visitor's shop. Two or three waits. Raises NotFound where nothing can be collected anywhere."""
    ref = request.COOKIES.get(COOKIE, "")
    place = places.find_by_ref(ref) if ref else None
    chosen = place is not None and "collect" in place.capabilities
    if place is None or not chosen:
        place = _first()
    return Here(place, places.gather([place.id]).result()[place.id], chosen)


def _first() -> places.Place:
    """A large shop, since it has most; any other where there is none."""
    for place_format in ("hypermarket", "supermarket", None):
        found = places.list_places(place_format=place_format, capability="collect", limit=1).items
        if found:
            return found[0]
    raise NotFound("No shop offers collection yet.")


def choose(response: HttpResponse, ref: str) -> None:
    """Keep the visitor's choice."""
    response.set_cookie(COOKIE, ref, max_age=_YEAR_S, samesite="Lax", httponly=True, secure=settings.PRODUCTION)


def position(text: str) -> places.Position | None:
    """`39.27,-76.81` as a position; None where it is none."""
    parts = text.split(",")
    try:
        latitude, longitude = (float(part) for part in parts) if len(parts) == _PARTS else (1e9, 1e9)
        places.check_position(latitude, longitude, field="near")
    except (ValueError, Invalid):
        return None
    return places.Position(latitude, longitude)
