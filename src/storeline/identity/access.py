"""Who may call a route or see a page: declared on each, and known to it, so that a test can walk all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import urlencode
from uuid import UUID

import psycopg
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth import get_user as session_user
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.crypto import constant_time_compare
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from storeline.identity import again
from storeline.identity.errors import CsrfFailed, InvalidToken, SecondFactorMissing
from storeline.identity.models import User
from storeline.identity.queries import actor_in_session, actor_of_token
from storeline.kernel.api import GUEST, PERMISSIONS, Actor, Error, Unauthenticated
from storeline.web.errors import error_page
from storeline.web.errors import page as error_page_of
from storeline.web.problems import AWAY
from storeline.web.problems import csrf_failure as refused_form

_log = logging.getLogger("storeline.web")
SIGN_IN_PAGE = "/accounts/login/"
FACTOR_PAGE = "/accounts/2fa/"
AFTER_FACTOR = "after_second_factor"
"""Where in the session the page is kept that a second factor was asked for."""
_REFUSED = 400
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Request(HttpRequest):
    """What a route's handler gets: a request whose actor is known."""

    actor: Actor


class Requires(AuthBase):
    """Django-ninja's auth callable: finds the actor, then asks for `permission`.

    A bearer token costs one query, a session its own, a guest none.
    """

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "An OAuth 2 access token from /oauth/token, or a session signed in at /api/v1/session."

    def __init__(self, permission: str, *, guest: bool) -> None:
        super().__init__()
        self.permission = permission
        self.guest = guest

    def __call__(self, request: HttpRequest) -> Actor:
        actor = find_actor(request)
        if actor.kind == "guest" and not self.guest:
            raise Unauthenticated("Sign in, or send an access token.")
        require(request, actor, self.permission)
        cast("Request", request).actor = actor
        return actor


def requires(permission: str, *, guest: bool = False) -> Any:
    """Declare what a route needs: ``@router.get("/x", auth=requires(VIEW))``; the handler reads ``request.actor``.

    `guest` lets people in who have not signed in; the permission must be declared for the role ``guest``.
    Raises 401 with WWW-Authenticate, or 403.
    """
    _check_declared(permission, guest=guest)
    return Requires(permission, guest=guest)


def _check_declared(permission: str, *, guest: bool) -> None:
    declared = PERMISSIONS.get(permission)
    if declared is None:
        raise LookupError(f"permission {permission} is not declared")
    if guest and "guest" not in declared.roles:
        raise LookupError(f"permission {permission} is not for guests")


View = TypeVar("View", bound=Callable[..., HttpResponseBase])


@dataclass(frozen=True, slots=True)
class PageRoute:
    """One method of one page, and who may use it."""

    method: str
    address: str
    permission: str
    guest: bool
    view: Callable[..., HttpResponseBase]
    name: str

    def answer(self, request: HttpRequest, values: dict[str, Any]) -> HttpResponseBase:
        """The view's answer; what it refuses as a page in words."""
        try:
            actor = find_actor(request)
            cast("Request", request).actor = actor
            if actor.kind == "guest" and not self.guest:
                return _to_sign_in(request, self.permission)
            require(request, actor, self.permission)
            answer = self.view(request, **values)
        except Unauthenticated:
            return _to_sign_in(request, self.permission)
        except SecondFactorMissing:
            return _to_factor(request, self.permission)
        except Error as error:
            return error_page(request, error)
        except (DataError, psycopg.DataError):
            if not _holds_nul(request):
                raise
            return error_page_of(request, 400)
        except AWAY:
            _log.exception("the database did not answer")
            return error_page_of(request, 503)
        if request.method == "POST" and actor.kind == "user" and answer.status_code < _REFUSED:
            again.was_sent(request)
        return answer


def _holds_nul(request: HttpRequest) -> bool:
    """Whether a parameter or a field holds U+0000, which no text column can."""
    given = [*request.GET.lists(), *request.POST.lists()]
    return any("\x00" in text for _, texts in given for text in texts)


