"""Promotions for those who make them: found by phase, tried out, guarded against a second editor."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from storeline.catalog.api import gather as gather_products
from storeline.kernel.api import SYSTEM, Actor, Forbidden, NotFound, UnitPrice, clock_at, new_id
from storeline.places.api import PlaceFacts
from storeline.places.api import gather as gather_places
from storeline.pricing import api as pricing
from storeline.pricing.domain.history import lowest_before
from storeline.pricing.domain.offers import first_live
from storeline.pricing.models import Price, Promotion, TaxRate
from storeline.pricing.tests.factories import (
    AT,
    LONG_AGO,
    Shop,
    basket,
    make_category,
    make_place,
    make_product,
    promotion,
)

pytestmark = pytest.mark.django_db
DRAFT = pricing.PromotionDraft(
    "ten", "Ten off", "percentage", AT, AT + timedelta(days=7), rate_ppm=100_000, targets=None
)


def facts(place: Any) -> PlaceFacts:
    return gather_places([place.pk]).result()[place.pk]


def priced(product: Any, amount: int = 200, **terms: Any) -> None:
    Price.objects.create(product=product, amount=amount, currency="EUR", **({"valid_from": LONG_AGO} | terms))


def euros(amount: int) -> UnitPrice:
    return UnitPrice(amount, 1000, "EUR")


def test_they_are_found_by_phase_text_product_and_place() -> None:
    product, place = make_product("a"), make_place("p")
    with clock_at(AT - timedelta(days=1)):
        key = pricing.write_promotion(DRAFT, actor=SYSTEM)
        here = replace(
            DRAFT, ref="here", name="Here 100%", targets=(pricing.TargetDraft(product.pk),), place_ids=(place.pk,)
        )
        local = pricing.write_promotion(here, actor=SYSTEM)
        pricing.schedule_promotion("here", actor=SYSTEM)

    def ids(**asked: Any) -> list[Any]:
        return [row.terms.id for row in pricing.find_promotions(**asked)[0]]

    with clock_at(AT - timedelta(days=1)):
        assert pricing.count_promotions() == {"running": 0, "scheduled": 1, "draft": 1, "ended": 0}
        assert (ids(phase="draft"), ids(phase="scheduled")) == ([key], [local])
    with clock_at(AT):
        assert (ids(phase="running"), ids(text="100%"), ids(text="0%1")) == ([local], [local], [])
        assert (ids(product=product.pk), ids(product=new_id())) == ([local], [])
        assert ids(places=[place.pk]) == sorted([key, local])
        assert ids(places=[new_id()]) == [key]
        assert pricing.count_promotions(places=[new_id()])["running"] == 0
    with clock_at(AT + timedelta(days=7)):
        assert ids(phase="ended") == [local]
    first, after = pricing.find_promotions(limit=1)
    assert [first[0].terms.id, *ids(after=after)] == sorted([key, local])


def test_a_version_changes_with_targets_and_places() -> None:
    product, place = make_product("a"), make_place("p")
    key = pricing.write_promotion(DRAFT, actor=SYSTEM)
    seen = {pricing.view_promotion(key).version}
    for change in ({"targets": (pricing.TargetDraft(product.pk),)}, {"place_ids": (place.pk,)}, {"name": "Eleven"}):
        pricing.write_promotion(replace(DRAFT, **change), actor=SYSTEM)
        seen.add(pricing.view_promotion(key).version)
    assert len(seen) == 4
    pricing.write_promotion(DRAFT, actor=SYSTEM)
    assert pricing.view_promotion(key).version in seen
    with pytest.raises(NotFound):
        pricing.view_promotion(new_id())


def test_the_second_editor_is_refused() -> None:
    key = pricing.write_promotion(DRAFT, actor=SYSTEM)
    seen = pricing.view_promotion(key).version
    pricing.write_promotion(replace(DRAFT, name="First"), seen=seen, actor=SYSTEM)
    with pytest.raises(pricing.PromotionChanged):
        pricing.write_promotion(replace(DRAFT, name="Second"), seen=seen, actor=SYSTEM)
    with clock_at(AT - timedelta(days=1)), pytest.raises(pricing.PromotionChanged):
        pricing.schedule_promotion("ten", seen=seen, actor=SYSTEM)
    assert Promotion.objects.get().name == "First"
    assert Promotion.objects.get().state == "draft"


def test_an_id_names_one_promotion_even_with_another_ref() -> None:
    key = new_id()
    assert pricing.write_promotion(DRAFT, promotion_id=key, actor=SYSTEM) == key
    assert pricing.write_promotion(replace(DRAFT, ref="eleven"), promotion_id=key, actor=SYSTEM) == key
    assert Promotion.objects.get().ref == "eleven"
    with pytest.raises(pricing.RefTaken):
        pricing.write_promotion(replace(DRAFT, ref="eleven"), promotion_id=new_id(), actor=SYSTEM)
    assert Promotion.objects.count() == 1


def test_a_draft_comes_back_as_it_was_written() -> None:
    product, category, place = make_product("a"), make_category("c", "c"), make_place("p")
    draft = replace(
        DRAFT,
        kind="fixed_price",
        rate_ppm=None,
        currency="EUR",
        targets=(
            pricing.TargetDraft(category_id=category.pk, amount=500, base=3000),
            pricing.TargetDraft(product.pk, place_id=place.pk, amount=99),
        ),
        place_ids=(place.pk,),
        channels=("till", "web"),
        weekdays=(1, 7),
        from_minute=60,
        to_minute=120,
        names={"es": "Once"},
    )
    key = pricing.write_promotion(draft, actor=SYSTEM)
    assert pricing.draft_of(pricing.view_promotion(key), pricing.targets_of(key)) == draft


def test_back_to_draft_and_another_end() -> None:
    pricing.write_promotion(DRAFT, actor=SYSTEM)
    with clock_at(AT - timedelta(days=1)):
        pricing.schedule_promotion("ten", actor=SYSTEM)
        for _ in range(2):
            pricing.withdraw_promotion("ten", actor=SYSTEM)
        assert Promotion.objects.get().state == "draft"
        pricing.schedule_promotion("ten", actor=SYSTEM)
    with clock_at(AT):
        with pytest.raises(pricing.PromotionState):
            pricing.withdraw_promotion("ten", actor=SYSTEM)
        with pytest.raises(pricing.PromotionState):
            pricing.set_promotion_end("ten", AT, actor=SYSTEM)
        for _ in range(2):
            pricing.set_promotion_end("ten", AT + timedelta(days=1), actor=SYSTEM)
        assert Promotion.objects.get().ends_at == AT + timedelta(days=1)
        pricing.set_promotion_end("ten", None, actor=SYSTEM)
        assert Promotion.objects.get().ends_at is None
        pricing.end_promotion("ten", actor=SYSTEM)
    with clock_at(AT + timedelta(days=1)), pytest.raises(pricing.PromotionState):
        pricing.set_promotion_end("ten", AT + timedelta(days=9), actor=SYSTEM)


def test_whoever_makes_them_for_some_places_reaches_no_further() -> None:
    own, other = make_place("p"), make_place("q")
    actor = Actor("user", new_id(), frozenset({pricing.PROMOTE}), frozenset({own.pk}))
    for places in (None, (own.pk, other.pk)):
        with pytest.raises(Forbidden):
            pricing.write_promotion(replace(DRAFT, place_ids=places), actor=actor)
    assert not Promotion.objects.exists()
    pricing.write_promotion(replace(DRAFT, place_ids=(own.pk,)), actor=actor)
    pricing.write_promotion(replace(DRAFT, ref="all"), actor=SYSTEM)
    with clock_at(AT - timedelta(days=1)), pytest.raises(Forbidden):
        pricing.schedule_promotion("all", actor=actor)


def test_a_trial_is_the_very_price_beside_what_runs_and_what_was() -> None:
    place = make_place("p")
    product, alone = make_product("a"), make_product("b")
    priced(product, 200)
    priced(product, 150, valid_from=AT - timedelta(days=20), valid_to=AT - timedelta(days=10))
    priced(alone, 100, valid_from=AT - timedelta(days=90), valid_to=AT - timedelta(days=60))
    TaxRate.objects.create(regime="xx", tax_class="standard", rate_ppm=0, inclusive=True, valid_from=LONG_AGO.date())
    other = replace(DRAFT, ref="other", name="Other", rate_ppm=50_000, ends_at=AT + timedelta(days=1))
    goods = list(gather_products([product.pk, alone.pk]).result().values())
    with clock_at(AT - timedelta(days=1)):
        pricing.write_promotion(other, actor=SYSTEM)
        pricing.schedule_promotion("other", actor=SYSTEM)
        key = pricing.write_promotion(DRAFT, actor=SYSTEM)
        pricing.schedule_promotion("ten", actor=SYSTEM)
        draft = replace(DRAFT, rate_ppm=300_000)
        trial = pricing.try_promotion(draft, goods, facts(place), "web", promotion_id=key)
        (line,) = trial.lines
        with_it, without = trial.quote([(line.product, 2000)])
    assert trial.at == AT
    assert (line.shelf, line.before, line.price, line.lowest) == (euros(200), euros(190), euros(140), euros(150))
    assert line.announced == 10
    assert [one.label for one in line.others] == ["Other"]
    assert (with_it.payable, without.payable) == (280, 380)
    assert Promotion.objects.get(ref="ten").rate_ppm == 100_000


def test_a_trial_of_groups_departments_places_and_hours() -> None:
    place, other = make_place("p"), make_place("q")
    fresh = make_category("fr", "fr")
    product = make_product("a", category=make_category("ap", "fr.ap", fresh))
    priced(product, 100)
    TaxRate.objects.create(regime="xx", tax_class="standard", rate_ppm=0, inclusive=True, valid_from=LONG_AGO.date())
    goods = list(gather_products([product.pk]).result().values())
    draft = replace(
        DRAFT, kind="n_for_price", rate_ppm=None, currency="EUR", amount=150, group_size=2, place_ids=(place.pk,),
        targets=(pricing.TargetDraft(category_id=fresh.pk),), weekdays=(1,), from_minute=600, to_minute=660,
    )  # fmt: skip
    with clock_at(AT - timedelta(days=1)):
        trial = pricing.try_promotion(draft, goods, facts(place), "web")
        assert trial.quote([(goods[0], 3000)])[0].payable == 250
        assert trial.at is not None
        assert (trial.at.isoweekday(), trial.at.hour) == (1, 9)  # ten o'clock in Berlin, on the first Monday
        elsewhere = pricing.try_promotion(draft, goods, facts(other), "web")
        assert not elsewhere.lines[0].offered
        assert elsewhere.quote([(goods[0], 3000)])[0].payable == 300
        never = pricing.try_promotion(replace(draft, channels=("till",)), goods, facts(place), "web")
        assert never.at is None


def test_the_first_moment_in_which_one_holds() -> None:
    shop = Shop(new_id())
    at = basket(shop, at=AT)
    assert first_live(promotion("percentage"), at) == AT
    assert first_live(promotion("percentage", starts_at=AT + timedelta(days=3)), at) == AT + timedelta(days=3)
    assert first_live(promotion("percentage", ends_at=AT), at) is None
    assert first_live(promotion("percentage", currency="USD"), at) is None


def test_the_lowest_price_of_the_thirty_days_before() -> None:
    day = timedelta(days=1)
    changes = [(AT - 40 * day, euros(80)), (AT - 29 * day, euros(100)), (AT - 5 * day, euros(90)), (AT, euros(50))]
    assert lowest_before(changes, AT) == euros(80)
    assert lowest_before(changes[1:], AT) == euros(90)
    assert lowest_before([(AT, euros(50))], AT) is None
    assert lowest_before([(AT - 60 * day, euros(70)), (AT - 30 * day, euros(99))], AT) == euros(99)
