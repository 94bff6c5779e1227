"""Places for tests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from storeline.kernel.api import SYSTEM
from storeline.places import api as places

ENTITY = {"ref": "grocer", "name": "Grocer", "country": "US", "currency": "USD", "tax_regime": "us"}


def make_entity(**fields: Any) -> None:
    """One legal entity, `grocer` unless told otherwise."""
    (verdict,) = places.upsert_entities([ENTITY | fields], actor=SYSTEM)
    assert not verdict.errors, verdict


def make_place(ref: str = "shop", **fields: Any) -> UUID:
    """A supermarket of the entity, which is made if need be; its id."""
    make_entity()
    wanted = {
        "ref": ref,
        "entity": "grocer",
        "name": f"Shop {ref}",
        "format": "supermarket",
        "zone": "America/New_York",
    }
    (verdict,) = places.upsert_places([wanted | {"capabilities": ["sell", "collect"]} | fields], actor=SYSTEM)
    assert not verdict.errors, verdict
    found = places.find_by_ref(ref)
    assert found is not None
    return found.id
