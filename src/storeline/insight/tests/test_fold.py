"""What a day's figures hold, whatever happens to its orders."""

from __future__ import annotations

from datetime import date, timedelta
from threading import Thread
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection

from storeline.aftersales import api as aftersales
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import read_events
from storeline.insight import audit, commands
from storeline.insight.handlers import trade_happened
from storeline.insight.tests.factories import (
    DAY,
    Shop,
    at,
    figures,
    folded,
    heard,
    make,
    online,
    second_shop,
    shop,
    sold,
    trade,
)
from storeline.kernel.api import SYSTEM, Envelope, clock_at, new_id, now, pump, run
from storeline.orders import api as orders

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Shop:
    return shop(units=100)


def is_sound() -> bool:
    return audit.days().wrong == 0 and audit.sums().wrong == 0


SALE = {"channel": "till", "currency": "USD", "baskets": 1, "lines": 1, "items": 2, "net": 500}


def test_a_sale_is_in_its_day_and_in_every_sum(here: Shop) -> None:
    sold(here)
    assert folded() == 1
    assert trade(place=here.place) == trade() == [SALE]
    assert run("SELECT hour, baskets, net FROM insight_trade_hour").fetchall() == [(10, 1, 500)]
    months = run("SELECT day, net, place_id = %s FROM insight_trade_month ORDER BY 3", [here.place]).fetchall()
    assert months == [(date(2026, 3, 1), 500, False), (date(2026, 3, 1), 500, True)]
    assert is_sound()
    assert folded() == 1, "heard again, the same is made again"
    assert trade() == [SALE]
    assert is_sound()


@pytest.mark.django_db(transaction=True)
def test_an_order_waits_is_handed_over_and_cancelled(here: Shop) -> None:
    kept, dropped = online(here, (2, 1)), online(here, (4,))
    folded()
    web = {
        "channel": "web",
        "currency": "USD",
        "baskets": 2,
        "waiting": 2,
        "lines": 3,
        "items": 7,
        "net": 875,
        "tax": 70,
    }
    assert trade() == [web]
    read_events("fulfilment.tasks")
    with clock_at(at(DAY + timedelta(days=1))):
        fulfilment.pick_all([kept], actor=SYSTEM)
        fulfilment.ready([kept], actor=SYSTEM)
        fulfilment.hand_over([(kept, fulfilment.codes([kept])[kept])], actor=SYSTEM)
    orders.cancel({dropped}, reason="payment_declined")
    folded()
    assert trade() == [
        {"channel": "web", "currency": "USD", "baskets": 1, "lines": 2, "items": 3, "net": 375, "tax": 30}
    ], "on the day that it was ordered"
    assert trade(DAY + timedelta(days=1)) == []
    assert is_sound()


@pytest.mark.django_db(transaction=True)
def test_a_day_whose_only_order_was_cancelled_is_empty(here: Shop) -> None:
    order_id = online(here)
    folded()
    orders.cancel({order_id}, reason="payment_declined")
    folded()
    assert trade(place=here.place) == []
    assert [row for row in trade() if set(row) - {"channel", "currency"}] == []
    assert is_sound()


@pytest.mark.django_db(transaction=True)
def test_what_was_not_found_is_taken_off(here: Shop) -> None:
    order_id = online(here, (2, 3))
    orders.amend([orders.Short(order_id, 1, 0), orders.Short(order_id, 2, 1000)], actor=SYSTEM)
    folded()
    (row,) = trade()
    assert {name: row[name] for name in ("items", "net", "tax", "baskets")} == {
        "items": 1,
        "net": 125,
        "tax": 10,
        "baskets": 1,
    }
    assert is_sound()


def test_goods_that_come_back_count_on_their_own_day_and_place(here: Shop) -> None:
    order_id = sold(here, ((2, 500), (1, 300)))
    there = second_shop(here)
    back = DAY + timedelta(days=3)
    with clock_at(at(back, 16)):
        taken = aftersales.Return(
            new_id(), there.place, (aftersales.ReturnLine(2000, order_line=1),), order_id=order_id
        )
        aftersales.return_goods(taken, actor=SYSTEM)
    folded()
    assert trade()[0]["net"] == 800
    assert trade(back, there.place) == trade(back)
    assert trade(back) == [
        {
            "channel": "store",
            "currency": "USD",
            "returns": 1,
            "returned_items": 2,
            "returned_net": 500,
        }
    ]
    assert run("SELECT hour, returned_net FROM insight_trade_hour WHERE day = %s", [back]).fetchall() == [(16, 500)]
    assert is_sound()


