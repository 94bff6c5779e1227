"""Races on real threads: no unit comes back twice, no cent goes back twice."""

from __future__ import annotations

from functools import partial

import pytest

from storeline.aftersales import api as aftersales
from storeline.aftersales.api import ReturnLine
from storeline.aftersales.tests.factories import balances, collected, differences, sold, taken
from storeline.kernel.api import SYSTEM
from storeline.kernel.tests.factories import race
from storeline.orders.tests.factories import shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("paid", ["cash", "card"])
def test_of_many_returns_of_one_line_only_what_was_sold_comes_back(paid):
    here = shop()
    order_id = sold(here, [(3, 500)]) if paid == "cash" else collected(here, [3])
    asked = [taken(here, order_id, ReturnLine(1000, 1)) for _ in range(5)]
    outcomes = race(*[partial(aftersales.return_goods, one, actor=SYSTEM) for one in asked])
    assert sum(isinstance(one, aftersales.ReturnView) for one in outcomes) == 3
    assert sum(isinstance(one, aftersales.TooMuchReturned) for one in outcomes) == 2
    assert (here.level(), balances()) == ((10_000, 0), {})
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
