"""A partner's goods, from the shelf to the settlement: every cent, once; refusals change nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from storeline.aftersales import api as aftersales
from storeline.aftersales.tests.factories import another_place, collected, sold, taken
from storeline.consignment import api as consignment
from storeline.consignment.tests.factories import (
    VALUE,
    Corner,
    agreed,
    books,
    corner,
    everything,
    heard,
    lines,
    owned,
    today,
    wrong,
)
from storeline.fulfilment.tests.factories import read_events
from storeline.kernel.api import SYSTEM, BodyMismatch, Error, Invalid, new_id, run
from storeline.partners import api as partners
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Corner:
    return corner()


def settle(here: Corner, **changes: Any) -> consignment.SettlementView:
    words: dict[str, Any] = {
        "id": new_id(),
        "organisation_id": here.partner,
        "entity_id": here.shop.entity,
        "until": today(),
    } | changes
    return consignment.settle(consignment.Statement(**words), actor=SYSTEM)


def test_sales_returns_and_losses_are_owed_and_settled_to_the_cent(here: Corner):
    order = sold(here.shop, ((3, 999), (1, 100)))
    aftersales.return_goods(taken(here.shop, order, aftersales.ReturnLine(order_line=1, quantity=1_000)), actor=SYSTEM)
    stock.count([stock.Counted(new_id(), 1, here.shop.place, here.product, 7_000)], actor=SYSTEM)
    heard()
    assert lines() == [
        ("sale", 3_000, 999, 250, 749),
        ("return", -1_000, -333, -83, -250),
        ("loss", 1_000, VALUE, 0, VALUE),
    ]
    assert books(here) == {"sales": 499, "partners_losses": 80, "partner": -579}
    assert wrong() == []
    heard()
    assert len(lines()) == 3, "heard again, nothing is owed twice"
    one = settle(here)
    assert (one.lines, one.sales, one.returns, one.commission, one.losses, one.owed) == (3, 999, 333, 167, 80, 579)
    assert settle(here, id=one.id) == one
    assert books(here) == {"sales": 499, "partners_losses": 80, "bank": -579}
    assert wrong() == []


def test_what_comes_back_after_a_settlement_lessens_the_next(here: Corner):
    first = sold(here.shop, ((2, 1_000),))
    heard()
    settle(here)
    aftersales.return_goods(taken(here.shop, first, aftersales.ReturnLine(order_line=1, quantity=2_000)), actor=SYSTEM)
    sold(here.shop, ((1, 1_400),))
    heard()
    one = settle(here)
    assert (one.sales, one.returns, one.commission, one.owed) == (1_400, 1_000, 100, 300)
    assert wrong() == []


@pytest.mark.django_db(transaction=True)
def test_an_online_order_is_owed_as_it_is_handed_over(here: Corner):
    collected(here.shop, (2, 1))
    read_events("consignment.lines")
    assert lines() == [("sale", 2_000, 250, 63, 187)]
    assert wrong() == []


def test_the_partner_bears_its_losses_where_so_agreed_and_takes_home_what_is_its():
    here = corner(losses="partner", value=None)
    for reason, quantity in (("stolen", -1_000), ("to_owner", -2_000)):
        row = stock.Goods(new_id(), 1, here.shop.place, here.product, quantity, reason)
        stock.adjust([row], actor=SYSTEM)
    heard()
    assert lines() == [("loss", 1_000, 0, 0, 0)]
    assert books(here) == {}
    assert wrong() == []


def test_refusals_change_nothing(here: Corner):
    other = partners.take_on(partners.NewOrganisation(new_id(), "florist", "Florist"), actor=SYSTEM)
    silent = partners.agree(new_id(), other, partners.Terms(), actor=SYSTEM)
    theirs = agreed(other)
    sold(here.shop, ((1, 400),))
    heard()
    one = settle(here)
    before = everything()
    refused: list[tuple[Callable[[], object], type[Error]]] = [
        (lambda: stock.set_owners([owned(here, agreement=theirs)], actor=SYSTEM), stock.OtherOwner),
        (lambda: stock.set_owners([stock.Owned(here.shop.place, here.product, None)], actor=SYSTEM), stock.OtherOwner),
        (lambda: stock.set_owners([owned(here, agreement=silent)], actor=SYSTEM), Invalid),
        (lambda: stock.set_owners([owned(here, value=None)], actor=SYSTEM), Invalid),
        (lambda: stock.set_owners([owned(here), owned(here)], actor=SYSTEM), Invalid),
        (lambda: settle(here), consignment.NothingOwed),
        (lambda: settle(here, until=today() + timedelta(3)), Invalid),
        (lambda: settle(here, entity_id=new_id()), Invalid),
        (lambda: settle(here, organisation_id=new_id()), partners.PartnerNotFound),
        (lambda: settle(here, id=one.id, until=today() - timedelta(1)), BodyMismatch),
    ]
    for act, error in refused:
        with pytest.raises(error):
            act()
    assert everything() == before


def test_new_terms_hold_from_then_on_and_an_empty_shelf_changes_its_owner(here: Corner):
    sold(here.shop, ((1, 400),))
    assert stock.set_owners([owned(here)], actor=SYSTEM) == 0, "said again, nothing changes"
    assert stock.set_owners([owned(here, agreement=agreed(here.partner, commission=500))], actor=SYSTEM) == 1
    sold(here.shop, ((9, 400),))
    heard()
    assert [line[3] for line in lines()] == [100, 200]
    assert stock.set_owners([stock.Owned(here.shop.place, here.product, None)], actor=SYSTEM) == 1
    stock.receive([stock.Goods(new_id(), 1, here.shop.place, here.product, 1_000)], actor=SYSTEM)
    sold(here.shop, ((1, 400),))
    heard()
    assert len(lines()) == 2, "the retailer's own"
    assert wrong() == []


def test_a_partners_goods_are_not_sent_to_where_they_are_not_its(here: Corner):
    there = another_place(here.shop)
    draft = stock.TransferDraft(new_id(), here.shop.place, there.place, ((here.product, 1_000),))
    stock.create_transfer(draft, actor=SYSTEM)
    before = everything()
    with pytest.raises(stock.OtherOwner):
        stock.ship_transfer(draft.id, actor=SYSTEM)
    assert everything() == before
    stock.set_owners([stock.Owned(there.place, here.product, here.agreement, VALUE)], actor=SYSTEM)
    stock.ship_transfer(draft.id, actor=SYSTEM)
    lost = stock.ArrivedLine(here.product, lost=1_000)
    stock.receive_transfer(stock.Arrival(new_id(), draft.id, (lost,)), actor=SYSTEM)
    heard()
    assert lines() == [("loss", 1_000, VALUE, 0, VALUE)]
    assert wrong() == []


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        ("UPDATE consignment_line SET net = net + 1, owed = owed + 1", ["lines", "owed", "settlements"]),
        ("UPDATE consignment_line SET commission = commission + 1, owed = owed - 1", ["lines", "owed", "settlements"]),
        ("DELETE FROM consignment_line", ["lines", "owed", "settlements"]),
        ("UPDATE consignment_settlement SET owed = owed + 1, sales = sales + 1", ["owed", "settlements"]),
    ],
)
def test_planted_errors_are_found(here: Corner, plant: str, found: list[str]):
    sold(here.shop, ((1, 400),))
    heard()
    settle(here)
    assert wrong() == []
    run(plant)
    assert wrong() == found
