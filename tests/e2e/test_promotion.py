"""Make a promotion and see it in the shop and at the till: by keyboard alone, in two languages."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from storeline.identity.tests.factories import PASSWORD, make_user
from storeline.kernel.api import now
from storeline.orders.tests.factories import Shop, make, shop
from tests.e2e.people import Person
from tests.e2e.trading import name_goods

if TYPE_CHECKING:
    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "4006381333931"


@pytest.fixture
def trading() -> Shop:
    made = shop(products=3, units=20)
    name_goods({"Red apples": {}, "Oat bread": {}, "Dark chocolate": {}})
    make("catalog.Gtin", gtin=CODE.zfill(14), product_id=made.products[1])
    return made


class Till(Person):
    """The till in the same shop, in a browser of its own."""

    def __init__(self, marketer: Person, trading: Shop) -> None:
        super().__init__(marketer.visit.another(), marketer.language)
        self.visit.sign_in(make_user("seller", "associate", place_id=trading.place))
        self.visit.go("/till")
        self.strike("Enter")
        self.visit.settle()

    def sells_a_loaf(self, total: str) -> None:
        """One more; what all of them cost then."""
        self.page.keyboard.type(CODE)
        self.page.keyboard.press("Enter")
        self.page.locator("[data-total]", has_text=total).first.wait_for()


def test_make_a_promotion_and_see_it_in_the_shop_and_at_the_till(visit: Visit, trading: Shop, language: str) -> None:
    page, marketer = visit.page, Person(visit, language)
    make_user("marketer", "marketer")
    visit.go("/office/promotions")
    visit.check()
    marketer.type("[name=login]", "marketer")
    marketer.type("[name=password]", PASSWORD)
    marketer.strike("Enter")
    page.wait_for_url(f"{visit.base}/office/promotions")
    visit.check()
    marketer.press('main a[href="/office/promotions/new"]')
    visit.check()
    marketer.type("#f_name", "Bread week")
    marketer.type("#f_percent", "20")
    marketer.type("#find", "oat")
    page.locator("[data-line=r1]").wait_for()
    visit.check()
    marketer.press("[data-line=r1]", stays=True)
    assert page.locator("#f_targets").input_value() == "r1\n"
    marketer.moment("#f_starts", now() - timedelta(days=1))
    page.locator("#preview", has_text=marketer.words("An example basket")).wait_for()
    assert "$1.00" in (page.locator("#preview .work-prices").text_content() or "")
    visit.check()
    till = Till(marketer, trading)
    till.sells_a_loaf("1.35")
    marketer.press("button[value=schedule]")
    marketer.reads("Scheduled. Tills and the shop follow it by themselves.")
    page.get_by_text(marketer.words("%(share)s off", share="20%"), exact=True).first.wait_for()
    visit.check()
    promotion = page.url.partition("?")[0].removeprefix(visit.base)
    visit.go("/p/r1/oat-bread")
    price = page.locator(".price-big")
    assert re.sub(r"\s", "", price.locator(".price-now").text_content() or "").replace("US", "") == "$1.00"
    assert "1.25" in (price.locator(".price-before").text_content() or "")
    visit.check()
    till.sells_a_loaf("2.16")
    assert "Bread week" in (till.page.locator("#till").text_content() or "")
    till.visit.check()
    visit.go(promotion)
    marketer.press("[data-opens=end-dialog]", stays=True)
    visit.check()
    marketer.press("#end-dialog button.button-stop")
    marketer.reads("Ended. From now on nobody gets it.")
    visit.check()
    till.sells_a_loaf("4.05")
    visit.go("/p/r1/oat-bread")
    assert page.locator(".price-before").count() == 0


def test_pages_of_the_office_are_in_order(visit: Visit, trading: Shop) -> None:
    visit.sign_in(make_user("marketer", "administrator"))
    for path in ("/office/orders", "/office/activity", "/office/coupons", "/office/coupons/new", "/accounts/2fa/"):
        visit.go(path)
        visit.check()
    visit.page.emulate_media(color_scheme="dark")
    for path in ("/office/promotions/new", "/office/orders"):
        visit.go(path)
        visit.check()
