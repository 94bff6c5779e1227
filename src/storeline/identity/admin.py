"""Users in the staff admin: who they are, and whether they may come in. Roles are given over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storeline.identity.commands import set_active
from storeline.identity.models import Client, Grant, User
from storeline.identity.permissions import MANAGE_CLIENTS, MANAGE_USERS, VIEW_USERS
from storeline.identity.queries import actor_in_session
from storeline.kernel.api import Actor
from storeline.web.admin import Errors, Reference, site

site.actor_of = actor_in_session


class UserAdmin(Reference):
    read, write, editable = VIEW_USERS, MANAGE_USERS, ("is_active",)
    list_display = ("username", "name", "language", "is_active", "is_staff")
    search_fields = ("username", "email", "name")
    ordering = ("username",)
    fields = ("username", "email", "name", "language", "is_active", "is_staff", "created_at", "erased_at")

    def edit(self, row: Any, changed: Mapping[str, Any], actor: Actor) -> Errors:
        set_active(row.pk, active=changed["is_active"], actor=actor)
        return ()


class GrantAdmin(Reference):
    read = VIEW_USERS
    list_display = ("user", "role", "entity_id", "place_id", "granted_at")
    list_filter = ("role",)
    list_select_related = ("user",)


class ClientAdmin(Reference):
    read = MANAGE_CLIENTS
    list_display = ("name", "role", "active", "valid_from", "valid_to")
    fields = (
        "name",
        "role",
        "scopes",
        "place_ids",
        "entity_ids",
        "organisation_id",
        "valid_from",
        "valid_to",
        "active",
    )


site.register(User, UserAdmin)
site.register(Grant, GrantAdmin)
site.register(Client, ClientAdmin)
