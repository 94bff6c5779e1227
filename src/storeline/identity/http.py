"""HTTP: sign in and out, users and their roles, API clients."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.contrib.auth import login, logout
from django.http import HttpRequest
from django.middleware.csrf import get_token
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from storeline.identity import commands, queries
from storeline.identity.access import Request, requires
from storeline.identity.commands import ClientReach, ClientSecret
from storeline.identity.permissions import MANAGE_CLIENTS, MANAGE_USERS, SIGN_IN, VIEW_USERS
from storeline.identity.queries import ClientView, GrantView, UserView, actor_in_session
from storeline.identity.sessions import sign_in
from storeline.kernel.api import Actor, Refused, check_id
from storeline.web.address import client_address
from storeline.web.fields import Moment, Tag
from storeline.web.idempotent import idempotent
from storeline.web.openapi import also_refuses

router = Router()
_BACKEND = "django.contrib.auth.backends.ModelBackend"
Name = Annotated[str, Field(max_length=200)]
Ids = Annotated[list[UUID], Field(max_length=20_000)]
Limit = Annotated[int, Query(ge=1, le=200)]


class SignIn(Schema):
    login: Name
    password: Annotated[str, Field(max_length=1000)]
    code: Annotated[str, Field(max_length=40)] = ""


class Me(Schema):
    kind: str
    id: UUID | None
    permissions: list[str]
    places: list[UUID] | None
    csrf_token: str | None = None
    second_factor_missing: bool = False
    """Staff must set one up first, at /accounts/2fa/: until then they act as shoppers."""


class GrantOut(Schema):
    id: UUID
    role: str
    entity_id: UUID | None
    place_id: UUID | None


class UserOut(Schema):
    id: UUID
    username: str
    email: str | None
    name: str
    language: str
    active: bool
    grants: list[GrantOut]


class Users(Schema):
    items: list[UserOut]
    next: UUID | None


class NewUser(Schema):
    id: UUID
    username: Name = ""
    email: Name | None = None
    password: Annotated[str, Field(max_length=1000)] | None = None
    name: Name = ""
    language: Tag = "en"


class Active(Schema):
    active: bool


class NewGrant(Schema):
    role: Name
    entity_id: UUID | None = None
    place_id: UUID | None = None


class Reach(Schema):
    scopes: Annotated[list[Name], Field(max_length=500)] = []
    place_ids: Ids | None = None
    entity_ids: Ids | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None

    def reach(self) -> ClientReach:
        return ClientReach(self.scopes, self.place_ids, self.entity_ids, self.valid_from, self.valid_to)


class NewClient(Reach):
    id: UUID
    name: Name
    role: Name = "partner"
    organisation_id: UUID | None = None


class ClientOut(Schema):
    id: UUID
    client_id: str
    name: str
    role: str
    scopes: list[str]
    place_ids: list[UUID] | None
    entity_ids: list[UUID] | None
    organisation_id: UUID | None
    valid_from: datetime | None
    valid_to: datetime | None
    active: bool


class Clients(Schema):
    items: list[ClientOut]
    next: UUID | None


class SecretOut(Schema):
    id: UUID
    client_id: str
    secret: str


def _me(actor: Actor, csrf_token: str | None = None, *, lacks_factor: bool = False) -> Me:
    return Me(
        kind=actor.kind,
        id=actor.id,
        permissions=sorted(actor.permissions),
        places=None if actor.places is None else sorted(actor.places),
        csrf_token=csrf_token,
        second_factor_missing=lacks_factor,
    )


@router.post("/session", auth=requires(SIGN_IN, guest=True), response=Me, openapi_extra=also_refuses(415, 429))
def start_session(request: HttpRequest, body: SignIn) -> Me:
    """Sign in with a username or email address, and a second factor's code where one is set up.

    The answer sets the session cookie; send its `csrf_token` as X-CSRFToken with each write.
    """
    if request.content_type != "application/json":
        # A form of another site can send text or form bodies, never JSON.
        raise HttpError(415, "Send application/json.")
    user = sign_in(body.login, body.password, code=body.code, address=client_address(request))
    login(request, user, backend=_BACKEND)
    actor, lacks_factor = actor_in_session(user.id)
    assert actor is not None
    return _me(actor, get_token(request), lacks_factor=lacks_factor)


@router.get("/me", auth=requires(SIGN_IN, guest=True), response=Me)
def me(request: Request) -> Me:
    """Who sends this request, and what they may do."""
    token = get_token(request) if request.actor.kind == "user" else None
    return _me(request.actor, token, lacks_factor=getattr(request, "lacks_factor", False))


@router.delete("/session", auth=requires(SIGN_IN, guest=True), response={204: None})
def end_session(request: HttpRequest) -> Status[None]:
    """Sign out."""
    logout(request)
    return Status(204, None)


@router.get("/users", auth=requires(VIEW_USERS), response=Users)
def users(request: HttpRequest, cursor: UUID | None = None, limit: Limit = 50) -> dict[str, Any]:
    """Users and the roles they hold."""
    found = queries.list_users(after=cursor, limit=limit)
    return {"items": found, "next": found[-1].id if len(found) == limit else None}


@router.get("/users/{user_id}", auth=requires(VIEW_USERS), response=UserOut)
def user(request: HttpRequest, user_id: UUID) -> UserView:
    return queries.get_user(user_id)


@router.post("/users", auth=requires(MANAGE_USERS), response=UserOut)
def create_user(request: Request, body: NewUser) -> UserView:
    """Make a user under an id of the caller's; the same again changes nothing."""
    values = body.dict() | {"user_id": check_id(body.id)}
    del values["id"]
    return queries.get_user(commands.create_user(**values, actor=request.actor))


