"""Every refusal as an RFC 9457 problem, in one shape, wherever it came from.

`code` is stable and for programs, `detail` is for people, `field` is the JSON path of what was
wrong. Malformed input gets 422 with one entry in `errors` for each thing wrong, each with its
`field` and its JSON pointer (RFC 6901). Input is never repeated back.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve
from django.utils.encoding import escape_uri_path
from django.utils.translation import gettext as _
from ninja.errors import HttpError, Throttled, ValidationError
from psycopg.errors import SerializationFailure

from storeline.kernel.api import Error
from storeline.web.errors import page, wants_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from django.http import HttpRequest
    from ninja import NinjaAPI

CONTENT_TYPE = "application/problem+json"
AWAY: tuple[type[Exception], ...] = (  # Django's, and the driver's own from statements that go past the ORM
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
_log = logging.getLogger("storeline.web")

BY_STATUS: dict[int, tuple[str, str]] = {
    400: ("bad_request", "The request could not be read"),
    401: ("unauthenticated", "Sign in first"),
    403: ("forbidden", "You may not do this"),
    404: ("not_found", "There is no such thing"),
    405: ("method_not_allowed", "This address does not take that method"),
    409: ("conflict", "That clashes with what is already there"),
    410: ("gone", "That is no longer there"),
    412: ("precondition_failed", "It is not as you last saw it"),
    413: ("too_large", "The request is too large"),
    415: ("media_type", "This kind of body is not taken here"),
    422: ("invalid", "The request is not valid"),
    429: ("too_many", "Too many requests"),
    500: ("error", "Something went wrong"),
    503: ("unavailable", "The service is not available now"),
}


def problem(status: int, detail: str = "", *, code: str | None = None, **members: Any) -> HttpResponse:
    """A problem response for `status`."""
    usual, title = BY_STATUS.get(status) or ("error", HTTPStatus(status).phrase)
    code = code or usual
    body = {
        "type": f"urn:storeline:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail or title,
    }
    return _respond(body | members)


def from_error(error: Error) -> HttpResponse:
    """The response for one of our own refusals."""
    return _respond(error.problem())


def _respond(body: dict[str, Any]) -> HttpResponse:
    response = HttpResponse(orjson.dumps(body, default=str), content_type=CONTENT_TYPE, status=body["status"])
    if (wait := body.get("retry_after")) is not None:
        response["Retry-After"] = str(wait)
    if body["status"] == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="storeline"'
    return response


@contextmanager
def told_as(names: Mapping[str, str]) -> Iterator[None]:
    """Have refusals name the caller's own fields, where what is called knows them by others: ``{"rate_ppm": "percent"}``."""
    try:
        yield
    except Error as error:
        for theirs, ours in names.items():
            if error.field and theirs in error.field:
                error.field = error.field.replace(theirs, ours)
                break
        raise


def install(api: NinjaAPI) -> None:
    """Make `api` answer every exception with a problem."""
    for kind, handler in _handlers():
        api.add_exception_handler(kind, _without_request(handler))


def of(error: Exception) -> HttpResponse:
    """The problem that any exception is answered with, for what answers without a framework around it."""
    return next(handler(error) for kind, handler in _handlers() if isinstance(error, kind))


def _without_request(handler: Callable[[Any], HttpResponse]) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda _request, error: handler(error)


def _handlers() -> list[tuple[type[Exception], Callable[[Any], HttpResponse]]]:
    """The more special come first."""
    return [
        (Error, _ours),
        (ValidationError, _malformed),
        (Throttled, _throttled),
        (HttpError, _http),
        (Http404, _missing),
        (RequestDataTooBig, _too_large),
        (SuspiciousOperation, _suspicious),
        *((kind, _database_away) for kind in AWAY),
        (Exception, _unexpected),
    ]


def _ours(error: Error) -> HttpResponse:
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("error %s", error.code, exc_info=error)
    return from_error(error)


def _malformed(error: ValidationError) -> HttpResponse:
    errors = [_entry(entry["loc"], entry["msg"]) for entry in error.errors]
    first = errors[0] if errors else {"field": "", "detail": "The request is not valid"}
    return problem(422, f"{first['field'] or 'request'}: {first['detail']}", field=first["field"], errors=errors)


def _entry(location: Sequence[str | int], message: str) -> dict[str, str]:
    """One thing wrong. `location` is where the input is (body, query, path, header), the parameter, then the path."""
    source, *path = location
    if source == "body" and len(path) > 1:
        path = path[1:]  # the name of the function's parameter, which callers do not know
    elif source == "body":
        path = []
    field = ""
    for part in path:
        field += f"[{part}]" if isinstance(part, int) else f".{part}" if field else str(part)
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return {"in": str(source), "field": field, "pointer": pointer, "detail": message}


def _throttled(error: Throttled) -> HttpResponse:
    return problem(429, retry_after=error.wait or 1)


def _http(error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, HttpError):  # ninja says 400 of whatever our parser said
        error = error.__cause__
    return problem(error.status_code, error.message)


def _missing(_error: Http404) -> HttpResponse:
    return problem(404)


def _suspicious(_error: SuspiciousOperation) -> HttpResponse:
    return problem(400)


def _too_large(_error: RequestDataTooBig) -> HttpResponse:
    return problem(413, f"A body has at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE >> 20} MB.")


def _database_away(error: Exception) -> HttpResponse:
    if isinstance(error, SerializationFailure) or isinstance(error.__cause__, SerializationFailure):
        # Only writes on a condition run where this can happen.
        return problem(412, "Somebody else changed it meanwhile: read it again.")
    _log.error("the database did not answer", exc_info=error)
    return problem(503, "The database does not answer. Nothing was changed; try again.", retry_after=2)


def _unexpected(error: Exception) -> HttpResponse:
    _log.error("unexpected error", exc_info=error)
    return problem(500)


# --- Django's own handlers: a page for people, a problem for programs ---


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    return page(request, status) if wants_page(request) else problem(status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django passes it by this name
    return _answer(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django passes it by this name
    return _answer(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django passes it by this name
    """Who typed an address with a slash too many or too few is shown the way."""
    other = request.path.removesuffix("/") if request.path.endswith("/") else f"{request.path}/"
    asked = request.method in {"GET", "HEAD"} and wants_page(request)
    if asked and not other.startswith("//") and _is_there(other) and not _is_there(request.path):
        query = request.META.get("QUERY_STRING")
        return HttpResponseRedirect(escape_uri_path(other) + (f"?{query}" if query else ""))
    return _answer(request, 404)


def _is_there(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  # Django passes it by this name
    """A form that was not ours, or whose page is older than the sign-in."""
    if wants_page(request):
        detail = _("This form is out of date: you may have signed in or out meanwhile. Open its page again.")
        return page(request, 403, detail=detail, code="csrf_failed")
    return problem(403, code="csrf_failed")
