"""What the till took today: read as often as one likes, nothing is closed by it (an X report)."""

from __future__ import annotations

from django.http import HttpResponse

from storeline.identity.api import Request
from storeline.kernel.api import business_date, now
from storeline.orders.api import SELL
from storeline.places import api as places
from storeline.till.pages import words
from storeline.till.pages.returns import page
from storeline.till.pages.shared import choose_first, pages, till_of
from storeline.till.queries import day_of


@pages.get("today", SELL, name="today")
def today(request: Request) -> HttpResponse:
    """Sales, and what was paid how."""
    at = till_of(request)
    if at is None:
        return choose_first()
    place = places.get_place(at.place_id)
    moment = now()
    day = business_date(moment, place.zone)
    found = day_of(at, day)
    context = {
        "at": at,
        "place": place,
        "day": day,
        "moment": moment,
        "found": found,
        "paid": [(words.tender_name(one.tender), one) for one in found.paid],
        "returned": [(words.tender_name(one.tender), one) for one in found.returned],
    }
    return page(request, "today", context)
