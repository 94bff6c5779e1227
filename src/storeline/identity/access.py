"""Who may call a route: `requires` is declared on each, and knows its permission so that a test can walk all of them."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth import get_user as session_user
from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from storeline.identity.errors import CsrfFailed, InvalidToken
from storeline.identity.queries import actor_of_token, actor_of_user
from storeline.kernel.api import GUEST, PERMISSIONS, Actor, Unauthenticated

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
        actor.require(self.permission)
        cast("Request", request).actor = actor
        return actor


def requires(permission: str, *, guest: bool = False) -> Any:
    """Declare what a route needs: ``@router.get("/x", auth=requires(VIEW))``; the handler reads ``request.actor``.

    `guest` lets people in who have not signed in; the permission must be declared for the role ``guest``.
    Raises 401 with WWW-Authenticate, or 403.
    """
    declared = PERMISSIONS.get(permission)
    if declared is None:
        raise LookupError(f"permission {permission} is not declared")
    if guest and "guest" not in declared.roles:
        raise LookupError(f"permission {permission} is not for guests")
    return Requires(permission, guest=guest)


def find_actor(request: HttpRequest) -> Actor:
    """Who sends this request: a client by its token, a user by the session (CSRF-checked), else a guest."""
    header = request.headers.get("Authorization", "")
    if header:
        return _bearer(header)
    user_id = _session_user_id(request)
    if user_id is None:
        return GUEST
    if request.method not in _SAFE and check_csrf(request) is not None:
        raise CsrfFailed("Send the CSRF token that came with the sign-in as X-CSRFToken.")
    return actor_of_user(user_id) or GUEST


def _bearer(header: str) -> Actor:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidToken("Send the token as 'Authorization: Bearer …'.")
    return actor_of_token(token.strip())


def _session_user_id(request: HttpRequest) -> Any:
    """The signed-in user's id; no query where no session cookie came. A changed password ends other sessions."""
    session = getattr(request, "session", None)
    if session is None or not session.session_key or session.is_empty():
        return None
    user = session_user(request)
    return user.pk if user.is_authenticated else None
