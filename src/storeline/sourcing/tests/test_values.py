"""What units are worth where they stand, made from what moved and what was planned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from storeline.kernel.api import SYSTEM, clock_at, new_id, run
from storeline.places import api as places
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock
from storeline.stock.tests.factories import make_place, make_products, move, post

AT = datetime(2017, 6, 1, 12, tzinfo=UTC)
HERE = places.Position(50.0, 5.0)
PRICE = 4_000
MARGIN = 250
"""Thousandths of the price, where no policy says."""


@pytest.fixture(autouse=True)
def _clock():
    with clock_at(AT):
        yield


@pytest.fixture
def one(db) -> UUID:
    [product] = make_products(1)
    run(
        "INSERT INTO pricing_price (id, product_id, amount, base, currency, member, valid_from)"
        " VALUES (%s, %s, %s, 1000, 'USD', false, '2000-01-01')",
        [new_id(), product, PRICE],
    )
    return product


@pytest.fixture
def near(db) -> UUID:
    return shop("near", 50.1)


@pytest.fixture
def far(db) -> UUID:
    return shop("far", 50.2)


def shop(ref: str, latitude: float) -> UUID:
    return make_place(ref, latitude=latitude, longitude=5.0, capabilities=["sell", "ship"])


def ask(product: UUID) -> sourcing.Sourced:
    return sourcing.plan([sourcing.WantedLine(product, 1_000)], HERE, channel="web")


def saved_by(sourced: sourcing.Sourced) -> tuple[tuple[UUID, ...], int]:
    """Who serves, and what the next best would cost more."""
    plan = sourced.plan
    assert plan is not None
    assert plan.next_cost is not None
    return plan.places, plan.next_cost - plan.cost


def sell(place: UUID, product: UUID, units: int) -> None:
    post(*[move(place, product, -1_000) for _ in range(units)])


def opened(place: UUID, product: UUID, quantity: int) -> None:
    """What is there without having been received in these weeks."""
    receive(place, product, quantity, days=60)


def receive(place: UUID, product: UUID, quantity: int, *, days: int) -> None:
    at = AT - timedelta(days=days)
    post(move(place, product, quantity, "receipt")._replace(at=at, business_date=at.date()))


def made(column: str) -> dict[tuple[UUID, UUID], int]:
    with clock_at(AT + timedelta(hours=2)):
        sourcing.make_values()
        assert sourcing.make_values() == 0
    rows = run(f"SELECT place_id, product_id, {column} FROM sourcing_value")
    return {(place, product): value for place, product, value in rows}


def test_where_goods_only_came_back_nothing_is_sold(one, near):
    post(move(near, one, 1_000, "return"))
    stock.count([stock.Counted(new_id(), 1, near, one, 1_000)], actor=SYSTEM)
    assert made("rate") == {(near, one): 0}


def test_rates_come_from_sales_few_of_them_drawn_towards_the_trade_elsewhere(one, near, far):
    [other] = make_products(1)
    for each in (near, far):
        opened(each, one, 29_000)
        opened(each, other, 50_000)
    sell(near, one, 28)
    sell(far, other, 28)
    rates = made("rate")
    # The product sold 28 in 28 days, half of all trade was here: drawn from 1 a day towards half a day by two sales.
    assert rates[near, one] == round(1_000_000 * 14 * 30 / 16 / 28)
    assert rates[far, one] == round(1_000_000 * 14 * 2 / 16 / 28)
    assert len(rates) == 4
    assert saved_by(ask(one))[0] == (far,)


def test_a_lost_sale_costs_the_margin_and_what_spoils_the_rest_of_the_price(one, near):
    [unpriced] = make_products(1)
    for each in (one, unpriced):
        opened(near, each, 29_000)
        sell(near, each, 28)
    assert made("loss") == {(near, one): PRICE * MARGIN, (near, unpriced): 0}
    assert made("spoilt") == {(near, one): PRICE * (1_000 - MARGIN), (near, unpriced): 0}


def test_a_unit_that_an_order_takes_is_worth_what_the_next_best_plan_costs_more(one, near, far):
    for each in (near, far):
        opened(each, one, 40_000)
    served_by, saved = saved_by(ask(one))
    assert served_by == (near,)
    for _ in range(7):
        sourcing.keep_plan(new_id(), ask(one), actor=SYSTEM)
    sell(near, one, 28)
    sell(far, one, 28)
    losses = made("loss")
    lost = PRICE * MARGIN
    # Seven of 28 were planned, here as at the place as a whole.
    assert losses[near, one] == round(lost + (saved - lost) * 0.25)
    assert losses[far, one] == lost
    with clock_at(AT + timedelta(days=30)):
        sourcing.make_values()
    assert run("SELECT max(loss) FROM sourcing_value WHERE rate > 0").fetchall() == [(None,)], "nothing sold since"


def test_a_place_of_which_every_unit_is_planned_loses_no_sale(one, near, far):
    for each in (near, far):
        opened(each, one, 40_000)
    _, saved = saved_by(ask(one))
    for _ in range(9):
        sourcing.keep_plan(new_id(), ask(one), actor=SYSTEM)
    sell(near, one, 3)  # the others are on their way
    assert made("loss")[near, one] == saved


def test_goods_last_until_they_are_filled_up_again(one, near, far):
    [never, coming] = make_products(2)
    for each in (one, never, coming):
        for place in (near, far):
            opened(place, each, 40_000)
            sell(place, each, 28)
    for days in (0, 0, 1, 8, 15, 22):
        receive(near, one, 1_000, days=days)
    sent = stock.create_transfer(stock.TransferDraft(new_id(), far, near, ((coming, 1_000),)), actor=SYSTEM)
    stock.ship_transfer(sent.id, actor=SYSTEM, due_at=AT + timedelta(hours=12))
    hours = made("cover_hours")
    assert hours[near, one] == 24 * 28 // (2 * 5), "filled on five days of 28: from any day half of the way to the next"
    assert hours[near, never] == 24 * 28 // 2, "not in four weeks, where others were"
    assert hours[near, coming] == 10, "due in ten hours"
    assert hours[far, one] == 7 * 24, "a place of which nothing received is known"
