"""The tree of categories as the shop shows it, read once a minute."""

from __future__ import annotations

import time
from typing import NamedTuple
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.kernel.api import pipeline

_KEPT_S = 60.0
_MISSED_S = 1.0
_SHOWN = 12
_KINDS = 3
"""A department of fewer kinds is left to the list of all."""
_kept: tuple[float, _Tree] | None = None


class _Tree(NamedTuple):
    """Categories, parents before children: by id, by ref, and those below each in which something is sold online."""

    by_id: dict[UUID, catalog.Category]
    by_ref: dict[str, catalog.Category]
    below: dict[UUID | None, list[catalog.Category]]


def tree() -> dict[UUID, catalog.Category]:
    """Every category by its id, parents before children."""
    return _read(_KEPT_S).by_id


def find(ref: str) -> catalog.Category | None:
    """The category with this ref, one that was made a moment ago too."""
    if found := _read(_KEPT_S).by_ref.get(ref):
        return found
    try:
        if catalog.find_category(ref).ref != ref:
            return None
    except catalog.CategoryNotFound:
        return None
    forget()
    return _read(_KEPT_S).by_ref.get(ref)


def way_to(category_id: UUID | None) -> list[catalog.Category]:
    """From the root down to a category; nothing where it is not known."""
    known = _read(_KEPT_S).by_id
    if category_id not in known:
        known = _read(_MISSED_S).by_id
    way: list[catalog.Category] = []
    while category_id is not None and category_id in known:
        way.insert(0, known[category_id])
        category_id = known[category_id].parent_id
    return way


def _read(age: float) -> _Tree:
    """The tree as it was so many seconds ago at most."""
    global _kept  # noqa: PLW0603  # categories change by the season
    if _kept is None or time.monotonic() - _kept[0] > age:
        with pipeline():
            categories, selling = catalog.gather_tree(), catalog.gather_online_categories()
        listed, online = categories.result(), selling.result()
        below: dict[UUID | None, list[catalog.Category]] = {}
        for one in listed:
            if one.id in online:
                below.setdefault(one.parent_id, []).append(one)
        _kept = time.monotonic(), _Tree({one.id: one for one in listed}, {one.ref: one for one in listed}, below)
    return _kept[1]


def forget() -> None:
    """Read it anew."""
    global _kept  # noqa: PLW0603  # see `tree`
    _kept = None


def name_of(category_id: UUID | None) -> str:
    """What a category is called, in the retailer's own words; nothing where it is not known."""
    if category_id is None:
        return ""
    found = _read(_KEPT_S).by_id.get(category_id) or _read(_MISSED_S).by_id.get(category_id)
    return "" if found is None else found.name


def roots() -> list[catalog.Category]:
    """Every department that sells online."""
    return below(None)


def below(category_id: UUID | None) -> list[catalog.Category]:
    """The parts of a category that sell online."""
    return _read(_KEPT_S).below.get(category_id, [])


def main() -> list[catalog.Category]:
    """The departments that hold several kinds, the largest first; all of a small tree."""
    large = [root for root in roots() if len(below(root.id)) >= _KINDS]
    return sorted(large, key=lambda root: -len(below(root.id)))[:_SHOWN] or roots()
