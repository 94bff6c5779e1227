"""Which shop the visitor buys from: the one that they chose, else one that stands for all."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse

from storeline.identity.api import Request
from storeline.kernel.api import Invalid, NotFound, pipeline
from storeline.places import api as places
from storeline.shop import basket

COOKIE = "shop"
BUY_FROM = ("sell", "collect")
"""What a shop can that one buys from here: a point or a locker only hands over what others sell."""
_YEAR_S = 31_536_000
_PARTS = 2
_first_ref = ""


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
    """The visitor's shop: one wait, once a request, which brings a member's basket too. A member who has not chosen on
    this device: two. Raises NotFound where nothing can be collected anywhere.
    """
    kept: Here | None = vars(request).get("shop_here")
    if kept is None:
        found = _chosen(request)
        kept = found if found is not None and may_buy_from(found.place) else first_shop()
        vars(request)["shop_here"] = kept
    return kept


def may_buy_from(place: places.Place) -> bool:
    """Whether it is a shop that sells what is collected there."""
    return set(BUY_FROM).issubset(place.capabilities)


def _chosen(request: Request) -> Here | None:
    ref = request.COOKIES.get(COOKIE, "")
    if not ref:
        ref = basket.habits(request)[0]
        return at(ref) if ref else None
    with pipeline():
        keep_basket = basket.gather(request)
        pending = places.gather_with_facts(ref)
    keep_basket()
    return _here(pending.result())


def at(ref: str) -> Here | None:
    """The shop with this ref: one wait."""
    return _here(places.find_with_facts(ref))


def _here(found: tuple[places.Place, places.PlaceFacts] | None) -> Here | None:
    return None if found is None else Here(*found, chosen=True)


def first_shop() -> Here:
    """The shop that the installation shows first; else a large one, since it has most; any other where there is none."""
    global _first_ref  # noqa: PLW0603  # which shop is a large one seldom changes
    for ref in (settings.FIRST_SHOP, _first_ref):
        found = at(ref) if ref else None
        if found is not None and may_buy_from(found.place):
            return Here(found.place, found.facts, chosen=False)
    for place_format in ("hypermarket", "supermarket", None):
        large = places.list_places(place_format=place_format, capability=BUY_FROM, limit=1).items
        if large and (found := at(large[0].ref)) is not None:
            _first_ref = large[0].ref
            return Here(found.place, found.facts, chosen=False)
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
