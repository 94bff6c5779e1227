"""Lists of products: what a department holds, a page at a time, in the order of refs."""

from __future__ import annotations

import pytest

from storeline.catalog import api as catalog
from storeline.catalog.tests.factories import make_category, make_product
from storeline.kernel.api import run, waits

pytestmark = pytest.mark.django_db


def refs(only: catalog.Filter, limit: int, cursor: str | None = None) -> tuple[list[str], str | None]:
    """The refs of a page, and the next one's cursor."""
    page = catalog.list_products(only, cursor=cursor, limit=limit)
    return [facts.ref for facts in page.items], page.next


def test_a_department_is_listed_by_ref_whatever_part_a_product_is_in() -> None:
    food = make_category("food")
    make_category("dairy", "food")
    make_category("soft", "dairy")
    make_category("tools")
    wanted = {"a1": "soft", "a2": "dairy", "a3": "food", "a4": "soft", "a5": "dairy"}
    for ref, category in wanted.items():
        make_product(ref, category=category)
    make_product("a0", category="tools")
    make_product("a6", category="soft", status="ended")
    make_product("a7", category="dairy")
    run("UPDATE catalog_product SET online = false WHERE ref = 'a7'")
    with waits() as asked:
        first, cursor = refs(catalog.Filter(category_id=food, online=True), 2)
    assert (first, asked.waits) == (["a1", "a2"], 1)
    second, cursor = refs(catalog.Filter(category_id=food, online=True), 2, cursor)
    third, end = refs(catalog.Filter(category_id=food, online=True), 2, cursor)
    assert (second, third, end) == (["a3", "a4"], ["a5"], None)
    assert refs(catalog.Filter(category_id=food), 200)[0] == [*wanted, "a7"]
    assert refs(catalog.Filter(category_id=food, ended=True), 200)[0] == [*wanted, "a6", "a7"]


def test_a_product_is_found_whole_by_its_ref_in_one_wait() -> None:
    product_id = make_product("a1", description="Good")
    with waits() as asked:
        found = catalog.find_whole("a1")
    assert found is not None
    assert (found.facts.id, found.description, found.gtins, asked.waits) == (product_id, "Good", (), 1)
    assert found == catalog.get(product_id)
    assert catalog.find_whole("a2") is None
