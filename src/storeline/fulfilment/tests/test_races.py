"""Races on real threads: whoever comes second finds out, and nothing happens twice."""

from __future__ import annotations

from functools import partial
from unittest.mock import ANY

import pytest

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import balances, differences, picks, read_events, ready, state_of, to_pick
from storeline.kernel.api import GUEST, SYSTEM, Error
from storeline.kernel.tests.factories import race
from storeline.messages.api import NoCode
from storeline.orders import api as orders
from storeline.orders.tests.factories import shop

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_hand_overs_one_happens():
    order_id, code = ready(shop())
    outcomes = race(*[lambda: fulfilment.hand_over([(order_id, code)], actor=SYSTEM)] * 4)
    refused = [one for one in outcomes if one is not None]
    assert len(refused) == 3
    assert all(isinstance(one, fulfilment.TaskClosed | NoCode) for one in refused)
    assert state_of(order_id) == ("handed_over", "completed")
    read_events()
    assert differences() == []


def test_of_two_readies_the_money_is_taken_once():
    order_id = to_pick(shop(), [2])
    fulfilment.pick_all([order_id], actor=SYSTEM)
    outcomes = race(*[lambda: fulfilment.ready([order_id], actor=SYSTEM)] * 4)
    assert {str(one) for one in outcomes} <= {str({order_id: "ready"}), str({order_id: "capturing"})}
    assert state_of(order_id) == ("ready", "confirmed")
    assert balances() == {"card_clearing": 270, "customer_deposits": -270}
    assert differences() == []


def test_two_who_scan_one_line_at_once_both_count_and_never_beyond_what_was_ordered():
    order_id = to_pick(shop(), [3])
    (one,) = picks(order_id, 1000)
    outcomes = race(*[lambda: fulfilment.pick_more(one, actor=SYSTEM)] * 4)
    assert [one for one in outcomes if one is not None] == [ANY]
    assert any(isinstance(one, fulfilment.PickedTooMuch) for one in outcomes)
    assert [line.picked for line in fulfilment.get_task(order_id).lines] == [3000]


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_pick_and_make_ready_against_cancel(where):
    order_id = to_pick(shop(), [2])

    def serve() -> object:
        fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
        return fulfilment.ready([order_id], actor=SYSTEM)

    def cancel() -> None:
        if where == "here":
            fulfilment.cancel([order_id], reason="race", actor=SYSTEM)
        else:
            orders.cancel([order_id], reason="race")

    race(serve, cancel)
    read_events()
    fulfilment.cancel([order_id], reason="race", actor=SYSTEM)
    read_events()
    assert state_of(order_id) == ("cancelled", "cancelled")
    assert balances() == {}
    assert differences() == []


def test_hand_over_against_cancel_is_one_or_the_other():
    order_id, code = ready(shop())
    race(
        lambda: fulfilment.hand_over([(order_id, code)], actor=SYSTEM),
        lambda: fulfilment.cancel([order_id], reason="race", actor=SYSTEM),
    )
    read_events()
    assert state_of(order_id) in {("handed_over", "completed"), ("cancelled", "cancelled")}
    assert differences() == []


def test_of_calling_off_and_picking_one_happens():
    here = shop()
    for _ in range(5):
        order_id = to_pick(here, [1])
        called_off, picked = race(
            partial(orders.call_off, order_id, actor=GUEST, token=orders.token_of(order_id)),
            partial(fulfilment.pick, picks(order_id, 1000), actor=SYSTEM),
        )
        read_events()
        task, order = state_of(order_id)
        if isinstance(called_off, Error):
            assert (called_off.code, picked, task, order) == ("picking_begun", None, "picking", "confirmed")
        else:
            assert (called_off, task, order) == ("cancelled", "cancelled", "cancelled")
    assert differences() == []
