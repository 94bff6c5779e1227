"""What the first visitors would wait for, done before there are any: modules say what they do first, each thread that
answers does it once when the server starts.

A thread's first request opens its connection, whose server process knows no table and no statement yet, and a process's
first request compiles templates and reads translations: 60 to 120 ms of CPU together, in the midst of other people's requests.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils import translation

_log = logging.getLogger("storeline.web")
_deeds: list[Callable[[], object]] = []


def at_start(deed: Callable[[], object]) -> Callable[[], object]:
    """Declare what each thread does first: it only reads."""
    _deeds.append(deed)
    return deed


def now() -> None:
    """Do all of it. What fails is logged: whoever asks next is told, or has a slower first answer."""
    for deed in _deeds:
        try:
            deed()
        except Exception:  # noqa: BLE001  # whatever it is, the server can answer
            _log.warning("a first look failed", exc_info=True)


def in_all_languages() -> None:
    """The same, so that what this process keeps of each language is there; by a thread that does nothing else."""
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            now()
    connections.close_all()


def look(path: str, cookies: Mapping[str, str] | None = None) -> HttpResponseBase:
    """A page as a guest gets it."""
    request = asked(path)
    request.COOKIES.update(cookies or {})
    found = resolve(request.path_info)
    request.resolver_match = found
    answer: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
    return answer


def asked(path: str) -> HttpRequest:
    """A request for a page that nobody sent."""
    where, _, query = path.partition("?")
    host = next((one for one in settings.ALLOWED_HOSTS if not one.startswith((".", "*"))), "localhost")
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": unquote(where),
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": "443" if settings.PRODUCTION else "80",
        "wsgi.url_scheme": "https" if settings.PRODUCTION else "http",
        "wsgi.input": io.BytesIO(),
    }
    return WSGIRequest(environ)
