"""The tree of categories as the shop shows it, read once a minute."""

from __future__ import annotations

import time
from collections import Counter
from uuid import UUID

from storeline.catalog import api as catalog

_KEPT_S = 60.0
_MISSED_S = 1.0
_SHOWN = 12
_KINDS = 3
"""A department of fewer kinds is left to the list of all."""
_kept: tuple[float, dict[UUID, catalog.Category]] | None = None


def tree() -> dict[UUID, catalog.Category]:
    """Every category by its id, parents before children."""
    return _read(_KEPT_S)


def find(ref: str) -> catalog.Category | None:
    """The category with this ref, one that was made a moment ago too."""
    for age in (_KEPT_S, _MISSED_S):
        if found := next((one for one in _read(age).values() if one.ref == ref), None):
            return found
    return None


def way_to(category_id: UUID | None) -> list[catalog.Category]:
    """From the root down to a category; nothing where it is not known."""
    known = _read(_KEPT_S)
    if category_id not in known:
        known = _read(_MISSED_S)
    way: list[catalog.Category] = []
    while category_id is not None and category_id in known:
        way.insert(0, known[category_id])
        category_id = known[category_id].parent_id
    return way


def _read(age: float) -> dict[UUID, catalog.Category]:
    """The tree as it was so many seconds ago at most."""
    global _kept  # noqa: PLW0603  # categories change by the season
    if _kept is None or time.monotonic() - _kept[0] > age:
        _kept = time.monotonic(), {one.id: one for one in catalog.list_categories()}
    return _kept[1]


def forget() -> None:
    """Read it anew."""
    global _kept  # noqa: PLW0603  # see `tree`
    _kept = None


def name_of(category_id: UUID | None) -> str:
    """What a category is called, in the retailer's own words; nothing where it is not known."""
    if category_id is None:
        return ""
    found = _read(_KEPT_S).get(category_id) or _read(_MISSED_S).get(category_id)
    return "" if found is None else found.name


def roots() -> list[catalog.Category]:
    """Every department."""
    return [category for category in tree().values() if category.parent_id is None]


def main() -> list[catalog.Category]:
    """The departments that hold several kinds, the largest first; all of a small tree."""
    kinds = Counter(category.parent_id for category in tree().values())
    large = [root for root in roots() if kinds[root.id] >= _KINDS]
    return sorted(large, key=lambda root: -kinds[root.id])[:_SHOWN] or roots()
