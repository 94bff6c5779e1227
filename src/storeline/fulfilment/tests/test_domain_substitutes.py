"""Which goods may stand for missing ones, which come first, and how many of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from storeline.catalog.api import ProductFacts
from storeline.fulfilment.domain.substitutes import (
    Candidate,
    added_allergens,
    answer_until,
    check_offered,
    measure,
    next_line,
    quantity_for,
    rank,
)
from storeline.fulfilment.errors import NotOffered

NOON = datetime(2018, 1, 1, 12, tzinfo=UTC)
BREAD = ProductFacts(
    UUID(int=1), "r1", "Rye bread, Miller, 12 oz", {}, "Miller", None, "", "each", False, False, "ambient", None,
    ("gluten",), None, "food", 12_000, "oz", False, True, True, None,
)  # fmt: skip


def like(number: int, **changes: Any) -> ProductFacts:
    return BREAD._replace(id=UUID(int=number), ref=f"r{number}", **changes)


def loose(unit: str = "kg") -> ProductFacts:
    return like(9, unit=unit, by_weight=True, content_quantity=None, content_unit=None)


@pytest.mark.parametrize(
    ("due_in", "minutes"),
    [(120, 15), (15, 15), (10, 10), (5, 5), (1, 5), (-300, 5)],
)
def test_the_shopper_has_a_quarter_of_an_hour_but_not_beyond_what_is_due(due_in: int, minutes: int) -> None:
    assert answer_until(NOON, NOON + timedelta(minutes=due_in)) == NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("product", "quantity", "wanted"),
    [
        (BREAD, 1000, ("weight", 340_194)),
        (like(2, content_quantity=500_000, content_unit="g"), 2000, ("weight", 1_000_000)),
        (like(2, content_quantity=2_000, content_unit="l"), 1000, ("volume", 2_000_000)),
        (like(2, content_quantity=12_000, content_unit="fl_oz"), 1000, ("volume", 354_882)),
        (loose(), 750, ("weight", 750_000)),
        (loose("lb"), 1000, ("weight", 453_592)),
        (like(2, content_quantity=6_000, content_unit="each"), 1000, None),
        (like(2, content_quantity=None, content_unit=None), 1000, None),
    ],
)
def test_sizes_are_milligrams_or_microlitres(
    product: ProductFacts, quantity: int, wanted: tuple[str, int] | None
) -> None:
    assert measure(product, quantity) == wanted


@pytest.mark.parametrize(
    ("missing", "other", "quantity"),
    [
        (2000, like(2), 2000),
        (1000, like(2, content_quantity=6_000), 2000),
        (1000, like(2, content_quantity=24_000), 1000),
        (4000, like(2, content_quantity=24_000), 2000),
        (3000, like(2, content_quantity=None, content_unit=None), 3000),
        (2000, loose("lb"), 1500),
        (2000, like(2, content_quantity=1_000, content_unit="l"), 2000),
    ],
)
def test_as_much_as_is_missing(missing: int, other: ProductFacts, quantity: int) -> None:
    assert quantity_for(BREAD, missing, other) == quantity


def test_a_weighed_line_is_replaced_by_whole_packs() -> None:
    pack = like(2, content_quantity=500_000, content_unit="g")
    assert quantity_for(loose(), 1_200, pack) == 2000
    assert quantity_for(loose(), 100, pack) == 1000
    assert quantity_for(loose(), 700, like(2, content_quantity=None, content_unit=None)) == 1000


def ranked(*candidates: Candidate, missing: int = 1000, price: int | None = 200) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.product.ref, one.reasons) for one in rank(BREAD, missing, price, candidates)]


def test_the_likest_comes_first_and_says_why() -> None:
    assert ranked(
        Candidate(like(5, name="White rolls", brand="Baker", content_quantity=30_000), 9000, 90),
        Candidate(like(4, brand="Baker", name="Rye bread, Baker, 12 oz"), 9000, 180),
        Candidate(like(3, content_quantity=16_000, name="Rye bread, Miller, 16 oz"), 9000, 250),
        Candidate(like(2), 1000, 200),
    ) == [
        ("r2", ("same_brand", "same_size", "same_price", "last_ones")),
        ("r3", ("same_brand", "larger", "dearer")),
        ("r4", ("other_brand", "same_size", "cheaper")),
        ("r5", ("other_brand", "larger", "cheaper")),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"allergens": ("gluten", "milk")},
        {"temperature": "frozen"},
        {"age_limit": 18},
        {"deposit_product_id": UUID(int=8)},
        {"service": True},
        {"sellable": False},
        {"id": BREAD.id},
    ],
)
def test_what_is_not_proposed(changes: dict[str, Any]) -> None:
    assert ranked(Candidate(like(2)._replace(**changes), 9000, 200)) == []


def test_too_few_of_it_are_not_proposed() -> None:
    assert ranked(Candidate(like(2), 1999, 200), missing=2000) == []
    assert ranked(Candidate(like(2, content_quantity=6_000), 3000, 100), missing=2000) == []


def test_an_unknown_price_or_brand_says_nothing() -> None:
    assert ranked(Candidate(like(2, brand=""), 9000, None)) == [("r2", ("same_size",))]
    assert ranked(Candidate(like(2), 9000, 200), price=None) == [("r2", ("same_brand", "same_size"))]


def test_allergens_are_no_reason_to_refuse_what_a_picker_scanned() -> None:
    other = like(2, allergens=("milk", "gluten", "nuts"))
    check_offered(BREAD, other)
    assert added_allergens(BREAD, other) == ("milk", "nuts")
    assert added_allergens(other, BREAD) == ()


def test_who_may_buy_one_bottle_may_be_offered_another() -> None:
    beer = like(3, age_limit=16, deposit_product_id=UUID(int=8))
    check_offered(beer, like(4, age_limit=16, deposit_product_id=UUID(int=8)))
    check_offered(beer, like(4, age_limit=None, deposit_product_id=None))
    with pytest.raises(NotOffered):
        check_offered(beer, like(4, age_limit=18))


@given(some.integers(1, 10_000_000), some.integers(1, 10_000_000), some.integers(1, 10_000_000))
def test_what_is_offered_is_whole_units_and_never_none(missing: int, mine: int, others: int) -> None:
    wanted = like(1, content_quantity=mine, content_unit="ml")
    quantity = quantity_for(wanted, missing, like(2, content_quantity=others, content_unit="ml"))
    assert quantity >= 1000
    assert quantity % 1000 == 0


def test_a_line_number_is_used_once() -> None:
    assert next_line([1, 2, 7, 3]) == 8
