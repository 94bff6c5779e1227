"""Make a promotion and see it in the shop and at the till: by keyboard alone, in two languages."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from storeline.catalog import api as catalog
from storeline.identity.tests.factories import PASSWORD, browser_of, make_user
from storeline.kernel.api import SYSTEM, now
from storeline.orders.tests.factories import Shop, make, shop

if TYPE_CHECKING:
    from datetime import datetime

    from playwright.sync_api import Locator

    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)
FURTHEST = 80
CODE = "4006381333931"
WORDS = {
    "en": ("Scheduled. Tills and the shop follow it by themselves.", "20% off", "An example basket", "Ended."),
    "zh-hans": ("已排定。收银台和网店会自动执行。", "减 20%", "示例购物篮", "已结束。"),
}


@pytest.fixture
def trading() -> Shop:
    made = shop(products=3, units=20)
    names = ("Red apples", "Oat bread", "Dark chocolate")
    catalog.upsert_products([{"ref": f"r{number}", "name": name} for number, name in enumerate(names)], actor=SYSTEM)
    make("catalog.Gtin", gtin=CODE.zfill(14), product_id=made.products[1])
    return made


class Keys:
    """A person who has a keyboard and no mouse."""

    def __init__(self, visit: Visit) -> None:
        self.page = visit.page

    def to(self, target: Locator) -> None:
        """Tab on until the target has the focus."""
        for _ in range(FURTHEST):
            if target.evaluate("each => each === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"the keyboard does not reach {target}")

    def press(self, selector: str) -> None:
        """Go to a button or link, and press it."""
        self.to(self.page.locator(selector).first)
        self.page.keyboard.press("Enter")

    def type(self, selector: str, text: str) -> None:
        """Go to a field, and type over what it holds."""
        self.to(self.page.locator(selector).first)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def moment(self, selector: str, day: datetime) -> None:
        """Go to a field of day and time, and type midnight of a day, part by part."""
        self.to(self.page.locator(selector).first)
        self.page.keyboard.type(day.strftime("%m%d%Y"))
        self.page.keyboard.press("Tab")
        self.page.keyboard.type("1200AM")


def sign_in(visit: Visit, keys: Keys, path: str) -> None:
    """By login and password, and on to the page."""
    visit.go(f"/accounts/login/?next={path}")
    keys.type("[name=login]", "marketer")
    keys.type("[name=password]", PASSWORD)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"{visit.base}{path}")


class Till:
    """The till in the same shop, in a browser of its own."""

    def __init__(self, visit: Visit, trading: Shop, language: str) -> None:
        browser = visit.page.context.browser
        assert browser is not None
        self.context = browser.new_context(viewport=visit.page.viewport_size, locale="en-US")
        session = browser_of(make_user("seller", "associate", place_id=trading.place)).cookies["sessionid"].value
        cookies = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: language}
        self.context.add_cookies([{"name": name, "value": value, "url": visit.base} for name, value in cookies.items()])
        self.page = self.context.new_page()
        self.page.goto(f"{visit.base}/till", wait_until="networkidle")
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(re.compile("/till$"))
        self.page.wait_for_load_state("networkidle")

    def scan(self, total: str) -> None:
        """One more loaf; what all of them cost then."""
        self.page.keyboard.type(CODE)
        self.page.keyboard.press("Enter")
        self.page.locator("[data-total]", has_text=total).first.wait_for()


@pytest.mark.parametrize("language", WORDS)
def test_make_a_promotion_and_see_it_in_the_shop_and_at_the_till(visit: Visit, trading: Shop, language: str) -> None:
    scheduled, off, basket, ended = WORDS[language]
    page, keys = visit.page, Keys(visit)
    make_user("marketer", "marketer")
    page.context.add_cookies([{"name": "django_language", "value": language, "url": visit.base}])
    sign_in(visit, keys, "/office/promotions")
    visit.check()
    keys.press('main a[href="/office/promotions/new"]')
    page.wait_for_url(re.compile("/new$"))
    visit.check()
    keys.type("#f_name", "Bread week")
    keys.type("#f_percent", "20")
    keys.type("#find", "oat")
    page.locator("[data-line=r1]").wait_for()
    visit.check()
    keys.press("[data-line=r1]")
    assert page.locator("#f_targets").input_value() == "r1\n"
    yesterday = now() - timedelta(days=1)
    keys.moment("#f_starts", yesterday)
    page.locator("#preview", has_text=basket).wait_for()
    assert "$1.00" in (page.locator("#preview .work-prices").text_content() or "")
    visit.check()
    till = Till(visit, trading, language)
    till.scan("1.35")
    keys.press("button[value=schedule]")
    page.get_by_text(scheduled).wait_for()
    page.get_by_text(off, exact=True).wait_for()
    visit.check()
    promotion = page.url.partition("?")[0].removeprefix(visit.base)
    visit.go("/p/r1/oat-bread")
    price = page.locator(".price-big")
    assert re.sub(r"\s", "", price.locator(".price-now").text_content() or "").replace("US", "") == "$1.00"
    assert "1.25" in (price.locator(".price-before").text_content() or "")
    visit.check()
    till.scan("2.16")
    assert "Bread week" in (till.page.locator("#till").text_content() or "")
    visit.go(promotion)
    keys.press("[data-opens=end-dialog]")
    keys.press("#end-dialog button.button-stop")
    page.get_by_text(ended).wait_for()
    visit.check()
    till.scan("4.05")
    till.context.close()
    visit.go("/p/r1/oat-bread")
    assert page.locator(".price-before").count() == 0


def test_pages_of_the_office_are_in_order(visit: Visit, trading: Shop) -> None:
    make_user("marketer", "administrator")
    sign_in(visit, Keys(visit), "/office/orders")
    for path in ("/office/orders", "/office/activity", "/office/coupons", "/office/coupons/new", "/accounts/2fa/"):
        visit.go(path)
        visit.check()
    visit.page.emulate_media(color_scheme="dark")
    for path in ("/office/promotions/new", "/office/orders"):
        visit.go(path)
        visit.check()
