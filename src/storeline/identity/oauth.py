"""OAuth 2 for programs: scopes are permission codes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from oauth2_provider.scopes import BaseScopes

from storeline.identity.models import Client
from storeline.kernel.api import PERMISSIONS, permissions_of

SECRET_BYTES = 32


def new_secret() -> str:
    """A client's secret: 256 random bits as text."""
    return secrets.token_urlsafe(SECRET_BYTES)


def scopes_of(role: str, scopes: Sequence[str]) -> frozenset[str]:
    """What a client with this role may ask for: all that its role may, or those of `scopes` among it."""
    held = permissions_of(role)
    return held & frozenset(scopes) if scopes else held


class PermissionScopes(BaseScopes):  # type: ignore[misc]  # the toolkit publishes no types
    """Permission codes as OAuth scopes; a client gets its own, and all of them where it names none."""

    def get_all_scopes(self) -> Mapping[str, str]:
        return {code: declared.label for code, declared in PERMISSIONS.items()}

    def get_available_scopes(self, application: Client | None = None, *_args: Any, **_kwargs: Any) -> list[str]:
        return sorted(scopes_of(application.role, application.scopes)) if application else []

    def get_default_scopes(self, application: Client | None = None, *_args: Any, **_kwargs: Any) -> list[str]:
        return self.get_available_scopes(application)
