"""Which till this device is: chosen once, kept in a cookie, checked on every page."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from django.urls import reverse

from storeline.identity.api import Request
from storeline.kernel.api import Forbidden, Invalid
from storeline.orders.api import SELL
from storeline.places import api as places
from storeline.till import commands
from storeline.till.pages.shared import as_id, keep, pages, till_of
from storeline.till.queries import TillAt, tills_of
from storeline.web.pages import render, see

_SHOWN = 40


@pages.get("open", SELL, name="open")
def choose(request: Request) -> HttpResponse:
    """The places to choose from; then the tills of one, and the next that it may have."""
    q = request.GET.get("q", "").strip()[:100]
    chosen = as_id(request.GET.get("place", ""))
    find = partial(places.find_among, capability="sell", limit=_SHOWN + 1)
    mine = request.actor.places_for(SELL)
    fitting, every = find(mine, text=q), find(mine)
    asked = find([chosen]) if chosen and request.actor.may(SELL, chosen) else ()
    place = next(iter(asked), every[0] if len(every) == 1 else None)
    tills = tills_of(place.id) if place else []
    context = {
        "q": q,
        "place": place,
        "several": len(every) > 1,
        "choices": fitting[:_SHOWN],
        "more": len(fitting) > _SHOWN,
        "tills": tills,
        "next": max(tills, default=0) + 1,
        "now": till_of(request),
    }
    return render(request, "till/open.html", context)


@pages.post("open", SELL)
def chosen(request: Request) -> HttpResponse:
    """Let this device be that till."""
    place_id, number = as_id(request.POST.get("place", "")), request.POST.get("number", "")
    if place_id is None or not request.actor.may(SELL, place_id):
        raise Forbidden("You do not sell at this place.", permission=SELL)
    if not (number.isascii() and number.isdigit()):
        raise Invalid("Say which till it is.", field="number")
    if "sell" not in places.get_place(place_id).capabilities:
        raise Invalid("This place does not sell at tills.", field="place")
    at = TillAt(place_id, int(number[:4]))
    commands.open_till(at, actor=request.actor)
    response = see(reverse("till:sale"))
    keep(response, at)
    return response
