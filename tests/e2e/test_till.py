"""A day at the till by keyboard and scanner alone, in two languages: sales, payments, members, returns from anywhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from storeline.aftersales import api as aftersales
from storeline.aftersales.tests.factories import another_place, collected
from storeline.customers import api as customers
from storeline.identity.tests.factories import make_user
from storeline.kernel.api import GUEST, SYSTEM, new_id, run
from storeline.loyalty import api as loyalty
from storeline.orders import api as orders
from storeline.orders.tests.factories import LONG_AGO, Shop, make, shop
from tests.e2e.conftest import open_page
from tests.e2e.people import Person
from tests.e2e.trading import name_goods, with_check

if TYPE_CHECKING:
    from uuid import UUID

    from playwright.sync_api import Browser

    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)
CODES = [with_check(f"{number:012}") for number in (400638133393, 590123412345, 401234567890, 501234567890)]
NAMES = ("Red apples", "Oat bread", "Dark chocolate", "A jar of the very finest honey from the hills, 500 g")
PHONE = "+12125550123"
TAKES_MS = 400
"""A scan's way to the screen on a machine that runs everything else at once; alone it takes a tenth of that."""


@pytest.fixture
def trading() -> Shop:
    """A shop with four products, of which a member pays less for the first."""
    made = shop(products=4, units=50)
    name_goods({name: {} for name in NAMES})
    for code, product in zip(CODES, made.products, strict=True):
        make("catalog.Gtin", gtin=code.zfill(14), product_id=product)
    make("pricing.Price", product_id=made.products[0], amount=100, currency="USD", valid_from=LONG_AGO, member=True)
    contact = customers.NewContact("phone", PHONE, verified=True)
    household = customers.NewCustomer(new_id(), name="Household 7", ref="m7", contacts=[contact])
    customers.give_card(customers.register(household, actor=SYSTEM), "20001234", actor=SYSTEM)
    start = datetime(2000, 1, 1, tzinfo=UTC)
    terms = {"ref": "SAVE", "name": "A dollar off", "kind": "amount", "value": 1, "currency": "USD"}
    (verdict,) = loyalty.put_coupons([terms | {"valid_from": start}], actor=SYSTEM)
    assert not verdict.errors
    return made


class AtTill(Person):
    """Somebody at a till who has a keyboard and a scanner, and no mouse."""

    def __init__(self, visit: Visit, trading: Shop, language: str) -> None:
        super().__init__(visit, language)
        self.visit.sign_in(make_user("seller", "associate", place_id=trading.place))
        self.keys = 0

    def open(self) -> None:
        """The first morning: the next one needs no choosing."""
        self.visit.go("/till")
        self.visit.check()
        self.strike("Enter")
        self.visit.check()

    def scan(self, code: str) -> None:
        """What a wedge scanner does: it types, and presses Enter."""
        before = self.page.locator("#till").element_handle()
        self.page.keyboard.type(code)
        self.page.keyboard.press("Enter")
        assert before is not None
        before.wait_for_element_state("hidden")  # the page has answered

    def hit(self, key: str, shows: str) -> None:
        """One key, and what the page shows then."""
        self.keys += 1
        self.page.keyboard.press(key)
        self.page.locator(shows).first.wait_for()

    def figure(self, name: str) -> str:
        """The digits of an amount on the page, however the language writes it."""
        return re.sub(r"[^0-9.]", "", self.page.locator(f"[data-{name}]").first.text_content() or "")


@pytest.fixture
def seller(visit: Visit, trading: Shop, language: str) -> AtTill:
    found = AtTill(visit, trading, language)
    found.open()
    return found


@pytest.fixture
def any_seller(visit: Visit, trading: Shop) -> AtTill:
    """Where words do not matter: in Chinese on a phone, in English at a till's screen."""
    found = AtTill(visit, trading, "zh-hans" if visit.is_phone else "en")
    found.open()
    return found


def test_ten_items_for_cash_in_eleven_scans_and_three_keys(seller: AtTill) -> None:
    page = seller.page
    for code in (*CODES, *CODES, CODES[0], CODES[1], "20001234"):
        seller.scan(code)
    assert page.locator("[data-line]").count() == 4
    assert seller.figure("total") == "12.69"
    seller.visit.check()
    seller.hit("F2", "[data-pad-field]")
    seller.visit.check()
    seller.hit("F6", "[data-change]")
    assert seller.figure("change") == "7.31"
    seller.visit.check()
    seller.hit("Enter", ".till-empty")
    assert seller.keys == 3
    assert run("SELECT state, till, payable FROM orders_order").fetchall() == [("completed", "1", 1269)]
    # The next shopper's first scan needs no key at all.
    seller.scan(CODES[0])
    seller.hit("F2", "[data-pad-field]")
    page.keyboard.type("2")
    seller.hit("Enter", "[data-change]")
    seller.scan(CODES[1])
    assert seller.figure("total") == "1.35"


