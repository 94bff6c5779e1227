"""The audit sees planted errors."""

from __future__ import annotations

from datetime import date

import pytest

from storeline.kernel.api import CHECKS, new_id
from storeline.pricing.models import Price, Promotion, PromotionTarget, TaxRate
from storeline.pricing.tests.factories import LONG_AGO, make_place, make_product

pytestmark = pytest.mark.django_db


def _differences(name: str) -> tuple[str, ...]:
    return CHECKS[f"pricing.{name}"].run().differences


def test_prices_of_unknown_products() -> None:
    known = Price.objects.create(product=make_product("a"), amount=1, currency="EUR", valid_from=LONG_AGO)
    assert _differences("references") == ()
    lost = Price.objects.create(product_id=new_id(), amount=1, currency="EUR", valid_from=LONG_AGO)
    assert known.pk != lost.pk
    assert _differences("references") == (f"price {lost.pk} is of an unknown product or place",)


def test_targets_of_unknown_things() -> None:
    promotion = Promotion.objects.create(
        ref="x", name="x", kind="percentage", state="scheduled", starts_at=LONG_AGO, rate_ppm=1
    )
    PromotionTarget.objects.create(promotion=promotion, product=make_product("a"))
    assert _differences("references") == ()
    PromotionTarget.objects.create(promotion=promotion, product_id=new_id())
    assert _differences("references") == ("promotion x has a target of an unknown product, category or place",)


def test_rates_that_quote_the_other_way() -> None:
    make_place()
    rate = TaxRate.objects.create(regime="xx", tax_class="a", rate_ppm=1, inclusive=True, valid_from=date(2020, 1, 1))
    assert _differences("tax_inclusion") == ()
    rate.inclusive = False
    rate.save()
    assert _differences("tax_inclusion") == ("entity entity-EUR quotes prices with tax, the rates of xx the other way",)


def test_promotions_without_a_value() -> None:
    row = Promotion.objects.create(
        ref="x", name="x", kind="percentage", state="scheduled", starts_at=LONG_AGO, rate_ppm=1
    )
    assert _differences("promotion_values") == ()
    row.rate_ppm = None
    row.save()
    assert _differences("promotion_values") == ("promotion x has targets without a value",)
