"""Writes: users, the roles they hold, and clients. Each is one transaction with its line in the audit trail."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from storeline.identity.domain import normal_login
from storeline.identity.errors import BeyondRole, LoginTaken, WeakPassword
from storeline.identity.models import Client, Grant, User
from storeline.identity.oauth import new_secret, scopes_of
from storeline.identity.permissions import MANAGE_CLIENTS, MANAGE_USERS
from storeline.kernel.api import (
    ROLES,
    Actor,
    BodyMismatch,
    Event,
    Forbidden,
    Invalid,
    NotFound,
    new_id,
    now,
    publish,
    run,
    trail,
    transaction,
)


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """What a client signs in with at /oauth/token. The secret is shown this once and kept as a hash."""

    id: UUID
    client_id: str
    secret: str


def create_user(
    *,
    username: str = "",
    email: str | None = None,
    password: str | None = None,
    name: str = "",
    language: str = "en",
    user_id: UUID | None = None,
    actor: Actor,
) -> UUID:
    """Make a user who signs in with `username` or `email`; without a username the id serves as one.

    The same `user_id` with the same words again changes nothing; with others raises BodyMismatch.
    Raises Invalid, WeakPassword or LoginTaken.
    """
    actor.require(MANAGE_USERS)
    _require_over(actor, MANAGE_USERS, None)
    key = user_id or new_id()
    user = User(
        id=key,
        username=_username(username) or str(key),
        email=_email(email),
        name=name.strip(),
        language=language,
    )
    if (there := User.objects.filter(id=key).first()) is not None:
        return _same(there, user)
    _set_password(user, password)
    try:
        with transaction():
            user.save(force_insert=True)
            trail(actor, "identity.create_user", key)
    except IntegrityError as error:
        raise LoginTaken("Another user signs in with that.", field="email" if email else "username") from error
    return key


def _same(there: User, wanted: User) -> UUID:
    for field in ("username", "email", "name", "language"):
        if getattr(there, field) != getattr(wanted, field):
            raise BodyMismatch("A user with this id is there already, and differs.", field=field)
    return there.id


def _username(text: str) -> str:
    normal = normal_login(text)
    if "@" in normal:
        raise Invalid("A username has no @: send an email address as `email`.", field="username")
    return normal


def _email(text: str | None) -> str | None:
    if not text:
        return None
    normal = normal_login(text)
    local, _, domain = normal.rpartition("@")
    if not local or "." not in domain.strip(".") or any(char.isspace() for char in normal):
        raise Invalid("That is not an email address.", field="email")
    return normal


def _set_password(user: User, password: str | None) -> None:
    if password is not None:
        check_password(password, user)
    user.set_password(password)


def check_password(password: str, user: User | None = None) -> None:
    """Raise WeakPassword where this one would not be taken (of `user`, whose name it must not be)."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages), field="password") from error


def set_password(user_id: UUID, password: str, *, actor: Actor) -> None:
    """Give a user another password, one's own or by an administrator; every session of it ends."""
    if actor.kind != "user" or actor.id != user_id:
        actor.require(MANAGE_USERS)
        _require_over(actor, MANAGE_USERS, None)
    user = _user(user_id)
    _set_password(user, password)
    with transaction():
        user.save(update_fields=["password"])
        trail(actor, "identity.set_password", user_id)


def reset_password(user_id: UUID, password: str) -> None:
    """Give another password to one who proved by a code, in the caller's transaction, that the account is theirs.

    Every session ends; a second factor stays. Raises NotFound where nobody may sign in there, WeakPassword.
    """
    user = User.objects.select_for_update().filter(id=user_id, is_active=True).first()
    if user is None:
        raise NotFound("There is no such user.", field="user_id")
    _set_password(user, password)
    user.save(update_fields=["password"])
    trail(Actor("user", user_id), "identity.reset_password", user_id)


