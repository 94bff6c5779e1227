"""The tree of categories as the shop shows it, read once a minute."""

from __future__ import annotations

import time
from collections import Counter
from uuid import UUID

from storeline.catalog import api as catalog

_KEPT_S = 60.0
_SHOWN = 12
_KINDS = 3
"""A department of fewer kinds is left to the list of all."""
_kept: tuple[float, dict[UUID, catalog.Category]] | None = None


def tree() -> dict[UUID, catalog.Category]:
    """Every category by its id, parents before children."""
    global _kept  # noqa: PLW0603  # categories change by the season
    if _kept is None or time.monotonic() - _kept[0] > _KEPT_S:
        _kept = time.monotonic(), {one.id: one for one in catalog.list_categories()}
    return _kept[1]


def forget() -> None:
    """Read it anew."""
    global _kept  # noqa: PLW0603  # see `tree`
    _kept = None


def roots() -> list[catalog.Category]:
    """Every department."""
    return [category for category in tree().values() if category.parent_id is None]


def main() -> list[catalog.Category]:
    """The departments that hold several kinds, the largest first; all of a small tree."""
    kinds = Counter(category.parent_id for category in tree().values())
    large = [root for root in roots() if kinds[root.id] >= _KINDS]
    return sorted(large, key=lambda root: -kinds[root.id])[:_SHOWN] or roots()
