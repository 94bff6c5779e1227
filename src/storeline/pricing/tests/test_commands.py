"""The life of a promotion, and prices put in by a program."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps

from storeline.catalog.api import gather as gather_products
from storeline.kernel.api import (
    GUEST,
    SYSTEM,
    Forbidden,
    Invalid,
    LoadResult,
    NotFound,
    UnitPrice,
    clock_at,
    new_id,
    run,
)
from storeline.places.api import PlaceFacts
from storeline.places.api import gather as gather_places
from storeline.pricing import api as pricing
from storeline.pricing.models import Price, Promotion, PromotionTarget
from storeline.pricing.tests.factories import AT, LONG_AGO, make_category, make_place, make_product

Place: Any = apps.get_model("places", "Place")

pytestmark = pytest.mark.django_db
DRAFT = pricing.PromotionDraft(
    "ten", "Ten off", "percentage", AT, AT + timedelta(days=7), rate_ppm=100_000, targets=None
)


def _facts(place: Place) -> PlaceFacts:
    return gather_places([place.pk]).result()[place.pk]


def _state(ref: str = "ten") -> tuple[Any, ...]:
    row = Promotion.objects.get(ref=ref)
    return row.state, row.starts_at, row.ends_at


def test_a_promotion_is_written_changed_scheduled_and_ended() -> None:
    product = make_product("a")
    with clock_at(AT - timedelta(days=1)):
        key = pricing.write_promotion(DRAFT, actor=SYSTEM)
        target = pricing.TargetDraft(product_id=product.pk, rate_ppm=200_000)
        assert pricing.write_promotion(replace(DRAFT, targets=(target, target)), actor=SYSTEM) == key
        assert PromotionTarget.objects.get().rate_ppm == 200_000
        for _ in range(2):
            pricing.schedule_promotion("ten", actor=SYSTEM)
        assert _state() == ("scheduled", AT, AT + timedelta(days=7))
        with pytest.raises(pricing.PromotionState):
            pricing.write_promotion(DRAFT, actor=SYSTEM)
    moment = AT + timedelta(days=1)
    with clock_at(moment):
        pricing.end_promotion("ten", actor=SYSTEM)
    with clock_at(moment + timedelta(days=1)):
        pricing.end_promotion("ten", actor=SYSTEM)
    assert _state() == ("scheduled", AT, moment)
    actions = run("SELECT action FROM kernel_trail ORDER BY id").fetchall()
    assert [row[0] for row in actions] == [
        "pricing.write_promotion",
        "pricing.write_promotion",
        "pricing.schedule_promotion",
        "pricing.end_promotion",
    ]


def test_one_that_has_not_begun_never_will() -> None:
    with clock_at(AT - timedelta(days=1)):
        pricing.write_promotion(DRAFT, actor=SYSTEM)
        pricing.schedule_promotion("ten", actor=SYSTEM)
        pricing.end_promotion("ten", actor=SYSTEM)
        assert _state()[0] == "cancelled"
        with pytest.raises(pricing.PromotionState):
            pricing.schedule_promotion("ten", actor=SYSTEM)


def test_what_is_over_or_about_nothing_is_not_scheduled() -> None:
    pricing.write_promotion(DRAFT, actor=SYSTEM)
    pricing.write_promotion(replace(DRAFT, ref="none", targets=()), actor=SYSTEM)
    with clock_at(AT + timedelta(days=7)):
        for ref, field in (("ten", "ends_at"), ("none", "targets")):
            with (
                clock_at(AT) if ref == "none" else clock_at(AT + timedelta(days=7)),
                pytest.raises(pricing.PromotionState) as caught,
            ):
                pricing.schedule_promotion(ref, actor=SYSTEM)
            assert caught.value.field == field
    assert set(Promotion.objects.values_list("state", flat=True)) == {"draft"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ref": " "}, "ref"),
        ({"name": ""}, "name"),
        ({"kind": "bogof"}, "kind"),
        ({"funder": "me"}, "funder"),
        ({"rate_ppm": 0}, "rate_ppm"),
        ({"rate_ppm": 1_000_001}, "rate_ppm"),
        ({"rate_ppm": None}, "rate_ppm"),
        ({"amount": 1}, "amount"),
        ({"currency": "XXZ"}, "currency"),
        ({"kind": "fixed_price", "rate_ppm": None, "amount": 1}, "currency"),
        ({"kind": "n_for_price", "rate_ppm": None, "amount": 1, "currency": "EUR"}, "group_size"),
        ({"kind": "n_for_price", "rate_ppm": None, "currency": "EUR", "group_size": 2}, "amount"),
        ({"kind": "amount", "rate_ppm": None, "amount": 5, "base": 0, "currency": "EUR"}, "base"),
        ({"stackable": True, "exclusive": True}, "stackable"),
        ({"max_uses": 0}, "max_uses"),
        ({"ends_at": AT}, "ends_at"),
        ({"weekdays": (0,)}, "weekdays"),
        ({"from_minute": 5}, "to_minute"),
        ({"from_minute": 5, "to_minute": 5}, "to_minute"),
        ({"targets": (pricing.TargetDraft(),)}, "targets[0].product"),
        ({"targets": (pricing.TargetDraft(product_id=new_id(), amount=1),)}, "targets[0].amount"),
    ],
)
def test_terms_that_make_no_sense_are_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        pricing.write_promotion(replace(DRAFT, **change), actor=SYSTEM)
    assert caught.value.field == field
    assert not Promotion.objects.exists()


def test_unknown_targets_and_missing_permissions_are_refused() -> None:
    for change in (
        {"targets": (pricing.TargetDraft(product_id=new_id()),)},
        {"targets": (pricing.TargetDraft(category_id=new_id()),)},
        {"place_ids": (new_id(),)},
    ):
        with pytest.raises(NotFound):
            pricing.write_promotion(replace(DRAFT, **change), actor=SYSTEM)
    for deed in (pricing.schedule_promotion, pricing.end_promotion):
        with pytest.raises(NotFound):
            deed("none", actor=SYSTEM)
        with pytest.raises(Forbidden):
            deed("none", actor=GUEST)
    with pytest.raises(Forbidden):
        pricing.write_promotion(DRAFT, actor=GUEST)
    assert not Promotion.objects.exists()


def test_a_preview_shows_what_a_draft_will_do() -> None:
    place, food = make_place(), make_category("food", "food")
    for ref, amount in (("a", 200), ("b", 100)):
        product = make_product(ref, category=food)
        Price.objects.create(product=product, amount=amount, currency="EUR", valid_from=LONG_AGO)
    make_product("unpriced", category=food)
    target = pricing.TargetDraft(category_id=food.pk)
    with clock_at(AT - timedelta(days=1)):
        pricing.write_promotion(replace(DRAFT, targets=(target,)), actor=SYSTEM)
        lines = pricing.preview_promotion("ten", _facts(place), "store")
    assert [(line.regular.amount, line.price.amount) for line in lines] == [(200, 180), (100, 90)]


def test_prices_put_in_have_their_own_verdicts() -> None:
    make_product("a")
    row = {"product": "a", "currency": "EUR", "valid_from": AT, "amount": Decimal("1.99"), "member": False}
    put = pricing.put_prices([row, row | {"product": "zz"}, row], actor=SYSTEM)
    assert put.result == LoadResult(inserted=1, refused=2)
    assert sorted(put.errors) == [1, 2]
    assert pricing.put_prices([row], actor=SYSTEM).result == LoadResult(unchanged=1)
    with pytest.raises(Forbidden):
        pricing.put_prices([row], actor=GUEST)
    with pytest.raises(Invalid):
        pricing.put_prices([row] * 1001, actor=SYSTEM)
    assert Price.objects.count() == 1


def test_the_shelf_shows_reductions_members_groups_and_unit_prices() -> None:
    place = make_place()
    cola = make_product("cola", content_quantity=1_500_000, content_unit="ml")
    Price.objects.create(product=cola, amount=199, currency="EUR", valid_from=LONG_AGO)
    Price.objects.create(
        product=cola, amount=149, currency="EUR", valid_from=AT - timedelta(days=20), valid_to=AT - timedelta(days=13)
    )
    Price.objects.create(product=cola, amount=179, currency="EUR", valid_from=LONG_AGO, member=True)
    make_product("unpriced")
    facts = gather_products([cola.pk]).result()[cola.pk]

    def shown(**how: Any) -> pricing.ShelfPrice:
        return pricing.shelf_prices([facts], _facts(place), "store", AT, **how)[cola.pk]

    plain = shown()
    assert (plain.price, plain.regular, plain.lowest_30_days) == (UnitPrice(199, 1000, "EUR"), None, None)
    assert plain.member_price == UnitPrice(179, 1000, "EUR")
    assert plain.display == pricing.UnitPriceDisplay(133, "l", "EUR")
    assert shown(member=True).price == UnitPrice(179, 1000, "EUR")
    cards = Promotion.objects.create(
        ref="cards",
        name="cards",
        kind="percentage",
        rate_ppm=200_000,
        state="scheduled",
        starts_at=AT,
        member_only=True,
    )
    assert (shown().price.amount, shown().regular, shown().member_price) == (199, None, UnitPrice(159, 1000, "EUR"))
    assert (shown(member=True).price.amount, shown(member=True).label) == (159, "cards")
    cards.delete()
    for ref, kind, value in (
        ("sale", "percentage", {"rate_ppm": 250_000}),
        ("3for", "n_for_price", {"amount": 400, "group_size": 3, "currency": "EUR"}),
    ):
        names = {"fr": f"{ref} en français"}
        Promotion.objects.create(
            ref=ref, name=ref, names=names, kind=kind, state="scheduled", starts_at=AT - timedelta(days=2), **value
        )
    sale = shown()
    assert (sale.price.amount, sale.regular, sale.label) == (149, UnitPrice(199, 1000, "EUR"), "sale")
    assert sale.title.names == {"fr": "sale en français"}
    assert [(one.name, one.names) for one in sale.offers] == [("3for", {"fr": "3for en français"})]
    assert sale.lowest_30_days == UnitPrice(149, 1000, "EUR")
    prior = pricing.lowest_price_30_days(cola.pk, _facts(place), "store", AT)
    assert prior == pricing.PriorPrice(UnitPrice(149, 1000, "EUR"), AT - timedelta(days=2))
    assert pricing.lowest_price_30_days(cola.pk, _facts(place), "store", AT - timedelta(days=3)) is None


def test_lists() -> None:
    product, place = make_product("a"), make_place()
    for day in range(3):
        Price.objects.create(
            product=product,
            amount=day,
            currency="EUR",
            valid_from=datetime(2024, 1, 1 + day, tzinfo=UTC),
            place=place if day else None,
        )
    first, after = pricing.list_prices(product.pk, limit=2)
    second, end = pricing.list_prices(product.pk, cursor=after, limit=2)
    assert ([row.price.amount for row in first], [row.price.amount for row in second], end) == ([2, 1], [0], None)
    assert len(pricing.list_prices(product.pk, new_id())[0]) == 1
    for ref in ("a", "b"):
        pricing.write_promotion(replace(DRAFT, ref=ref), actor=SYSTEM)
    with clock_at(AT):
        pricing.schedule_promotion("b", actor=SYSTEM)
        assert [row.ref for row in pricing.list_promotions(running=True)[0]] == ["b"]
    assert [row.ref for row in pricing.list_promotions(state="draft")[0]] == ["a"]
    page, more = pricing.list_promotions(limit=1)
    assert ([row.ref for row in page], more) == (["a"], "a")
    with pytest.raises(Invalid):
        pricing.list_prices(product.pk, limit=0)
    with pytest.raises(NotFound):
        pricing.get_promotion("none")
