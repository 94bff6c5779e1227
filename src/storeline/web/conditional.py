"""ETags, for every address of the API alike (RFC 9110, 13): reading again what has not changed, and writing only over
what one has seen.

Each answer to GET has the hash of its bytes as its ETag; `If-None-Match` is answered with 304. A PUT, PATCH or DELETE
with `If-Match` (or `If-None-Match: *`, to create only) first reads its own address, as the same caller, in the same
transaction: 412 where that is not as named. A part of a resource (`/users/{id}/active`) is read as the whole. The
transaction is REPEATABLE READ, so that a write which comes between fails it as well.
"""

from __future__ import annotations

import hashlib
from copy import copy
from typing import TYPE_CHECKING

from django.db.transaction import set_rollback
from django.http import HttpResponse
from django.urls import Resolver404, resolve
from django.utils.http import parse_etags

from storeline.kernel.api import in_transaction, run, transaction
from storeline.web.problems import problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest

_OK = 200
_REFUSED = 400
_MISSING = frozenset({404, 410})
_UNREADABLE = 405
_WRITES = frozenset({"PUT", "PATCH", "DELETE"})
_CONDITIONS = ("If-Match", "If-None-Match")


class ConditionalMiddleware:
    """Stands nearest to the views, so that what it reads is what they answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            return self.get_response(request)
        if request.method == "GET":
            return _tagged(request, self.get_response(request))
        if request.method in _WRITES and any(name in request.headers for name in _CONDITIONS):
            return self._write(request)
        return self.get_response(request)

    def _write(self, request: HttpRequest) -> HttpResponse:
        alone = not in_transaction()
        with transaction():
            if alone:
                run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            response = self._refusal(request) or self.get_response(request)
            set_rollback(response.status_code >= _REFUSED)
        return response

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        """Why the write may not go on, if so."""
        seen = self._read(request)
        if seen is not None and seen.status_code not in {_OK, *_MISSING}:
            return seen
        tag = _tag(seen) if seen is not None and seen.status_code == _OK else None
        wanted, unwanted = (request.headers.get(name) for name in _CONDITIONS)
        if (wanted is not None and not _names(wanted, tag)) or (unwanted is not None and _names(unwanted, tag)):
            return problem(412, "Read it again, and send the ETag of what you have seen.")
        return None

    def _read(self, request: HttpRequest) -> HttpResponse | None:
        """What stands at the request's address, or at that of which it is a part; None where nothing can be read."""
        for path in readings(request.path_info, named=_is_named):
            reading = copy(request)  # it shares the session and who signed in
            reading.method, reading.path, reading.path_info = "GET", path, path
            seen = self.get_response(reading)
            if seen.status_code != _UNREADABLE:
                return seen
        return None


def readings(path: str, *, named: Callable[[str], bool]) -> Iterator[str]:
    """Where what a write changes can be read: its own address, then those above it that name one thing."""
    yield path
    above = path.rpartition("/")[0]
    while above:
        if named(above):
            yield above
        above = above.rpartition("/")[0]


def _is_named(path: str) -> bool:
    try:
        match = resolve(path)
    except Resolver404:
        return False
    return match.route.endswith(">")


def _tagged(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer with its tag, or 304 where the caller has it."""
    if response.status_code != _OK:
        return response
    response["ETag"] = tag = _tag(response)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if not _names(request.headers.get("If-None-Match", ""), tag):
        return response
    unchanged = HttpResponse(status=304)
    del unchanged["Content-Type"]
    for name in ("ETag", "Cache-Control", "Vary"):
        if name in response:
            unchanged[name] = response[name]
    return unchanged


def _tag(response: HttpResponse) -> str:
    return f'"{hashlib.blake2b(response.content, digest_size=12).hexdigest()}"'


def _names(header: str, tag: str | None) -> bool:
    """Whether the header's tags name `tag` (None: there is nothing); `*` names whatever is there."""
    return tag is not None and (
        header.strip() == "*" or tag in [part.removeprefix("W/") for part in parse_etags(header)]
    )
