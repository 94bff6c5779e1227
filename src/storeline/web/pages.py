"""What every page shares: its frame's context, the visitor's preferences, and the style guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language

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
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """A page, or for htmx a part of one."""
    response = HttpResponse(render_to_string(template, context or {}, request), status=status)
    patch_vary_headers(response, ["HX-Request"])  # a part must not come back as the page that it is a part of
    return response


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
