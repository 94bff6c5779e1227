from datetime import date
from typing import Any

import pytest

from storeline.catalog import api as catalog
from storeline.catalog.tests.factories import make_category, make_product
from storeline.kernel.api import GUEST, SYSTEM, Forbidden, LoadResult, make_error_table, run, waits
from storeline.places.tests.factories import make_place

pytestmark = pytest.mark.django_db

EVERYTHING = (
    "SELECT (SELECT jsonb_agg(p ORDER BY ref) FROM catalog_product p), (SELECT jsonb_agg(g ORDER BY gtin) FROM catalog_gtin g), "
    "(SELECT jsonb_agg(c ORDER BY ref) FROM catalog_category c), (SELECT jsonb_agg(t ORDER BY text) FROM catalog_search_text t), "
    "(SELECT jsonb_agg(w ORDER BY word) FROM catalog_search_word w), "
    "(SELECT count(*) FROM catalog_search_posting), (SELECT count(*) FROM catalog_search_entry)"
)


def one(item: dict[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
    (verdict,) = catalog.upsert_products([item], actor=SYSTEM)
    return verdict.outcome, verdict.errors


def test_a_product_whole() -> None:
    make_category("dairy")
    make_product("deposit", "Bottle deposit", service=True)
    item = {
        "ref": "M1", "name": "Milk", "names": {"zh-Hans": "牛奶"}, "description": "Fresh", "category": "dairy",
        "brand": "Farm", "unit": "each", "temperature": "chilled", "shelf_life_days": 7, "allergens": ["milk"],
        "gtins": ["4006381333931", "96385074"], "tax_class": "food", "deposit_product": "deposit",
        "content_quantity": 1500, "content_unit": "l", "age_limit": None, "till_only": True,
        "pictures": ["https://example.org/m.png Example, CC BY 4.0", "/media/m.png"],
    }  # fmt: skip
    assert one(item) == ("created", ())
    assert one(item) == ("unchanged", ())
    facts = catalog.find_by_ref(["M1"])["M1"]
    product = catalog.get(facts.id)
    assert product.facts == facts
    assert (facts.name_in("zh"), facts.allergens, facts.content_quantity, facts.online) == (
        "牛奶",
        ("milk",),
        1500,
        False,
    )
    assert (product.category_ref, product.deposit_ref, product.gtins) == (
        "dairy",
        "deposit",
        ("00000096385074", "04006381333931"),
    )
    assert product.pictures == (
        catalog.Picture("https://example.org/m.png", "Example, CC BY 4.0"), catalog.Picture("/media/m.png", ""),
    )  # fmt: skip
    assert facts.category_path != ""


def test_what_is_left_out_stays_and_what_is_empty_is_cleared() -> None:
    make_product("M1", "Milk", brand="Farm", gtins=["96385074"], shelf_life_days=7)
    assert one({"ref": "M1", "shelf_life_days": None}) == ("updated", ())
    product = catalog.get(catalog.find_by_ref(["M1"])["M1"].id)
    assert (product.facts.name, product.facts.brand, product.facts.shelf_life_days, product.gtins) == (
        "Milk", "Farm", None, ("00000096385074",),
    )  # fmt: skip
    assert one({"ref": "M1", "gtins": []}) == ("updated", ())
    assert catalog.find_gtin("96385074") is None
    assert one({"ref": "M1", "gtins": []}) == ("unchanged", ())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 301}, "name"),
        ({"names": {"fr": "x" * 301}}, "names"),
        ({"category": "nothing"}, "category"),
        ({"unit": "barrel"}, "unit"),
        ({"by_weight": True}, "by_weight"),
        ({"catch_weight": True}, "catch_weight"),
        ({"temperature": "warm"}, "temperature"),
        ({"shelf_life_days": -1}, "shelf_life_days"),
        ({"allergens": ["milk", "dust"]}, "allergens"),
        ({"gtins": ["96385075"]}, "gtins"),
        ({"gtins": ["036000291452"]}, "gtins"),
        ({"deposit_product": "nothing"}, "deposit_product"),
        ({"content_quantity": 5}, "content_unit"),
        ({"content_quantity": 0, "content_unit": "g"}, "content_quantity"),
        ({"pictures": ["javascript:alert(1)"]}, "pictures"),
        ({"status": "gone"}, "status"),
        ({"age_limit": 0}, "age_limit"),
        ({"age_limit": 1 << 40}, "age_limit"),
        ({"shelf_life_days": True}, "shelf_life_days"),
        ({"row": 1}, "row"),
    ],
)
def test_a_refusal_names_the_field_and_changes_nothing(change: dict[str, Any], field: str) -> None:
    make_product("other", gtins=["036000291452"])
    before = run(EVERYTHING).fetchall()
    outcome, errors = one({"ref": "new", "name": "New"} | change)
    assert outcome == "refused"
    assert [name for name, _ in errors] == [field]
    assert run(EVERYTHING).fetchall() == before


