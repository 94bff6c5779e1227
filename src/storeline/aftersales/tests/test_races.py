"""Races on real threads: no unit comes back twice, no cent goes back twice, and of two ends of an order one happens."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from storeline.aftersales import api as aftersales
from storeline.aftersales.api import ReturnLine
from storeline.aftersales.tests.factories import (
    another_entity,
    another_place,
    balances,
    collected,
    differences,
    read_events,
    sold,
    taken,
)
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import ready, state_of
from storeline.kernel.api import SYSTEM, now
from storeline.kernel.tests.factories import race
from storeline.loyalty.tests.factories import load as load_coupons
from storeline.orders import api as orders
from storeline.orders.tests.factories import CARD, CASH, shop
from storeline.payments import api as payments

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("paid", ["cash", "card"])
@pytest.mark.parametrize("sister", [False, True])
def test_of_many_returns_of_one_line_at_two_desks_only_what_was_sold_comes_back(paid, sister):
    here = shop()
    there = another_place(here, entity=another_entity() if sister else None)
    order_id = sold(here, [(3, 500)]) if paid == "cash" else collected(here, [3])
    asked = [taken(desk, order_id, ReturnLine(1000, 1)) for desk in (here, there, here, there, here)]
    outcomes = race(*[partial(aftersales.return_goods, one, actor=SYSTEM) for one in asked])
    back = [one.head.place_id for one in outcomes if isinstance(one, aftersales.ReturnView)]
    assert sum(isinstance(one, aftersales.TooMuchReturned) for one in outcomes) == 2
    assert len(back) == 3
    assert here.level() == (7_000 + 1_000 * back.count(here.place), 0)
    assert there.level() == (1_000 * back.count(there.place), 0)
    assert {account: amount for account, amount in balances().items() if account != "intercompany"} == {}
    assert differences() == []


@pytest.mark.parametrize("with_sale", [True, False])
def test_one_return_sent_many_times_happens_once(with_sale):
    here = shop()
    free = ReturnLine(1000, product_id=here.products[0], amount=250)
    asked = taken(here, sold(here), ReturnLine(1000, 1)) if with_sale else taken(here, None, free)
    outcomes = race(*[lambda: aftersales.return_goods(asked, actor=SYSTEM)] * 5)
    assert [one.head.id for one in outcomes if isinstance(one, aftersales.ReturnView)] == [asked.id] * 5
    assert len(aftersales.list_returns()) == 1
    assert here.level() == ((9_000, 0) if with_sale else (11_000, 0))
    assert differences() == []


@pytest.mark.parametrize("pay", [CASH, CARD])
def test_hand_over_against_cancel_against_return_against_expiry(pay):
    here = shop()
    for _ in range(3):
        order_id, code = ready(here, [2], payments=pay)
        whole = taken(here, order_id, ReturnLine(2000, 1))
        handed, stopped, _, back, _ = race(
            partial(fulfilment.hand_over, [(order_id, code)], actor=SYSTEM),
            partial(fulfilment.cancel, [order_id], reason="race", actor=SYSTEM),
            partial(orders.cancel, [order_id], reason="race"),
            partial(aftersales.return_goods, whole, actor=SYSTEM),
            partial(orders.expire, now() + timedelta(days=400)),
        )
        read_events()
        payments.perform_open([order_id])
        if state_of(order_id) == ("handed_over", "completed"):
            assert handed is None
            assert isinstance(stopped, fulfilment.TaskClosed)
            assert isinstance(back, aftersales.ReturnView | aftersales.NotReturnable)
            aftersales.return_goods(whole, actor=SYSTEM)
        else:
            assert state_of(order_id) == ("cancelled", "cancelled")
            assert isinstance(back, aftersales.NotReturnable)
        assert (here.level(), balances()) == ((10_000, 0), {})
        assert differences() == []


def test_the_last_uses_of_two_coupons_go_to_one_basket():
    here = shop(units=100)
    for ref in ("ONE", "TWO"):
        load_coupons({"ref": ref, "value": 1, "currency": "USD", "max_uses": 1})
    drafts = [here.draft([4], coupons=codes, expected_total=324) for codes in (("ONE", "TWO"), ("TWO", "ONE")) * 3]
    outcomes = [one for (one,) in race(*[partial(orders.checkout, [draft], actor=SYSTEM) for draft in drafts])]
    refusals = [one.error.code for one in outcomes if one.error]
    assert refusals == ["coupon_used_up"] * 5
    (won,) = [one for one in outcomes if not one.error]
    assert (won.state, won.total) == ("confirmed", 324)
    assert here.level() == (100_000, 4_000)
    assert differences() == []


def test_the_partners_yes_against_expiry():
    """Whoever was told that the order is confirmed finds it so."""
    here = shop(units=100)
    drafts = [here.draft([1]) for _ in range(4)]
    orders.place(drafts, actor=SYSTEM)
    paid = {source: found[0] for source, found in payments.payments_of([draft.id for draft in drafts]).items()}
    yes = [
        partial(orders.confirm, [order_id], [payments.Authorisation(one.id, "approved", "yes")], actor=SYSTEM)
        for order_id, one in paid.items()
    ]
    late = now() + timedelta(days=1)
    answers = race(*yes, *[partial(orders.expire, late)] * 3)[:4]
    said = [state for answer in answers for state in answer.values()]
    payments.perform_open(list(paid))
    payments.resolve_unknown(late, actor=SYSTEM)
    states = {order_id: orders.get(order_id).head.state for order_id in paid}
    assert list(states.values()) == said
    held = payments.payments_of(list(paid))
    for order_id, state in states.items():
        (one,) = held[order_id]
        assert one.authorised - one.voided == (135 if state == "confirmed" else 0)
    assert here.level() == (100_000, 1_000 * said.count("confirmed"))
    assert differences() == []
