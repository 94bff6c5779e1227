"""Figures as they are asked for: spans, comparisons, places, categories, hours."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from storeline.insight import api as insight
from storeline.insight import availability
from storeline.insight.tests.factories import DAY, Shop, at, folded, make, second_shop, shop, sold
from storeline.kernel.api import SYSTEM, Actor, clock_at, new_id, run
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
LONG_AGO = date(2000, 1, 1)


@pytest.fixture
def here() -> Shop:
    return shop(units=100)


def days(first: date, last: date | None = None) -> insight.Span:
    return insight.Span(first, last or first)


def everywhere(**narrow: object) -> insight.Scope:
    return insight.Scope(None, "USD", **narrow)  # type: ignore[arg-type]


def manager(*place_ids: UUID) -> Actor:
    return Actor("user", None, frozenset({insight.VIEW}), frozenset(place_ids))


def test_a_day_is_compared_with_the_week_and_the_year_before(here: Shop) -> None:
    for day, cents in ((DAY, 500), (DAY - WEEK, 400), (DAY - 52 * WEEK, 100), (DAY - 53 * WEEK, 7)):
        sold(here, ((1, cents),), day)
    folded()
    found = insight.series(everywhere(), days(DAY), DAY - 53 * WEEK).result()
    compared = found.compared
    assert compared.now.sales == 500
    assert compared.before is not None
    assert compared.before.sales == 400
    assert compared.year_before is not None
    assert compared.year_before.sales == 100
    assert [each.sales for each in found.spark] == [*[0] * 20, 400, *[0] * 6, 500]


def test_what_lies_before_all_trade_is_no_comparison_but_a_closed_day_is_nothing(here: Shop) -> None:
    sold(here, ((1, 500),), DAY)
    sold(here, ((1, 300),), DAY - timedelta(days=8))
    folded()
    compared = insight.series(everywhere(), days(DAY), DAY - timedelta(days=8)).result().compared
    assert compared.before == insight.Sums(), "the shop was closed"
    assert compared.year_before is None, "nothing is held so far back"
    compared = insight.series(everywhere(), days(DAY), DAY - timedelta(days=6)).result().compared
    assert compared.before is None


def test_points_stand_beside_those_of_the_days_before(here: Shop) -> None:
    for number in (0, 1, 6, 7, 12):
        sold(here, ((1, 100 + number),), DAY + timedelta(days=number))
    folded()
    span = days(DAY + WEEK, DAY + timedelta(days=13))
    found = insight.series(everywhere(), span, DAY).result().compared
    assert [point.now.sales for point in found.points] == [107, 0, 0, 0, 0, 112, 0]
    assert [point.before and point.before.sales for point in found.points] == [100, 101, 0, 0, 0, 0, 106]
    assert found.now.sales == 219
    assert found.before is not None
    assert found.before.sales == 307


def test_a_long_span_is_drawn_by_weeks_and_its_last_may_be_short(here: Shop) -> None:
    for number in (0, 6, 7, 98, 99):
        sold(here, ((1, 1 + number),), DAY + timedelta(days=number))
    folded()
    span = days(DAY, DAY + timedelta(days=99))
    points = insight.series(everywhere(), span, DAY).result().compared.points
    assert len(points) == 15
    assert [(point.day, point.now.sales) for point in points if point.now.sales] == [
        (DAY, 8),
        (DAY + WEEK, 8),
        (DAY + 14 * WEEK, 199),
    ]


def test_channels_and_the_online_share(here: Shop) -> None:
    sold(here, ((1, 300),))
    sold(here, ((1, 100),), channel="marketplace")
    folded()
    found = insight.series(everywhere(), days(DAY), LONG_AGO).result()
    assert {name: of.now.sales for name, of in found.channels.items()} == {"marketplace": 100, "till": 300}
    assert (found.compared.now.online_sales, found.compared.now.online_baskets) == (100, 1)
    only = insight.series(everywhere(channel="till"), days(DAY), LONG_AGO).result()
    assert only.compared.now.sales == 300


def test_currencies_are_never_added(here: Shop) -> None:
    abroad = second_shop(here, currency="EUR")
    sold(here, ((1, 500),))
    sold(abroad, ((1, 900),))
    sold(here, ((1, 100),))
    folded()
    found = insight.ground(SYSTEM, insight.VIEW, insight.Scope(None))
    assert found.held == (insight.Held("USD", DAY, DAY), insight.Held("EUR", DAY, DAY))
    assert insight.series(everywhere(), days(DAY), LONG_AGO).result().compared.now.sales == 600
    euro = insight.Scope(None, "EUR")
    assert insight.series(euro, days(DAY), LONG_AGO).result().compared.now.sales == 900
    assert [each.sales for each in insight.by_place(everywhere(), days(DAY), LONG_AGO).result().items] == [600]
    entity = everywhere(entity_id=abroad.entity)
    assert insight.series(entity, days(DAY), LONG_AGO).result().compared.now.sales == 0


def test_places_by_sales_over_months_and_edges(here: Shop) -> None:
    there = second_shop(here)
    for day, cents in (
        (date(2026, 1, 31), 1),
        (date(2026, 2, 10), 20),
        (date(2026, 3, 1), 300),
        (date(2026, 3, 2), 4000),
    ):
        sold(here, ((1, cents),), day)
    sold(there, ((1, 700),), date(2026, 2, 20))
    folded()
    span = days(date(2026, 1, 31), date(2026, 3, 1))
    found = insight.by_place(everywhere(), span, LONG_AGO).result()
    assert [(each.ref, each.sales, each.baskets) for each in found.items] == [("p2", 700, 1), ("p", 321, 3)]
    own = insight.by_place(insight.Scope((here.place,), "USD"), span, LONG_AGO).result()
    assert [(each.ref, each.sales) for each in own.items] == [("p", 321)]
    assert found.count == 2
    second = insight.by_place(everywhere(), span, LONG_AGO, limit=1, skip=1).result()
    assert ([each.ref for each in second.items], second.count) == (["p"], 2)
    shown = [
        each.ref
        for words in ("other", "sHO", "%", "oh p2", "nothing")
        for each in insight.by_place(everywhere(), span, LONG_AGO, words=words).result().items
    ]
    assert shown == ["p2", "p2", "p", "p2"]


def test_departments_and_their_categories(here: Shop) -> None:
    food = make("catalog.Category", ref="food", name="Food")
    milk = make("catalog.Category", ref="milk", name="Milk", parent_id=food)
    run("UPDATE catalog_category SET path = 'food' WHERE ref = 'food'")
    run("UPDATE catalog_category SET path = 'food.milk' WHERE ref = 'milk'")
    run("UPDATE catalog_product SET category_id = %s WHERE id = %s", [milk, here.products[0]])
    run("UPDATE catalog_product SET category_id = %s WHERE id = %s", [food, here.products[1]])
    sold(here, ((1, 100), (1, 200), (1, 50)))
    sold(here, ((1, 10),), DAY - WEEK)
    folded()
    for scope in (everywhere(), insight.Scope((here.place,), "USD")):
        found = insight.by_category(scope, days(DAY), LONG_AGO).result()
        assert [(each.ref, each.sales, each.sales_before) for each in found] == [("food", 300, 10), ("", 50, 0)]
        inside = insight.by_category(scope, days(DAY), LONG_AGO, department_id=food).result()
        assert [(each.ref, each.sales) for each in inside] == [("food", 200), ("milk", 100)]


def test_hours_and_what_had_come_by_this_time_of_day(here: Shop) -> None:
    for day, hour, cents in (
        (DAY, 9, 100),
        (DAY, 11, 40),
        (DAY - WEEK, 9, 200),
        (DAY - WEEK, 11, 60),
        (DAY - WEEK, 15, 999),
    ):
        sold(here, ((1, cents),), day, hour)
    folded()
    with clock_at(at(DAY, 11, 30)):
        found = insight.hours(everywhere(), [DAY, DAY - WEEK], ["America/New_York"], DAY).result()
    assert [(hour.hour, hour.sales) for hour in found[DAY]] == [(9, 100), (11, 40)]
    assert [(hour.hour, hour.sales) for hour in found[DAY - WEEK]] == [(9, 200), (11, 60), (15, 999)]
    assert insight.so_far(found[DAY - WEEK]) == insight.SoFar(230, 2, 0), "half of the hour under way"


def test_whose_figures_a_person_sees(here: Shop) -> None:
    there = second_shop(here)
    assert insight.reach(SYSTEM, insight.VIEW) is None
    assert insight.reach(SYSTEM, insight.VIEW, format_="convenience") == (there.place,)
    assert insight.reach(SYSTEM, insight.VIEW, region="OH") == (there.place,)
    assert insight.reach(manager(here.place), insight.VIEW) == (here.place,)
    assert insight.reach(manager(here.place), insight.VIEW, place_id=there.place) == ()
    sold(here, ((1, 100),))
    sold(there, ((1, 200),))
    folded()
    own = insight.ground(manager(here.place), insight.VIEW, insight.Scope((here.place,)))
    assert (own.formats, own.regions) == (("supermarket",), ())
    assert insight.ground(manager(), insight.VIEW, insight.Scope(())).held == ()


def test_a_day_begins_where_the_last_place_begins_it(here: Shop) -> None:
    make(
        "places.Place",
        ref="far",
        entity_id=here.entity,
        name="Far",
        format="supermarket",
        zone="Pacific/Auckland",
        country="NZ",
    )
    with clock_at(at(DAY, 10)):
        found = insight.ground(SYSTEM, insight.VIEW, insight.Scope(None))
        assert found.today == DAY


def test_availability_is_of_the_range_that_can_be_sold(here: Shop) -> None:
    stock.adjust([stock.Goods(new_id(), 1, here.place, here.products[1], -100_000, "missing")], actor=SYSTEM)
    with clock_at(at(DAY, 10)):
        assert availability.look() == 1
        assert availability.look() == 0, "it was just looked at"
        found = insight.shelves(insight.Scope(None, "USD"), DAY).result()
    assert found is not None
    assert (found.places, found.listed, found.available) == (1, 3, 2)
    make("catalog.Listing", place_id=here.place, product_id=here.products[1])
    make("catalog.Listing", place_id=here.place, product_id=here.products[0], ends_on=DAY - WEEK)
    with clock_at(at(DAY, 11)):
        availability.look()
        found = insight.shelves(insight.Scope((here.place,), "USD"), DAY).result()
    assert found is not None
    assert (found.places, found.listed, found.available) == (1, 1, 0)
    assert insight.shelves(insight.Scope(None, "USD"), DAY + timedelta(days=2)).result() is None


def test_a_change_is_told_by_the_version(here: Shop) -> None:
    before = insight.ground(SYSTEM, insight.VIEW, insight.Scope(None))
    assert (before.version, before.at) == (0, None)
    sold(here)
    folded()
    assert insight.ground(SYSTEM, insight.VIEW, insight.Scope(None)).version == 1
    assert folded() == 1
    assert insight.ground(SYSTEM, insight.VIEW, insight.Scope(None)).version == 2
