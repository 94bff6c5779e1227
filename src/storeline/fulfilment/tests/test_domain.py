"""The money for what was picked, and the rules of picking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeline.fulfilment.domain.picking import (
    Ask,
    Pay,
    Picked,
    Plan,
    Task,
    TaskLine,
    check_picks,
    check_ready,
    deposits_kept,
    plan_money,
    waits_until,
)
from storeline.fulfilment.errors import NotPicked, PickedTooMuch, TaskClosed


def uid(number: int) -> UUID:
    return UUID(int=number)


ORDER, PLACE, MILK, BOTTLE, BREAD = (uid(number) for number in range(1, 6))
TASK = Task(ORDER, PLACE, "collect", "picking", None, 0)


def line(picked: int | None, ordered: int = 2000, line_no: int = 1, product: UUID = MILK) -> TaskLine:
    return TaskLine(ORDER, line_no, product, ordered, picked)


NOON, DAY, HOUR = datetime(2026, 1, 2, 12, tzinfo=UTC), timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("picked", "due", "until"),
    [
        (["ambient", "frozen"], HOUR, None),
        ([], HOUR, None),
        (["frozen", "chilled"], HOUR, DAY),
        (["fresh"], 2 * DAY, 2 * DAY),  # the time that it has was promised with it
        (["chilled", "hot"], HOUR, HOUR),
    ],
)
def test_what_is_picked_waits_as_long_as_what_keeps_least(
    picked: list[str], due: timedelta, until: timedelta | None
) -> None:
    assert waits_until(picked, NOON, NOON + due) == (None if until is None else NOON + until)


def test_what_is_owed_is_captured_and_the_rest_let_go():
    plan = plan_money(700, [Pay(uid(1), 0, 1000)])
    assert plan == Plan((Ask(uid(1), "capture", 700), Ask(uid(1), "void", 300)), 0)


def test_what_was_paid_before_counts_and_captures_go_through_the_payments_in_order():
    plan = plan_money(700, [Pay(uid(1), 100, 0), Pay(uid(2), 0, 400), Pay(uid(3), 0, 400)])
    assert plan.asks == (Ask(uid(2), "capture", 400), Ask(uid(3), "capture", 200), Ask(uid(3), "void", 200))


def test_too_much_paid_before_is_given_back_from_the_last_payment():
    plan = plan_money(250, [Pay(uid(1), 300, 0), Pay(uid(2), 100, 0)])
    assert plan.asks == (Ask(uid(2), "refund", 100), Ask(uid(1), "refund", 50))
    assert plan.given_back() == 150


def test_where_the_payments_do_not_cover_it_nothing_is_asked():
    assert plan_money(500, [Pay(uid(1), 0, 400)]) == Plan((), 100)


@given(
    owed=st.integers(0, 10**6),
    pays=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=5),
)
def test_the_plan_comes_to_exactly_what_is_owed(owed, pays):
    payments = [Pay(uid(number), brought, held) for number, (brought, held) in enumerate(pays)]
    plan = plan_money(owed, payments)
    by = {kind: sum(ask.amount for ask in plan.asks if ask.kind == kind) for kind in ("capture", "refund", "void")}
    if plan.missing:
        assert plan.asks == ()
        assert plan.missing == owed - sum(sum(pay) for pay in pays)
    else:
        assert sum(brought for brought, _ in pays) + by["capture"] - by["refund"] == owed
        assert by["capture"] + by["void"] == sum(held for _, held in pays)
    assert all(ask.amount > 0 for ask in plan.asks)


def test_a_pick_is_between_nothing_and_what_was_ordered():
    lines = {(ORDER, 1): line(None)}
    check_picks([Picked(ORDER, 1, 0), Picked(ORDER, 1, 2000)], {ORDER: TASK}, lines)
    for pick, field in (
        (Picked(ORDER, 1, 2001), "picks[0].quantity"),
        (Picked(ORDER, 1, -1), "picks[0].quantity"),
        (Picked(ORDER, 2, 1), "picks[0].line"),
    ):
        with pytest.raises(PickedTooMuch) as refused:
            check_picks([pick], {ORDER: TASK}, lines)
        assert refused.value.field == field


@pytest.mark.parametrize("state", ["capturing", "unpaid", "ready", "handed_over", "cancelled"])
def test_what_is_past_picking_is_not_picked(state):
    with pytest.raises(TaskClosed):
        check_picks([Picked(ORDER, 1, 0)], {ORDER: Task(ORDER, PLACE, "collect", state, 0, 1)}, {(ORDER, 1): line(0)})


def test_every_line_is_looked_for_before_an_order_is_ready():
    check_ready(0, TASK, [line(0), line(2000, line_no=2)])
    with pytest.raises(NotPicked) as refused:
        check_ready(3, TASK, [line(0), line(None, line_no=2)])
    assert (refused.value.field, refused.value.extra) == ("orders[3]", {"lines": [2]})


def test_deposits_go_with_what_was_not_found():
    picked = [line(1500), line(3000, line_no=2, product=BREAD)]
    others = {3: (BOTTLE, 4000), 4: (uid(9), 1000)}
    assert deposits_kept(others, picked, {MILK: BOTTLE, BREAD: None}) == {3: 2000}
