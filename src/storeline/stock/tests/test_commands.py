"""Stock's set statements, against the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from psycopg.errors import CheckViolation, UniqueViolation

from storeline.kernel.api import SYSTEM, clock_at, new_id, now, pipeline, run, transaction, waits
from storeline.stock import api as stock
from storeline.stock import locks
from storeline.stock.tests.factories import (
    AT,
    assert_balanced,
    hold,
    level,
    make_place,
    make_products,
    move,
    open_exceptions,
    post,
    put,
    snapshot,
    state_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def then():
    """Just before the holds of these tests end."""
    with clock_at(AT - timedelta(seconds=1)):
        yield


@pytest.fixture
def place():
    return make_place()


@pytest.fixture
def product():
    return make_products(1)[0]


def test_movements_of_one_product_add_up_on_its_balance(place, product):
    source = new_id()
    post(
        move(place, product, 10_000, "receipt", source),
        move(place, product, -3_000, "sale", source),
        move(place, product, -1_500, "sale", source, 2),
        move(place, product, 0, "sale", source, 3),
    )
    assert level(place, product) == (5_500, 0)
    assert run("SELECT count(*) FROM stock_movement").fetchone() == (3,)
    assert_balanced()


def test_a_movement_cannot_be_posted_twice(place, product):
    row = move(place, product, -1_000)
    post(row)
    with pytest.raises(UniqueViolation), transaction():
        post(row)
    assert level(place, product) == (-1_000, 0)


@pytest.mark.parametrize(("kind", "quantity"), [("sale", 1), ("receipt", -1), ("waste", 1), ("return", -1)])
def test_the_table_refuses_a_sign_that_does_not_go_with_its_kind(place, product, kind, quantity):
    with pytest.raises(CheckViolation), transaction():
        post(move(place, product, quantity, kind))


def test_the_table_refuses_to_reserve_less_than_nothing(place, product):
    put(place, product, 1_000)
    with pytest.raises(CheckViolation), transaction():
        run("UPDATE stock_balance SET reserved = -1")


def test_a_lock_gives_levels_and_leaves_out_what_is_not_kept(place, product):
    put(place, product, 2_000)
    with transaction():
        assert stock.lock([(place, product), (place, new_id()), (place, product)]).result() == {
            (place, product): stock.Level(2_000, 0)
        }


def test_locks_are_taken_in_the_global_order(place):
    products = make_products(20)
    for product in products:
        put(place, product, 1_000)
    assert "ORDER BY b.place_id, b.product_id\nFOR UPDATE OF b" in locks.LOCK
    plan = run(
        f"EXPLAIN {locks.LOCK}",
        [now(), "{" + ",".join([str(place)] * 20) + "}", "{" + ",".join(map(str, products)) + "}"],
    )
    steps = [row[0].strip().removeprefix("->").strip().split("  ")[0] for row in plan]
    nodes = [step for step in steps if step.startswith(("LockRows", "Sort", "Merge", "Nested", "Index", "Hash"))]
    assert nodes[0] == "LockRows"
    with transaction():
        locked = list(stock.lock([(place, product) for product in reversed(products)]).result())
    assert locked == sorted((place, product) for product in products)


def test_reserving_takes_from_what_can_be_promised(place, product):
    put(place, product, 10_000)
    source = hold(place, product, 3_000, 4_000)
    assert level(place, product) == (10_000, 7_000)
    assert state_of(source) == [(1, "held", 3_000), (2, "held", 4_000)]
    assert_balanced()


def test_a_wrong_decision_to_reserve_writes_nothing_of_that_product(place):
    enough, short = make_products(2)
    put(place, enough, 5_000)
    put(place, short, 5_000)
    source = new_id()
    rows = [
        stock.ReserveRow(source, 1, place, short, 3_000),
        stock.ReserveRow(source, 2, place, short, 3_000),
        stock.ReserveRow(source, 3, place, enough, 5_000),
    ]
    with transaction():
        assert stock.reserve(rows).result() == 1
    assert (level(place, short), level(place, enough)) == ((5_000, 0), (5_000, 5_000))
    assert state_of(source) == [(3, "held", 5_000)]


def test_releasing_frees_what_is_held_once(place, product):
    put(place, product, 5_000)
    source, other = hold(place, product, 1_000, 2_000), hold(place, product, 500)
    with transaction():
        assert stock.release([source]).result() == 2
        assert stock.release([source]).result() == 0
    assert level(place, product) == (5_000, 500)
    assert (state_of(source), state_of(other)) == (
        [(1, "released", 1_000), (2, "released", 2_000)],
        [(1, "held", 500)],
    )
    assert_balanced()


def test_shrinking_keeps_what_was_picked(place, product):
    put(place, product, 9_000)
    source = hold(place, product, 3_000, 2_000, 1_000)
    rows = [stock.ShrinkRow(source, 1, 1_250), stock.ShrinkRow(source, 2, 0), stock.ShrinkRow(source, 3, 1_001)]
    with transaction():
        assert stock.shrink(rows).result() == 2
    assert state_of(source) == [(1, "held", 1_250), (2, "released", 2_000), (3, "held", 1_000)]
    assert level(place, product) == (9_000, 2_250)
    assert_balanced()


def test_a_hand_over_posts_what_left_and_frees_the_rest(place):
    apples, ham = make_products(2)
    put(place, apples, 9_000)
    put(place, ham, 9_000)
    source = new_id()
    with transaction():
        rows = [
            stock.ReserveRow(source, 1, place, apples, 3_000),
            stock.ReserveRow(source, 2, place, ham, 500),
            stock.ReserveRow(source, 3, place, ham, 1_000),
        ]
        assert stock.reserve(rows).result() == 3
    with transaction(), pipeline():
        # The ham weighed more than was held for it; the third line was not picked at all.
        ended = stock.settle(
            [source], [move(place, apples, -3_000, source=source), move(place, ham, -520, source=source, line=2)]
        )
    assert ended.result() == 3
    assert [state for _, state, _ in state_of(source)] == ["posted", "posted", "released"]
    assert (level(place, apples), level(place, ham)) == ((6_000, 0), (8_480, 0))
    assert_balanced()


def test_extending_keeps_only_what_is_still_held(place, product):
    put(place, product, 9_000)
    with clock_at(AT):
        soon = new_id()
        row = stock.ReserveRow(soon, 1, place, product, 1_000, AT + timedelta(minutes=1))
        with transaction():
            stock.lock([(place, product)]).result()
            assert stock.reserve([row]).result() == 1
    with clock_at(AT + timedelta(minutes=2)), transaction():
        assert stock.extend([soon], None).result() == 0
    with clock_at(AT), transaction():
        assert stock.extend([soon], None).result() == 1
    assert stock.expire(AT + timedelta(days=1)) == 0
    assert level(place, product) == (9_000, 1_000)


@pytest.mark.usefixtures("then")
def test_expiry_frees_what_is_due_and_nothing_else(place, product):
    put(place, product, 9_000)
    due, later, never = (new_id() for _ in range(3))
    rows = [
        stock.ReserveRow(due, 1, place, product, 1_000, AT),
        stock.ReserveRow(later, 1, place, product, 2_000, AT + timedelta(seconds=1)),
        stock.ReserveRow(never, 1, place, product, 4_000),
    ]
    with transaction():
        assert stock.reserve(rows).result() == 3
    assert stock.expire(AT) == 1
    assert level(place, product) == (9_000, 6_000)
    assert [state_of(source)[0][1] for source in (due, later, never)] == ["released", "held", "held"]
    assert_balanced()


def test_a_sale_below_what_is_promised_posts_and_names_the_newest_promises(place, product):
    put(place, product, 10_000)
    first, second, third = (hold(place, product, quantity) for quantity in (3_000, 3_000, 2_000))
    post(move(place, product, -5_000))
    # 5 are left for 8 promised: the newest promises, up to 3, are at risk.
    assert open_exceptions() == [("below_reserved", 3_000, [(str(third), 1), (str(second), 1)])]
    post(move(place, product, -9_000))
    assert sorted(open_exceptions()) == [
        ("below_reserved", 8_000, [(str(third), 1), (str(second), 1), (str(first), 1)]),
        ("below_zero", 4_000, []),
    ]
    assert_balanced()


def test_goods_that_come_in_lessen_and_then_close_an_exception(place, product):
    put(place, product, 2_000)
    source = hold(place, product, 2_000)
    post(move(place, product, -2_000))
    post(move(place, product, 500, "return"))
    assert open_exceptions() == [("below_reserved", 1_500, [(str(source), 1)])]
    put(place, product, 1_500)
    assert open_exceptions() == []
    assert [row.closed_at is not None for row in stock.exceptions(closed=True)] == [True]
    post(move(place, product, -1))
    assert open_exceptions() == [("below_reserved", 1, [(str(source), 1)])]
    assert_balanced()


@pytest.mark.usefixtures("then")
@pytest.mark.parametrize("how", ["release", "shrink", "settle", "expire"])
def test_whatever_frees_a_promise_closes_its_exception(place, product, how):
    put(place, product, 2_000)
    source = new_id()
    with transaction():
        assert stock.reserve([stock.ReserveRow(source, 1, place, product, 2_000, AT)]).result() == 1
    post(move(place, product, -1_000))
    assert open_exceptions() == [("below_reserved", 1_000, [(str(source), 1)])]
    with transaction():
        if how == "release":
            stock.release([source])
        elif how == "shrink":
            stock.shrink([stock.ShrinkRow(source, 1, 1_000)])
        elif how == "settle":
            stock.settle([source], [move(place, product, -1_000, source=source)])
        else:
            stock.expire(AT)
    assert open_exceptions() == []
    assert_balanced()


def test_a_hand_over_below_zero_turns_a_promise_at_risk_into_a_wrong_count(place, product):
    put(place, product, 2_000)
    source = hold(place, product, 2_000)
    post(move(place, product, -2_000))
    with transaction():
        stock.settle([source], [move(place, product, -2_000, source=source)])
    assert open_exceptions() == [("below_zero", 2_000, [])]
    assert_balanced()


def test_what_is_left_at_risk_is_named_anew(place, product):
    put(place, product, 4_000)
    first, second = hold(place, product, 2_000), hold(place, product, 2_000)
    post(move(place, product, -3_000))
    with transaction():
        stock.release([second])
    assert open_exceptions() == [("below_reserved", 1_000, [(str(first), 1)])]
    assert_balanced()


def test_a_set_costs_one_wait(place):
    products = make_products(50)
    with transaction():
        with waits() as count, pipeline():
            stock.lock([(place, product) for product in products])
            stock.post_sales([move(place, product, 5_000, "receipt") for product in products])
            stock.reserve([stock.ReserveRow(new_id(), 1, place, product, 1_000) for product in products])
        assert count.waits == 1
    assert_balanced()


def test_direct_holds_are_durable_repeatable_and_never_too_many(place, product):
    put(place, product, 5_000)
    asked = [stock.Hold(new_id(), place, product, quantity) for quantity in (2_000, 4_000, 3_000, 1_000)]
    verdicts = stock.reserve_many(asked, actor=SYSTEM)
    assert [verdict.answer for verdict in verdicts] == ["held", "sold_out", "held", "sold_out"]
    assert level(place, product) == (5_000, 5_000)
    assert [state_of(one.id) for one in asked] == [[(1, "held", 2_000)], [], [(1, "held", 3_000)], []]
    before = snapshot()
    again = stock.reserve_many([asked[0], stock.Hold(asked[2].id, place, product, 1)], actor=SYSTEM)
    assert [verdict.answer for verdict in again] == ["repeated", "mismatch"]
    assert snapshot() == before
    assert_balanced()


def test_only_direct_holds_can_be_released_directly(place, product):
    put(place, product, 5_000)
    order = hold(place, product, 1_000)
    [held] = stock.reserve_many([stock.Hold(new_id(), place, product, 2_000)], actor=SYSTEM)
    assert stock.release_holds([order, held.id, new_id()], actor=SYSTEM) == 1
    assert level(place, product) == (5_000, 1_000)
    assert [
        verdict.state for verdict in stock.reserve_many([stock.Hold(held.id, place, product, 2_000)], actor=SYSTEM)
    ] == ["released"]