class Pages:
    """A module's pages, as its router is for its routes::

        pages = Pages("till")

        @pages.get("sale/<uuid:sale_id>", SELL, name="sale")
        def sale(request: Request, sale_id: UUID) -> HttpResponse: ...

    The first argument is where the module's addresses begin; `{% url "till:sale" id %}` names one. Whoever must sign in
    first is sent to do so and comes back; who may not sees why; errors of our tree become pages with their status.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.routes: list[PageRoute] = []

    def get(self, address: str, permission: str, *, name: str, guest: bool = False) -> Callable[[View], View]:
        """Declare what GET shows at an address."""
        return self._declare("GET", address, permission, guest=guest, name=name)

    def post(self, address: str, permission: str, *, name: str = "", guest: bool = False) -> Callable[[View], View]:
        """Declare what POST does at an address; it answers with a redirect, or with a part of a page for htmx."""
        return self._declare("POST", address, permission, guest=guest, name=name)

    def _declare(self, method: str, address: str, permission: str, *, guest: bool, name: str) -> Callable[[View], View]:
        _check_declared(permission, guest=guest)
        whole = "/".join(part for part in (self.prefix, address) if part)

        def declare(view: View) -> View:
            self.routes.append(PageRoute(method, whole, permission, guest, view, name))
            return view

        return declare

    @property
    def urls(self) -> list[URLPattern]:
        """One pattern for each address, whatever its methods."""
        by_address: dict[str, dict[str, PageRoute]] = {}
        for route in self.routes:
            of_address = by_address.setdefault(route.address, {})
            if route.method in of_address:
                raise LookupError(f"{route.method} /{route.address} is declared twice")
            of_address[route.method] = route
        return [path(address, _dispatch(of), name=_name(of)) for address, of in by_address.items()]


def _name(routes: dict[str, PageRoute]) -> str | None:
    return next((route.name for route in routes.values() if route.name), None)


def _dispatch(routes: dict[str, PageRoute]) -> Callable[..., HttpResponseBase]:
    def answer(request: HttpRequest, **values: Any) -> HttpResponseBase:
        route = routes.get("GET" if request.method == "HEAD" else request.method or "")
        return HttpResponseNotAllowed(sorted(routes)) if route is None else route.answer(request, values)

    vars(answer)["routes"] = routes  # read by `csrf_failure`
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is not ours is refused. One of our own pages that is older than the sign-in is sent again by its sender."""
    match = request.resolver_match
    route = getattr(match.func, "routes", {}).get("POST") if match is not None else None
    signed_in = bool(request.session.get(SESSION_KEY)) if hasattr(request, "session") else False
    if route is None or not _of_our_own(request) or (route.guest and not signed_in):
        return refused_form(request, reason)
    where = again.keep(request, route.permission, _stood_on(request))
    return refused_form(request, reason) if where is None else _go(request, where)


def _of_our_own(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this very site sent it."""
    ours = f"{request.scheme}://{request.get_host()}"
    return request.headers.get("Origin") == ours and request.headers.get("Sec-Fetch-Site") in {None, "same-origin"}


def _go(request: HttpRequest, where: str) -> HttpResponse:
    """There, as a whole page."""
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Redirect": where})
    return HttpResponseRedirect(where)


def _stood_on(request: HttpRequest) -> str:
    """The page whose form this is, as the browser says."""
    return request.headers.get("HX-Current-URL") or request.headers.get("Referer", "/")


def _to_sign_in(request: HttpRequest, permission: str) -> HttpResponse:
    """To the sign-in, and back to what was asked for: after a form, to what it held, else to the page that it stood on."""
    stood_on = _stood_on(request)
    back = request.get_full_path()
    if request.method not in _SAFE:
        back = again.keep(request, permission, stood_on) or stood_on
    return _go(request, f"{SIGN_IN_PAGE}?{urlencode({'next': back})}")


def require(request: HttpRequest, actor: Actor, permission: str) -> None:
    """Raise unless the actor may; where only the second factor is missing, that says so."""
    if getattr(request, "lacks_factor", False) and not actor.may(permission):
        raise SecondFactorMissing(f"Set up a second factor at {FACTOR_PAGE}, then go on.")
    actor.require(permission)


def _to_factor(request: HttpRequest, permission: str) -> HttpResponse:
    """To where a second factor is set up; the way back is kept in the session."""
    back = request.get_full_path()
    if request.method not in _SAFE:
        back = again.keep(request, permission, _stood_on(request)) or "/start"
    request.session[AFTER_FACTOR] = back
    return _go(request, FACTOR_PAGE)


def find_actor(request: HttpRequest) -> Actor:
    """Who sends this request: a client by its token, a user by the session (CSRF-checked), else a guest."""
    header = request.headers.get("Authorization", "")
    if header:
        return actor_of_token(bearer_token(header))
    actor, lacks_factor = _in_session(request)
    if actor is None:
        return GUEST
    if request.method not in _SAFE and check_csrf(request) is not None:
        raise CsrfFailed("Send the CSRF token that came with the sign-in as X-CSRFToken.")
    request.lacks_factor = lacks_factor  # type: ignore[attr-defined]  # read by `require`
    return actor


def bearer_token(header: str) -> str:
    """The token of an Authorization header (RFC 6750, section 2.1); raises InvalidToken."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidToken("Send the token as 'Authorization: Bearer …'.")
    return token.strip()


def _in_session(request: HttpRequest) -> tuple[Actor | None, bool]:
    """Who signed in, and whether a second factor is missing; no query where no session cookie came.

    A changed password ends other sessions. That is looked at here, with what else is read of the user; only where it
    does not hold is Django asked, which knows of keys that were replaced and ends the session otherwise.
    """
    session = getattr(request, "session", None)
    if session is None or not session.session_key or session.is_empty():
        return None, False
    user_id, shown = session.get(SESSION_KEY), session.get(HASH_SESSION_KEY)
    if user_id is None or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None, False

    def proof(password: str) -> bool:
        return bool(shown) and constant_time_compare(shown, User(password=password).get_session_auth_hash())

    found = actor_in_session(UUID(user_id), proof)
    if found[0] is not None:
        return found
    user = session_user(request)
    return actor_in_session(user.pk) if user.is_authenticated else (None, False)
