"""A day at the till by keyboard and scanner alone: sell for cash, to a member with a coupon by card, decline, return."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from playwright.sync_api import expect

from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import SYSTEM, new_id, run
from storeline.loyalty import api as loyalty
from storeline.orders.tests.factories import LONG_AGO, Shop, make, shop

if TYPE_CHECKING:
    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)
GTINS = [f"{number:012}" for number in (400638133393, 590123412345, 401234567890, 501234567890)]
PHONE_PX = 500
TAKES_MS = 400
"""A scan's way to the screen on a machine that runs everything else at once; alone it takes a tenth of that."""


def with_check(digits: str) -> str:
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


CODES = [with_check(digits) for digits in GTINS]


@pytest.fixture
def trading() -> Shop:
    """A shop with four products, of which a member pays less for the first."""
    made = shop(products=4, units=50)
    names = ("Red apples", "Oat bread", "Dark chocolate", "A jar of the very finest honey from the hills, 500 g")
    catalog.upsert_products([{"ref": f"r{number}", "name": name} for number, name in enumerate(names)], actor=SYSTEM)
    for code, product in zip(CODES, made.products, strict=True):
        make("catalog.Gtin", gtin=code.zfill(14), product_id=product)
    make("pricing.Price", product_id=made.products[0], amount=100, currency="USD", valid_from=LONG_AGO, member=True)
    found = customers.register(customers.NewCustomer(new_id(), name="Household 7", ref="m7"), actor=SYSTEM)
    customers.give_card(found, "20001234", actor=SYSTEM)
    start = datetime(2000, 1, 1, tzinfo=UTC)
    terms = {"ref": "SAVE", "name": "A dollar off", "kind": "amount", "value": 1, "currency": "USD"}
    (verdict,) = loyalty.put_coupons([terms | {"valid_from": start}], actor=SYSTEM)
    assert not verdict.errors
    return made


class AtTill:
    """Somebody at a till who has a keyboard and a scanner, and no mouse."""

    def __init__(self, visit: Visit, trading: Shop, language: str, role: str = "associate") -> None:
        self.visit, self.page = visit, visit.page
        session = browser_of(make_user("seller", role, place_id=trading.place)).cookies["sessionid"].value
        cookies = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: language}
        self.page.context.add_cookies(
            [{"name": name, "value": value, "url": visit.base} for name, value in cookies.items()]
        )
        self.keys = 0

    def open(self) -> None:
        """The first morning: the next one needs no choosing."""
        self.visit.go("/till")
        self.visit.check()
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(re.compile("/till$"))
        self.page.wait_for_load_state("networkidle")
        self.visit.check()

    def scan(self, code: str) -> None:
        """What a wedge scanner does: it types, and presses Enter."""
        before = self.page.locator("#till").element_handle()
        self.page.keyboard.type(code)
        self.page.keyboard.press("Enter")
        assert before is not None
        before.wait_for_element_state("hidden")  # the page has answered

    def press(self, key: str, shows: str) -> None:
        """One key, and what the page shows then."""
        self.keys += 1
        self.page.keyboard.press(key)
        self.page.locator(shows).first.wait_for()

    def figure(self, name: str) -> str:
        """The digits of an amount on the page, however the language writes it."""
        return re.sub(r"[^0-9.]", "", self.page.locator(f"[data-{name}]").first.text_content() or "")


def is_phone(visit: Visit) -> bool:
    size = visit.page.viewport_size
    return size is not None and size["width"] < PHONE_PX


@pytest.fixture
def seller(visit: Visit, trading: Shop) -> AtTill:
    """In English at a till's screen, in Chinese on a phone; the sale itself the other way round, too."""
    found = AtTill(visit, trading, "zh-hans" if is_phone(visit) else "en")
    found.open()
    return found


@pytest.mark.parametrize("swapped", [False, True])
def test_ten_items_for_cash_in_eleven_scans_and_three_keys(visit: Visit, trading: Shop, *, swapped: bool) -> None:
    seller = AtTill(visit, trading, "zh-hans" if is_phone(visit) != swapped else "en")
    seller.open()
    page = seller.page
    for code in (*CODES, *CODES, CODES[0], CODES[1], "20001234"):
        seller.scan(code)
    assert page.locator("[data-line]").count() == 4
    assert seller.figure("total") == "12.69"
    seller.visit.check()
    seller.press("F2", "[data-pad-field]")
    seller.visit.check()
    seller.press("F6", "[data-change]")
    assert seller.figure("change") == "7.31"
    seller.visit.check()
    seller.press("Enter", ".till-empty")
    assert seller.keys == 3
    assert run("SELECT state, till, payable FROM orders_order").fetchall() == [("completed", "1", 1269)]
    # The next shopper's first scan needs no key at all.
    seller.scan(CODES[0])
    seller.press("F2", "[data-pad-field]")
    page.keyboard.type("2")
    seller.press("Enter", "[data-change]")
    seller.scan(CODES[1])
    assert seller.figure("total") == "1.35"


