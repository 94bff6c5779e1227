"""What modules above know of products at a place, for lists that show it beside them: each registers how it is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from storeline.catalog.domain import ProductFacts
from storeline.kernel.api import Invalid

Reader = Callable[[Sequence[ProductFacts], UUID, str], Mapping[UUID, Any]]
"""Of these products, at a place, through a channel: what the API shows, by product; unknown ones are absent."""
_READERS: dict[str, Reader] = {}


def register_beside(name: str, reader: Reader) -> None:
    """Let lists of products include `name`."""
    _READERS[name] = reader


def read_beside(
    names: Collection[str], products: Sequence[ProductFacts], place_id: UUID | None, channel: str
) -> dict[str, Mapping[UUID, Any]]:
    """What was asked for, by its name. Raises Invalid, naming the field."""
    if not names:
        return {}
    if unknown := sorted(set(names) - _READERS.keys()):
        raise Invalid(f"{unknown[0]} is not known; there is {', '.join(sorted(_READERS))}.", field="include")
    if place_id is None:
        raise Invalid("Say at which place.", field="place")
    return {name: _READERS[name](products, place_id, channel) if products else {} for name in names}