def test_a_scan_is_on_the_screen_at_once(any_seller: AtTill) -> None:
    any_seller.scan(CODES[0])
    took = any_seller.page.evaluate(
        """async (code) => {
            const began = performance.now(), field = document.querySelector("[data-scan]");
            field.value = code;
            field.form.requestSubmit();
            await new Promise((done) => document.addEventListener("htmx:afterSwap", done, { once: true }));
            return performance.now() - began;
        }""",
        CODES[1],
    )
    assert took < TAKES_MS


def test_fast_scans_are_all_counted(any_seller: AtTill) -> None:
    page = any_seller.page
    for _ in range(3):
        for code in CODES:
            page.keyboard.type(code)
            page.keyboard.press("Enter")
    expect(page.locator(".till-quantity")).to_have_text(["3"] * 4)
    assert any_seller.figure("total") == "16.20"


def test_a_member_by_telephone_with_a_coupon_pays_in_two_ways(seller: AtTill) -> None:
    """Part in cash, the rest by card; what was typed in error is found again."""
    page = seller.page
    seller.scan(f"3*{CODES[0]}")
    seller.hit("F4", "#who")
    seller.visit.check()
    page.keyboard.type(PHONE)
    seller.hit("Enter", ".till-chip-good")
    assert seller.figure("total") == "3.24"
    seller.scan("SAVE")
    expect(page.locator(".till-chip-good")).to_have_count(2)
    assert seller.figure("total") == "2.16"
    seller.visit.check()
    seller.hit("F2", "[data-pad-field]")
    page.keyboard.type("2")
    seller.visit.check()
    seller.hit("Enter", "input[name=card]")
    assert seller.figure("total") == "0.16"
    seller.visit.check()
    seller.hit("Enter", ".till-outcome")
    assert seller.figure("total") == "2.16"
    seller.visit.check()
    paid = run("SELECT tender, amount, state FROM payments_intent ORDER BY tender").fetchall()
    assert paid == [("cash", 200, "captured"), ("sandbox_card", 16, "captured")]
    link = page.locator(".receipt").get_attribute("data-link") or ""
    assert "/till/receipts/" in link
    page.context.clear_cookies()
    seller.visit.speak(seller.language)
    seller.visit.go(link.removeprefix(seller.visit.base))
    assert "Household" not in page.content()
    seller.visit.check()


def test_declined_then_cash(seller: AtTill) -> None:
    page = seller.page
    page.keyboard.type("oat")
    page.locator("#till-suggest .till-hit").first.wait_for()
    seller.visit.check()
    page.keyboard.press("ArrowDown")
    seller.hit("Enter", "[data-line]")
    seller.hit("F3", "input[name=card]")
    seller.visit.check()
    page.keyboard.press("ArrowDown")
    seller.hit("Enter", ".banner-stop")
    assert seller.figure("total") == "1.35"
    seller.visit.check()
    seller.hit("F2", "[data-pad-field]")
    seller.hit("Enter", ".till-outcome")
    found = run("SELECT state FROM orders_order ORDER BY id").fetchall()
    assert found == [("cancelled",), ("completed",)]


