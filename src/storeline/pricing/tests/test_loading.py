"""Prices, tax rates and promotions that come as sets."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from storeline.kernel.api import GUEST, SYSTEM, Forbidden, LoadResult, clock_at
from storeline.pricing import api as pricing
from storeline.pricing.models import Price, Promotion, PromotionTarget, TaxRate
from storeline.pricing.tests.factories import make_place, make_product, refusals, stage

pytestmark = pytest.mark.django_db
MARCH = datetime(2024, 3, 1, tzinfo=UTC)
APRIL = datetime(2024, 4, 1, tzinfo=UTC)


def _price(**cells: Any) -> dict[str, Any]:
    return {"product": "a", "currency": "EUR", "valid_from": MARCH, "amount": Decimal("1.99")} | cells


def _stage_promotions(*rows: dict[str, Any]) -> None:
    stage("promotions", pricing.PROMOTIONS_IN, rows)


def _load(*rows: dict[str, Any]) -> LoadResult:
    stage("prices", pricing.PRICES_IN, rows)
    return pricing.load_prices(actor=SYSTEM)


def _stored() -> list[tuple[int, int]]:
    return list(Price.objects.order_by("valid_from", "currency").values_list("amount", "base"))


def test_prices_come_in_exactly_and_a_repeat_changes_nothing() -> None:
    make_product("a")
    rows = [
        _price(),
        _price(valid_from=APRIL, amount=Decimal("2.2991")),
        _price(currency="JPY", amount=Decimal(198), per=3000),
        _price(currency="KWD", amount=Decimal("0.125"), zone="north"),
    ]
    assert _load(*rows) == LoadResult(inserted=4)
    assert sorted(_stored()) == [(125, 1000), (198, 3000), (199, 1000), (22991, 100_000)]
    assert _load(*rows) == LoadResult(unchanged=4)


def test_bad_prices_are_refused_by_row_and_the_rest_is_taken() -> None:
    make_product("a")
    make_place("p1")
    result = _load(
        _price(product="zz"),
        _price(place="nowhere"),
        _price(place="p1", zone="north"),
        _price(currency="XYZ"),
        _price(amount=Decimal(-1)),
        _price(valid_to=MARCH),
        _price(per=0),
        _price(amount=Decimal("0.123456789")),
        _price(),
        _price(amount=Decimal(5)),
    )
    assert result == LoadResult(inserted=1, refused=9)
    assert _stored() == [(199, 1000)]
    assert [(row, column) for row, column, _ in refusals()] == [
        (1, "product"),
        (2, "place"),
        (3, "zone"),
        (4, "currency"),
        (5, "amount"),
        (6, "valid_to"),
        (7, "per"),
        (8, "amount"),
        (10, "product"),
    ]


def test_a_price_that_has_begun_keeps_its_amount_but_may_end() -> None:
    make_product("a")
    _load(_price(), _price(valid_from=APRIL))
    with clock_at(datetime(2024, 3, 15, tzinfo=UTC)):
        result = _load(_price(amount=Decimal(5)), _price(valid_from=APRIL, amount=Decimal(6)))
        assert result == LoadResult(updated=1, refused=1)
        assert refusals()[0][:2] == (1, "amount")
        assert _stored() == [(199, 1000), (600, 1000)]
        assert _load(_price(valid_to=APRIL)) == LoadResult(updated=1)
    assert Price.objects.get(valid_from=MARCH).valid_to == APRIL


def test_loads_need_their_permission() -> None:
    stage("prices", pricing.PRICES_IN, [_price()])
    with pytest.raises(Forbidden):
        pricing.load_prices(actor=GUEST)
    assert not Price.objects.exists()


def test_tax_rates() -> None:
    rows: list[dict[str, Any]] = [
        {"regime": "us", "tax_class": "food", "region": "NY", "valid_from": date(2024, 1, 1), "rate": Decimal("8.875")},
        {"regime": "us", "tax_class": "food", "valid_from": date(2024, 1, 1), "rate": Decimal(0)},
        {"regime": "us", "tax_class": "", "valid_from": date(2024, 1, 1), "rate": Decimal(0)},
        {"regime": "us", "tax_class": "toys", "valid_from": date(2024, 1, 1), "rate": Decimal("1.23456")},
        {"regime": "us", "tax_class": "pens", "valid_from": date(2024, 1, 1), "rate": Decimal(1), "included": True},
    ]
    stage("tax_rates", pricing.TAX_RATES_IN, rows)
    assert pricing.load_tax_rates(actor=SYSTEM) == LoadResult(inserted=2, refused=3)
    assert [row[:2] for row in refusals()] == [(3, "tax_class"), (4, "rate"), (5, "included")]
    assert sorted(TaxRate.objects.values_list("region", "rate_ppm")) == [("", 0), ("NY", 88_750)]
    stage("tax_rates", pricing.TAX_RATES_IN, rows[:2])
    assert pricing.load_tax_rates(actor=SYSTEM) == LoadResult(unchanged=2)


PROMOTION: dict[str, Any] = {"ref": "week12", "name": "Week 12", "starts_at": MARCH}


def test_promotions_with_items_and_places() -> None:
    product, place = make_product("a"), make_place("p1")
    _stage_promotions(
        PROMOTION | {"kind": "member_price", "currency": "EUR"},
        PROMOTION | {"ref": "three", "kind": "n_for_price", "currency": "EUR", "value": Decimal(5), "n": 3},
        PROMOTION | {"ref": "ten", "kind": "percentage", "value": Decimal("12.5")},
    )
    assert pricing.load_promotions(actor=SYSTEM) == LoadResult(inserted=3)
    assert list(
        Promotion.objects.order_by("ref").values_list(
            "ref", "kind", "amount", "rate_ppm", "group_size", "member_only", "everything"
        )
    ) == [
        ("ten", "percentage", None, 125_000, None, False, True),
        ("three", "n_for_price", 500, None, 3, False, True),
        ("week12", "fixed_price", None, None, None, True, True),
    ]
    items: list[dict[str, Any]] = [
        {"promotion": "week12", "product": "a", "value": Decimal("0.999"), "per": 1000},
        {"promotion": "week12", "product": "zz", "value": Decimal(1)},
        {"promotion": "week12", "product": "a", "place": "p1"},
        {"promotion": "none", "product": "a"},
    ]
    stage("promotion_items", pricing.PROMOTION_ITEMS_IN, items)
    assert pricing.load_promotion_items(actor=SYSTEM) == LoadResult(inserted=1, refused=3)
    assert [row[:2] for row in refusals()] == [(2, "product"), (3, "value"), (4, "promotion")]
    target = PromotionTarget.objects.get()
    assert (target.product_id, target.amount, target.base) == (product.pk, 999, 10_000)
    assert not Promotion.objects.get(ref="week12").everything
    stage("promotion_places", pricing.PROMOTION_PLACES_IN, [{"promotion": "ten", "place": "p1"}])
    assert pricing.load_promotion_places(actor=SYSTEM) == LoadResult(inserted=1)
    assert not Promotion.objects.get(ref="ten").everywhere
    assert place.pk is not None
    stage("promotion_items", pricing.PROMOTION_ITEMS_IN, items[:1])
    assert pricing.load_promotion_items(actor=SYSTEM) == LoadResult(unchanged=1)


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"kind": "bogof"}, "kind"),
        ({"kind": "fixed_price", "value": Decimal(1)}, "currency"),
        ({"kind": "percentage", "value": Decimal(101)}, "value"),
        ({"kind": "n_for_price", "value": Decimal(1), "currency": "EUR"}, "n"),
        ({"kind": "n_for_price", "value": Decimal("1.999"), "currency": "EUR", "n": 2}, "value"),
        ({"kind": "percentage", "value": Decimal(1), "stackable": True, "max_uses": 2}, "stackable"),
        ({"kind": "percentage", "value": Decimal(1), "max_uses": 0}, "max_uses"),
        ({"kind": "percentage", "value": Decimal(1), "funder": "me"}, "funder"),
        ({"kind": "percentage", "value": Decimal(1), "ends_at": datetime(2024, 2, 1, tzinfo=UTC)}, "ends_at"),
    ],
)
def test_bad_promotions_are_refused(cells: dict[str, Any], column: str) -> None:
    stage("promotions", pricing.PROMOTIONS_IN, [PROMOTION | cells])
    assert pricing.load_promotions(actor=SYSTEM) == LoadResult(refused=1)
    assert [row[:2] for row in refusals()] == [(1, column)]
    assert not Promotion.objects.exists()
