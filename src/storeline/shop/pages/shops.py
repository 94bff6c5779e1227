"""Shops: choosing one, and each one's own page."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from storeline.identity.api import Request
from storeline.kernel.api import business_date, now
from storeline.places import api as places
from storeline.shop.pages.router import pages, show
from storeline.shop.where import choose, position
from storeline.web.pages import see

_SHOWN = 20
_WEEK = 7


@pages.get("shops", places.READ, guest=True, name="shops")
def shops(request: Request) -> HttpResponse:
    """Shops where one can collect: by town, by position, or all by ref."""
    town, near = request.GET.get("town", "").strip()[:100], position(request.GET.get("near", ""))
    found = places.list_places(near=near, capability="collect", named=town or None, limit=_SHOWN).items
    if town and not found:
        found = places.list_places(capability="collect", limit=_SHOWN).items
        return show(request, "shops", found=found, town=town, unknown=True, back=_back(request))
    return show(request, "shops", found=found, town=town, back=_back(request))


@pages.post("shops", places.READ, guest=True)
def choose_shop(request: Request) -> HttpResponse:
    """Remember the chosen shop and go on."""
    place = places.find_by_ref(request.POST.get("ref", ""))
    if place is None:
        raise places.PlaceNotFound("There is no such shop.", field="ref")
    back = request.POST.get("next", "")
    response = see(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else reverse("shop:home"))
    choose(response, place.ref)
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
    return show(request, "place", place=found, days=by_day.items())


def _back(request: Request) -> str:
    return request.GET.get("next", "/")
