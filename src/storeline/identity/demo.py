"""One sign-in for each role, for the demo."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from storeline.identity.commands import grant_role
from storeline.identity.domain import normal_login
from storeline.identity.keys import keyed
from storeline.identity.models import Client, User
from storeline.identity.queries import actor_of_client, actor_of_user, find_user
from storeline.kernel.api import ROLES, SYSTEM, Actor, Forbidden, permissions_of, transaction

CLIENT_ROLE = "partner"
_OF_A_SHOP = frozenset({"associate", "shop_manager"})


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """How to act in one role: a user at /api/v1/session, or a client (`is_client`) at /oauth/token."""

    role: str
    login: str
    secret: str
    is_client: bool


def ensure_demo_sign_ins(shop: UUID | None = None) -> list[DemoSignIn]:
    """Make sure of one sign-in for each role, and say what they are; who works in a shop does so in `shop`, if named.

    The secrets are derived from this installation's key, so every run gives the same ones, and the
    database holds their hashes only. Refused in production.
    """
    if getattr(settings, "PRODUCTION", False):
        raise Forbidden("Demo sign-ins are not made in production.")
    with transaction():
        return [_ensure_client(role) if role == CLIENT_ROLE else _ensure_user(role, shop) for role in ROLES]


def demo_sign_ins() -> list[DemoSignIn]:
    """The people's sign-ins that the demo made, to show on its front door; none in production. One query."""
    if getattr(settings, "PRODUCTION", False):
        return []
    logins = {normal_login(role.replace("_", "-")): role for role in ROLES if role != CLIENT_ROLE}
    there = set(User.objects.filter(username__in=logins, is_active=True).values_list("username", flat=True))
    return [DemoSignIn(role, login, _secret(role), False) for login, role in logins.items() if login in there]


def demo_actors() -> dict[str, Actor]:
    """Whom the demo's sign-ins act as, by role, for what the demo does in their names; none in production."""
    if getattr(settings, "PRODUCTION", False):
        return {}
    users = {one.role: find_user(one.login) for one in demo_sign_ins()}
    found = {role: None if user is None else actor_of_user(user) for role, user in users.items()}
    found[CLIENT_ROLE] = actor_of_client(f"demo-{CLIENT_ROLE}")
    return {role: actor for role, actor in found.items() if actor is not None}


def _secret(role: str) -> str:
    return base64.b32encode(keyed("identity.demo", role)[:15]).decode().lower()


def _ensure_user(role: str, shop: UUID | None) -> DemoSignIn:
    login, secret = normal_login(role.replace("_", "-")), _secret(role)
    user = User.objects.filter(username=login).first()
    if user is None or not user.check_password(secret):
        user = user or User(username=login, name=role.replace("_", " ").capitalize())
        user.set_password(secret)
        user.save()
    grant_role(user.id, role, place_id=shop if role in _OF_A_SHOP else None, actor=SYSTEM)
    return DemoSignIn(role, login, secret, is_client=False)


def _ensure_client(role: str) -> DemoSignIn:
    login, secret = f"demo-{role}", _secret(role)
    client = Client.objects.filter(client_id=login).first() or Client(
        client_id=login,
        client_type=Client.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Client.GRANT_CLIENT_CREDENTIALS,
        name="Demo partner",
        role=role,
        scopes=sorted(permissions_of(role)),
    )
    client.client_secret = secret
    client.scopes = sorted(permissions_of(role))
    client.save()
    return DemoSignIn(role, login, secret, is_client=True)
