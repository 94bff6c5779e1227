"""Shops: choosing one on a list or a map, and each one's own page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from storeline.identity.api import Request
from storeline.kernel.api import business_date, now
from storeline.places import api as places
from storeline.shop.pages.router import pages, show
from storeline.shop.where import BUY_FROM, Here, choose, here, may_buy_from, position
from storeline.web.maps import Point
from storeline.web.pages import see

_SHOWN = 20
_WEEK = 7


@pages.get("shops", places.READ, guest=True, name="shops")
def shops(request: Request) -> HttpResponse:
    """Shops where one can collect: by town, by position, or those around the visitor's own."""
    at, town = here(request), request.GET.get("town", "").strip()[:100]
    given = position(request.GET.get("near", ""))
    near = given or (None if town else at.place.position)
    found = places.list_places(near=near, capability=BUY_FROM, named=town or None, limit=_SHOWN).items
    unknown = bool(town) and not found
    if unknown:
        found = places.list_places(near=at.place.position, capability=BUY_FROM, limit=_SHOWN).items
    return show(
        request,
        "shops",
        at,
        found=found,
        town=town,
        unknown=unknown,
        near=given,
        points=points_of(found, at),
        here=None if given is None else (given.latitude, given.longitude),
        back=request.GET.get("next", "/"),
    )


def points_of(found: Iterable[places.Place], at: Here) -> list[Point]:
    """Shops on a map, each a link to its page."""
    return [
        Point(
            one.name,
            one.position.latitude,
            one.position.longitude,
            href=reverse("shop:place", args=[one.ref]),
            main=one.ref == at.place.ref and at.chosen,
        )
        for one in found
        if one.position is not None
    ]


@pages.post("shops", places.READ, guest=True)
def choose_shop(request: Request) -> HttpResponse:
    """Remember the chosen shop and go on."""
    place = places.find_by_ref(request.POST.get("ref", ""))
    if place is None or not may_buy_from(place):
        raise places.PlaceNotFound("There is no such shop.", field="ref")
    back = request.POST.get("next", "")
    response = see(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else reverse("shop:home"))
    choose(request, response, place.ref)
    return response


@pages.get("shops/<str:ref>", places.READ, guest=True, name="place")
def place(request: Request, ref: str) -> HttpResponse:
    """One shop, with its hours of the next days."""
    found = places.find_by_ref(ref)
    if found is None:
        raise places.PlaceNotFound("There is no such shop.")
    today = business_date(now(), found.zone)
    days = [today + timedelta(days=number) for number in range(_WEEK)]
    hours = places.open_hours_many([found.id], days[0], days[-1]).get(found.id, ())
    by_day = {day: [one for one in hours if business_date(one.opens, found.zone) == day] for day in days}
    at = here(request)
    around = [] if found.position is None else _around(found)
    return show(
        request,
        "place",
        at,
        place=found,
        may_choose=may_buy_from(found),
        days=by_day.items(),
        points=points_of(around, Here(found, at.facts, chosen=True)),
        schema=_schema(request, found),
    )


def _around(found: places.Place) -> tuple[places.Place, ...]:
    return places.list_places(near=found.position, capability=BUY_FROM, limit=6).items


def _schema(request: Request, found: places.Place) -> dict[str, object]:
    """What search engines read (schema.org GroceryStore)."""
    described = schema_of(found) | {
        "@context": "https://schema.org",
        "url": request.build_absolute_uri(reverse("shop:place", args=[found.ref])),
    }
    if found.phone:
        described["telephone"] = found.phone
    return described


def schema_of(found: places.Place) -> dict[str, object]:
    """A shop within another description."""
    described: dict[str, object] = {
        "@type": "GroceryStore",
        "name": found.name,
        "address": {
            "@type": "PostalAddress",
            "streetAddress": found.address,
            "postalCode": found.postal_code,
            "addressLocality": found.city,
            "addressRegion": found.region,
            "addressCountry": found.country,
        },
    }
    if found.position is not None:
        described["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": found.position.latitude,
            "longitude": found.position.longitude,
        }
    return described
