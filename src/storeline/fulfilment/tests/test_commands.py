"""From a confirmed order to goods in the shopper's hands, and what each refusal leaves behind: nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.commands import ready as readying
from storeline.fulfilment.tests.factories import (
    all_rows,
    balances,
    differences,
    picks,
    read_events,
    ready,
    state_of,
    to_pick,
)
from storeline.kernel.api import GUEST, SYSTEM, Error, Forbidden, new_id, now, run, transaction, waits
from storeline.messages.api import NoCode, WrongCode
from storeline.orders import api as orders
from storeline.orders.tests.factories import CARD, CASH, LONG_AGO, Shop, make, shop, total
from storeline.payments import api as payments
from storeline.payments.api import Offer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    return shop()


def events(order_id: UUID) -> list[str]:
    sql = "SELECT type FROM kernel_event WHERE subject_id = %s AND type LIKE 'fulfilment.%%' ORDER BY id"
    return [row[0] for row in run(sql, [order_id]).fetchall()]


def test_a_confirmed_order_gets_its_task_once(here):
    order_id = to_pick(here, [2, 1])
    task = fulfilment.get_task(order_id)
    assert (task.state, task.place_id, task.method) == ("to_pick", here.place, "collect")
    assert task.due_at - task.created_at == timedelta(hours=2)
    assert [(line.line_no, line.ordered, line.picked) for line in task.lines] == [(1, 2000, None), (2, 1000, None)]
    run("UPDATE kernel_checkpoint SET xid = '0', event_id = 0")
    before = all_rows()
    read_events("fulfilment.tasks")
    assert all_rows() == before
    assert differences() == []


def test_picked_paid_and_handed_over(here):
    order_id = to_pick(here, [2, 1])
    fulfilment.pick(picks(order_id, 2000, 1000), actor=SYSTEM)
    assert state_of(order_id) == ("picking", "confirmed")
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "ready"}
    assert balances() == {"card_clearing": total(3), "customer_deposits": -total(3)}
    code = fulfilment.codes([order_id])[order_id]
    fulfilment.hand_over([(order_id, code)], actor=SYSTEM)
    assert state_of(order_id) == ("handed_over", "completed")
    assert balances() == {"card_clearing": 405, "sales": -375, "tax_payable": -30}
    assert (here.level(0), here.level(1)) == ((8000, 0), (9000, 0))
    assert events(order_id) == [f"fulfilment.{what}" for what in ("opened", "begun", "ready", "handed_over")]
    read_events()
    assert differences() == []


def test_whoever_looks_at_an_order_hears_of_every_pick(here):
    order_id = to_pick(here, [2, 1])
    fulfilment.pick_more(picks(order_id, 1000)[0], actor=SYSTEM)
    fulfilment.pick_more(picks(order_id, 1000)[0], actor=SYSTEM)
    fulfilment.pick_less(picks(order_id, 1000)[0], actor=SYSTEM)
    assert events(order_id) == [f"fulfilment.{what}" for what in ("opened", "begun", "picked", "picked")]


def test_a_short_pick_is_taken_off_and_only_the_rest_is_captured(here):
    order_id = to_pick(here, [3, 1])
    fulfilment.pick(picks(order_id, 3000, 1000), actor=SYSTEM)
    fulfilment.pick(picks(order_id, 1000, 0), actor=SYSTEM)
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "ready"}
    owed = 135
    (paid,) = payments.payments_of([order_id])[order_id]
    assert (paid.authorised, paid.captured, paid.voided) == (total(4), owed, total(4) - owed)
    assert (here.level(0), here.level(1)) == ((10_000, 1000), (10_000, 0))
    fulfilment.hand_over([(order_id, fulfilment.codes([order_id])[order_id])], actor=SYSTEM)
    assert (here.level(0), here.level(1)) == ((9000, 0), (10_000, 0))
    assert balances() == {"card_clearing": 135, "sales": -125, "tax_payable": -10}
    read_events()
    assert differences() == []


def test_what_was_paid_in_cash_before_is_given_back_for_what_was_not_found(here):
    order_id = to_pick(here, [2, 2], payments=CASH)
    fulfilment.pick(picks(order_id, 1000, 2000), actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)
    assert balances() == {"cash": total(3), "customer_deposits": -total(3)}
    assert differences() == []
    fulfilment.hand_over(list(fulfilment.codes([order_id]).items()), actor=SYSTEM)
    assert state_of(order_id) == ("handed_over", "completed")
    assert differences() == []


def test_a_sale_that_was_paid_and_left_lying_gives_the_money_back_when_it_is_cancelled(here):
    draft = here.sale([(2, 300)], payments=CARD)
    orders.place([draft], actor=SYSTEM)
    (paid,) = payments.payments_of([draft.id])[draft.id]
    orders.confirm([draft.id], [payments.Authorisation(paid.id, "approved", "yes")], actor=SYSTEM)
    with transaction():
        payments.request([payments.OperationRequest(paid.id, "capture", "carry_out", 300)], at=now())
    payments.perform_open([draft.id])
    read_events()
    orders.cancel([draft.id], reason="changed_mind")
    read_events()
    payments.perform_open([draft.id])
    (paid,) = payments.payments_of([draft.id])[draft.id]
    assert (paid.captured, paid.refunded, balances()) == (300, 300, {})
    assert differences() == []


def test_what_a_card_would_not_take_back_of_a_cancelled_order_is_owed_until_it_is_paid_in_cash(here):
    order_id, _ = ready(here, [2], payments=(Offer("sandbox_card", token="tok_refund_decline"),))
    fulfilment.cancel([order_id], reason="not_collected", actor=SYSTEM)
    read_events()
    assert balances() == {"card_clearing": total(2), "refunds_payable": -total(2)}
    assert differences() == []
    (owed,) = payments.list_owed()
    assert (owed.source_id, owed.amount) == (order_id, total(2))
    payments.repay(payments.Repayment(new_id(), owed.intent_id, owed.key, "cash", here.place), actor=SYSTEM)
    read_events()
    assert balances() == {"card_clearing": total(2), "cash": -total(2)}
    assert payments.list_owed() == []
    assert differences() == []


def test_an_order_of_which_nothing_was_found_is_cancelled(here):
    order_id = to_pick(here, [1, 1])
    fulfilment.pick(picks(order_id, 0, 0), actor=SYSTEM)
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "cancelled"}
    assert state_of(order_id) == ("cancelled", "cancelled")
    (paid,) = payments.payments_of([order_id])[order_id]
    assert (paid.captured, paid.voided) == (0, total(2))
    assert (here.level(0), balances()) == ((10_000, 0), {})
    assert differences() == []


def test_a_refused_capture_leaves_the_order_unpaid_and_it_may_be_asked_again(here):
    order_id = to_pick(here, [1], payments=(Offer("sandbox_card", token="tok_capture_decline"),))
    fulfilment.pick_all([order_id], actor=SYSTEM)
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "unpaid"}
    assert fulfilment.codes([order_id]) == {}
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "unpaid"}
    assert fulfilment.get_task(order_id).attempt == 2
    fulfilment.cancel([order_id], reason="unpaid", actor=SYSTEM)
    assert state_of(order_id) == ("cancelled", "cancelled")
    assert balances() == {}
    assert differences() == []


def test_killed_between_the_wish_and_the_answer_it_goes_on(here):
    order_id = to_pick(here, [1])
    fulfilment.pick_all([order_id], actor=SYSTEM)
    readying.begin([order_id], actor=SYSTEM)
    assert fulfilment.get_task(order_id).state == "capturing"
    assert fulfilment.resume(now(), actor=SYSTEM) == {}
    assert fulfilment.resume(now() + timedelta(minutes=1), actor=SYSTEM) == {order_id: "ready"}
    assert balances() == {"card_clearing": total(1), "customer_deposits": -total(1)}


def test_killed_after_the_answer_the_event_goes_on(here):
    order_id = to_pick(here, [1])
    fulfilment.pick_all([order_id], actor=SYSTEM)
    begun = readying.begin([order_id], actor=SYSTEM)
    payments.perform(begun.operations)
    read_events()
    assert fulfilment.get_task(order_id).state == "ready"
    assert list(fulfilment.codes([order_id])) == [order_id]


def test_ready_twice_is_ready_once(here):
    order_id, code = ready(here)
    before = all_rows()
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "ready"}
    assert all_rows() == before
    assert fulfilment.codes([order_id]) == {order_id: code}


def test_a_ready_order_that_is_cancelled_gives_the_money_back(here):
    order_id, _ = ready(here)
    fulfilment.cancel([order_id], reason="not_collected", actor=SYSTEM)
    assert state_of(order_id) == ("cancelled", "cancelled")
    assert (balances(), here.level(0)) == ({}, (10_000, 0))
    fulfilment.cancel([order_id], reason="not_collected", actor=SYSTEM)
    read_events()
    assert balances() == {}
    assert differences() == []


def test_an_order_cancelled_elsewhere_loses_its_task_and_gives_the_money_back(here):
    order_id, _ = ready(here)
    orders.cancel([order_id], reason="service_desk")
    read_events()
    assert state_of(order_id) == ("cancelled", "cancelled")
    payments.perform_open([order_id])
    assert balances() == {}
    assert differences() == []


def test_a_capture_that_is_answered_after_the_order_was_cancelled_goes_back(here):
    order_id = to_pick(here, [1])
    fulfilment.pick_all([order_id], actor=SYSTEM)
    begun = readying.begin([order_id], actor=SYSTEM)
    orders.cancel([order_id], reason="service_desk")
    readying.conclude(begun)
    assert balances() == {"card_clearing": total(1), "customer_deposits": -total(1)}
    read_events()
    payments.perform_open([order_id])
    assert (state_of(order_id), balances()) == (("cancelled", "cancelled"), {})
    assert differences() == []


def test_many_orders_cost_as_many_waits_as_one(here):
    one = [to_pick(here, [1])]
    many = [to_pick(here, [1, 1]) for _ in range(3)]
    counts = []
    for ids in (one, many):
        with waits() as count:
            fulfilment.pick_all(ids, actor=SYSTEM)
            fulfilment.ready(ids, actor=SYSTEM)
            fulfilment.hand_over(list(fulfilment.codes(ids).items()), actor=SYSTEM)
        counts.append(count.waits)
    assert counts[0] == counts[1]
    assert {state_of(order_id) for order_id in many} == {("handed_over", "completed")}


Refusal = tuple[Callable[[UUID, str], object], type[Error], str | None]
REFUSALS: dict[str, Refusal] = {
    "unknown order": (lambda _o, _c: fulfilment.pick(picks(new_id(), 1), actor=SYSTEM), fulfilment.NoTask, "picks[0]"),
    "pick of a ready order": (
        lambda o, _c: fulfilment.pick(picks(o, 1000), actor=SYSTEM),
        fulfilment.TaskClosed,
        "picks[0].order",
    ),
    "pick all of a ready order": (
        lambda o, _c: fulfilment.pick_all([o], actor=SYSTEM),
        fulfilment.TaskClosed,
        "orders[0]",
    ),
    "pick by a guest": (lambda o, _c: fulfilment.pick(picks(o, 1000), actor=GUEST), Forbidden, None),
    "ready by a guest": (lambda o, _c: fulfilment.ready([o], actor=GUEST), Forbidden, None),
    "cancel by a guest": (lambda o, _c: fulfilment.cancel([o], reason="x", actor=GUEST), Forbidden, None),
    "hand over by a guest": (lambda o, c: fulfilment.hand_over([(o, c)], actor=GUEST), Forbidden, None),
    "a wrong code": (
        lambda o, c: fulfilment.hand_over([(o, "1" + c[:-1] if c[0] != "1" else "2" + c[:-1])], actor=SYSTEM),
        WrongCode,
        "orders[0].code",
    ),
    "one unknown of two": (
        lambda o, c: fulfilment.hand_over([(o, c), (new_id(), "1")], actor=SYSTEM),
        fulfilment.NoTask,
        "orders[1]",
    ),
    "unknown to ready": (lambda o, _c: fulfilment.ready([o, new_id()], actor=SYSTEM), fulfilment.NoTask, "orders[1]"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_changes_nothing(here, case):
    order_id, code = ready(here)
    deed, error, field = REFUSALS[case]
    before = all_rows()
    with pytest.raises(error) as refused:
        deed(order_id, code)
    assert all_rows() == before
    assert refused.value.field == field


def test_more_than_was_ordered_cannot_be_picked_and_the_other_order_stays_too(here):
    first, second = to_pick(here, [1]), to_pick(here, [1])
    before = all_rows()
    with pytest.raises(fulfilment.PickedTooMuch):
        fulfilment.pick([*picks(first, 1000), *picks(second, 1001)], actor=SYSTEM)
    assert all_rows() == before


def test_what_was_not_looked_for_is_not_ready(here):
    order_id = to_pick(here, [1, 1])
    fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
    before = all_rows()
    with pytest.raises(fulfilment.NotPicked) as refused:
        fulfilment.ready([order_id], actor=SYSTEM)
    assert (refused.value.extra, all_rows()) == ({"lines": [2]}, before)


def test_what_was_handed_over_is_neither_handed_over_nor_cancelled_again(here):
    order_id, code = ready(here)
    fulfilment.hand_over([(order_id, code)], actor=SYSTEM)
    before = all_rows()
    for deed in (
        lambda: fulfilment.hand_over([(order_id, code)], actor=SYSTEM),
        lambda: fulfilment.cancel([order_id], reason="x", actor=SYSTEM),
        lambda: fulfilment.ready([order_id], actor=SYSTEM),
    ):
        with pytest.raises(fulfilment.TaskClosed):
            deed()
    assert all_rows() == before


def test_a_code_guessed_too_often_is_dead(here):
    order_id, code = ready(here)
    wrong = f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
    for _ in range(10):
        with pytest.raises(WrongCode):
            fulfilment.hand_over([(order_id, wrong)], actor=SYSTEM)
    with pytest.raises(NoCode):
        fulfilment.hand_over([(order_id, code)], actor=SYSTEM)
    assert state_of(order_id) == ("ready", "confirmed")


def test_tasks_are_listed_by_when_they_are_due(here):
    ids = [to_pick(here, [1]) for _ in range(3)]
    run("UPDATE fulfilment_task SET due_at = due_at - interval '1 hour' WHERE order_id = %s", [ids[2]])
    first = fulfilment.list_tasks(places=[here.place], limit=2)
    assert [task.order_id for task in first] == [ids[2], ids[0]]
    rest = fulfilment.list_tasks(after=(first[-1].due_at, first[-1].order_id))
    assert [task.order_id for task in rest] == [ids[1]]
    assert fulfilment.list_tasks(places=[new_id()]) == []


PLANTED: dict[str, tuple[str, str]] = {
    "a task that is gone": ("DELETE FROM fulfilment_task", "fulfilment.tasks"),
    "a task that outlives its order": ("UPDATE orders_order SET state = 'cancelled'", "fulfilment.tasks"),
    "a completed order that was not handed over": ("UPDATE orders_order SET state = 'completed'", "fulfilment.tasks"),
    "a line that was not ordered": (
        (
            "INSERT INTO fulfilment_task_line (order_id, line_no, product_id, ordered, picked) "
            "SELECT order_id, 9, product_id, 1, 1 FROM fulfilment_task_line LIMIT 1"
        ),
        "fulfilment.lines",
    ),
    "a line that was picked otherwise": ("UPDATE fulfilment_task_line SET picked = 0", "fulfilment.lines"),
    "a cent too little": ("UPDATE fulfilment_task SET owed = owed + 1", "fulfilment.money"),
    "goods held for nobody": ("UPDATE orders_order SET state = 'cancelled'", "fulfilment.reservations"),
}


@pytest.mark.parametrize("case", PLANTED)
def test_the_audit_sees_what_is_planted(here, case):
    ready(here)
    read_events()
    assert differences() == []
    sql, check = PLANTED[case]
    run(sql)
    assert check in {difference.partition(":")[0] for difference in differences()}


def test_a_fee_goes_with_the_goods_without_being_picked(here: Shop) -> None:
    here.products[1] = make("catalog.Product", ref="fee", name="Gift wrapping", service=True)
    make("pricing.Price", product_id=here.products[1], amount=125, currency="USD", valid_from=LONG_AGO)
    order_id = to_pick(here, [2, 1])
    assert [line.line_no for line in fulfilment.get_task(order_id).lines] == [1]
    fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)
    fulfilment.hand_over([(order_id, fulfilment.codes([order_id])[order_id])], actor=SYSTEM)
    assert state_of(order_id) == ("handed_over", "completed")
    assert balances() == {"card_clearing": 270, "sales": -250, "tax_payable": -20}
    assert here.level() == (9_000, 0)
    assert differences() == []
