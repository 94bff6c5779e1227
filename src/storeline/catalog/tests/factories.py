"""Products for tests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.kernel.api import SYSTEM, source_id


def make_category(ref: str, parent: str | None = None) -> UUID:
    """A category called as its ref; its id."""
    (verdict,) = catalog.upsert_categories([{"ref": ref, "name": ref, "parent": parent}], actor=SYSTEM)
    assert not verdict.errors, verdict
    return source_id("catalog.category", ref)


def make_product(ref: str, name: str = "", **fields: Any) -> UUID:
    """A product sold each, in any way told; its id."""
    (verdict,) = catalog.upsert_products([{"ref": ref, "name": name or f"Product {ref}"} | fields], actor=SYSTEM)
    assert not verdict.errors, verdict
    return source_id("catalog.product", ref)
