"""What a place cannot give comes from another, at the very price; whoever has nothing to give ends up with no shipment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.commands.take_in import source_all_lost
from storeline.fulfilment.tests.factories import (
    all_rows,
    balances,
    differences,
    picks,
    read_events,
    state_of,
    supplying,
    to_pick,
)
from storeline.kernel.api import SYSTEM, Actor, BodyMismatch, Error, new_id, now, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import ADDRESS, Shop, delivers, make, shop, total
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db(transaction=True)
Why = fulfilment.Why


@pytest.fixture
def here() -> Shop:
    return shop()


def asked(order_id: UUID, units: int = 1, line: int = 1, reason: Why = Why.NOT_FOUND) -> fulfilment.Rejected:
    return fulfilment.Rejected(new_id(), order_id, line, units * 1000, reason)


def reject(order_id: UUID, units: int = 1, line: int = 1, reason: Why = Why.NOT_FOUND) -> fulfilment.Rejection:
    return fulfilment.reject(asked(order_id, units, line, reason), actor=SYSTEM)


def level(place: UUID, product: UUID) -> tuple[int, int]:
    row = run(
        "SELECT on_hand, reserved FROM stock_balance WHERE place_id = %s AND product_id = %s", [place, product]
    ).fetchone()
    return (0, 0) if row is None else (row[0], row[1])


def lines(order_id: UUID) -> list[tuple[Any, ...]]:
    """Number, where from, kept quantity, amount and tax of each line."""
    return [
        (line.line_no, line.from_place, line.kept_quantity, line.kept_amount, line.kept_tax)
        for line in orders.get(order_id).lines
    ]


def supply_of(order_id: UUID) -> fulfilment.Supply:
    return fulfilment.supplies_of([order_id])[order_id][-1]


def send(order_id: UUID) -> fulfilment.Supply:
    supply = supply_of(order_id)
    for line in supply.lines:
        fulfilment.pick_supply(supply.id, line.line_no, line.ordered, actor=SYSTEM)
    return fulfilment.send(supply.id, actor=SYSTEM)


def arrive(supply: fulfilment.Supply, product: UUID, received: int, lost: int = 0) -> None:
    came = stock.ArrivedLine(product, received * 1000, lost * 1000)
    arrival = stock.Arrival(new_id(), supply.id, [came])
    stock.receive_transfer(arrival, actor=SYSTEM)


def finish(order_id: UUID) -> None:
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "ready"}
    fulfilment.hand_over([(order_id, fulfilment.codes([order_id])[order_id])], actor=SYSTEM)
    read_events()


def test_what_is_not_there_comes_from_another_place_and_is_handed_over_as_one_order(here: Shop) -> None:
    other = supplying(here, 5)
    order_id = to_pick(here, [3, 1])
    total = orders.get(order_id).kept_total
    due = fulfilment.get_task(order_id).due_at
    rejection = reject(order_id, 2)
    assert (rejection.place_id, rejection.corrected, rejection.moved) == (here.place, 2000, 2000)
    assert lines(order_id) == [(1, None, 1000, 125, 10), (2, None, 1000, 125, 10), (3, other, 2000, 250, 20)]
    assert orders.get(order_id).kept_total == total
    product = here.products[0]
    assert (level(here.place, product), level(other, product)) == ((8_000, 1_000), (5_000, 2_000))
    assert stock.corrections(here.place, limit=5)[0].reason == "missing"
    assert sourcing.kept_plan(rejection.id).plan.places == (other,)
    task = fulfilment.get_task(order_id)
    assert task.due_at - due > timedelta(hours=20)
    assert [(line.picked, line.moved, line.coming) for line in task.lines] == [
        (None, 2000, False),
        (None, 0, False),
        (None, 0, True),
    ]
    assert differences() == []

    with pytest.raises(fulfilment.OnItsWay):
        fulfilment.pick(picks(order_id, 1000, 1000, 2000), actor=SYSTEM)
    fulfilment.pick_all([order_id], actor=SYSTEM)
    with pytest.raises(fulfilment.NotPicked):
        fulfilment.ready([order_id], actor=SYSTEM)
    (waiting,) = fulfilment.supplies_at(other)
    with pytest.raises(fulfilment.NotPicked):
        fulfilment.send(waiting.id, actor=SYSTEM)
    sent = send(order_id)
    assert (sent.state, fulfilment.send(waiting.id, actor=SYSTEM)) == ("sent", sent)
    assert (level(other, product), level(here.place, product)) == ((3_000, 0), (8_000, 1_000))
    assert differences() == []
    arrive(sent, product, 2)
    assert level(here.place, product) == (10_000, 3_000)
    assert (supply_of(order_id).state, differences()) == ("received", [])
    finish(order_id)
    assert level(here.place, product) == (7_000, 0)
    assert balances() == {"card_clearing": 540, "sales": -500, "tax_payable": -40}
    assert differences() == []


def test_prices_discounts_and_what_others_pay_move_to_the_cent(here: Shop) -> None:
    supplying(here, 5)
    order_id = to_pick(here, [3])
    run("UPDATE orders_line SET gross = 400, discount = 25, funded = 10 WHERE order_id = %s", [order_id])
    for seq, kind, funder, amount in (
        (1, "promotion", "retailer", 17),
        (2, "coupon", "retailer", 8),
        (3, "promotion", "partner", 10),
    ):
        discount = {"seq": seq, "kind": kind, "funder": funder, "amount": amount}
        make("orders.Discount", order_id=order_id, line_no=1, **discount)
    run("UPDATE orders_order SET funded = 10, payable = payable - 10 WHERE id = %s", [order_id])
    before = orders.get(order_id)
    reject(order_id, 1)
    reject(order_id, 1)
    after = orders.get(order_id)
    names = ("kept_quantity", "kept_amount", "kept_funded", "kept_tax")
    for name in names:
        assert sum(getattr(line, name) for line in after.lines) == sum(getattr(line, name) for line in before.lines)
    assert [line.kept_funded for line in after.lines] == [3, 3, 4]
    assert [line.continues for line in after.lines] == [None, 1, 1]
    assert differences() == []


@pytest.mark.parametrize("method", ["collect", "ship"])
def test_an_order_placed_from_two_places_has_one_task_and_one_way_out(here: Shop, method: str) -> None:
    other = supplying(here, 5, "other", ["sell", "collect", "ship"])
    changes: dict[str, Any] = {"from_places": {0: other}}
    if method == "ship":
        delivers(here, fee=0, method="ship")
        changes |= {"method": "ship", "address": ADDRESS, "expected_total": total(3)}
    order_id = to_pick(here, [2, 1], **changes)
    supply = supply_of(order_id)
    assert (supply.place_id, supply.state, [line.line_no for line in supply.lines]) == (other, "to_pick", [1])
    task = fulfilment.get_task(order_id)
    assert (task.place_id, task.due_at >= supply.due_at) == (here.place, True)
    fulfilment.pick_all([order_id], actor=SYSTEM)
    arrive(send(order_id), here.products[0], 2)
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "ready"}
    if method == "ship":
        fulfilment.ship(order_id, "Post", "X1", actor=SYSTEM)
    else:
        fulfilment.hand_over([(order_id, fulfilment.codes([order_id])[order_id])], actor=SYSTEM)
    read_events()
    assert state_of(order_id) == ("handed_over", "completed")
    assert (here.level(0), here.level(1), level(other, here.products[0])) == ((10_000, 0), (9_000, 0), (3_000, 0))
    assert differences() == []


def test_what_nobody_has_stays_short_as_before(here: Shop) -> None:
    order_id = to_pick(here, [3, 1])
    rejection = reject(order_id, 2, reason=Why.DAMAGED)
    assert (rejection.corrected, rejection.moved) == (2000, 0)
    assert here.level(0) == (8_000, 1_000)
    assert run("SELECT kind, reason FROM stock_adjustment WHERE source_id = %s", [rejection.id]).fetchall() == [
        ("waste", "damaged")
    ]
    fulfilment.pick(picks(order_id, 1000, 1000), actor=SYSTEM)
    assert fulfilment.short_line(order_id, 1).may_offer
    finish(order_id)
    assert (state_of(order_id), here.level(0)) == (("handed_over", "completed"), (7_000, 0))
    assert differences() == []


def test_a_collection_that_is_rejected_whole_is_cancelled_and_nothing_is_shipped(here: Shop) -> None:
    supplying(here, 5, "far", ["sell", "deliver"])
    order_id = to_pick(here, [2])
    reject(order_id, 2)
    assert fulfilment.supplies_of([order_id]) == {}
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "cancelled"}
    read_events()
    assert (state_of(order_id), fulfilment.get_shipment(order_id)) == (("cancelled", "cancelled"), None)
    assert orders.get(order_id).head.method == "collect"
    assert differences() == []


def test_who_sends_may_reject_too_and_nobody_is_asked_twice(here: Shop) -> None:
    first, second = supplying(here, 1, "b"), supplying(here, 5, "c", longitude=-90.0)
    order_id = to_pick(here, [2])
    assert reject(order_id, 2).moved == 2000
    froms = {supply.place_id for supply in fulfilment.supplies_of([order_id])[order_id]}
    assert froms == {second}
    line = supply_of(order_id).lines[0].line_no
    rejection = reject(order_id, 2, line)
    assert (rejection.place_id, rejection.corrected, rejection.moved) == (second, 2000, 1000)
    assert [(one.place_id, one.state) for one in fulfilment.supplies_of([order_id])[order_id]] == [
        (second, "moved"),
        (first, "to_pick"),
    ]
    assert reject(order_id, 1, line + 1).moved == 0
    assert differences() == []
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "cancelled"}
    assert (level(first, here.products[0]), level(second, here.products[0])) == ((0, 0), (3_000, 0))
    read_events()
    assert differences() == []


def test_what_is_lost_on_the_way_is_sourced_anew_or_left_out(here: Shop) -> None:
    other = supplying(here, 3)
    order_id = to_pick(here, [2, 1])
    reject(order_id, 2)
    fulfilment.pick_all([order_id], actor=SYSTEM)
    arrive(send(order_id), here.products[0], 1, lost=1)
    assert source_all_lost() == 1
    assert [(row[1], row[2]) for row in lines(order_id)] == [(None, 0), (None, 1000), (None, 1000), (other, 1000)]
    assert differences() == []
    again = supply_of(order_id)
    fulfilment.pick_supply(again.id, 4, 1000, actor=SYSTEM)
    arrive(fulfilment.send(again.id, actor=SYSTEM), here.products[0], 0, lost=1)
    assert source_all_lost() == 1
    assert fulfilment.rejections_of([order_id])[order_id][-1].moved == 0
    assert source_all_lost() == 0
    finish(order_id)
    assert [row[2] for row in lines(order_id)] == [0, 1000, 1000, 0]
    assert differences() == []


def test_a_cancelled_order_lets_go_of_what_others_hold_and_send(here: Shop) -> None:
    other = supplying(here, 5)
    picked, sent = to_pick(here, [2]), to_pick(here, [2])
    reject(picked, 2)
    reject(sent, 2)
    under_way = send(sent)
    for order_id in (picked, sent):
        fulfilment.cancel([order_id], reason="not_wanted", actor=SYSTEM)
    read_events()
    assert [supply_of(order_id).state for order_id in (picked, sent)] == ["cancelled", "cancelled"]
    assert level(other, here.products[0]) == (3_000, 0)
    arrive(under_way, here.products[0], 2)
    assert here.level(0) == (8_000, 0)
    assert differences() == []


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"line_no": 9}, "line", "not_offered"),
        ({"quantity": 0}, "quantity", "picked_too_much"),
        ({"quantity": 500}, "quantity", "picked_too_much"),
        ({"quantity": 4000}, "quantity", "picked_too_much"),
        ({"reason": Why.NOT_SENT}, "reason", "not_offered"),
    ],
)
def test_refusals_change_nothing(here: Shop, change: dict[str, Any], field: str, code: str) -> None:
    supplying(here, 5)
    order_id = to_pick(here, [3])
    before = all_rows()
    wanted: dict[str, Any] = {
        "id": new_id(),
        "order_id": order_id,
        "line_no": 1,
        "quantity": 1000,
        "reason": Why.NOT_FOUND,
    } | change
    with pytest.raises(Error) as refused:
        fulfilment.reject(fulfilment.Rejected(**wanted), actor=SYSTEM)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert all_rows() == before


def test_a_repeat_is_nothing_and_an_id_stands_for_one_rejection(here: Shop) -> None:
    supplying(here, 5)
    order_id = to_pick(here, [3])
    one = asked(order_id)
    first = fulfilment.reject(one, actor=SYSTEM)
    before = all_rows()
    assert fulfilment.reject(one, actor=SYSTEM) == first
    with pytest.raises(BodyMismatch):
        fulfilment.reject(fulfilment.Rejected(one.id, order_id, 1, 2000, Why.DAMAGED), actor=SYSTEM)
    fulfilment.pick_all([order_id], actor=SYSTEM)
    send(order_id)
    sent = all_rows()
    with pytest.raises(fulfilment.OnItsWay):
        reject(order_id, 1, 2)
    assert all_rows() == sent != before


def test_a_repeat_of_the_order_is_answered_as_it_was_placed(here: Shop) -> None:
    supplying(here, 5)
    draft = here.draft([3])
    (first,) = orders.checkout([draft], actor=SYSTEM)
    read_events("fulfilment.tasks")
    assert reject(draft.id, 2).moved == 2000
    (again,) = orders.checkout([draft], actor=SYSTEM)
    assert (again.again, again.total, again.payable) == (True, first.total, first.payable)


def test_who_picks_there_may_reject_and_is_named_for_the_correction(here: Shop) -> None:
    other = supplying(here, 5)
    order_id = to_pick(here, [3])
    clerk = Actor("user", new_id(), frozenset({fulfilment.PICK}), frozenset({here.place}))
    rejection = fulfilment.reject(asked(order_id), actor=clerk)
    assert stock.corrections(here.place, limit=1)[0].actor_id == clerk.id
    line = supply_of(order_id).lines[0].line_no
    before = all_rows()
    with pytest.raises(Error, match="permission"):
        fulfilment.reject(asked(order_id, 1, line), actor=clerk)
    with pytest.raises(Error, match="permission"):
        fulfilment.pick_supply(supply_of(order_id).id, line, 1000, actor=clerk)
    assert all_rows() == before
    assert fulfilment.reject(asked(order_id, 1, line, Why.NOT_SENT), actor=clerk).corrected == 0
    assert (rejection.moved, level(other, here.products[0])) == (1000, (5_000, 0))
    assert differences() == []


def test_places_that_are_closed_or_full_are_not_asked(here: Shop) -> None:
    other = supplying(here, 5)
    sourcing.close_place(sourcing.Closure(new_id(), other, now(), None, "Flood", "web"), actor=SYSTEM)
    order_id = to_pick(here, [1])
    assert reject(order_id).moved == 0


def test_the_audit_sees_what_does_not_agree(here: Shop) -> None:
    other = supplying(here, 5)
    order_id = to_pick(here, [2])
    reject(order_id, 1)
    assert differences() == []
    for planted, undone, check in (
        (
            "UPDATE orders_line SET from_place_id = NULL WHERE line_no = 2",
            f"UPDATE orders_line SET from_place_id = '{other}' WHERE line_no = 2",
            "orders.places",
        ),
        (
            "UPDATE orders_line SET continues = NULL WHERE line_no = 2",
            "UPDATE orders_line SET continues = 1 WHERE line_no = 2",
            "orders.moves",
        ),
        (
            "UPDATE fulfilment_supply_line SET ordered = 2000",
            "UPDATE fulfilment_supply_line SET ordered = 1000",
            "fulfilment.supplies",
        ),
        (
            "UPDATE fulfilment_supply SET state = 'sent', sent_at = now()",
            "UPDATE fulfilment_supply SET state = 'to_pick', sent_at = NULL",
            "fulfilment.supplies",
        ),
        (
            "UPDATE fulfilment_rejection SET corrected = 0",
            "UPDATE fulfilment_rejection SET corrected = 1000",
            "fulfilment.rejections",
        ),
    ):
        run(planted)
        assert {one.partition(":")[0] for one in differences()} >= {check}, planted
        run(undone)
    assert differences() == []


def test_an_order_that_was_called_off_moves_nothing_though_its_task_has_not_heard_of_it(here: Shop) -> None:
    supplying(here, 3)
    order_id = to_pick(here, [2, 1])
    reject(order_id, 2)
    fulfilment.pick_all([order_id], actor=SYSTEM)
    arrive(send(order_id), here.products[0], 1, lost=1)
    orders.cancel([order_id], reason="customer")
    before = all_rows()
    with pytest.raises(fulfilment.TaskClosed, match="The order is cancelled") as refused:
        reject(order_id, 1, 2)
    assert refused.value.field == "order"
    assert source_all_lost() == 1
    assert all_rows() == before
    read_events()
    assert source_all_lost() == 0
    assert differences() == []
