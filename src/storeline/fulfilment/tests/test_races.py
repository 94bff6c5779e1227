"""Races on real threads: whoever comes second finds out, and nothing happens twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import ANY
from uuid import UUID

import pytest

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.commands.answer import expire_offers
from storeline.fulfilment.tests.factories import balances, differences, picks, read_events, ready, state_of, to_pick
from storeline.kernel.api import GUEST, SYSTEM, Error, new_id, now
from storeline.kernel.tests.factories import race
from storeline.messages.api import NoCode
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, shop
from storeline.stock import api as stock

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


def offered(here: Shop) -> tuple[UUID, UUID]:
    """An order of whose two units one is missing, and the offer for it."""
    order_id = to_pick(here, [2])
    fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
    asked = fulfilment.Asked(new_id(), order_id, 1, here.products[2], 1000, 1000)
    return order_id, fulfilment.offer(asked, actor=SYSTEM).id


def answer(order_id: UUID, offer_id: UUID, *, yes: bool) -> Any:
    return fulfilment.answer(order_id, offer_id, yes=yes, actor=GUEST, token=orders.token_of(order_id)).state


def others(order_id: UUID, offer_id: UUID) -> dict[str, Callable[[], Any]]:
    """What may happen at the very moment of a yes."""
    return {
        "yes": partial(answer, order_id, offer_id, yes=True),
        "no": partial(answer, order_id, offer_id, yes=False),
        "take back": partial(fulfilment.withdraw, order_id, offer_id, actor=SYSTEM),
        "ready": partial(fulfilment.ready, [order_id], actor=SYSTEM),
        "cancel": partial(fulfilment.cancel, [order_id], reason="race", actor=SYSTEM),
        "cancel elsewhere": partial(orders.cancel, [order_id], reason="race"),
        "time": partial(expire_offers, now() + timedelta(hours=1)),
        "the hold's time": partial(stock.expire, now() + timedelta(hours=1)),
    }


@pytest.mark.parametrize(
    "what", ["yes", "no", "take back", "ready", "cancel", "cancel elsewhere", "time", "the hold's time"]
)
def test_a_yes_against_everything_else(what):
    here = shop()
    for _ in range(3):
        order_id, offer_id = offered(here)
        said, other = race(partial(answer, order_id, offer_id, yes=True), others(order_id, offer_id)[what])
        read_events()
        while expire_offers(now() + timedelta(hours=1)):
            pass
        (offer,) = fulfilment.offers_of([order_id])[order_id]
        substitutes = [line for line in orders.get(order_id).lines if line.line_no > 1]
        assert (offer.state == "accepted") == (said == "accepted") == (len(substitutes) == 1), (said, other)
        assert differences() == []
        fulfilment.cancel([order_id], reason="race", actor=SYSTEM)
        read_events()
        assert (here.level(0)[1], here.level(2)[1]) == (0, 0)
        assert differences() == []


def test_of_the_last_unit_one_shopper_is_offered_it():
    here = shop(units=4)
    asked = []
    for _ in range(4):
        order_id = to_pick(here, [1])
        fulfilment.pick(picks(order_id, 0), actor=SYSTEM)
        asked.append(fulfilment.Asked(new_id(), order_id, 1, here.products[2], 1000, 1000))
    stock.adjust([stock.Goods(new_id(), 1, here.place, here.products[2], -3000, "found")], actor=SYSTEM)
    outcomes = race(*[partial(fulfilment.offer, one, actor=SYSTEM) for one in asked])
    assert sorted(getattr(one, "code", "offered") for one in outcomes) == ["offered", *["sold_out"] * 3]
    assert here.level(2) == (1000, 1000)
    assert differences() == []


def test_one_missing_unit_is_offered_once():
    here = shop()
    order_id = to_pick(here, [2])
    fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
    asked = [fulfilment.Asked(new_id(), order_id, 1, here.products[2], 1000, 1000) for _ in range(4)]
    outcomes = race(*[partial(fulfilment.offer, one, actor=SYSTEM) for one in asked])
    assert sorted(getattr(one, "code", "offered") for one in outcomes) == ["offered", *["picked_too_much"] * 3]
    assert here.level(2) == (10_000, 1_000)
    assert differences() == []
