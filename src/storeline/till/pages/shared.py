"""What every page of the till needs: the till that this device is, and the frame."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

from storeline.identity.api import Pages, Request
from storeline.kernel.api import Invalid
from storeline.orders.api import SELL
from storeline.till.queries import TillAt
from storeline.web import pages as web

pages = Pages("till")
CHANNEL = "store"
COOKIE = "till"
_A_YEAR_S = 31_536_000


def till_of(request: Request) -> TillAt | None:
    """The till that was opened on this device, where this person may sell; None where it must be chosen."""
    place, _, number = request.COOKIES.get(COOKIE, "").partition(".")
    place_id = as_id(place)
    if place_id is None or not number.isdecimal() or not request.actor.may(SELL, place_id):
        return None
    return TillAt(place_id, int(number[:2]))


def here(request: Request) -> TillAt:
    """The same, for forms: raises Invalid where the device has forgotten."""
    at = till_of(request)
    if at is None:
        raise Invalid("This device is no till yet. Open one, then go on.", field="till")
    return at


def keep(response: HttpResponse, at: TillAt) -> None:
    """Let this device be that till for a year, or until another is opened."""
    response.set_cookie(
        COOKIE,
        f"{at.place_id}.{at.number}",
        max_age=_A_YEAR_S,
        httponly=True,
        samesite="Lax",
        secure=settings.PRODUCTION,
    )


def choose_first() -> HttpResponse:
    """To the choice of a till."""
    return web.see(reverse("till:open"))


def as_id(text: str) -> UUID | None:
    """An id from a form or a cookie, where it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def wanted_id(request: Request, name: str) -> UUID:
    """An id that the form must carry; raises Invalid."""
    found = as_id(request.POST.get(name, ""))
    if found is None:
        raise Invalid("The form is not whole. Go back to the sale and try again.", field=name)
    return found


def wanted_int(request: Request, name: str) -> int:
    """A whole number that the form must carry; raises Invalid."""
    text = request.POST.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004  # what a bigint holds
        raise Invalid("The form is not whole. Go back to the sale and try again.", field=name)
    return int(text)


def is_part(request: Request) -> bool:
    """Whether only the till's own part of the page is wanted."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def render(request: Request, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page of the till, or for htmx its part."""
    frame = "till/part.html" if is_part(request) else "till/base.html"
    return web.render(request, f"till/{template}.html", {"frame": frame} | context, status)
