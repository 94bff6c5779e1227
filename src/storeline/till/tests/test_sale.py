"""A sale at the till: opened, scanned, changed, put aside; members and coupons."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.fiscal import api as fiscal
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import SYSTEM, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import LONG_AGO, make
from storeline.till.tests.factories import (
    CARD,
    GTINS,
    PHONE,
    AtTill,
    coupon,
    member,
    order_of,
    orders_there,
    product,
    rows,
    till,
    total,
)
from storeline.web.tests.browsing import get, text_of

pytestmark = pytest.mark.django_db(transaction=True)

# --- opening ---------------------------------------------------------------------------------------------


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


# --- scanning --------------------------------------------------------------------------------------------


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


def test_what_the_shop_keeps_is_suggested_first(here: AtTill) -> None:
    catalog.upsert_products(
        [
            {"ref": "r0", "name": "Oat bread"},
            {"ref": "a", "name": "Oat bread"},
            {"ref": "b", "name": "Oat bran"},
            {"ref": "c", "name": "Rye bran"},
        ],
        actor=SYSTEM,
    )
    (rye,) = [found.id for found in catalog.find_by_ref(["c"]).values()]
    make("pricing.Price", product_id=rye, amount=250, currency="USD", valid_from=LONG_AGO)

    def told(typed: str, *, pressed: bool = False) -> list[tuple[str, str]]:
        page = text_of(here.scan(typed) if pressed else here.browser.get("/till/suggest", {"code": typed}))
        names = re.findall(r'till-sub">(\w+)', page)
        marks = re.findall(r"not (?:kept|sold) here|\$[\d.]+</span></button>", page)
        return list(zip(names, [mark.partition("<")[0] for mark in marks], strict=True))

    assert told("oat") == [("r0", "$1.25")]
    assert told("oat", pressed=True) == [("r0", "$1.25"), ("b", "not sold here")]
    assert told("oat bran") == [("r0", "$1.25")]
    page = text_of(here.browser.get("/till/suggest?code=rye"))
    assert "not kept here" in page
    assert "$2.50" in page
    make("catalog.Listing", place_id=here.shop.place, product_id=here.shop.products[1])
    assert sorted(told("oat")) == [("b", "not sold here"), ("r0", "not sold here")]


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
    here.scan(f"01{GTINS[1]}")
    assert here.quantities == [425, 350, 150, 1000, 1000]


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


# --- lines -----------------------------------------------------------------------------------------------


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


# --- member and coupons ----------------------------------------------------------------------------------


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


def test_a_card_that_looks_like_a_code_of_unknown_goods_is_a_card(here: AtTill) -> None:
    found, card = member(here), "0190000000000003"
    customers.give_card(found, card, actor=SYSTEM)
    here.scan(GTINS[0])
    here.scan(card)
    assert here.sale
    assert here.sale.customer_id == found


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


# --- aside and cancelled ---------------------------------------------------------------------------------


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
