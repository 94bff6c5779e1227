"""Which shops near here have a product, on a list and a map: a part of its page, and a page of its own without a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.identity.api import Request
from storeline.kernel.api import QUANTITY_ONE, ids_array, run
from storeline.places import api as places
from storeline.shop import shelf, where
from storeline.shop.pages.product import find
from storeline.shop.pages.router import pages, show
from storeline.shop.where import Here, here, position
from storeline.sourcing import api as sourcing
from storeline.web.maps import Point
from storeline.web.pages import render

_NEARBY = 6
_LOOKED_AT = 3 * _NEARBY
_POSITIONS = """
SELECT id, latitude, longitude, city, region, country FROM places_place
WHERE id = ANY(%s::uuid[]) AND 'sell' = ANY(capabilities)
"""


@dataclass(frozen=True, slots=True)
class Nearby:
    """A shop that has the product, or not; `km` from where the reader is, or asked."""

    id: UUID
    ref: str
    name: str
    has: bool
    km: float | None
    latitude: float | None
    longitude: float | None
    city: str
    region: str
    country: str


@pages.get("p/<str:ref>/<str:slug>/shops", sourcing.OPTIONS, guest=True, name="nearby")
def nearby(request: Request, ref: str, slug: str) -> HttpResponse:
    """Shops that have one of it, nearest to a position, a town or the visitor's shop."""
    facts = find(ref)
    town = request.GET.get("town", "").strip()[:100]
    at = here(request)
    near, unknown = _origin(request.GET.get("near", ""), town, where.at(request.GET.get("at", "")) or at)
    found = _nearby(facts.id, near)
    given = position(request.GET.get("near", ""))
    context: dict[str, Any] = {
        "ref": ref,
        "slug": slug,
        "name": shelf.name_of(facts),
        "found": found,
        "town": town,
        "unknown": unknown,
        "nearest": next((one for one in found if one.has), None),
        "points": [_point(one, ref, slug, at) for one in found if one.latitude is not None],
        "here": None if given is None else (given.latitude, given.longitude),
    }
    if "HX-Request" in request.headers:
        return render(request, "shop/nearby.html", {"at": at, **context})
    return show(request, "nearby_page", at, **context)


def _origin(near: str, town: str, at: Here) -> tuple[places.Position | None, bool]:
    """From where to measure, and whether a town was typed that nobody knows."""
    if (given := position(near)) is not None:
        return given, False
    if town:
        found = [one.position for one in places.list_places(named=town, limit=1).items if one.position]
        return (found[0] if found else at.place.position), not found
    return at.place.position, False


def _nearby(product_id: UUID, near: places.Position | None) -> list[Nearby]:
    """Points and lockers are not among them: nothing is kept or sold there."""
    wanted = [sourcing.WantedLine(product_id, QUANTITY_ONE)]
    options = sourcing.options(wanted, method="collect", near=near, limit=_LOOKED_AT)
    rows = run(_POSITIONS, [ids_array(one.place_id for one in options)]).fetchall()
    stands = {row[0]: row[1:] for row in rows}
    found = [
        Nearby(one.place_id, one.ref, one.name, one.serves, one.distance_km, *stands[one.place_id])
        for one in options
        if one.place_id in stands
    ]
    return sorted(found, key=lambda one: (not one.has, one.km or 0.0))[:_NEARBY]


def _point(one: Nearby, ref: str, slug: str, at: Here) -> Point:
    assert one.latitude is not None  # those without a position are on the list alone
    assert one.longitude is not None
    return Point(
        one.name,
        one.latitude,
        one.longitude,
        href=reverse("shop:product-at", args=[one.ref, ref, slug]),
        note=_("In stock") if one.has else _("Out of stock"),
        tone="" if one.has else "off",
        main=one.id == at.place.id,
    )
