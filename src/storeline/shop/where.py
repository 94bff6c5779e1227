"""Which shop the visitor buys from: the one that they chose, else one that stands for all."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse

from storeline.identity.api import Request
from storeline.kernel.api import Invalid, NotFound
from storeline.places import api as places
from storeline.shop import basket

COOKIE = "shop"
_YEAR_S = 31_536_000
_PARTS = 2
_KEPT_S = 20.0
_MOST_KEPT = 2000
_kept: dict[str, tuple[float, places.Place, places.PlaceFacts]] = {}


@dataclass(frozen=True, slots=True)
class Here:
    """A shop, with what pricing must know of it; `chosen` is false where nobody has chosen yet."""

    place: places.Place
    facts: places.PlaceFacts
    chosen: bool

    @property
    def position(self) -> tuple[float, float] | None:
        """Where it stands, for maps."""
        at = self.place.position
        return None if at is None else (at.latitude, at.longitude)


def here(request: Request) -> Here:
    """The visitor's shop: no wait where it was looked up lately. Raises NotFound where nothing can be collected anywhere."""
    ref = request.COOKIES.get(COOKIE, "") or basket.habits(request)[0]
    found = at(ref) if ref else None
    if found is not None and "collect" in found.place.capabilities:
        return found
    return _first()


def at(ref: str) -> Here | None:
    """The shop with this ref. What is known of it is kept for some seconds: shops seldom change."""
    kept = _kept.get(ref)
    if kept is None or time.monotonic() - kept[0] > _KEPT_S:
        place = places.find_by_ref(ref)
        if place is None:
            return None
        kept = _keep(ref, place)
    return Here(kept[1], kept[2], chosen=True)


def _keep(key: str, place: places.Place) -> tuple[float, places.Place, places.PlaceFacts]:
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[key] = time.monotonic(), place, places.gather([place.id]).result()[place.id]
    return _kept[key]


def forget() -> None:
    """Read shops anew."""
    _kept.clear()


def _first() -> Here:
    """The shop that the installation shows first; else a large one, since it has most; any other where there is none."""
    kept = _kept.get("")
    if kept is None or time.monotonic() - kept[0] > _KEPT_S:
        named = places.find_by_ref(settings.FIRST_SHOP) if settings.FIRST_SHOP else None
        kept = _keep("", named if named is not None and "collect" in named.capabilities else _largest())
    return Here(kept[1], kept[2], chosen=False)


def _largest() -> places.Place:
    for place_format in ("hypermarket", "supermarket", None):
        found = places.list_places(place_format=place_format, capability="collect", limit=1).items
        if found:
            return found[0]
    raise NotFound("No shop offers collection yet.")


def choose(request: Request, response: HttpResponse, ref: str) -> None:
    """Keep the visitor's choice: on this device, and a member's for all of theirs."""
    basket.keep_place(request, ref)
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
