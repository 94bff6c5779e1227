"""What products cost, taken in as a set: margins follow for the days from which on it counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from storeline.insight import commands
from storeline.insight.loading import COSTS_IN, load_costs
from storeline.insight.tests.factories import DAY, Shop, folded, shop, sold, trade
from storeline.kernel.api import GUEST, SYSTEM, Forbidden, LoadResult, run
from storeline.pricing.tests.factories import refusals, stage

pytestmark = pytest.mark.django_db
BEFORE = DAY - timedelta(days=7)


@pytest.fixture
def here() -> Shop:
    made = shop(units=100)
    for day in (BEFORE, DAY):
        sold(made, day=day)
    folded()
    return made


def refs(here: Shop) -> dict[str, Any]:
    sql = "SELECT p.ref, e.ref FROM catalog_product p, places_entity e WHERE p.id = %s AND e.id = %s"
    product, entity = run(sql, [here.products[0], here.entity]).fetchall()[0]
    return {"product": product, "entity": entity, "currency": "USD"}


def load(*rows: dict[str, Any]) -> LoadResult:
    stage("costs", COSTS_IN, rows)
    return load_costs(actor=SYSTEM)


def test_a_cost_counts_from_its_day_on_and_those_days_are_made_anew(here: Shop) -> None:
    row = refs(here) | {"valid_from": DAY, "amount": 1, "per": 2000}
    assert load(row) == LoadResult(inserted=1)
    assert commands.fold_all() == 1
    assert [(one.get("costed"), one.get("cost")) for one in trade(BEFORE) + trade()] == [(None, None), (500, 100)]
    assert load(row) == LoadResult(unchanged=1)
    assert commands.fold_all() == 0
    assert load(row | {"amount": 2}) == LoadResult(updated=1)
    assert commands.fold_all() == 1
    assert [one["cost"] for one in trade()] == [200]


def test_what_is_wrong_is_refused_by_row_and_column_and_nothing_of_it_is_written(here: Shop) -> None:
    good = refs(here) | {"valid_from": DAY, "amount": 1}
    wrong: list[dict[str, Any]] = [
        {"product": "no"},
        {"entity": "no"},
        {"currency": "XXX"},
        {"amount": -1},
        {"valid_from": date(2026, 1, 1)},
    ]
    assert load(*[good | one for one in wrong]) == LoadResult(inserted=1, refused=4)
    assert refusals() == [
        (1, "product", "there is no product with this ref"),
        (2, "entity", "there is no legal entity with this ref"),
        (3, "currency", "not an ISO 4217 code"),
        (4, "amount", "must not be negative"),
    ]
    assert run("SELECT valid_from, amount, base FROM insight_cost").fetchall() == [(date(2026, 1, 1), 100, 1000)]


def test_who_may_not_say_what_things_cost_changes_nothing(here: Shop) -> None:
    stage("costs", COSTS_IN, [refs(here) | {"valid_from": DAY, "amount": 1}])
    with pytest.raises(Forbidden):
        load_costs(actor=GUEST)
    assert run("SELECT count(*) FROM insight_cost").fetchall() == [(0,)]
