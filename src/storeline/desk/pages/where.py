"""Where one works: chosen once, kept in a cookie, checked on every page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

from storeline.desk.pages.shared import PLACE_COOKIE, as_id, pages, place_of, render
from storeline.fulfilment.api import VIEW
from storeline.identity.api import Request
from storeline.kernel.api import Forbidden
from storeline.places import api as places
from storeline.web.pages import see

_A_YEAR_S = 31_536_000
_SHOWN = 40


@pages.get("places", VIEW, name="places")
def choose(request: Request) -> HttpResponse:
    """The places to choose from, found by name, town or code."""
    q = request.GET.get("q", "").strip()
    fitting = places.find_among(request.actor.places_for(VIEW), text=q, limit=_SHOWN + 1)
    context = {"q": q, "choices": fitting[:_SHOWN], "more": len(fitting) > _SHOWN, "tab": "places"}
    return render(request, "desk/places.html", place_of(request), context)


@pages.post("places", VIEW)
def chosen(request: Request) -> HttpResponse:
    """Keep the place for a year, or until another is chosen."""
    place_id = as_id(request.POST.get("place", ""))
    if place_id is None or not request.actor.may(VIEW, place_id):
        raise Forbidden("You do not work at this place.", permission=VIEW)
    places.get_place(place_id)
    response = see(reverse("desk:list"))
    response.set_cookie(
        PLACE_COOKIE, str(place_id), max_age=_A_YEAR_S, httponly=True, samesite="Lax", secure=settings.PRODUCTION
    )
    return response