def test_entities_and_currencies_are_kept_apart(here: Shop) -> None:
    abroad = second_shop(here, currency="EUR")
    make("pricing.TaxRate", regime="t2", tax_class="standard", rate_ppm=0, inclusive=False, valid_from=DAY)
    sold(here)
    sold(abroad, ((1, 900),))
    folded()
    assert [(row["currency"], row["net"]) for row in trade()] == [("EUR", 900), ("USD", 500)]
    assert is_sound()


def test_discounts_are_told_apart_by_who_pays(here: Shop) -> None:
    taken_off = (
        orders.LineDiscount("member_price", "retailer", 30),
        orders.LineDiscount("coupon", "manufacturer", 20),
        orders.LineDiscount("campaign", "partner", 5),
    )
    plain = orders.DraftLine(here.products[1], 1000, orders.Agreed(200))
    reduced = orders.DraftLine(here.products[0], 1000, orders.Agreed(100, taken_off))
    sold(here, drafted=(reduced, plain))
    folded()
    (row,) = trade()
    assert {name: value for name, value in row.items() if "discount" in name or name in ("net", "promoted")} == {
        "net": 270,
        "promoted": 70,
        "discount_retailer": 30,
        "discount_manufacturer": 20,
        "discount_partner": 5,
    }
    assert is_sound()


def test_categories_go_to_the_second_level_of_the_tree(here: Shop) -> None:
    food = make("catalog.Category", ref="food", name="Food")
    milk = make("catalog.Category", ref="milk", name="Milk", parent_id=food)
    fresh = make("catalog.Category", ref="fresh", name="Fresh milk", parent_id=milk)
    run("UPDATE catalog_category SET path = 'food' WHERE ref = 'food'")
    run("UPDATE catalog_category SET path = 'food.milk' WHERE ref = 'milk'")
    run("UPDATE catalog_category SET path = 'food.milk.fresh' WHERE ref = 'fresh'")
    products = apps.get_model("catalog.Product").objects
    products.filter(id=here.products[0]).update(category_id=fresh)
    products.filter(id=here.products[1]).update(category_id=food)
    sold(here, ((1, 100), (1, 200), (1, 400)))
    folded()
    found: dict[UUID, int] = dict(
        run("SELECT category_id, net FROM insight_category_day WHERE place_id = %s", [here.place]).fetchall()
    )
    assert found == {milk: 100, food: 200, UUID(int=0): 400}
    assert is_sound()


def test_weighed_goods_are_one_item(here: Shop) -> None:
    apps.get_model("catalog.Product").objects.filter(id=here.products[0]).update(unit="kg", by_weight=True)
    sold(here, ((3, 500), (2, 100)))
    folded()
    assert trade()[0]["items"] == 3


def test_margin_is_of_what_has_a_cost(here: Shop) -> None:
    for day, amount in ((DAY, 150), (DAY - timedelta(days=9), 999), (DAY + timedelta(days=1), 1)):
        make(
            "insight.Cost",
            product_id=here.products[0],
            entity_id=here.entity,
            currency="USD",
            valid_from=day,
            amount=amount,
        )
    sold(here, ((3, 600), (1, 400)))
    folded()
    (row,) = trade()
    assert (row["net"], row["costed"], row["cost"]) == (1000, 600, 450)
    assert is_sound()


def test_a_place_sells_by_its_own_clock(here: Shop) -> None:
    sold(here, day=DAY, hour=23)
    folded()
    assert run("SELECT day, hour FROM insight_trade_hour").fetchall() == [(DAY, 23)]


