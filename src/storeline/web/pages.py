"""What every page shares: its frame's context, the visitor's preferences, and the style guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language

from storeline.web import kept
from storeline.web import styleguide as samples

if TYPE_CHECKING:
    from django.http import HttpRequest

THEME_COOKIE = "theme"
THEMES = ("auto", "light", "dark")
_YEAR_S = 31_536_000


def shown(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page reads."""
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    return {
        "actor": getattr(request, "actor", None),
        "theme": theme if theme in THEMES else "auto",
        "languages": settings.LANGUAGES,
        "language": get_language() or "en",
        "path": request.get_full_path(),
        "is_htmx": "HX-Request" in request.headers,
    }


def render(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    status: int = 200,
    *,
    own: kept.Own | None = None,
) -> HttpResponse:
    """A page, or for htmx a part of one. With `own` it is kept by all that it shows, but for those values (`web/kept.py`)."""
    given = context or {}
    drawn = (
        render_to_string(template, given, request)
        if own is None
        else kept.page(request, template, given, own, _frame_key(request, own))
    )
    response = HttpResponse(drawn, status=status)
    patch_vary_headers(response, ["HX-Request"])  # a part must not come back as the page that it is a part of
    return response


def _frame_key(request: HttpRequest, own: kept.Own) -> tuple[object, ...]:
    """What `shown` says that differs from visitor to visitor."""
    frame = shown(request)
    actor = frame["actor"]
    path = "" if "path" in own else frame["path"]
    return (None if actor is None else actor.kind, frame["theme"], path, frame["is_htmx"])


def see(address: str) -> HttpResponse:
    """After a form was taken: have the browser get `address`, so that going back repeats nothing."""
    return HttpResponseRedirect(address, status=303)


def preferences(request: HttpRequest) -> HttpResponse:
    """Keep the language or the theme that a visitor chose in a cookie, and go back."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    back = request.POST.get("next", "")
    response = see(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "/")
    cookie: dict[str, Any] = {"max_age": _YEAR_S, "samesite": "Lax", "secure": settings.PRODUCTION}
    language, theme = request.POST.get("language"), request.POST.get("theme")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, **cookie)
    if theme in THEMES:
        response.set_cookie(THEME_COOKIE, theme, **cookie)
    return response


def styleguide(request: HttpRequest) -> HttpResponse:
    """Every part of the design together."""
    if "HX-Request" in request.headers:
        return render(request, "web/parts/live_sample.html", samples.live())
    return render(request, "web/styleguide.html", samples.context())
