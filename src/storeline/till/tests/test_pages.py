"""The till as an associate, as a manager, as somebody of another place, as a shopper and as a guest."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from storeline.aftersales import api as aftersales
from storeline.catalog import api as catalog
from storeline.fiscal import api as fiscal
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import SYSTEM, new_id, now, run, transaction, waits
from storeline.orders import api as orders
from storeline.orders.tests.factories import make
from storeline.payments import api as payments
from storeline.till.tests.factories import (
    CARD,
    GTINS,
    PHONE,
    AtTill,
    coupon,
    member,
    orders_there,
    product,
    rows,
    set_price,
    till,
)

pytestmark = pytest.mark.django_db(transaction=True)
MOST_QUERIES = 10


@pytest.fixture
def here() -> AtTill:
    return till()


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def get(browser: Client, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status, text_of(answer)
    return text_of(answer)


def total(page: str) -> str:
    """The large figure."""
    found = re.search(r'class="till-total"[^>]*>(?:<span class="sr">[^<]*</span>)?([^<]+)<', page)
    assert found
    return found[1].strip()


def order_of(answer: Any) -> UUID:
    assert answer.status_code == 303, text_of(answer)
    return UUID(answer["Location"].removeprefix("/till/done/"))


# --- opening -------------------------------------------------------------------------------------------


def test_a_till_is_chosen_once_and_remembered() -> None:
    made = till()
    browser = browser_of(make_user("second", "associate", place_id=made.shop.place))
    assert browser.get("/till")["Location"] == "/till/open"
    page = get(browser, "/till/open")
    assert "Till 1" in page
    assert "New till 2" in page
    assert browser.post("/till/open", {"place": str(made.shop.place), "number": "2"})["Location"] == "/till"
    assert "Scan the first product" in get(browser, "/till")
    browser.cookies["till"] = "nonsense"
    assert browser.get("/till")["Location"] == "/till/open"
    browser.cookies["till"] = f"{made.shop.place}.9"
    assert browser.get("/till")["Location"] == "/till/open"


@pytest.mark.parametrize(("number", "status"), [("0", 422), ("100", 422), ("x", 422), ("", 422)])
def test_no_other_number_is_a_till(here: AtTill, number: str, status: int) -> None:
    before = rows()
    answer = here.browser.post("/till/open", {"place": str(here.shop.place), "number": number})
    assert answer.status_code == status
    assert rows() == before


# --- scanning ------------------------------------------------------------------------------------------


def test_ten_items_for_cash_with_change(here: AtTill) -> None:
    for code in (*[GTINS[0]] * 6, *[GTINS[1][1:]] * 3, "r2"):
        assert here.scan(code)["Location"] == "/till"
    page = get(here.browser, "/till")
    assert total(page) == "$13.50"
    assert "10 items" in page
    assert here.quantities == [6000, 3000, 1000]
    order_id = order_of(here.pay(received="20"))
    page = get(here.browser, f"/till/done/{order_id}")
    assert re.search(r"data-change>\$6\.50<", page)
    assert "$20.00 for $13.50" in page
    assert orders_there() == [("completed", "1", 1350, 1350)]
    assert here.shop.level(0) == (14_000, 0)
    receipt = fiscal.receipts_of([order_id])[order_id]
    assert (receipt.series, receipt.number, receipt.total) == ("1", "1", 1350)
    assert "p-1-1" in page
    assert here.sale is None
    assert "Scan the first product" in get(here.browser, "/till")
    assert run("SELECT customer_id, coupons FROM till_sale").fetchall() == [(None, [])]


def test_each_till_has_its_own_numbers(here: AtTill) -> None:
    here.scan(GTINS[0])
    order_of(here.pay())
    here.scan(GTINS[0])
    last = order_of(here.pay())
    assert fiscal.receipts_of([last])[last].number == "2"
    here.browser.post("/till/open", {"place": str(here.shop.place), "number": "2"})
    here.at = type(here.at)(here.shop.place, 2)
    here.scan(GTINS[0])
    other = order_of(here.pay())
    found = fiscal.receipts_of([other])[other]
    assert (found.series, found.number) == ("2", "1")


def test_the_same_scan_sent_twice_counts_once(here: AtTill) -> None:
    assert here.scan(GTINS[0], "k1")["Location"] == "/till"
    assert here.scan(GTINS[0], "k1")["Location"] == "/till?said=again"
    assert "counted already" in get(here.browser, "/till?said=again")
    assert here.quantities == [1000]
    # Another product under the key of a page that was gone back to is another scan.
    here.scan(GTINS[1], "k1")
    assert here.quantities == [1000, 1000]


def test_a_part_is_answered_at_once(here: AtTill) -> None:
    answer = here.scan(GTINS[0], part=True)
    page = text_of(answer)
    assert answer.status_code == 200
    assert page.startswith('<div id="till"')
    assert total(page) == "$1.35"


def test_a_multiplier_waits_for_its_product(here: AtTill) -> None:
    page = text_of(here.scan("3*"))
    assert 'value="3*"' in page
    assert "it counts 3 times" in page
    here.scan(f"3*{GTINS[0]}")
    assert here.quantities == [3000]


def test_what_nobody_knows_is_said(here: AtTill) -> None:
    before = rows()
    for code, status, words in (
        ("4000000000006", 404, "Nothing has this code"),
        ("99", 404, "Nothing has this code"),
        ("zzzzqqq", 404, "No product goes by these words"),
    ):
        answer = here.scan(code)
        assert (answer.status_code, words in text_of(answer)) == (status, True), code
    assert rows() == before


def test_words_are_searched_and_chosen(here: AtTill) -> None:
    catalog.upsert_products([{"ref": "r0", "name": "Oat bread"}, {"ref": "r1", "name": "Oat drink"}], actor=SYSTEM)
    page = text_of(here.scan("oat"))
    assert page.count('name="product"') == 2
    found = text_of(here.browser.get("/till/suggest?code=2*oat+bread"))
    assert 'name="times" value="2"' in found
    assert here.browser.get("/till/suggest?code=12345").content.strip() == b""
    form = {"product": str(here.shop.products[0]), "times": "2", "key": "k"}
    assert here.browser.post("/till/add", form)["Location"] == "/till"
    assert here.quantities == [2000]


def test_what_is_weighed_asks_for_its_weight(here: AtTill) -> None:
    cheese = product(here, "cheese", unit="kg", by_weight=True, amount=1_200)
    page = text_of(here.scan("cheese"))
    assert "in kg?" in page
    form = {"product": str(cheese), "key": "k", "quantity": "0,35"}
    here.browser.post("/till/add", form)
    here.browser.post("/till/add", form | {"key": "k2", "quantity": "0.2"})
    assert here.quantities == [350, 200]
    assert total(get(here.browser, "/till")) == "$7.13"
    before = rows()
    for typed in ("0", "-1", "many"):
        answer = here.browser.post("/till/add", form | {"key": "k3", "quantity": typed})
        assert (answer.status_code, f'value="{typed}"' in text_of(answer)) == (422, True)
    assert rows() == before


def test_a_label_says_the_weight_or_the_price(here: AtTill) -> None:
    product(here, "ham", unit="kg", by_weight=True, amount=2_000, gtin=_with_check("251234500000").zfill(14))
    product(here, "brie", unit="kg", by_weight=True, amount=1_000, gtin=_with_check("205432100000").zfill(14))
    here.scan(_with_check("251234500425"))
    here.scan(_with_check("205432100350"))
    assert here.quantities == [425, 350]
    here.scan(f"]d201{_with_check('251234500000').zfill(14)}3103000150")
    here.scan(f"https://id.example/01/{GTINS[0]}")
    assert here.quantities == [425, 350, 150, 1000]


def _with_check(digits: str) -> str:
    weighted = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits))
    return f"{digits}{-weighted % 10}"


def test_age_is_asked_once_a_sale(here: AtTill) -> None:
    wine = product(here, "wine", age_limit=21)
    page = text_of(here.scan("wine"))
    assert "Is the shopper 21 or older?" in page
    assert here.sale is None
    form = {"product": str(wine), "quantity": "1", "key": "k"}
    assert "21 or older" in text_of(here.browser.post("/till/add", form | {"age": "18"}))
    assert here.sale is None
    here.browser.post("/till/add", form | {"age": "21"})
    assert here.quantities == [1000]
    here.scan("wine")
    assert here.quantities == [2000]


def test_what_is_not_sold_here_is_not_added(here: AtTill) -> None:
    here.scan(GTINS[0])
    product(here, "ended", status="ended")
    make("catalog.Product", ref="priceless", name="Priceless")
    before = rows()
    for code, words in (("ended", "not sold here"), ("priceless", "has no price here")):
        answer = here.scan(code)
        assert (answer.status_code, words in text_of(answer)) == (409, True), text_of(answer)
    assert rows() == before


def test_deposits_are_lines_of_their_own(here: AtTill) -> None:
    bottle = make("catalog.Product", ref="bottle", name="Bottle", tax_class="standard", service=True)
    make("pricing.Price", product_id=bottle, amount=10, currency="USD", valid_from="2000-01-01T00:00:00Z")
    product(here, "water", amount=100, deposit_product_id=bottle)
    here.scan("2*water")
    page = get(here.browser, "/till")
    assert "till-deposit" in page
    assert "Bottle" in page
    assert total(page) == "$2.38"
    assert orders_there() == []
    order_of(here.pay())
    assert orders_there() == [("completed", "1", 238, 238)]


# --- lines ---------------------------------------------------------------------------------------------


def test_a_line_is_changed_from_what_it_was(here: AtTill) -> None:
    here.scan(GTINS[0])
    here.scan(GTINS[1])
    sale = here.sale
    assert sale

    def change(line: str) -> Any:
        return here.browser.post("/till/lines", {"sale": str(sale.id), "line": line})

    assert change("1:1000:3000")["Location"] == "/till"
    assert here.quantities == [3000, 1000]
    assert change("1:1000:3000")["Location"] == "/till"
    assert here.quantities == [3000, 1000]
    answer = change("1:1000:2000")
    assert (answer.status_code, here.quantities) == (409, [3000, 1000])
    assert change("1:x:2000").status_code == 422
    change("2:1000:0")
    assert here.quantities == [3000]
    taken_off = run("SELECT detail->>'from' FROM kernel_trail WHERE action = 'till.take_off'").fetchall()
    assert taken_off == [("1000",)]


def test_two_windows_lose_no_line(here: AtTill) -> None:
    other = browser_of(make_user("second", "associate", place_id=here.shop.place))
    other.cookies["till"] = here.browser.cookies["till"].value
    here.scan(GTINS[0])
    other.post("/till/scan", {"code": GTINS[1], "key": "a"})
    here.scan(GTINS[2])
    assert here.quantities == [1000, 1000, 1000]
    assert run("SELECT count(*) FROM till_sale").fetchall() == [(1,)]


# --- member and coupons --------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [CARD, "2000 1234", PHONE])
def test_a_members_card_gives_the_members_price(here: AtTill, code: str) -> None:
    found = member(here)
    here.scan(GTINS[0])
    assert total(get(here.browser, "/till")) == "$1.35"
    here.scan(code)
    page = get(here.browser, "/till")
    assert total(page) == "$1.08"
    assert "Household 7" in page
    assert "Member price \N{MINUS SIGN}$0.25" in page
    order_id = order_of(here.pay())
    assert orders.get(order_id).head.customer_id == found


def test_a_member_is_found_by_the_number_dialled_here_or_their_own(here: AtTill) -> None:
    found = member(here)
    for who in ("(212) 555-0123", "m7", CARD):
        here.browser.post("/till/member", {"off": "1"})
        assert here.browser.post("/till/member", {"who": who})["Location"] == "/till", who
        assert here.sale
        assert here.sale.customer_id == found
    here.browser.post("/till/member", {"off": "1"})
    before = rows()
    answer = here.browser.post("/till/member", {"who": "nobody"})
    assert (answer.status_code, 'value="nobody"' in text_of(answer)) == (404, True)
    assert rows() == before


def test_a_guests_record_gets_no_members_price(here: AtTill) -> None:
    member(here)
    run("UPDATE customers_customer SET kind = 'guest'")
    assert here.scan(CARD).status_code == 409
    assert here.browser.post("/till/member", {"who": CARD}).status_code == 404
    assert here.sale is None


def test_coupons_apply_or_say_why_not(here: AtTill) -> None:
    coupon("SAVE")
    coupon("BIG", min_spend=50)
    coupon("OLD", valid_to=datetime(2001, 1, 1, tzinfo=UTC))
    here.scan(GTINS[0])
    here.scan("SAVE")
    here.scan("BIG")
    page = get(here.browser, "/till")
    assert total(page) == "$0.27"
    assert "SAVE now" in page
    assert "Nothing in this sale is for it yet." in page
    before = rows()
    assert "It is not valid now." in text_of(here.scan("OLD"))
    answer = here.browser.post("/till/coupon", {"code": "NONE"})
    assert (answer.status_code, "There is no such coupon." in text_of(answer)) == (404, True)
    assert rows() == before
    order_id = order_of(here.pay())
    assert run("SELECT order_id FROM loyalty_redemption").fetchall() == [(order_id,)]
    assert orders.get(order_id).head.payable == 27


def test_a_coupon_can_come_first_and_be_taken_off(here: AtTill) -> None:
    coupon()
    here.scan("SAVE")
    assert "Nothing in this sale is for it yet." in get(here.browser, "/till")
    here.scan(GTINS[0])
    assert total(get(here.browser, "/till")) == "$0.27"
    here.browser.post("/till/coupon", {"code": "SAVE", "off": "1"})
    assert total(get(here.browser, "/till")) == "$1.35"


# --- aside and cancelled -------------------------------------------------------------------------------


def test_a_sale_is_put_aside_and_gone_on_with(here: AtTill) -> None:
    here.scan(f"2*{GTINS[0]}")
    first = here.sale
    assert first
    assert here.browser.post("/till/park", {"sale": str(first.id)})["Location"] == "/till?said=parked"
    assert here.browser.post("/till/park", {"sale": str(first.id)})["Location"] == "/till?said=parked"
    assert here.quantities == []
    here.scan(GTINS[1])
    second = here.sale
    assert second
    page = get(here.browser, "/till?ask=parked")
    assert "2 items" in page
    assert "$2.70" in page
    # The one under way makes room.
    assert here.browser.post("/till/resume", {"sale": str(first.id)})["Location"] == "/till?said=resumed"
    found = here.sale
    assert found is not None
    assert (found.id, here.quantities) == (first.id, [2000])
    assert run("SELECT state, pieces, total FROM till_sale WHERE id = %s", [second.id]).fetchall() == [
        ("parked", 1, 135)
    ]
    other = till_two(here)
    assert other.post("/till/resume", {"sale": str(second.id)})["Location"] == "/till?said=resumed"
    before = rows()
    assert here.browser.post("/till/resume", {"sale": str(second.id)}).status_code == 409
    assert rows() == before


def till_two(here: AtTill) -> Client:
    other = browser_of(make_user("second", "associate", place_id=here.shop.place))
    other.post("/till/open", {"place": str(here.shop.place), "number": "2"})
    return other


def test_a_sale_is_cancelled_as_it_was_shown(here: AtTill) -> None:
    here.scan(GTINS[0])
    sale = here.sale
    assert sale
    assert "Cancel this sale?" in get(here.browser, "/till?ask=cancel")
    here.scan(GTINS[1])
    before = rows()
    form = {"sale": str(sale.id), "version": sale.version}
    assert here.browser.post("/till/cancel", form).status_code == 409
    assert rows() == before
    form["version"] = here.sale.version if here.sale else 0
    for _ in range(2):
        assert here.browser.post("/till/cancel", form)["Location"] == "/till?said=cancelled"
    assert here.sale is None
    assert orders_there() == []


# --- payment -------------------------------------------------------------------------------------------


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


# --- the receipt ---------------------------------------------------------------------------------------


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
    assert Client().get(f"{link}?key={key[:-1]}x").status_code == 404
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


# --- returns -------------------------------------------------------------------------------------------


def sold(here: AtTill, **form: Any) -> UUID:
    here.scan(f"3*{GTINS[0]}")
    here.scan(GTINS[1])
    return order_of(here.pay(**form))


@pytest.mark.parametrize("how", ["name", "number", "link", "id"])
def test_a_sale_is_found_by_its_receipt(here: AtTill, how: str) -> None:
    order_id = sold(here)
    code = {
        "name": "p-1-1",
        "number": "1",
        "link": f"https://shop.example/till/receipts/{order_id}?key=x",
        "id": str(order_id),
    }[how]
    answer = here.browser.get("/till/returns", {"code": code})
    assert answer["Location"] == f"/till/returns/{order_id}"
    if how == "link":
        assert here.scan(code)["Location"] == f"/till/returns/{order_id}"


def test_what_is_no_receipt_is_said(here: AtTill) -> None:
    sold(here)
    for code in ("p-1-2", "p-2-1", "x-1-1", "nothing", "7"):
        assert "No receipt or order is known by this" in get(here.browser, f"/till/returns?code={code}", 404), code


def test_goods_come_back_against_their_receipt(here: AtTill) -> None:
    order_id = sold(here, received="10")
    address = f"/till/returns/{order_id}"
    assert "3 · $3.75" in get(here.browser, address)
    form = {"quantity-1": "2", "again-1": "1", "reason": "damaged"}
    asked = text_of(here.browser.post(address, form))
    assert total(asked) == "$2.70"
    assert "Cash $2.70" in asked
    before = aftersales.list_returns()
    assert before == []
    sure = form | {"sure": "yes", "id": str(new_id())}
    where = here.browser.post(address, sure)["Location"]
    assert here.browser.post(address, sure)["Location"] == where == f"/till/returned/{sure['id']}"
    page = get(here.browser, where)
    assert "Give in cash" in page
    assert total(page) == "$2.70"
    assert here.shop.level(0) == (19_000, 0)
    assert "1 can still come back" in get(here.browser, address)
    (view,) = [aftersales.get_return(head.id) for head in aftersales.list_returns()]
    assert [(line.quantity, line.amount, line.reason, line.restock) for line in view.lines] == [
        (2000, 250, "damaged", True)
    ]


def test_a_return_that_cannot_be_is_refused_with_what_was_typed(here: AtTill) -> None:
    order_id = sold(here)
    address = f"/till/returns/{order_id}"
    before = rows()
    for form, words in (
        ({"quantity-1": "4", "reason": "damaged"}, "From nothing to what can still come back."),
        ({"quantity-1": "x", "reason": "damaged"}, "Type a number"),
        ({"quantity-1": "0.5", "reason": "damaged"}, "Whole pieces only."),
        ({"reason": "damaged"}, "Say how many of what come back."),
        ({"quantity-1": "1", "reason": "none"}, "Choose why they come back."),
    ):
        answer = here.browser.post(address, form | {"sure": "yes", "id": str(new_id())})
        assert (answer.status_code, words in text_of(answer)) == (422, True), words
        assert f'value="{form.get("quantity-1", "")}"' in text_of(answer)
    assert rows() == before


def test_a_card_gets_its_money_back_and_cash_is_the_managers_to_give(here: AtTill) -> None:
    order_id = sold(here, **{"with": "card", "card": "tok_approve"})
    address = f"/till/returns/{order_id}"
    form = {"quantity-2": "1", "reason": "unwanted", "sure": "yes", "as": "cash", "id": str(new_id())}
    before = rows()
    refused = here.browser.post(address, form)
    assert (refused.status_code, "This needs your manager." in text_of(refused)) == (403, True)
    assert rows() == before
    manager = browser_of(make_user("boss", "shop_manager", place_id=here.shop.place))
    manager.cookies["till"] = here.browser.cookies["till"].value
    assert "All of it in cash" in text_of(manager.post(address, {"quantity-2": "1", "reason": "unwanted"}))
    where = manager.post(address, form)["Location"]
    assert "Give in cash" in get(manager, where)
    here.browser.post(address, {"quantity-1": "1", "reason": "unwanted", "sure": "yes", "id": str(new_id())})
    refunds = run("SELECT tender, amount, state FROM aftersales_refund ORDER BY tender").fetchall()
    assert refunds == [("cash", 135, "settled"), ("sandbox_card", 135, "settled")]


def test_what_was_bought_elsewhere_or_online_comes_back_here(here: AtTill) -> None:
    from storeline.aftersales.tests.factories import another_place, collected  # noqa: PLC0415

    online = collected(here.shop, [2])
    found = here.browser.get("/till/returns", {"code": f"#{orders.order_number(online).lower()}"})
    assert found["Location"] == f"/till/returns/{online}"
    other = another_place(here.shop)
    browser = browser_of(make_user("other", "associate", place_id=other.place))
    browser.post("/till/open", {"place": str(other.place), "number": "1"})
    for order_id in (online, sold(here)):
        address = f"/till/returns/{order_id}"
        form = {"quantity-1": "1", "again-1": "1", "reason": "wrong", "sure": "yes", "id": str(new_id())}
        assert browser.post(address, form)["Location"] == f"/till/returned/{form['id']}"
    assert [head.place_id for head in aftersales.list_returns()] == [other.place] * 2


def test_a_return_asked_for_online_is_found_by_its_code(here: AtTill) -> None:
    order_id = sold(here)
    request = aftersales.ReturnRequest(new_id(), order_id, (aftersales.RequestLine(1, 2000, "spoiled"),))
    aftersales.ask_return(request, actor=SYSTEM, token=orders.token_of(order_id))
    where = here.browser.get("/till/returns", {"code": request.code})["Location"]
    assert where == f"/till/returns/{order_id}?request={request.id}"
    page = get(here.browser, where)
    assert 'name="quantity-1" value="2"' in page
    form = {"quantity-1": "2", "reason": "spoiled", "request": str(request.id), "sure": "yes", "id": str(new_id())}
    here.browser.post(f"/till/returns/{order_id}", form)
    assert aftersales.get_request(request.id).state == "accepted"


def test_without_a_receipt_the_lowest_price_is_given_in_cash(here: AtTill) -> None:
    page = get(here.browser, f"/till/returns/without?code={GTINS[0]}&quantity=2")
    assert total(page) == "$2.70"
    form = {
        "product": str(here.shop.products[0]), "quantity": "2", "total": "270", "reason": "unwanted", "again": "1",
        "id": str(new_id()),
    }  # fmt: skip
    before = rows()
    changed = here.browser.post("/till/returns/without", form | {"total": "999"})
    assert (changed.status_code, "Its price has just changed" in text_of(changed)) == (409, True)
    assert here.browser.post("/till/returns/without", form | {"reason": "x"}).status_code == 422
    assert here.browser.post("/till/returns/without", form | {"quantity": "0.5"}).status_code == 422
    assert rows() == before
    where = here.browser.post("/till/returns/without", form)["Location"]
    assert here.browser.post("/till/returns/without", form)["Location"] == where
    assert total(get(here.browser, where)) == "$2.70"
    (head,) = aftersales.list_returns()
    assert (head.order_id, head.amount, head.tax, head.refunded) == (None, 250, 20, 270)
    assert here.shop.level(0) == (22_000, 0)


# --- who may, and how much it asks ---------------------------------------------------------------------


def test_who_may_not(here: AtTill) -> None:
    here.scan(GTINS[0])
    sale = here.sale
    assert sale
    order = {"sale": str(sale.id), "version": sale.version, "order": str(new_id()), "total": "135", "with": "cash"}
    deeds: list[tuple[str, dict[str, Any]]] = [
        ("/till/scan", {"code": GTINS[0], "key": "k"}),
        ("/till/add", {"product": str(here.shop.products[0]), "key": "k"}),
        ("/till/lines", {"sale": str(sale.id), "line": "1:1000:0"}),
        ("/till/member", {"who": CARD}),
        ("/till/coupon", {"code": "SAVE"}),
        ("/till/park", {"sale": str(sale.id)}),
        ("/till/resume", {"sale": str(sale.id)}),
        ("/till/cancel", {"sale": str(sale.id), "version": sale.version}),
        ("/till/pay", order),
        ("/till/pay/call-off", {"sale": str(sale.id)}),
        ("/till/open", {"place": str(here.shop.place), "number": "1"}),
    ]
    from storeline.aftersales.tests.factories import another_place  # noqa: PLC0415

    other = another_place(here.shop)
    elsewhere = browser_of(make_user("other", "associate", place_id=other.place))
    own = browser_of(make_user("own", "associate", place_id=other.place))
    own.post("/till/open", {"place": str(other.place), "number": "1"})
    shopper = browser_of(make_user("shopper", "shopper"))
    before = rows()
    elsewhere.cookies["till"] = here.browser.cookies["till"].value
    for address, form in deeds:
        assert elsewhere.post(address, form).status_code in {403, 422}, address
        assert shopper.post(address, form).status_code == 403, address
        assert Client().post(address, form)["Location"].startswith("/accounts/login/"), address
    for address, form in deeds[2:]:
        if address in {"/till/member", "/till/coupon", "/till/open"}:
            continue
        assert own.post(address, form).status_code in {303, 409}, address
    assert rows() == before
    assert elsewhere.get("/till")["Location"] == "/till/open"
    assert shopper.get("/till").status_code == 403


def test_a_form_that_is_not_whole_changes_nothing(here: AtTill) -> None:
    here.scan(GTINS[0])
    before = rows()
    for address in ("/till/add", "/till/pay", "/till/cancel", "/till/lines", "/till/park", "/till/resume"):
        assert here.browser.post(address, {}).status_code == 422, address
    assert rows() == before


def test_each_page_asks_little_of_the_database(here: AtTill) -> None:
    member(here)
    coupon()
    for code in (*GTINS, CARD, "SAVE"):
        here.scan(code)
    order_id = order_of(here.pay())
    for code in (*GTINS, CARD, "SAVE"):
        here.scan(code)
    aside = here.sale
    assert aside
    here.browser.post("/till/park", {"sale": str(aside.id)})
    for code in (*GTINS, CARD):
        here.scan(code)
    form = {"quantity-1": "1", "reason": "unwanted", "sure": "yes", "id": str(new_id())}
    returned = here.browser.post(f"/till/returns/{order_id}", form)["Location"]
    addresses = [
        "/till",
        "/till?ask=parked",
        "/till/pay?with=cash",
        "/till/pay?with=card",
        "/till/suggest?code=prod",
        "/till/open",
        f"/till/done/{order_id}",
        f"/till/receipts/{order_id}",
        "/till/today",
        "/till/returns",
        f"/till/returns/{order_id}",
        returned,
        f"/till/returns/without?code={GTINS[0]}",
    ]
    asked = {}
    for address in addresses:
        with CaptureQueriesContext(connection) as seen, waits() as count:
            page = get(here.browser, address)
        asked[address] = len(seen) + count.waits
        assert len(page) < 60_000
        assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page) == []
    assert {address: number for address, number in asked.items() if number > MOST_QUERIES} == {}