def set_active(user_id: UUID, *, active: bool, actor: Actor) -> None:
    """Shut a user out, or let one in again."""
    actor.require(MANAGE_USERS)
    _require_over(actor, MANAGE_USERS, None)
    user = _user(user_id)
    if active and user.erased_at is not None:
        raise Invalid("An erased user stays erased.", field="active")
    with transaction():
        User.objects.filter(id=user_id).update(is_active=active)
        trail(actor, "identity.set_active", user_id, detail={"active": active})


def erase_user(user_id: UUID, *, actor: Actor) -> None:
    """Take a user's personal data away for good; the row stays, so that what it did still has its doer.

    Modules above hear ``identity.user_erased`` and do the same.
    """
    if actor.kind != "user" or actor.id != user_id:
        actor.require(MANAGE_USERS)
    user = _user(user_id)
    user.username, user.email, user.name = str(user_id), None, ""
    user.is_active = user.is_staff = False
    user.erased_at = user.erased_at or now()
    user.set_unusable_password()
    with transaction():
        user.save()
        Grant.objects.filter(user=user).delete()
        run("DELETE FROM mfa_authenticator WHERE user_id = %s", [user_id])
        run("DELETE FROM account_emailaddress WHERE user_id = %s", [user_id])
        publish([Event("identity.user_erased", user_id)])
        trail(actor, "identity.erase_user", user_id)


def _user(user_id: UUID) -> User:
    user = User.objects.filter(id=user_id).first()
    if user is None:
        raise NotFound("There is no such user.", field="user_id")
    return user


def grant_role(
    user_id: UUID, role: str, *, place_id: UUID | None = None, entity_id: UUID | None = None, actor: Actor
) -> UUID:
    """Give a user a role: everywhere, in one legal entity or at one place. Again changes nothing.

    Who may manage users at some places only, may give roles only there.
    """
    actor.require(MANAGE_USERS)
    _require_over(actor, MANAGE_USERS, None if place_id is None else (place_id,))
    if role not in ROLES:
        raise Invalid(f"{role!r} is no role.", field="role", roles=list(ROLES))
    if place_id is not None and entity_id is not None:
        raise Invalid("A role holds in an entity or at a place, not both.", field="place_id")
    user = _user(user_id)
    with transaction():
        grant, fresh = Grant.objects.get_or_create(
            user=user, role=role, place_id=place_id, entity_id=entity_id, defaults={"granted_at": now()}
        )
        if fresh:
            _follow_staff(user_id)
            trail(actor, "identity.grant_role", user_id, place_id=place_id, detail={"role": role})
    return grant.id


def revoke_role(grant_id: UUID, *, actor: Actor) -> None:
    """Take one role away; it holds from the next request on."""
    actor.require(MANAGE_USERS)
    grant = Grant.objects.filter(id=grant_id).first()
    if grant is None:
        raise NotFound("There is no such role to take away.", field="grant_id")
    _require_over(actor, MANAGE_USERS, None if grant.place_id is None else (grant.place_id,))
    with transaction():
        grant.delete()
        _follow_staff(grant.user_id)
        trail(actor, "identity.revoke_role", grant.user_id, place_id=grant.place_id, detail={"role": grant.role})


def _follow_staff(user_id: UUID) -> None:
    """The staff admin is open to those who are administrators everywhere."""
    run(
        """
UPDATE identity_user u SET is_staff = EXISTS (
  SELECT FROM identity_grant g
  WHERE g.user_id = u.id AND g.role = 'administrator' AND g.place_id IS NULL AND g.entity_id IS NULL)
WHERE u.id = %s""",
        [user_id],
    )


def _require_over(actor: Actor, permission: str, places: Collection[UUID] | None) -> None:
    """Nobody hands out what reaches further than they do."""
    own = actor.places_for(permission)
    if own is not None and (places is None or not own.issuperset(places)):
        raise Forbidden("This reaches beyond the places that are yours.", permission=permission)


