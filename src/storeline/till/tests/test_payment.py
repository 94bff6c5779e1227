"""Taking money at the till, and the paper that says so."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.test import Client

from storeline.fiscal import api as fiscal
from storeline.kernel.api import SYSTEM, new_id, now, run, transaction
from storeline.orders import api as orders
from storeline.payments import api as payments
from storeline.till.tests.factories import (
    CARD,
    GTINS,
    AtTill,
    member,
    order_of,
    orders_there,
    rows,
    set_price,
    total,
)
from storeline.web.tests.browsing import get, text_of

pytestmark = pytest.mark.django_db(transaction=True)

# --- payment ---------------------------------------------------------------------------------------------


def test_cash_may_be_exact_typed_or_a_note(here: AtTill) -> None:
    cases: list[tuple[dict[str, str], str | None]] = [
        ({}, None),
        ({"received": "2,00"}, "$0.65"),
        ({"quick": "500"}, "$3.65"),
    ]
    order_id = new_id()
    for form, change in cases:
        here.scan(GTINS[0])
        order_id = order_of(here.pay(**form))
        page = get(here.browser, f"/till/done/{order_id}")
        assert (f"data-change>{change}<" in page) == (change is not None)
    assert [payment.tendered for payment in payments.payments_of([order_id])[order_id]] == [500]


@pytest.mark.parametrize("received", ["x", "-5", "1.234"])
def test_what_is_no_amount_is_kept_and_said(here: AtTill, received: str) -> None:
    here.scan(GTINS[0])
    here.browser.get("/till")
    before = rows()
    answer = here.pay(received=received)
    assert (answer.status_code, f'value="{received}"' in text_of(answer)) == (422, True)
    assert rows() == before


def test_part_in_cash_and_the_rest_by_card(here: AtTill) -> None:
    here.scan(f"4*{GTINS[0]}")
    page = text_of(here.pay(received="3"))
    assert "Still to pay" in page
    assert total(page) == "$2.40"
    assert orders_there() == []
    order_id = order_of(here.pay(**{"with": "card", "cash": "300", "card": "tok_approve"}))
    paid = {one.tender: (one.amount, one.state) for one in payments.payments_of([order_id])[order_id]}
    assert paid == {"cash": (300, "captured"), "sandbox_card": (240, "captured")}
    assert orders_there() == [("completed", "1", 540, 540)]


def test_a_declined_card_keeps_the_sale(here: AtTill) -> None:
    here.scan(GTINS[0])
    answer = here.pay(**{"with": "card", "card": "tok_decline"})
    assert answer["Location"] == "/till?said=declined"
    assert "The card was declined" in get(here.browser, answer["Location"])
    assert here.quantities == [1000]
    assert orders_there() == [("cancelled", "1", 135, 135)]
    assert here.shop.level(0) == (20_000, 0)
    order_of(here.pay())
    assert orders_there() == [("cancelled", "1", 135, 135), ("completed", "1", 135, 135)]


def test_a_card_without_an_answer_is_waited_for(here: AtTill) -> None:
    here.scan(GTINS[0])
    assert here.pay(**{"with": "card", "card": "tok_late"})["Location"] == "/till"
    assert "Waiting for the card's answer" in get(here.browser, "/till")
    assert here.scan(GTINS[1]).status_code == 409
    sale = here.sale
    assert sale
    assert (sale.state, here.quantities) == ("paying", [1000])
    assert sale.order_id
    run("UPDATE payments_operation SET at = at - interval '1 minute'")
    run("UPDATE payments_intent SET created_at = created_at - interval '1 minute'")
    answer_late(sale.order_id)
    assert here.browser.get("/till")["Location"] == f"/till/done/{sale.order_id}"
    assert here.sale is None
    assert fiscal.receipts_of([sale.order_id])


def answer_late(order_id: UUID) -> None:
    """What the worker does once the partner has said yes."""
    (paid,) = payments.payments_of([order_id])[order_id]
    orders.confirm([order_id], [payments.Authorisation(paid.id, "approved", "ref", "")], actor=SYSTEM)
    with transaction():
        payments.request([payments.OperationRequest(paid.id, "capture", "carry_out", paid.amount)], at=now())
    payments.perform_open([order_id])
    orders.complete([order_id], actor=SYSTEM)


def test_a_wait_can_be_called_off(here: AtTill) -> None:
    here.scan(GTINS[0])
    here.pay(**{"with": "card", "card": "tok_timeout"})
    sale = here.sale
    assert sale
    form = {"sale": str(sale.id)}
    assert here.browser.post("/till/pay/call-off", form)["Location"] == "/till?said=given_up"
    assert here.browser.post("/till/pay/call-off", form)["Location"] == "/till"
    assert orders_there() == [("cancelled", "1", 135, 135)]
    order_of(here.pay())
    assert [row[0] for row in orders_there()] == ["cancelled", "completed"]


def test_the_same_payment_sent_twice_is_one_order(here: AtTill) -> None:
    here.scan(GTINS[0])
    sale = here.sale
    assert sale
    form = {
        "sale": str(sale.id), "version": sale.version, "order": str(new_id()), "total": "135", "with": "cash",
        "cash": "0", "received": "2",
    }  # fmt: skip
    first, second = here.browser.post("/till/pay", form), here.browser.post("/till/pay", form)
    assert first["Location"] == second["Location"] == f"/till/done/{form['order']}"
    # Gone back to and sent as a new form: the sale was paid.
    assert here.browser.post("/till/pay", form | {"order": str(new_id())})["Location"] == first["Location"]
    assert len(orders_there()) == 1


def test_a_price_that_changes_is_said_and_not_charged(here: AtTill) -> None:
    here.scan(GTINS[0])
    sale = here.sale
    assert sale
    form = {
        "sale": str(sale.id), "version": sale.version, "order": str(new_id()), "total": "135", "with": "cash",
        "cash": "0", "received": "",
    }  # fmt: skip
    set_price(here.shop.products[0], 200)
    answer = here.browser.post("/till/pay", form)
    assert answer.status_code == 409
    assert total(text_of(answer)) == "$2.16"
    assert "A price has just changed" in text_of(answer)
    assert orders_there() == []
    assert here.quantities == [1000]


def test_a_sale_that_changed_is_not_paid_as_it_was(here: AtTill) -> None:
    here.scan(GTINS[0])
    sale = here.sale
    assert sale
    here.scan(GTINS[0])
    answer = here.pay(version=sale.version)
    assert answer.status_code == 409
    assert orders_there() == []


def test_whatever_breaks_between_two_steps_is_found_again(here: AtTill) -> None:
    here.scan(GTINS[0])
    sale = here.sale
    assert sale
    # Killed before the order was placed: nothing was charged, the sale goes on, but not at once.
    lost = new_id()
    run("UPDATE till_sale SET state = 'paying', order_id = %s, changed_at = now()", [lost])
    assert "Waiting" in get(here.browser, "/till")
    run("UPDATE till_sale SET changed_at = now() - interval '6 seconds'")
    assert "The payment was interrupted" in get(here.browser, "/till")
    # Killed after it: the order is there, so the sale is done and has its receipt.
    order_id = order_of(here.pay())
    here.scan(GTINS[0])
    run("UPDATE till_sale SET state = 'cancelled', order_id = NULL WHERE order_id = %s", [order_id])
    run("DELETE FROM fiscal_receipt WHERE false")
    run("UPDATE till_sale SET state = 'paying', order_id = %s WHERE state = 'open'", [order_id])
    assert here.browser.get("/till")["Location"] == f"/till/done/{order_id}"
    assert here.sale is None


# --- the receipt -----------------------------------------------------------------------------------------


def test_the_receipts_link_opens_it_and_nothing_else_does(here: AtTill) -> None:
    member(here)
    here.scan(GTINS[0])
    here.scan(CARD)
    order_id = order_of(here.pay(received="5"))
    page = get(here.browser, f"/till/done/{order_id}")
    assert "QR" not in page
    link = f"/till/receipts/{order_id}"
    key = orders.token_of(order_id)
    shown = get(Client(), f"{link}?key={key}")
    assert "p-1-1" in shown
    assert "$3.92" in shown
    assert "Household" not in shown
    assert Client().get(link).status_code == 302
    assert Client().get(f"{link}?key={key[:-1]}{'x' if key[-1] != 'x' else 'y'}").status_code == 404
    assert get(here.browser, link) != ""
    assert here.browser.get("/till/last")["Location"] == f"/till/done/{order_id}"


def test_the_day_so_far_is_read_by_way_to_pay(here: AtTill) -> None:
    assert "Nothing yet" in get(here.browser, "/till/today")
    here.scan(f"4*{GTINS[0]}")
    here.pay(**{"with": "card", "cash": "300", "card": "tok_approve"})
    here.scan(GTINS[0])
    here.pay(**{"with": "card", "card": "tok_decline"})
    order_id = order_of(here.pay())
    form = {"quantity-1": "1", "reason": "other", "sure": "yes", "id": str(new_id())}
    here.browser.post(f"/till/returns/{order_id}", form)
    page = get(here.browser, "/till/today")
    cells = re.findall(r'<th scope="row">([^<]+)</th><td class="number">([^<]+)</td><td class="number">([^<]+)<', page)
    assert cells == [("Cash", "2", "$4.35"), ("Card", "1", "$2.40"), ("Cash", "1", "$1.35")]
    assert "$6.75" in page