def test_the_unit_may_not_change() -> None:
    make_product("M1", unit="kg", by_weight=True)
    assert one({"ref": "M1", "unit": "lb"}) == ("refused", (("unit", "immutable: what its quantities count"),))
    assert catalog.find_by_ref(["M1"])["M1"].unit == "kg"


def test_refusals_follow_references_within_a_set() -> None:
    verdicts = catalog.upsert_products(
        [
            {"ref": "A", "name": "A", "deposit_product": "B"},
            {"ref": "B", "name": "B", "deposit_product": "C"},
            {"ref": "C", "name": "C", "deposit_product": "nothing"},
            {"ref": "D", "name": "D", "deposit_product": "E"},
            {"ref": "E", "name": "E", "deposit_product": None},
        ],
        actor=SYSTEM,
    )
    assert [verdict.outcome for verdict in verdicts] == ["refused", "refused", "refused", "created", "created"]


def test_one_code_for_two_products_in_a_set() -> None:
    verdicts = catalog.upsert_products(
        [{"ref": "A", "name": "A", "gtins": ["96385074"]}, {"ref": "B", "name": "B", "gtins": ["0000096385074"]}],
        actor=SYSTEM,
    )
    assert [verdict.outcome for verdict in verdicts] == ["created", "refused"]


def test_a_guest_may_not_write() -> None:
    with pytest.raises(Forbidden):
        catalog.upsert_products([{"ref": "A", "name": "A"}], actor=GUEST)
    assert catalog.find_by_ref(["A"]) == {}


def test_the_tree_moves_with_its_branch_and_has_no_circle() -> None:
    make_category("food")
    make_category("drinks")
    make_category("dairy", "food")
    milk = make_category("milk", "dairy")
    make_product("M1", category="milk")
    assert [(category.ref, category.depth) for category in catalog.list_categories()] == [
        ("drinks", 1), ("food", 1), ("dairy", 2), ("milk", 3),
    ]  # fmt: skip
    make_category("dairy", "drinks")
    under = catalog.list_products(catalog.Filter(category_id=catalog.find_category("drinks").id))
    assert [facts.ref for facts in under.items] == ["M1"]
    assert catalog.list_products(catalog.Filter(category_id=catalog.find_category("food").id)).items == ()
    (verdict,) = catalog.upsert_categories([{"ref": "drinks", "parent": "milk"}], actor=SYSTEM)
    assert [name for name, _ in verdict.errors] == ["parent"]
    assert catalog.find_category(str(milk)).depth == 3


def test_listings_narrow_a_place_that_has_them() -> None:
    full, small = make_place("full"), make_place("small")
    one_, two = make_product("A"), make_product("B")
    make_error_table()
    run("DROP TABLE IF EXISTS pg_temp.in_listings")
    run(f"CREATE TEMP TABLE in_listings ({catalog.LISTINGS_IN}) ON COMMIT DROP")
    rows = [
        ("small", "A", date(2017, 6, 1), None),
        ("small", "A", None, None),
        ("none", "A", None, None),
        ("small", "Z", None, None),
    ]
    for number, row in enumerate(rows):
        run("INSERT INTO pg_temp.in_listings VALUES (%s, %s, %s, %s, %s)", [number, *row])
    assert catalog.load_listings(actor=SYSTEM) == LoadResult(inserted=1, refused=3)
    pairs = ([full, full, small, small], [one_, two, one_, two])
    assert catalog.gather_listed(*pairs, on=date(2017, 6, 1)).result() == {(full, one_), (full, two), (small, one_)}
    assert catalog.gather_listed(*pairs, on=date(2017, 5, 31)).result() == {(full, one_), (full, two)}
    for place, found in ((full, ["A", "B"]), (small, ["A"])):
        assert [facts.ref for facts in catalog.list_products(catalog.Filter(place_id=place)).items] == found


def test_gather_waits_once() -> None:
    ids = [make_product("A"), make_product("B")]
    with waits() as count:
        found = catalog.gather(ids).result()
    assert count.waits == 1
    assert [found[key].ref for key in ids] == ["A", "B"]


def test_what_a_till_scans() -> None:
    make_product("cheese", unit="kg", by_weight=True, catch_weight=True, gtins=["2812345000007"])
    make_product("sausage", unit="kg", by_weight=True, gtins=["2112345000008"])
    make_product("milk", gtins=["96385074"])
    assert [(found.product.ref, found.quantity, found.price) for code in ("96385074", "2812345012505", "2112345012995") if (found := catalog.scan(code))] == [
        ("milk", 1000, None), ("cheese", 1250, None), ("sausage", None, 1299),
    ]  # fmt: skip
    assert catalog.scan("4006381333931") is None
    assert catalog.scan("(01)04006381333931(3103)000425") is None
    counted = catalog.scan("(01)00000096385074(30)6")
    assert counted is not None
    assert counted.quantity == 6000
