"""Users, clients and tokens for tests."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from django.test import Client

from storeline.identity.commands import ClientReach, ClientSecret, create_client, create_user, grant_role
from storeline.identity.models import User
from storeline.kernel.api import SYSTEM, new_id

PASSWORD = "correct-horse-battery"


def make_user(username: str = "", *roles: str, place_id: UUID | None = None, **values: Any) -> UUID:
    key = create_user(username=username, password=PASSWORD, actor=SYSTEM, **values)
    for role in roles:
        grant_role(key, role, place_id=place_id, actor=SYSTEM)
    return key


def ask_token(secret: ClientSecret, **form: str) -> Any:
    basic = base64.b64encode(f"{secret.client_id}:{secret.secret}".encode()).decode()
    return Client().post(
        "/oauth/token",
        {"grant_type": "client_credentials", **form},
        headers={"Authorization": f"Basic {basic}"},
    )


def make_token(role: str = "partner", **reach: Any) -> str:
    answer = ask_token(create_client(name="Test", role=role, reach=ClientReach(**reach), actor=SYSTEM))
    assert answer.status_code == 200, answer.content
    token: str = answer.json()["access_token"]
    return token


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def fresh_key() -> dict[str, str]:
    """The header of a request that has not been sent before."""
    return {"Idempotency-Key": str(new_id())}


def browser_of(user_id: UUID) -> Client:
    """A browser in which this user has signed in."""
    browser = Client()
    browser.force_login(User.objects.get(id=user_id))
    return browser
