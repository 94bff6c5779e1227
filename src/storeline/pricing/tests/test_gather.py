"""The price book, read from the database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from storeline.catalog.api import gather as gather_products
from storeline.kernel.api import new_id, pipeline, waits
from storeline.places.api import gather as gather_places
from storeline.pricing import api as pricing
from storeline.pricing.models import Price, Promotion, PromotionPlace, PromotionTarget, TaxRate
from storeline.pricing.tests.factories import AT, LONG_AGO, make_category, make_place, make_product

Product: Any = apps.get_model("catalog", "Product")
Place: Any = apps.get_model("places", "Place")

pytestmark = pytest.mark.django_db


def _price(product: Product, amount: int, **facts: Any) -> Price:
    values = {"currency": "EUR", "valid_from": LONG_AGO, "amount": amount}
    return Price.objects.create(product=product, **(values | facts))


def _unit(place: Place, product: Product, channel: str = "store", *, member: bool = False, at: datetime = AT) -> int:
    """What one unit costs: the whole way from the rows to the quote."""
    return _quote(place, product, channel, member=member, at=at).amount


def _quote(
    place: Place, product: Product, channel: str = "store", *, member: bool = False, at: datetime = AT
) -> pricing.Quote:
    facts = gather_places([place.pk]).result()[place.pk]
    key = pricing.PriceKey(product.pk, place.pk, facts.price_zone, channel, at)
    book = pricing.gather([key]).result()
    line = pricing.BasketLine(gather_products([product.pk]).result()[product.pk], 1000)
    return pricing.price_basket(pricing.Basket(facts, channel, at, (line,), member=member), book)


@pytest.fixture
def product() -> Product:
    TaxRate.objects.create(
        regime="xx", tax_class="standard", rate_ppm=190_000, inclusive=True, valid_from=date(2020, 1, 1)
    )
    return make_product("a")


def test_the_most_specific_price_holds(product: Product) -> None:
    place, other = make_place("p1", price_zone="north"), make_place("p2")
    _price(product, 100)
    assert _unit(place, product) == 100
    _price(product, 90, price_zone="north")
    assert (_unit(place, product), _unit(other, product)) == (90, 100)
    _price(product, 80, place=place)
    assert (_unit(place, product), _unit(other, product)) == (80, 100)
    _price(product, 85, place=place, channel="web")
    assert (_unit(place, product), _unit(place, product, "web")) == (80, 85)
    _price(product, 70, place=place, member=True)
    assert (_unit(place, product), _unit(place, product, member=True)) == (80, 70)
    _price(product, 1, currency="USD", place=place)
    assert _unit(place, product) == 80


def test_the_newest_of_the_valid_prices_holds(product: Product) -> None:
    place = make_place()
    _price(product, 100)
    _price(product, 60, valid_from=AT, valid_to=AT + timedelta(days=7))
    moments = [AT - timedelta(microseconds=1), AT, AT + timedelta(days=7)]
    assert [_unit(place, product, at=at) for at in moments] == [100, 60, 100]


def test_a_missing_price_or_rate_is_refused(product: Product) -> None:
    place = make_place()
    with pytest.raises(pricing.PriceMissing) as refusal:
        _unit(place, product)
    assert refusal.value.field == "lines[0].product"
    _price(product, 100, valid_from=AT + timedelta(seconds=1))
    with pytest.raises(pricing.PriceMissing):
        _unit(place, product)
    _price(product, 100)
    product.tax_class = "unknown"
    product.save()
    with pytest.raises(pricing.TaxRateMissing):
        _unit(place, product)


def test_tax_of_the_region_goes_first_and_changes_on_the_local_day(product: Product) -> None:
    place = make_place(tax_region="by", zone="America/New_York")
    _price(product, 1000)
    TaxRate.objects.create(
        regime="xx", region="by", tax_class="standard", rate_ppm=70_000, inclusive=True, valid_from=date(2024, 3, 15)
    )
    midnight = datetime(2024, 3, 15, 4, tzinfo=UTC)
    rates = [_quote(place, product, at=at).lines[0].tax_rate_ppm for at in (midnight - timedelta(seconds=1), midnight)]
    assert rates == [190_000, 70_000]


def _promotion(ref: str, rate_ppm: int, **terms: Any) -> Promotion:
    values = {"name": ref, "kind": "percentage", "state": "scheduled", "starts_at": LONG_AGO, "everything": False}
    return Promotion.objects.create(ref=ref, rate_ppm=rate_ppm, **(values | terms))


def test_promotions_by_product_category_place_and_for_everything(product: Product) -> None:
    place, other = make_place("p1"), make_place("p2")
    food = make_category("food", "food")
    fruit = make_category("fruit", "food.fruit", food)
    toys = make_category("toys", "toys")
    product.category = fruit
    product.save()
    _price(product, 1000)
    PromotionTarget.objects.create(promotion=_promotion("toys", 900_000), category=toys)
    _promotion("nothing", 900_000)
    _promotion("draft", 900_000, state="draft", everything=True)
    assert _unit(place, product) == 1000
    _promotion("all", 10_000, everything=True)
    assert _unit(place, product) == 990
    PromotionTarget.objects.create(promotion=_promotion("food", 100_000), category=food)
    assert _unit(place, product) == 900
    listed = _promotion("listed", 200_000, everywhere=False)
    PromotionTarget.objects.create(promotion=listed, product=product)
    assert _unit(place, product) == 900
    PromotionPlace.objects.create(promotion=listed, place=place)
    assert (_unit(place, product), _unit(other, product)) == (800, 900)
    PromotionTarget.objects.create(promotion=listed, product=product, place=place, rate_ppm=500_000)
    assert _unit(place, product) == 500


def test_many_keys_cost_one_wait_and_no_statement_each(product: Product) -> None:
    place = make_place()
    products = [product, *(make_product(f"b{number}") for number in range(50))]
    for each in products:
        _price(each, 100)
    keys = [
        pricing.PriceKey(each.pk, place.pk, None, "store", AT + timedelta(seconds=number))
        for number, each in enumerate(products)
    ]
    with waits() as count:
        with pipeline():
            pending = pricing.gather(keys)
        book = pending.result()
    assert (count.waits, len(book.prices), len(book.rates)) == (1, 51, 1)
    assert pricing.gather([]).result() == pricing.PriceBook({}, {})
    unknown = pricing.gather([pricing.PriceKey(new_id(), new_id(), None, "store", AT)]).result()
    assert unknown == pricing.PriceBook({}, {}, {})
