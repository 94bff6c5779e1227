"""Tries to get more out than came in: odd currencies, lines of no quantity, refunds beyond the payment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storeline.aftersales import api as aftersales
from storeline.aftersales.api import Refund, ReturnLine
from storeline.aftersales.tests.factories import balances, collected, differences, every_row, read_events, sold, taken
from storeline.fiscal import api as fiscal
from storeline.kernel.api import SYSTEM, format_amount, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import CARD, Shop, shop, total
from storeline.payments.api import Offer

pytestmark = pytest.mark.django_db(transaction=True)


def shop_in(currency: str) -> Shop:
    """The shop of the other tests, its products at 125 minor units of this currency."""
    made = shop()
    run("UPDATE places_entity SET currency = %s", [currency])
    run("UPDATE pricing_price SET currency = %s", [currency])
    return replace(made, currency=currency)


@pytest.mark.parametrize(
    ("currency", "price", "refund"), [("JPY", "405", "135"), ("KWD", "0.405", "0.135"), ("CLF", "0.0405", "0.0135")]
)
@pytest.mark.parametrize("pay", [CARD, (Offer("cash", 7), *CARD)])
def test_a_currency_of_any_exponent_is_paid_and_given_back_to_the_last_unit(currency, price, refund, pay):
    here = shop_in(currency)
    order_id = collected(here, [3], payments=pay)
    assert format_amount(orders.get(order_id).head.total, currency) == price
    for _ in range(3):
        view = aftersales.return_goods(taken(here, order_id, ReturnLine(1000, 1), currency=currency), actor=SYSTEM)
        assert (view.state, format_amount(view.head.refunded, view.head.currency)) == ("settled", refund)
    read_events("fiscal.receipts")
    assert fiscal.receipts_of([order_id])[order_id].currency == currency
    assert (balances(), here.level()) == ({}, (10_000, 0))
    assert run("SELECT DISTINCT currency FROM ledger_posting").fetchall() == [(currency,)]
    assert differences() == []


def test_another_currency_is_refused_for_money_of_any_kind():
    here = shop_in("JPY")
    order_id = sold(here)
    before = every_row()
    with pytest.raises(aftersales.BadReturn) as refusal:
        aftersales.return_goods(taken(here, order_id, ReturnLine(1000, 1), currency="KWD"), actor=SYSTEM)
    assert (refusal.value.field, every_row()) == ("currency", before)


def test_a_line_agreed_at_quantity_0_comes_back_whole_and_once():
    here = shop()
    draft = here.sale([(2, 500)])
    fee = orders.DraftLine(here.products[1], 0, orders.Agreed(30))
    orders.checkout([replace(draft, lines=(*draft.lines, fee))], actor=SYSTEM)
    view = aftersales.return_goods(taken(here, draft.id, ReturnLine(0, 2)), actor=SYSTEM)
    assert (view.head.refunded, view.state) == (30, "settled")
    before = every_row()
    for quantity in (0, 1, 1000):
        with pytest.raises(aftersales.TooMuchReturned):
            aftersales.return_goods(taken(here, draft.id, ReturnLine(quantity, 2)), actor=SYSTEM)
    with pytest.raises(aftersales.BadReturn):
        aftersales.return_goods(taken(here, draft.id, ReturnLine(0, 1)), actor=SYSTEM)
    assert every_row() == before
    aftersales.return_goods(taken(here, draft.id, ReturnLine(2000, 1)), actor=SYSTEM)
    assert (balances(), here.level(), here.level(1)) == ({}, (10_000, 0), (10_000, 0))
    assert differences() == []


@pytest.mark.parametrize(
    ("refunds", "error", "field"),
    [
        ((Refund("sandbox_card"),), aftersales.RefundRefused, "refunds[0].tender"),
        ((Refund("sandbox_card", 171), Refund("cash", 99)), aftersales.RefundRefused, "refunds[0].tender"),
        (
            (Refund("sandbox_card", 100), Refund("sandbox_card", 71), Refund("cash")),
            aftersales.RefundRefused,
            "refunds[1].tender",
        ),
        ((Refund("cash", 271),), aftersales.BadReturn, "refunds"),
        ((Refund("cash", 10**15),), aftersales.BadReturn, "refunds[0].amount"),
        ((Refund("rounding"),), aftersales.RefundRefused, "refunds[0].tender"),
        ((Refund("manufacturer_coupon"),), aftersales.RefundRefused, "refunds[0].tender"),
    ],
)
def test_no_tender_gives_back_more_than_it_took(refunds, error, field):
    """2.70 were paid: 1.00 in cash, 1.70 by card."""
    here = shop()
    order_id = collected(here, [2], payments=(Offer("cash", 100), *CARD))
    assert orders.get(order_id).head.total == total(2) == 270
    before = every_row()
    with pytest.raises(error) as refusal:
        aftersales.return_goods(taken(here, order_id, ReturnLine(2000, 1), refunds=refunds), actor=SYSTEM)
    assert (refusal.value.field, every_row()) == (field, before)
