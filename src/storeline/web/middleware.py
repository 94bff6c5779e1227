"""What happens around every request: a number, a clock, a log line, and the browser's orders."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import Http404
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from storeline.web import metrics
from storeline.web.live import HUB
from storeline.web.problems import CONTENT_TYPE, problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

_log = logging.getLogger("storeline.request")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_REFUSED = 400
_YEAR_S = 31_536_000


class ObserveMiddleware:
    """Times and counts each request, and logs those that were refused or slow. The log holds no query and no body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        given = request.headers.get("X-Request-Id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        vars(request)["live_at"] = HUB.position  # before anything is read, so that no later change is missed
        response = self.get_response(request)
        if response.status_code >= _REFUSED and request.path.startswith("/api/"):
            response = _as_problem(response)
        response["X-Request-Id"] = request_id
        route = request.resolver_match.route if request.resolver_match else "none"
        seconds = time.perf_counter() - started
        metrics.observe(request.method or "", route, response.status_code, seconds)
        if response.status_code >= 500 or seconds > settings.SLOW_REQUEST_S:  # noqa: PLR2004  # HTTP's own classes
            fields = {"method": request.method, "route": route, "status": response.status_code}
            _log.warning("request", extra=fields | {"ms": round(seconds * 1000), "request_id": request_id})
        return response


def _as_problem(response: HttpResponse) -> HttpResponse:
    """The answers that the framework gives before our handlers are reached: 405, 413, 404 of an unknown path."""
    if response.headers.get("Content-Type", "").startswith((CONTENT_TYPE, "application/json")):
        return response
    replaced = problem(response.status_code)
    for name in ("Allow", "WWW-Authenticate", "Retry-After"):
        if name in response.headers:
            replaced[name] = response.headers[name]
    return replaced


class AddressMiddleware:
    """There is nothing at an address that holds U+0000, which no text column can."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info:
            raise Http404
        return self.get_response(request)


class LanguageMiddleware(LocaleMiddleware):
    """The reader's language: the one that they chose, else their browser's. `?lang=` names one, as search engines do."""

    def process_request(self, request: HttpRequest) -> None:
        named = _named_language(request)
        if named is None:
            super().process_request(request)
        else:
            translation.activate(named)
            request.LANGUAGE_CODE = named

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        answer: HttpResponseBase = super().process_response(request, response)
        if (named := _named_language(request)) is not None:
            answer.set_cookie(
                settings.LANGUAGE_COOKIE_NAME, named, max_age=_YEAR_S, samesite="Lax", secure=settings.PRODUCTION
            )
        return answer


def _named_language(request: HttpRequest) -> str | None:
    named = request.GET.get("lang", "") if request.method == "GET" else ""
    return named if named in dict(settings.LANGUAGES) else None


class HeadersMiddleware:
    """Tells browsers what a page may load and use: our own files only. A view may set its own policy first."""

    CONTENT_POLICY = (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
    PERMISSIONS = "camera=(self), geolocation=(self), microphone=(), payment=(self), usb=()"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.CONTENT_POLICY)
        response.headers.setdefault("Permissions-Policy", self.PERMISSIONS)
        return response
