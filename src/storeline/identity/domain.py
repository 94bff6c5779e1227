"""Pure rules: what a set of grants adds up to, and how a sign-in is written."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

EVERYWHERE = None
NOT_STAFF = frozenset({"shopper"})
"""Roles whose holders act for themselves alone; every other one is staff."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, everywhere or at some places only (already worked out from place and entity)."""

    role: str
    places: frozenset[UUID] | None = EVERYWHERE


def is_staff(grants: Iterable[Grant]) -> bool:
    """Whether any of the roles is more than a shopper's."""
    return any(grant.role not in NOT_STAFF for grant in grants)


@dataclass(frozen=True, slots=True)
class Reach:
    """What grants add up to: `places` is where any of it holds; `narrow` names what holds elsewhere than there."""

    permissions: frozenset[str] = frozenset()
    places: frozenset[UUID] | None = frozenset()
    narrow: Mapping[str, frozenset[UUID] | None] = field(default_factory=dict)


def reach(
    grants: Iterable[Grant],
    permissions_of: Callable[[str], frozenset[str]],
    everyone: frozenset[str] = frozenset(),
) -> Reach:
    """Join grants without mixing them: a manager of one shop who helps in another is no manager there.

    `everyone` is what needs no sign-in: whoever signs in keeps it, everywhere.
    """
    where: dict[str, frozenset[UUID] | None] = {}
    for grant in grants:
        for code in permissions_of(grant.role):
            where[code] = _join(where.get(code, frozenset()), grant.places)
    overall: frozenset[UUID] | None = frozenset()
    for places in where.values():
        overall = _join(overall, places)
    where |= dict.fromkeys(everyone, EVERYWHERE)
    narrow = {code: places for code, places in where.items() if places != overall}
    return Reach(frozenset(where), overall, narrow)


def _join(one: frozenset[UUID] | None, other: frozenset[UUID] | None) -> frozenset[UUID] | None:
    return EVERYWHERE if one is None or other is None else one | other


def normal_login(text: str) -> str:
    """A username or email address as it is stored and looked up: NFKC, no spaces around, lower case."""
    return unicodedata.normalize("NFKC", text).strip().lower()