@router.put("/users/{user_id}/active", auth=requires(MANAGE_USERS), response=UserOut)
def set_active(request: Request, user_id: UUID, body: Active) -> UserView:
    """Shut a user out, or let one in again."""
    commands.set_active(user_id, active=body.active, actor=request.actor)
    return queries.get_user(user_id)


@router.put("/users/{user_id}/grants", auth=requires(MANAGE_USERS), response=GrantOut)
def grant_role(request: Request, user_id: UUID, body: NewGrant) -> GrantView:
    """Give a role: everywhere, in a legal entity or at a place."""
    key = commands.grant_role(user_id, body.role, place_id=body.place_id, entity_id=body.entity_id, actor=request.actor)
    return GrantView(key, body.role, body.entity_id, body.place_id)


@router.delete("/users/{user_id}/grants/{grant_id}", auth=requires(MANAGE_USERS), response={204: None})
def revoke_role(request: Request, user_id: UUID, grant_id: UUID) -> Status[None]:
    """Take a role away."""
    commands.revoke_role(grant_id, actor=request.actor)
    return Status(204, None)


@router.get("/clients", auth=requires(MANAGE_CLIENTS), response=Clients)
def clients(request: HttpRequest, cursor: UUID | None = None, limit: Limit = 50) -> dict[str, Any]:
    """API clients and what each may do."""
    found = queries.list_clients(after=cursor, limit=limit)
    return {"items": found, "next": found[-1].id if len(found) == limit else None}


@router.get("/clients/{client_id}", auth=requires(MANAGE_CLIENTS), response=ClientOut)
def client(request: HttpRequest, client_id: UUID) -> ClientView:
    """One API client."""
    return queries.get_client(client_id)


@router.post("/clients", auth=requires(MANAGE_CLIENTS), response={201: SecretOut})
def create_client(request: Request, body: NewClient) -> Status[ClientSecret]:
    """Make a client. Its secret is in this answer and nowhere else."""
    made = commands.create_client(
        name=body.name,
        role=body.role,
        reach=body.reach(),
        organisation_id=body.organisation_id,
        client_id=check_id(body.id),
        actor=request.actor,
    )
    return Status(201, made)


@router.put("/clients/{client_id}", auth=requires(MANAGE_CLIENTS), response=ClientOut)
def amend_client(request: Request, client_id: UUID, body: Reach) -> ClientView:
    """Set anew what a client may do, where and until when."""
    commands.amend_client(client_id, body.reach(), actor=request.actor)
    return queries.get_client(client_id)


def _secret_was_shown(request: Request, client_id: UUID) -> ClientSecret:
    raise Refused("This request was answered before, and a secret is shown once: ask for another with a fresh key.")


@router.post("/clients/{client_id}/secret", auth=requires(MANAGE_CLIENTS), response=SecretOut)
@idempotent(again=_secret_was_shown)
def new_client_secret(request: Request, client_id: UUID) -> ClientSecret:
    """Another secret: the old one and its tokens end."""
    return commands.new_client_secret(client_id, actor=request.actor)


@router.delete("/clients/{client_id}", auth=requires(MANAGE_CLIENTS), response={204: None})
def close_client(request: Request, client_id: UUID) -> Status[None]:
    """Shut a client out for good."""
    commands.close_client(client_id, actor=request.actor)
    return Status(204, None)