@dataclass(frozen=True, slots=True)
class ClientReach:
    """What a client may do: `scopes` are permission codes that its role has, empty meaning all of them;
    no places and no entities mean everywhere; the period is business time.
    """

    scopes: Collection[str] = ()
    place_ids: Collection[UUID] | None = None
    entity_ids: Collection[UUID] | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    def columns(self) -> dict[str, Any]:
        """As the columns of `Client`, each set in one order."""
        return {
            "scopes": sorted(set(self.scopes)),
            "place_ids": None if self.place_ids is None else sorted(set(self.place_ids)),
            "entity_ids": None if self.entity_ids is None else sorted(set(self.entity_ids)),
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
        }


ALL_OF_ITS_ROLE = ClientReach()


def create_client(
    *,
    name: str,
    role: str = "partner",
    reach: ClientReach = ALL_OF_ITS_ROLE,
    organisation_id: UUID | None = None,
    client_id: UUID | None = None,
    actor: Actor,
) -> ClientSecret:
    """Make a client of OAuth 2 client credentials; its secret is in the answer and nowhere else.

    Raises BeyondRole, Invalid, Forbidden where it would reach further than the actor does.
    """
    _check_reach(actor, role, reach)
    secret = new_secret()
    client = Client(
        id=client_id or new_id(),
        client_id=secrets.token_urlsafe(18),
        client_secret=secret,
        client_type=Client.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Client.GRANT_CLIENT_CREDENTIALS,
        name=name,
        role=role,
        organisation_id=organisation_id,
        **reach.columns(),
    )
    if Client.objects.filter(id=client.id).exists():
        raise BodyMismatch("A client with this id is there already; ask for a new secret.", field="id")
    with transaction():
        client.save(force_insert=True)
        trail(actor, "identity.create_client", client.id, detail={"role": role})
    return ClientSecret(client.id, client.client_id, secret)


def _check_reach(actor: Actor, role: str, reach: ClientReach) -> None:
    actor.require(MANAGE_CLIENTS)
    _require_over(actor, MANAGE_CLIENTS, None if reach.entity_ids else reach.place_ids)
    if role not in ROLES:
        raise Invalid(f"{role!r} is no role.", field="role", roles=list(ROLES))
    if beyond := set(reach.scopes) - scopes_of(role, ()):
        raise BeyondRole(f"The role {role} has no {', '.join(sorted(beyond))}.", field="scopes")
    if reach.valid_from and reach.valid_to and reach.valid_to <= reach.valid_from:
        raise Invalid("The period ends before it begins.", field="valid_to")


def amend_client(client_id: UUID, reach: ClientReach, *, actor: Actor) -> None:
    """Set anew what a client may do, where and until when; tokens it holds follow at once."""
    client = _client(client_id, actor)
    _check_reach(actor, client.role, reach)
    with transaction():
        Client.objects.filter(id=client_id).update(**reach.columns())
        trail(actor, "identity.amend_client", client_id)


def new_client_secret(client_id: UUID, *, actor: Actor) -> ClientSecret:
    """Another secret for a client: the old one and every token got with it end here."""
    client = _client(client_id, actor)
    secret = new_secret()
    client.client_secret = secret
    with transaction():
        client.save(update_fields=["client_secret"])
        run("DELETE FROM oauth2_provider_accesstoken WHERE application_id = %s", [client_id])
        trail(actor, "identity.new_client_secret", client_id)
    return ClientSecret(client_id, client.client_id, secret)


def close_client(client_id: UUID, *, actor: Actor) -> None:
    """Shut a client out for good; its tokens end at once."""
    _client(client_id, actor)
    with transaction():
        Client.objects.filter(id=client_id).update(active=False)
        run("DELETE FROM oauth2_provider_accesstoken WHERE application_id = %s", [client_id])
        trail(actor, "identity.close_client", client_id)


def _client(client_id: UUID, actor: Actor) -> Client:
    """The client, where the actor may manage all that it reaches."""
    actor.require(MANAGE_CLIENTS)
    client: Client | None = Client.objects.filter(id=client_id).first()
    if client is None:
        raise NotFound("There is no such client.", field="client_id")
    _require_over(actor, MANAGE_CLIENTS, None if client.entity_ids else client.place_ids)
    return client
