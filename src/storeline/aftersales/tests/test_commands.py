"""Goods come back, the money goes back, and what each refusal leaves behind: nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from storeline.aftersales import api as aftersales
from storeline.aftersales.api import Refund, ReturnLine
from storeline.aftersales.tests.factories import (
    another_entity,
    another_place,
    balances,
    by_entity,
    collected,
    differences,
    every_row,
    read_events,
    sold,
    taken,
)
from storeline.fiscal import api as fiscal
from storeline.kernel.api import GUEST, SYSTEM, Actor, Forbidden, InvalidId, clock_at, new_id, now, run, transaction
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, shop, total
from storeline.payments import api as payments
from storeline.payments.api import Offer, UnknownTender

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    return shop()


def give_back(asked: aftersales.Return) -> aftersales.ReturnView:
    return aftersales.return_goods(asked, actor=SYSTEM)


def test_a_cash_sale_comes_back_whole(here):
    order_id = sold(here)
    view = give_back(taken(here, order_id, ReturnLine(2000, 1)))
    assert (view.state, view.head.refunded, view.head.entity_id) == ("settled", 500, here.entity)
    assert [(one.tender, one.amount, one.state) for one in view.refunds] == [("cash", 500, "settled")]
    assert (balances(), here.level()) == ({}, (10_000, 0))
    assert differences() == []


def test_an_online_order_comes_back_in_parts_to_the_card_it_was_paid_by(here):
    order_id = collected(here, [3])
    refunds = []
    for _ in range(3):
        view = give_back(taken(here, order_id, ReturnLine(1000, 1)))
        refunds.append((view.head.amount, view.head.tax, view.head.refunded, view.state))
    assert refunds == [(125, 10, 135, "settled")] * 3
    (paid,) = payments.payments_of([order_id])[order_id]
    assert (paid.captured, paid.refunded) == (total(3), total(3))
    assert (balances(), here.level()) == ({}, (10_000, 0))
    assert differences() == []


def test_amounts_follow_from_what_was_kept_after_a_short_pick_and_from_the_funded_part(here):
    agreed = orders.Agreed(
        100,
        (orders.LineDiscount("promotion", "retailer", 10), orders.LineDiscount("coupon", "manufacturer", 20)),
        tax=7,
        tax_rate=80_000,
    )
    draft = replace(here.sale([(3, 100)]), lines=(orders.DraftLine(here.products[0], 3000, agreed),))
    orders.checkout([draft], actor=SYSTEM)
    back = [give_back(taken(here, draft.id, ReturnLine(1000, 1))).head for _ in range(3)]
    assert [(one.amount, one.tax, one.funded, one.refunded) for one in back] == [
        (30, 2, 7, 25),
        (30, 3, 6, 27),
        (30, 2, 7, 25),
    ]
    assert balances() == {}
    assert differences() == []


def test_it_goes_back_to_every_tender_in_proportion(here):
    order_id = sold(here, [(2, 1000)], payments=(Offer("cash", 250), Offer("sandbox_card", token="tok_approve")))
    view = give_back(taken(here, order_id, ReturnLine(1000, 1)))
    assert {(one.tender, one.amount) for one in view.refunds} == {("cash", 125), ("sandbox_card", 375)}
    assert balances() == {"cash": 125, "card_clearing": 375, "sales": -500}
    assert differences() == []


def test_what_is_broken_does_not_go_back_on_sale(here):
    order_id = sold(here)
    give_back(taken(here, order_id, ReturnLine(2000, 1, restock=False, reason="broken")))
    assert (here.level(), balances()) == ((8000, 0), {})
    assert differences() == []


def test_a_repeat_is_the_same_and_another_under_that_id_is_refused(here):
    asked = taken(here, sold(here), ReturnLine(1000, 1))
    first = give_back(asked)
    before = every_row()
    assert give_back(asked) == first
    with pytest.raises(aftersales.ReturnMismatch):
        give_back(replace(asked, lines=(ReturnLine(2000, 1),)))
    assert every_row() == before


def test_a_refund_without_an_answer_is_settled_when_it_comes(here):
    order_id = collected(here, [1], payments=(Offer("sandbox_card", token="tok_refund_timeout"),))
    view = give_back(taken(here, order_id, ReturnLine(1000, 1)))
    assert view.state == "pending"
    assert balances() == {"card_clearing": 135, "refunds_payable": -135}
    with clock_at(now() + timedelta(minutes=1)):
        payments.resolve_unknown(now(), actor=SYSTEM)
    read_events("aftersales.refunds")
    assert aftersales.get_return(view.head.id).state == "settled"
    assert balances() == {}
    assert differences() == []


def refused_return(here: Shop) -> aftersales.ReturnView:
    """A return whose card would not take the money back."""
    order_id = collected(here, [1], payments=(Offer("sandbox_card", token="tok_refund_decline"),))
    return give_back(taken(here, order_id, ReturnLine(1000, 1)))


def pay_out(payment_id: UUID, return_id: UUID, place: UUID) -> payments.Payment:
    wanted = payments.Repayment(new_id(), payment_id, f"return:{return_id}", "cash", place)
    return payments.repay(wanted, actor=SYSTEM)


def test_what_the_card_would_not_take_back_is_paid_in_cash_and_the_return_says_so(here):
    view = refused_return(here)
    assert (view.state, balances()) == ("failed", {"card_clearing": 135, "refunds_payable": -135})
    assert differences() == []
    out = pay_out(view.refunds[0].payment_id, view.head.id, here.place)
    assert differences() == []  # also before the return has heard of it
    read_events("aftersales.refunds")
    settled = aftersales.get_return(view.head.id)
    assert settled.state == "settled"
    assert [(one.tender, one.amount, one.payment_id) for one in settled.refunds] == [("cash", 135, out.id)]
    told = run("SELECT type FROM kernel_event WHERE type LIKE 'aftersales.refund%%' ORDER BY id").fetchall()
    assert told == [("aftersales.refund_failed",), ("aftersales.refunded",)]
    assert balances() == {"card_clearing": 135, "cash": -135}
    assert differences() == []


def test_the_next_return_of_a_sale_still_goes_to_its_card(here):
    """The card took 2.70: 1.35 were paid out in cash for it, so no more than 1.35 can go back to it."""
    order_id = collected(here, [2], payments=(Offer("sandbox_card", token="tok_refund_decline"),))
    first = give_back(taken(here, order_id, ReturnLine(1000, 1)))
    pay_out(first.refunds[0].payment_id, first.head.id, here.place)
    (paid,) = payments.payments_of([order_id])[order_id]
    assert (paid.captured, paid.refunded, paid.refundable) == (270, 0, 135)
    second = give_back(taken(here, order_id, ReturnLine(1000, 1)))
    assert [(one.tender, one.amount, one.state) for one in second.refunds] == [("sandbox_card", 135, "failed")]
    pay_out(paid.id, second.head.id, here.place)
    assert balances() == {"card_clearing": 270, "cash": -270}
    assert differences() == []


def test_killed_before_the_partner_was_asked_the_repeat_asks(here):
    order_id = collected(here, [1])
    asked = taken(here, order_id, ReturnLine(1000, 1))
    with transaction():
        assert give_back(asked).state == "pending"
    assert give_back(asked).state == "settled"
    assert balances() == {}


def test_in_another_shop_of_the_entity_its_own_till_pays(here):
    order_id = sold(here)
    there = another_place(here)
    give_back(taken(there, order_id, ReturnLine(2000, 1)))
    assert (here.level(), there.level()) == ((8000, 0), (2000, 0))
    rows = run("SELECT place_id, sum(amount)::bigint FROM ledger_posting WHERE account = 'cash' GROUP BY 1").fetchall()
    assert dict(rows) == {here.place: 500, there.place: -500}
    assert balances() == {}
    assert differences() == []


def test_in_a_shop_of_another_entity_both_books_balance(here):
    order_id = sold(here)
    sister = another_entity()
    there = another_place(here, entity=sister)
    view = give_back(taken(there, order_id, ReturnLine(2000, 1)))
    assert (view.head.entity_id, view.head.place_id) == (here.entity, there.place)
    assert by_entity() == {
        (here.entity, "cash"): 500,
        (here.entity, "intercompany"): -500,
        (sister, "intercompany"): 500,
        (sister, "cash"): -500,
    }
    assert differences() == []


def test_a_card_is_refunded_from_anywhere_by_who_took_the_money(here):
    order_id = collected(here, [1])
    there = another_place(here, entity=another_entity("CAD"))
    give_back(taken(there, order_id, ReturnLine(1000, 1)))
    assert by_entity() == {}
    assert differences() == []


def test_without_its_sale_at_the_amount_given_in_cash(here):
    line = ReturnLine(1000, product_id=here.products[0], amount=200, tax=16, tax_rate=80_000)
    view = give_back(taken(here, None, line, original_reference="old till 7"))
    assert (view.head.total, view.head.refunded, view.state) == (216, 216, "settled")
    assert balances() == {"cash": -216, "sales": 200, "tax_payable": 16}
    assert here.level() == (11_000, 0)
    assert differences() == []


def test_another_tender_pays_out_only_for_who_may(here):
    order_id = collected(here, [1])
    asked = taken(here, order_id, ReturnLine(1000, 1), refunds=(Refund("cash"),))
    clerk = Actor("user", new_id(), frozenset({"aftersales.return"}), frozenset({here.place}))
    before = every_row()
    with pytest.raises(Forbidden):
        aftersales.return_goods(asked, actor=clerk)
    assert every_row() == before
    give_back(asked)
    assert balances() == {"card_clearing": 135, "cash": -135}
    assert differences() == []


def test_an_event_tells_all_that_a_receipt_needs(here):
    order_id = collected(here, [2])
    view = give_back(taken(here, order_id, ReturnLine(1000, 1)))
    ((place, entity, payload),) = run(
        "SELECT place_id, entity_id, payload FROM kernel_event WHERE type = 'aftersales.returned'"
    ).fetchall()
    assert (place, entity) == (here.place, here.entity)
    assert payload == {
        "return": str(view.head.id),
        "order": str(order_id),
        "channel": "store",
        "currency": "USD",
        "business_date": view.head.business_date.isoformat(),
        "at": view.head.returned_at.isoformat(),
        "total": -135,
        "refunded": -135,
        "taxes": [[80_000, -125, -10]],
    }


def test_a_return_gets_its_receipt_at_once_and_only_one(here):
    order_id = collected(here, [2])
    views = [give_back(taken(here, order_id, ReturnLine(1000, 1))) for _ in range(2)]
    receipts = fiscal.receipts_of([view.head.id for view in views], "return")
    assert [(receipts[view.head.id].series, receipts[view.head.id].number) for view in views] == [
        ("store", "1"),
        ("store", "2"),
    ]
    receipt = receipts[views[0].head.id]
    assert (receipt.total, receipt.currency, receipt.taxes) == (-135, "USD", ((80_000, -125, -10),))
    read_events("fiscal.return_receipts")
    assert fiscal.receipts_of([view.head.id for view in views], "return") == receipts
    assert run("SELECT count(*) FROM fiscal_receipt WHERE kind = 'return'").fetchall() == [(2,)]


def test_killed_before_its_receipt_the_event_brings_the_very_same(here):
    asked = taken(here, collected(here, [1]), ReturnLine(1000, 1))
    with transaction():
        give_back(asked)
    assert fiscal.receipts_of([asked.id], "return") == {}
    assert differences() == []  # the event has not been read
    read_events("fiscal.return_receipts")
    receipt = fiscal.receipts_of([asked.id], "return")[asked.id]
    assert (receipt.total, receipt.taxes) == (-135, ((80_000, -125, -10),))
    give_back(asked)
    assert fiscal.receipts_of([asked.id], "return")[asked.id] == receipt


def refusals(here: Shop, order_id: UUID) -> dict[str, tuple[aftersales.Return, type[Exception], str | None]]:
    def of(*lines: ReturnLine, **changes: object) -> aftersales.Return:
        return taken(here, order_id, *lines, **changes)

    free = ReturnLine(1000, product_id=here.products[0], amount=5)
    waiting = here.draft([1])
    orders.checkout([waiting], actor=SYSTEM)
    return {
        "more than was sold": (of(ReturnLine(2001, 1)), aftersales.TooMuchReturned, "lines[0].quantity"),
        "no such line": (of(ReturnLine(1000, 9)), aftersales.BadReturn, "lines[0].order_line"),
        "no such order": (taken(here, new_id(), ReturnLine(1000, 1)), aftersales.NotReturnable, "order"),
        "not handed over": (taken(here, waiting.id, ReturnLine(1000, 1)), aftersales.NotReturnable, "order"),
        "no such place": (of(ReturnLine(1000, 1), place_id=new_id()), aftersales.BadReturn, "place"),
        "another currency": (of(ReturnLine(1000, 1), currency="EUR"), aftersales.BadReturn, "currency"),
        "no such product": (
            taken(here, None, replace(free, product_id=new_id())),
            aftersales.BadReturn,
            "lines[0].product",
        ),
        "refunds do not add up": (
            of(ReturnLine(1000, 1), refunds=(Refund("cash", 1),)),
            aftersales.BadReturn,
            "refunds",
        ),
        "unknown tender": (of(ReturnLine(1000, 1), refunds=(Refund("shells"),)), UnknownTender, "refunds[0].tender"),
        "a card cannot pay out": (
            of(ReturnLine(1000, 1), refunds=(Refund("sandbox_card"),)),
            aftersales.RefundRefused,
            "refunds[0].tender",
        ),
        "not an id of ours": (of(ReturnLine(1000, 1), id=UUID(int=1)), InvalidId, "id"),
    }


CASES = (
    "more than was sold",
    "no such line",
    "no such order",
    "not handed over",
    "no such place",
    "another currency",
    "no such product",
    "refunds do not add up",
    "unknown tender",
    "a card cannot pay out",
    "not an id of ours",
)


@pytest.mark.parametrize("case", CASES)
def test_a_refusal_changes_nothing(here, case):
    asked, error, field = refusals(here, sold(here))[case]
    before = every_row()
    with pytest.raises(error) as refused:
        give_back(asked)
    assert getattr(refused.value, "field", None) == field
    assert every_row() == before


def test_who_may_not_take_goods_back(here):
    order_id = sold(here)
    before = every_row()
    clerk = Actor("user", new_id(), frozenset({"aftersales.return"}), frozenset({new_id()}))
    for actor in (GUEST, clerk):
        with pytest.raises(Forbidden):
            aftersales.return_goods(taken(here, order_id, ReturnLine(1000, 1)), actor=actor)
    local = replace(clerk, places=frozenset({here.place}))
    free = ReturnLine(1000, product_id=here.products[0], amount=5)
    with pytest.raises(Forbidden):
        aftersales.return_goods(taken(here, None, free), actor=local)
    assert every_row() == before


def test_the_list_is_newest_first_and_by_place(here):
    order_id = sold(here)
    ids = [give_back(taken(here, order_id, ReturnLine(1000, 1))).head.id for _ in range(2)]
    assert [head.id for head in aftersales.list_returns(order_id=order_id)] == ids[::-1]
    assert [head.id for head in aftersales.list_returns(before=ids[1])] == [ids[0]]
    assert aftersales.list_returns(places=[new_id()]) == []
    with pytest.raises(aftersales.ReturnNotFound):
        aftersales.get_return(new_id())


def test_the_audit_sees_what_is_planted(here):
    order_id = sold(here)
    give_back(taken(here, order_id, ReturnLine(1000, 1)))
    assert differences() == []
    run("UPDATE aftersales_line SET quantity = 2500, amount = 251")
    found = {difference.partition(":")[0] for difference in differences()}
    assert {"aftersales.sums", "aftersales.sold", "aftersales.goods"} <= found
    run("UPDATE aftersales_line SET quantity = 1000, amount = 250")
    run("UPDATE aftersales_return SET amount = 251, total = 251, refunded = 251")
    run("UPDATE aftersales_refund SET payment_id = %s", [new_id()])
    found = {difference.partition(":")[0] for difference in differences()}
    assert {"aftersales.sums", "aftersales.books", "aftersales.refunds"} <= found
    run("UPDATE aftersales_return SET amount = 250, total = 250, refunded = 250")
    read_events("fiscal.return_receipts")
    run("ALTER TABLE fiscal_receipt DISABLE TRIGGER USER")
    run("DELETE FROM fiscal_receipt WHERE kind = 'return'")
    run("ALTER TABLE fiscal_receipt ENABLE TRIGGER USER")
    assert "aftersales.receipts" in {difference.partition(":")[0] for difference in differences()}