def test_made_anew_the_figures_are_the_same(here: Shop) -> None:
    there = second_shop(here)
    for number in range(3):
        sold(here, day=DAY + timedelta(days=20 * number))
        sold(there, ((1, 700),), day=DAY + timedelta(days=20 * number), hour=9 + number)
    folded()
    before = figures()
    assert len(before["trade_day"]) == 9
    assert commands.rebuild() == 6
    assert figures() == before
    assert is_sound()


def test_an_import_touches_the_days_that_it_names(here: Shop) -> None:
    for number in range(3):
        sold(here, day=DAY + timedelta(days=number))
    run("UPDATE orders_order SET source = 'import'")
    payload = {"orders": 2, "since": DAY.isoformat(), "until": (DAY + timedelta(days=1)).isoformat()}
    trade_happened([Envelope(1, "orders.recorded", new_id(), None, None, now(), payload)])
    assert run("SELECT day FROM insight_touched ORDER BY day").fetchall() == [(DAY,), (DAY + timedelta(days=1),)]
    trade_happened([Envelope(2, "orders.recorded", new_id(), None, None, now(), {"orders": 2})])
    assert commands.fold_all() == 3
    assert is_sound()


@pytest.mark.parametrize(
    ("error", "check", "wrong"),
    [
        ("UPDATE insight_trade_day SET net = net + 1 WHERE place_id <> %s", "days", 1),
        ("UPDATE insight_trade_day SET baskets = baskets + 1 WHERE place_id <> %s", "days", 1),
        ("DELETE FROM insight_trade_day WHERE place_id <> %s", "days", 1),
        ("UPDATE insight_trade_day SET tax = tax + 1 WHERE place_id = %s", "sums", 2),
        ("UPDATE insight_trade_month SET items = items - 1 WHERE place_id = %s", "sums", 1),
        ("UPDATE insight_trade_month SET net = net - 1 WHERE place_id <> %s", "sums", 1),
        ("UPDATE insight_category_day SET net = net - 1 WHERE place_id <> %s", "sums", 2),
        ("UPDATE insight_category_day SET net = net - 1 WHERE place_id = %s", "sums", 3),
        ("UPDATE insight_category_month SET promoted = 1 WHERE place_id = %s", "sums", 1),
        ("UPDATE insight_trade_hour SET net = 0 WHERE place_id <> %s", "sums", 1),
    ],
)
def test_a_planted_error_is_found(here: Shop, error: str, check: str, wrong: int) -> None:
    sold(here)
    folded()
    run("INSERT INTO kernel_checkpoint (name, xid, event_id) VALUES ('insight.days', '9223372036854775807', 0)")
    assert is_sound()
    run(error, [UUID(int=0)])
    assert {"days": audit.days, "sums": audit.sums}[check]().wrong == wrong


def test_what_the_fold_has_still_to_do_is_no_difference(here: Shop) -> None:
    sold(here)
    assert audit.days().wrong == 0, "its event was not read yet"
    run("INSERT INTO kernel_checkpoint (name, xid, event_id) VALUES ('insight.days', '9223372036854775807', 0)")
    assert audit.days().wrong == 1, "read and forgotten"
    heard()
    assert audit.days().wrong == 0, "noted, to be folded"
    commands.fold_all()
    assert audit.days().wrong == 0


def test_more_days_than_one_fold_takes(here: Shop) -> None:
    for number in range(3):
        sold(here, day=DAY + timedelta(days=number))
    heard()
    assert commands.fold(most=2) == 2
    assert [bool(trade(DAY + timedelta(days=number))) for number in range(3)] == [False, True, True], "the newest first"
    assert commands.fold(most=2) == 1
    assert commands.fold(most=2) == 0


@pytest.mark.django_db(transaction=True)
def test_folds_take_turns_and_the_consumer_reads_real_events() -> None:
    here = shop(units=100)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(4):
                sold(here)
                pump(["insight.days"])
                commands.fold_all()
        except BaseException as error:  # noqa: BLE001  # a thread's error is the test's
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    pump(["insight.days"])
    commands.fold_all()
    (row,) = trade()
    assert (row["baskets"], row["net"]) == (12, 6000)
    assert is_sound()
    kinds = {row[0] for row in run("SELECT type FROM kernel_event").fetchall()}
    assert "insight.folded" in kinds
