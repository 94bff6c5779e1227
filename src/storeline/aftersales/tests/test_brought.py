"""Returns of orders that were brought: the fee goes back with the last of the goods, once."""

from __future__ import annotations

from uuid import UUID

import pytest

from storeline.aftersales import api as aftersales
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import (
    balances,
    differences,
    loading,
    read_events,
    ready_to_bring,
    signed,
    supplying,
)
from storeline.kernel.api import GUEST, SYSTEM, Error, new_id, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, brought, delivers, shop
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    return shop()


def delivered(here: Shop) -> UUID:
    """An order of one unit at 1.25 that was brought for 4.90, both with 8 % tax."""
    order = ready_to_bring(here, delivers(here))
    fulfilment.leave(loading(here, order), signed(), actor=SYSTEM)
    fulfilment.deliver(order, signed(), actor=SYSTEM)
    return order


def back(here: Shop, order: UUID, quantity: int) -> aftersales.ReturnView:
    asked = aftersales.Return(new_id(), here.place, (aftersales.ReturnLine(quantity, 1),), order)
    return aftersales.return_goods(asked, actor=SYSTEM)


def test_the_fee_goes_back_with_the_last_of_the_goods(here: Shop) -> None:
    order = delivered(here)
    part = back(here, order, 400)
    assert [line.order_line for line in part.lines] == [1]
    assert aftersales.left_to_return(order) == {1: 600}
    rest = back(here, order, 600)
    assert [(line.order_line, line.amount, line.tax) for line in rest.lines] == [(1, 75, 6), (2, 490, 39)]
    assert part.head.refunded + rest.head.refunded == 664
    assert aftersales.left_to_return(order) == {}
    assert {account: amount for account, amount in balances().items() if account in {"sales", "tax_payable"}} == {}
    assert (here.level(), differences()) == ((10_000, 0), [])


def test_what_came_from_another_shop_goes_back_with_the_fee_as_anything_else(here: Shop) -> None:
    slot, other = delivers(here), supplying(here, 5, "other", ["deliver"])
    draft = brought(here, slot, [2])
    orders.checkout([draft], actor=SYSTEM)
    read_events("fulfilment.tasks")
    why = fulfilment.Why.DAMAGED
    fulfilment.reject(fulfilment.Rejected(new_id(), draft.id, 1, 1000, why), actor=SYSTEM)
    (supply,) = fulfilment.supplies_at(other)
    fulfilment.pick_supply(supply.id, 3, 1000, actor=SYSTEM)
    fulfilment.send(supply.id, actor=SYSTEM)
    came = stock.Arrival(new_id(), supply.id, [stock.ArrivedLine(here.products[0], 1000)])
    stock.receive_transfer(came, actor=SYSTEM)
    fulfilment.pick_all([draft.id], actor=SYSTEM)
    fulfilment.ready([draft.id], actor=SYSTEM)
    fulfilment.leave(loading(here, draft.id), signed(), actor=SYSTEM)
    fulfilment.deliver(draft.id, signed(), actor=SYSTEM)
    assert aftersales.left_to_return(draft.id) == {1: 1000, 3: 1000}
    lines = (aftersales.ReturnLine(1000, 1), aftersales.ReturnLine(1000, 3))
    returned = aftersales.return_goods(aftersales.Return(new_id(), here.place, lines, draft.id), actor=SYSTEM)
    assert [(line.order_line, line.amount) for line in returned.lines] == [(1, 125), (3, 125), (2, 490)]
    assert {account: amount for account, amount in balances().items() if account in {"sales", "tax_payable"}} == {}
    assert (here.level(), differences()) == ((10_000, 0), [])


def test_nobody_asks_for_the_fee_alone(here: Shop) -> None:
    order = delivered(here)
    asked = aftersales.ReturnRequest(
        new_id(), order, (aftersales.RequestLine(1, 1000), aftersales.RequestLine(2, 1000))
    )
    with pytest.raises(Error) as refused:
        aftersales.ask_return(asked, actor=GUEST, token=orders.token_of(order))
    assert refused.value.field == "lines"
    assert run("SELECT count(*) FROM aftersales_request").fetchall() == [(0,)]
