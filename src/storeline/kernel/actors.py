"""Who acts, and what they may do. Modules declare permissions; `identity` gives them to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from storeline.kernel.errors import Forbidden

ROLES = (
    "shopper",
    "associate",
    "shop_manager",
    "planner",
    "marketer",
    "finance",
    "service_desk",
    "partner",
    "administrator",
)
_GUEST_ROLE = "guest"


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing that may be done: `code` is ``module.verb``; `roles` have it unless an operator says otherwise."""

    code: str
    label: str
    roles: frozenset[str]


PERMISSIONS: dict[str, Permission] = {}


def permission(code: str, label: str, *, roles: tuple[str, ...] = ()) -> str:
    """Declare a permission and give back its code; the administrator has every one."""
    declared = Permission(code, label, frozenset(roles) | {"administrator"})
    if unknown := set(roles) - {*ROLES, _GUEST_ROLE}:
        raise ValueError(f"permission {code} names unknown roles {unknown}")
    if PERMISSIONS.setdefault(code, declared) != declared:
        raise ValueError(f"permission {code} is declared twice")
    return code


def permissions_of(role: str) -> frozenset[str]:
    """Every permission that a role has by declaration."""
    return frozenset(code for code, declared in PERMISSIONS.items() if role in declared.roles)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is doing this. `places` None means everywhere; ids are opaque here."""

    kind: Literal["user", "client", "guest", "system"]
    id: UUID | None
    permissions: frozenset[str] = field(default=frozenset(), repr=False)
    places: frozenset[UUID] | None = None
    name: str = ""
    narrow: Mapping[str, frozenset[UUID] | None] = field(default_factory=dict, repr=False, hash=False)
    """Permissions that hold elsewhere than at `places`: a manager of one shop may be an associate in another."""

    def places_for(self, code: str) -> frozenset[UUID] | None:
        """Where this actor has the permission, None being everywhere; read lists through this."""
        return self.narrow.get(code, self.places)

    def may(self, code: str, place: UUID | None = None) -> bool:
        """Whether this actor has the permission, at that place where one is named."""
        if self.kind == "system":
            return True
        if self.kind == "guest":
            held = (declared := PERMISSIONS.get(code)) is not None and _GUEST_ROLE in declared.roles
        else:
            held = code in self.permissions
        places = self.places_for(code)
        return held and (place is None or places is None or place in places)

    def require(self, code: str, place: UUID | None = None) -> None:
        """Raise Forbidden unless `may`."""
        if not self.may(code, place):
            where = "" if place is None else " at this place"
            raise Forbidden(f"This needs the permission {code}{where}.", permission=code)

    def require_everywhere(self, code: str) -> None:
        """The same for what holds at every place: who has the permission at some places only may not change it."""
        self.require(code)
        if self.kind != "system" and self.places_for(code) is not None:
            raise Forbidden(f"This needs the permission {code} everywhere.", permission=code)


SYSTEM = Actor("system", None, name="system")
GUEST = Actor("guest", None, name="guest")
