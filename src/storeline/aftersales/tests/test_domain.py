"""What comes back is exact: property tests, and cases reckoned by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeline.aftersales.domain.amounts import take_back
from storeline.aftersales.domain.decide import check_return, decide
from storeline.aftersales.domain.postings import entries
from storeline.aftersales.domain.refunds import PayOut, as_asked, to_origin
from storeline.aftersales.domain.terms import (
    NOTHING_BACK,
    Back,
    Counter,
    Gathered,
    Paid,
    PlannedRefund,
    Refund,
    Return,
    ReturnLine,
    Sale,
    SoldLine,
)
from storeline.aftersales.errors import BadReturn, NotReturnable, RefundRefused, TooMuchReturned

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def uid(number: int) -> UUID:
    return UUID(int=(0x7 << 76) | (0x2 << 62) | number)


SHOP, OTHER_SHOP, GROUP, OTHER_GROUP, APPLE, ORDER = (uid(number) for number in range(1, 7))
COUNTER = Counter(SHOP, GROUP, "EUR", True, "Europe/Paris")
SALE = Sale(ORDER, GROUP, SHOP, "web", "EUR", "completed", True)
THREE = SoldLine(1, APPLE, 3000, 100, 10, 17, 200_000, goods=True)


def pay_out(code: str, _field: str) -> PayOut | None:
    return PayOut(code) if code == "cash" else None


def asked(*lines: ReturnLine, order: UUID | None = ORDER, refunds: tuple[Refund, ...] = ()) -> Return:
    return Return(uid(99), SHOP, lines, order_id=order, refunds=refunds)


def seen(
    *, sold: SoldLine = THREE, back: Back | None = None, payments: tuple[Paid, ...] = (), sale: Sale | None = SALE
) -> Gathered:
    return Gathered(
        NOW, COUNTER, sale, {sold.line_no: sold}, {} if back is None else {sold.line_no: back}, payments, {APPLE: True}
    )


CARD = Paid(uid(11), "card", "card_clearing", 90, local=False)
CASH = Paid(uid(12), "cash", "cash", 90, local=True)


@given(
    quantity=st.integers(1, 10**6),
    amount=st.integers(0, 10**8),
    funded=st.integers(0, 10**8),
    tax=st.integers(0, 10**7),
    parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=8),
)
def test_partial_returns_come_to_exactly_what_was_sold(quantity, amount, funded, tax, parts):
    sold = SoldLine(1, APPLE, quantity, amount, funded, tax, 0, goods=True)
    before = NOTHING_BACK
    for part in [*parts, quantity]:
        take = min(part, sold.quantity - before.quantity)
        if not take:
            break
        one = take_back(1, ReturnLine(take, 1), sold, before)
        assert min(one.amount, one.funded, one.tax) >= 0
        before = Back(
            before.quantity + one.quantity,
            before.amount + one.amount,
            before.funded + one.funded,
            before.tax + one.tax,
            before.times + 1,
        )
    assert (before.quantity, before.amount, before.funded, before.tax) == (quantity, amount, funded, tax)


def test_three_times_a_third_of_a_euro():
    before, amounts = NOTHING_BACK, []
    for _ in range(3):
        one = take_back(1, ReturnLine(1000, 1), THREE, before)
        amounts.append((one.amount, one.funded, one.tax))
        before = Back(
            before.quantity + 1000, before.amount + one.amount, before.funded + one.funded, before.tax + one.tax, 1
        )
    assert amounts == [(33, 3, 6), (34, 4, 5), (33, 3, 6)]


def test_more_than_was_sold_is_refused():
    with pytest.raises(TooMuchReturned) as refused:
        take_back(2, ReturnLine(2000, 1), THREE, Back(2000, 67, 7, 11, 1))
    assert (refused.value.field, refused.value.extra) == ("lines[1].quantity", {"left": "1"})


def test_a_line_of_quantity_zero_comes_back_whole_and_once():
    coupon = SoldLine(1, APPLE, 0, 50, 20, 3, 0, goods=True)
    one = take_back(1, ReturnLine(0, 1), coupon, NOTHING_BACK)
    assert (one.quantity, one.amount, one.funded, one.tax) == (0, 50, 20, 3)
    with pytest.raises(TooMuchReturned):
        take_back(1, ReturnLine(0, 1), coupon, Back(0, 50, 20, 3, 1))


@given(refundable=st.lists(st.integers(0, 10**6), min_size=1, max_size=5), share=st.fractions(min_value=0, max_value=1))
def test_refunds_to_origin_never_exceed_a_payment_and_add_up(refundable, share):
    payments = [Paid(uid(100 + n), "card", "card_clearing", left, local=False) for n, left in enumerate(refundable)]
    amount = int(sum(refundable) * share)
    planned = to_origin(amount, payments)
    left = {paid.id: paid.refundable for paid in payments}
    assert sum(one.amount for one in planned) == amount
    assert all(one.paid is not None and 0 < one.amount <= left[one.paid] for one in planned)


def test_refunds_to_origin_are_in_proportion():
    planned = to_origin(60, [CARD, Paid(uid(13), "voucher", "voucher", 30, local=True)])
    assert [(one.tender, one.amount) for one in planned] == [("card", 45), ("voucher", 15)]


def test_more_than_is_left_on_the_payments_is_refused():
    with pytest.raises(RefundRefused):
        to_origin(91, [CARD])


def test_a_tender_asked_for_takes_from_its_payment_and_then_pays_out():
    planned = as_asked(100, [Refund("cash", 95), Refund("card")], [CARD, CASH], pay_out)
    assert planned == (
        PlannedRefund(1, "cash", "cash", 90, CASH.id, local=True),
        PlannedRefund(2, "cash", "cash", 5, None, local=True),
        PlannedRefund(3, "card", "card_clearing", 5, CARD.id, local=False),
    )


@pytest.mark.parametrize(
    ("refunds", "error", "field"),
    [
        ((Refund("cash", 99),), BadReturn, "refunds"),
        ((Refund("cash", 101),), BadReturn, "refunds"),
        ((Refund("cash", 0), Refund("card")), BadReturn, "refunds[0].amount"),
        ((Refund("cash"), Refund("card")), BadReturn, "refunds[1].amount"),
        ((Refund("card", 100),), RefundRefused, "refunds[0].tender"),
    ],
)
def test_refunds_that_do_not_hold(refunds, error, field):
    with pytest.raises(error) as refused:
        as_asked(100, refunds, [CARD], pay_out)
    assert refused.value.field == field


def test_two_refunds_of_one_payment_are_one():
    planned = as_asked(60, [Refund("card", 20), Refund("card", 40)], [CARD], pay_out)
    assert planned == (PlannedRefund(1, "card", "card_clearing", 60, CARD.id, local=False),)


def test_a_decided_return_mirrors_its_sale():
    decided = decide(asked(ReturnLine(3000, 1)), seen(payments=(CARD,)), pay_out)
    assert (decided.amount, decided.tax, decided.total, decided.funded, decided.refunded) == (100, 17, 100, 10, 90)
    assert decided.taxes() == ((200_000, 100, 17),)
    [entry] = entries(decided, COUNTER, SHOP)
    assert entry.postings == (
        ("sales", 83),
        ("tax_payable", 17),
        ("manufacturer_receivable", -10),
        ("refunds_payable", -90),
    )


def test_tax_on_top_is_given_back_too():
    sale = Sale(ORDER, GROUP, SHOP, "web", "EUR", "completed", False)
    decided = decide(asked(ReturnLine(3000, 1)), seen(sale=sale, payments=(CASH, CARD)), pay_out)
    assert (decided.total, decided.refunded) == (117, 107)


def test_two_lines_of_a_return_may_take_from_one_sold_line():
    decided = decide(asked(ReturnLine(1000, 1), ReturnLine(2000, 1)), seen(payments=(CARD,)), pay_out)
    assert [line.amount for line in decided.lines] == [33, 67]
    with pytest.raises(TooMuchReturned):
        decide(asked(ReturnLine(1000, 1), ReturnLine(2001, 1)), seen(payments=(CARD,)), pay_out)


@pytest.mark.parametrize(
    ("sale", "error"),
    [(None, NotReturnable), (Sale(ORDER, GROUP, SHOP, "web", "EUR", "confirmed", True), NotReturnable)],
)
def test_only_goods_that_were_handed_over_come_back(sale, error):
    with pytest.raises(error):
        decide(asked(ReturnLine(1000, 1)), seen(sale=sale, payments=(CARD,)), pay_out)


def test_cash_paid_out_for_another_entity_goes_through_the_group():
    sale = Sale(ORDER, OTHER_GROUP, OTHER_SHOP, "web", "EUR", "completed", True)
    decided = decide(asked(ReturnLine(3000, 1)), seen(sale=sale, payments=(CASH,)), pay_out)
    taken, back, out = entries(decided, COUNTER, OTHER_SHOP)
    assert (taken.entity_id, taken.place_id) == (OTHER_GROUP, OTHER_SHOP)
    assert (back.entity_id, back.place_id, back.postings) == (
        OTHER_GROUP,
        OTHER_SHOP,
        (("cash", 90), ("intercompany", -90)),
    )
    assert (out.entity_id, out.place_id, out.postings) == (GROUP, SHOP, (("cash", -90), ("intercompany", 90)))


def test_cash_paid_out_at_another_place_of_the_entity_moves_between_their_tills():
    sale = Sale(ORDER, GROUP, OTHER_SHOP, "web", "EUR", "completed", True)
    decided = decide(asked(ReturnLine(3000, 1)), seen(sale=sale, payments=(CASH,)), pay_out)
    _, back, out = entries(decided, COUNTER, OTHER_SHOP)
    assert (back.place_id, back.postings) == (OTHER_SHOP, (("cash", 90),))
    assert (out.place_id, out.postings) == (SHOP, (("cash", -90),))


def test_a_place_pays_out_in_its_own_currency_only():
    sale = Sale(ORDER, OTHER_GROUP, OTHER_SHOP, "web", "CHF", "completed", True)
    with pytest.raises(RefundRefused):
        decide(asked(ReturnLine(3000, 1)), seen(sale=sale, payments=(CASH,)), pay_out)
    decided = decide(asked(ReturnLine(3000, 1)), seen(sale=sale, payments=(CARD,)), pay_out)
    assert decided.currency == "CHF"


def test_without_its_sale_the_money_goes_back_in_cash():
    line = ReturnLine(1000, product_id=APPLE, amount=250, tax=21)
    decided = decide(asked(line, order=None), seen(sale=None), pay_out)
    assert (decided.total, decided.tax, decided.refunded, decided.entity_id) == (250, 21, 250, GROUP)
    assert decided.refunds == (PlannedRefund(1, "cash", "cash", 250, None, local=True),)
    assert [entry.postings for entry in entries(decided, COUNTER, None)] == [
        (("sales", 229), ("tax_payable", 21), ("manufacturer_receivable", 0), ("refunds_payable", -250)),
        (("refunds_payable", 250), ("cash", -250)),
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (asked(), "lines"),
        (asked(ReturnLine(-1, 1)), "lines[0].quantity"),
        (asked(ReturnLine(1000)), "lines[0].order_line"),
        (asked(ReturnLine(1000, 1, amount=5)), "lines[0].amount"),
        (asked(ReturnLine(1000, amount=5), order=None), "lines[0].product"),
        (asked(ReturnLine(1000, 1, APPLE, 5), order=None), "lines[0].order_line"),
        (asked(ReturnLine(1000, product_id=APPLE), order=None), "lines[0].amount"),
        (asked(ReturnLine(0, product_id=APPLE, amount=5), order=None), "lines[0].quantity"),
        (asked(ReturnLine(1000, product_id=APPLE, amount=5, tax=-1), order=None), "lines[0].tax"),
    ],
)
def test_a_return_that_makes_no_sense_names_the_field(wrong, field):
    with pytest.raises(BadReturn) as refused:
        check_return(wrong)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (ReturnLine(1000, 2), "lines[0].order_line"),
        (ReturnLine(1000, 1, uid(77)), "lines[0].product"),
        (ReturnLine(0, 1), "lines[0].quantity"),
    ],
)
def test_a_line_that_is_not_of_the_sale_names_the_field(line, field):
    with pytest.raises(BadReturn) as refused:
        decide(asked(line), seen(payments=(CARD,)), pay_out)
    assert refused.value.field == field
