"""A refusal as a page for people: what happened, what was kept, what to do. Programs get problems (`web/problems.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from storeline.kernel.api import Error

if TYPE_CHECKING:
    from django.http import HttpRequest

_FAULT = 500


def wants_page(request: HttpRequest) -> bool:
    """Whether a person's browser asks, and not for the API."""
    outside = ("/api/", "/oauth/", "/health/", "/metrics")
    return not request.path.startswith(outside) and "text/html" in request.headers.get("Accept", "")


def error_page(request: HttpRequest, error: Error) -> HttpResponse:
    """One of our own refusals, in words; its own text where it says what to do."""
    wait = error.extra.get("retry_after")
    response = page(request, error.status, detail=error.detail if error.status < _FAULT else "", code=error.code)
    if wait is not None:
        response["Retry-After"] = str(wait)
    return response


def page(request: HttpRequest, status: int, *, detail: str = "", code: str = "") -> HttpResponse:
    """The page for `status`. It needs no database, since that may be what is away."""
    title, advice = words(status)
    context = {"status": status, "title": title, "advice": advice, "detail": detail, "code": code}
    return HttpResponse(render_to_string("web/error.html", context, request), status=status)


def words(status: int) -> tuple[str, str]:
    """What happened, and what to do, for people."""
    known = {
        400: (_("We could not read that request"), _("Go back and try again. Nothing was changed.")),
        403: (_("This page is not for your role"), _("Sign in as somebody who may see it, or go back.")),
        404: (_("We cannot find that page"), _("It may have moved. Search, or start again from the front page.")),
        405: (_("That cannot be done here"), _("Go back and try again. Nothing was changed.")),
        409: (_("That cannot be done now"), _("Nothing was changed. Go back, look again and decide.")),
        410: (_("That is no longer here"), _("Start again from the front page.")),
        422: (_("Something in that request is not right"), _("Nothing was changed. Go back and correct it.")),
        429: (_("That was too often"), _("Wait a minute, then try again. Nothing was lost.")),
        503: (_("We are away for a moment"), _("Nothing was changed. Try again in a few seconds.")),
    }
    return known.get(status) or (_("Something went wrong on our side"), _("Nothing was lost. Try again in a minute."))