def test_a_scan_is_on_the_screen_at_once(seller: AtTill) -> None:
    seller.scan(CODES[0])
    took = seller.page.evaluate(
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


def test_fast_scans_are_all_counted(seller: AtTill) -> None:
    page = seller.page
    for _ in range(3):
        for code in CODES:
            page.keyboard.type(code)
            page.keyboard.press("Enter")
    expect(page.locator(".till-quantity")).to_have_text(["3"] * 4)
    assert seller.figure("total") == "16.20"


def test_member_coupon_and_card(seller: AtTill) -> None:
    page = seller.page
    seller.scan(f"3*{CODES[0]}")
    seller.press("F4", "#who")
    seller.visit.check()
    page.keyboard.type("m7")
    seller.press("Enter", ".till-chip-good")
    assert seller.figure("total") == "3.24"
    seller.scan("SAVE")
    expect(page.locator(".till-chip-good")).to_have_count(2)
    assert seller.figure("total") == "2.16"
    seller.visit.check()
    seller.press("F3", "input[name=card]")
    seller.visit.check()
    seller.press("Enter", ".till-outcome")
    assert seller.figure("total") == "2.16"
    seller.visit.check()
    assert run("SELECT tender, amount, state FROM payments_intent").fetchall() == [("sandbox_card", 216, "captured")]
    link = page.locator(".receipt").get_attribute("data-link") or ""
    assert "/till/receipts/" in link
    page.context.clear_cookies()
    seller.visit.go(link.removeprefix(seller.visit.base))
    assert "Household" not in (page.content())
    seller.visit.check()


def test_declined_then_cash(seller: AtTill) -> None:
    page = seller.page
    page.keyboard.type("oat")
    page.locator("#till-suggest .till-hit").first.wait_for()
    page.keyboard.press("ArrowDown")
    seller.press("Enter", "[data-line]")
    seller.press("F3", "input[name=card]")
    page.keyboard.press("ArrowDown")
    seller.press("Enter", ".banner-stop")
    assert seller.figure("total") == "1.35"
    seller.visit.check()
    seller.press("F2", "[data-pad-field]")
    seller.press("Enter", ".till-outcome")
    found = run("SELECT state FROM orders_order ORDER BY id").fetchall()
    assert found == [("cancelled",), ("completed",)]


def test_lines_are_changed_and_sales_put_aside_by_keys(seller: AtTill) -> None:
    page = seller.page
    for code in CODES[:2]:
        seller.scan(code)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("+")
    expect(page.locator(".till-quantity").nth(1)).to_have_text("2")
    page.keyboard.press("Delete")
    expect(page.locator("[data-line]")).to_have_count(1)
    assert seller.figure("total") == "1.35"
    seller.press("F7", ".till-empty")
    seller.press("F8", ".till-choice")
    seller.visit.check()
    seller.press("Enter", "[data-line]")
    seller.press("F10", ".till-ask")
    seller.visit.check()
    seller.press("F2", ".till-empty")
    assert run("SELECT state FROM till_sale").fetchall() == [("cancelled",)]


def test_a_return_with_its_receipt(seller: AtTill, trading: Shop) -> None:
    page = seller.page
    for code in (CODES[0], CODES[0], CODES[1]):
        seller.scan(code)
    seller.press("F2", "[data-pad-field]")
    seller.press("Enter", ".till-outcome")
    seller.press("Enter", ".till-empty")
    page.keyboard.press("F9")
    page.locator("#code").wait_for()
    seller.visit.check()
    page.keyboard.type("p-1-1")
    page.keyboard.press("Enter")
    page.locator("[name=quantity-1]").wait_for()
    seller.visit.check()
    page.keyboard.type("1")
    seller.press("Enter", "[data-refund]")
    assert seller.figure("refund") == "1.35"
    seller.visit.check()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/till/returned/"))
    assert seller.figure("refund") == "1.35"
    seller.visit.check()
    assert trading.level(0) == (49_000, 0)
    page.keyboard.press("Enter")
    page.locator(".till-empty").wait_for()


def test_the_till_in_the_dark(visit: Visit, trading: Shop) -> None:
    visit.page.emulate_media(color_scheme="dark")
    seller = AtTill(visit, trading, "en")
    seller.open()
    seller.scan(CODES[0])
    visit.check()
    seller.press("F2", "[data-pad-field]")
    visit.check()
    seller.press("Enter", ".till-outcome")
    visit.check()
