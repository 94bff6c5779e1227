"""Which till this device is: chosen once, kept in a cookie, checked on every page."""

from __future__ import annotations

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
_MOST_PAGES = 5


def _mine(request: Request) -> list[places.Place]:
    """The places where this person may sell; the first thousand of a very large retailer."""
    own = request.actor.places_for(SELL)
    found: list[places.Place] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = places.list_places(capability="sell", cursor=cursor, limit=200)
        found += [place for place in page.items if own is None or place.id in own]
        cursor = page.next
        if cursor is None:
            break
    return found


@pages.get("open", SELL, name="open")
def choose(request: Request) -> HttpResponse:
    """The places to choose from; then the tills of one, and the next that it may have."""
    q = request.GET.get("q", "").strip()[:100]
    chosen = as_id(request.GET.get("place", ""))
    mine = _mine(request)
    place = next((one for one in mine if one.id == chosen), mine[0] if len(mine) == 1 else None)
    fitting = [one for one in mine if _fits(one, q)]
    tills = tills_of(place.id) if place else []
    context = {
        "q": q,
        "place": place,
        "several": len(mine) > 1,
        "choices": fitting[:_SHOWN],
        "more": len(fitting) > _SHOWN,
        "tills": tills,
        "next": max(tills, default=0) + 1,
        "now": till_of(request),
    }
    return render(request, "till/open.html", context)


def _fits(place: places.Place, q: str) -> bool:
    known = f"{place.name} {place.city} {place.ref}".casefold()
    return all(word in known for word in q.casefold().split())


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