def test_lines_are_changed_and_sales_put_aside_by_keys(seller: AtTill) -> None:
    page = seller.page
    for code in CODES[:2]:
        seller.scan(code)
    seller.scan(PHONE)  # its plus is no key of the line's
    seller.reads("Household 7")
    quantities = page.locator(".till-quantity")
    expect(quantities).to_have_text(["1", "1"])
    page.keyboard.press("NumpadAdd")
    expect(quantities).to_have_text(["2", "1"])
    page.keyboard.press("NumpadSubtract")
    expect(quantities).to_have_text(["1", "1"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("+")
    expect(quantities).to_have_text(["1", "2"])
    page.keyboard.press("Delete")
    expect(page.locator("[data-line]")).to_have_count(1)
    assert seller.figure("total") == "1.35"
    seller.hit("F7", ".till-empty")
    seller.reads("The sale is put aside.")
    seller.visit.check()
    seller.hit("F8", ".till-choice")
    seller.visit.check()
    seller.hit("Enter", "[data-line]")
    seller.hit("F10", ".till-ask")
    seller.visit.check()
    seller.hit("F2", ".till-empty")
    assert run("SELECT state FROM till_sale").fetchall() == [("cancelled",)]


# --- returns ---------------------------------------------------------------------------------------------


def takes_back(seller: AtTill, code: str, *, refund: str = "1.35", looks: bool = False) -> None:
    """One piece of the first line of what the code finds, from the sale to the money; Enter is the next sale."""
    page = seller.page
    page.keyboard.press("F9")
    page.locator("#code").wait_for()
    if looks:
        seller.visit.check()
    page.keyboard.type(code)
    seller.strike("Enter")
    quantity = page.locator("[name=quantity-1]")
    quantity.wait_for()
    if looks:
        seller.visit.check()
    seller.type(quantity, "1")
    seller.strike("Enter")
    assert seller.figure("refund") == refund
    if looks:
        seller.visit.check()
    seller.strike("Enter")
    page.wait_for_url(re.compile("/till/returned/"))
    assert seller.figure("refund") == refund
    seller.visit.check()
    seller.strike("Enter")
    page.locator(".till-empty").wait_for()


def test_goods_come_back_with_the_receipt_or_the_shoppers_code(seller: AtTill, trading: Shop) -> None:
    for code in (CODES[0], CODES[0], CODES[1]):
        seller.scan(code)
    seller.hit("F2", "[data-pad-field]")
    seller.hit("Enter", ".till-outcome")
    seller.hit("Enter", ".till-empty")
    takes_back(seller, "p-1-1", looks=True)
    assert trading.level(0) == (49_000, 0)
    online = collected(trading, [2])
    asked = aftersales.ReturnRequest(new_id(), online, (aftersales.RequestLine(1, 1000, "spoiled"),))
    aftersales.ask_return(asked, actor=GUEST, token=orders.token_of(online))
    takes_back(seller, asked.code)
    assert aftersales.get_request(asked.id).state == "accepted"
    assert returned() == [trading.place] * 2


def test_goods_of_another_shop_and_of_none(seller: AtTill, trading: Shop) -> None:
    """Bought in another shop: by its receipt. Without a receipt: for the lowest price of 30 days, in cash."""
    page = seller.page
    elsewhere = another_place(trading).sale(((1, 125),))
    (verdict,) = orders.checkout([elsewhere], actor=SYSTEM)
    assert verdict.state == "completed", verdict.error
    takes_back(seller, str(elsewhere.id), refund="1.25")
    page.keyboard.press("F9")
    page.locator("#code").wait_for()
    with page.expect_navigation():
        page.keyboard.press("F6")
    seller.visit.check()
    page.keyboard.type(CODES[1])
    seller.strike("Enter")
    assert seller.figure("refund") == "1.35"
    seller.visit.check()
    seller.press("input[name=reason]", "ArrowDown")
    seller.press("input[name=again]", "Space")
    seller.press("form button.till-big")
    page.wait_for_url(re.compile("/till/returned/"))
    assert seller.figure("refund") == "1.35"
    seller.visit.check()
    assert trading.level(1) == (51_000, 0)
    assert returned() == [trading.place] * 2


def returned() -> list[UUID]:
    """At which places goods came back."""
    return [head.place_id for head in aftersales.list_returns()]


# --- what people see -------------------------------------------------------------------------------------


def test_the_till_in_the_dark(visit: Visit, trading: Shop) -> None:
    visit.page.emulate_media(color_scheme="dark")
    seller = AtTill(visit, trading, "en")
    seller.open()
    seller.scan(CODES[0])
    visit.check()
    seller.hit("F4", "#who")
    visit.check()
    visit.page.keyboard.press("Escape")
    visit.page.locator("#who").wait_for(state="hidden")
    seller.hit("F2", "[data-pad-field]")
    visit.check()
    seller.hit("Enter", ".till-outcome")
    visit.check()
    for path in ("/till/today", "/till/returns", "/till/returns/without"):
        visit.go(path)
        visit.check()


def test_twelve_lines_without_scrolling(browser: Browser, served: str) -> None:
    """On the least screen of a till, 1024 by 768."""
    here = shop(products=12, units=50)
    visit = open_page(browser, served, (1024, 768))
    seller = AtTill(visit, here, "en")
    seller.open()
    for number in range(12):
        seller.scan(f"r{number}")
    seen = visit.page.locator("[data-line]").evaluate_all(
        "all => all.filter((each) => { const box = each.getBoundingClientRect(), list = each.parentElement.getBoundingClientRect();"
        " return box.top >= list.top && box.bottom <= Math.min(list.bottom, innerHeight); }).length"
    )
    assert seen == 12
    small = visit.page.locator("main :is(a, button):visible").evaluate_all(
        "all => all.filter((each) => each.getBoundingClientRect().height < 48).map((each) => each.outerHTML.slice(0, 120))"
    )
    assert small == []
    visit.check()
    visit.page.context.close()


def test_the_receipt_is_as_long_as_its_paper(any_seller: AtTill) -> None:
    """Printed on a roll of 80 mm: one page, as high as what stands on it."""
    any_seller.scan(CODES[0])
    any_seller.hit("F2", "[data-pad-field]")
    any_seller.hit("Enter", ".till-outcome")
    pages = re.findall(rb"/MediaBox ?\[([^\]]+)\]", any_seller.page.pdf(prefer_css_page_size=True))
    (box,) = {tuple(round(float(number) * 25.4 / 72) for number in one.split()) for one in pages}
    assert len(pages) == 1
    assert box[2] == 80
    assert 120 < box[3] < 240
