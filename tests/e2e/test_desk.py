"""A picker's ways through the desk, by keyboard and wedge scanner alone: something missing, a count, a delivery."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from django.conf import settings
from django.utils.translation import gettext, override

from storeline.catalog import api as catalog
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import differences, read_events, state_of, to_pick
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import SYSTEM, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make, shop
from tests.e2e.conftest import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = pytest.mark.django_db(transaction=True)
GTINS = ("04006381333931", "05901234123457", "04012345678901")
NAMES = ("Red apples", "Oat bread", "Green apples")
MOST_TABS = 120


@pytest.fixture
def trading() -> Shop:
    made = shop()
    category = make("catalog.Category", ref="c", name="Fruit", path="c")
    run("UPDATE catalog_product SET category_id = %s", [category])
    for gtin, product in zip(GTINS, made.products, strict=True):
        make("catalog.Gtin", gtin=gtin, product_id=product)
    catalog.upsert_products([{"ref": f"r{number}", "name": name} for number, name in enumerate(NAMES)], actor=SYSTEM)
    return made


@pytest.fixture(params=["en", "zh-hans"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Person:
    """Somebody at a page who has a keyboard and a scanner, and no mouse."""

    def __init__(self, visit: Visit, language: str) -> None:
        self.visit, self.page, self.language = visit, visit.page, language
        cookie = {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": visit.base}
        visit.page.context.add_cookies([cookie])  # type: ignore[list-item]

    def words(self, text: str, **values: object) -> str:
        with override(self.language):
            return gettext(text) % values if values else gettext(text)

    def named(self, role: str, text: str, **values: object) -> Locator:
        return self.page.get_by_role(role, name=re.compile(re.escape(self.words(text, **values))))  # type: ignore[arg-type]

    def press(self, target: Locator, key: str = "Enter") -> None:
        """Go there by the Tab key and press a key."""
        wanted = target.first.element_handle()
        for _ in range(MOST_TABS):
            if self.page.evaluate("one => document.activeElement === one", wanted):
                self._strike(key)
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"the keyboard does not reach {target}")

    def _strike(self, key: str) -> None:
        """Enter leads to another page, or the same one anew; other keys stay."""
        if key != "Enter":
            self.page.keyboard.press(key)
            return
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def scan(self, code: str) -> None:
        """As a wedge scanner does: keys and Enter, wherever the focus is."""
        self.page.keyboard.type(code)
        self._strike("Enter")

    def reads(self, text: str, **values: object) -> None:
        self.page.get_by_text(self.words(text, **values)).first.wait_for(timeout=10_000)


@pytest.fixture
def picker(visit: Visit, trading: Shop, language: str) -> Person:
    client = browser_of(make_user("picker", "associate", place_id=trading.place))
    visit.page.context.add_cookies(
        [{"name": name, "value": morsel.value, "url": visit.base} for name, morsel in client.cookies.items()]
    )
    return Person(visit, language)


def shopper_of(visit: Visit, browser: Browser, language: str, order_id: UUID) -> Person:
    """Whose the order is, on a phone or a computer of their own."""
    context = browser.new_context(viewport=visit.page.viewport_size, locale="en-US")
    other = Visit(context.new_page(), visit.base)
    other.watch()
    person = Person(other, language)
    other.go(f"/order/{order_id}?key={orders.token_of(order_id)}")
    return person


def test_something_is_missing(picker: Person, browser: Browser, trading: Shop) -> None:
    order_id = to_pick(trading, [2, 1])
    page = picker.page
    picker.visit.go("/desk")
    picker.visit.check()
    picker.press(page.get_by_text(orders.order_number(order_id)).locator("xpath=ancestor::a"))
    picker.visit.check()
    picker.scan(GTINS[0])
    picker.reads("Got it.")
    picker.visit.check()
    picker.press(picker.named("link", "Correct: %(name)s", name=NAMES[0]))
    picker.visit.check()
    picker.press(picker.named("button", "Save this number"))
    picker.reads("What shall we offer the shopper?")
    picker.visit.check()
    picker.scan(GTINS[2])
    picker.visit.check()
    picker.press(picker.named("button", "Offer this"))
    picker.reads("The shopper is asked, and it is kept for them meanwhile. Go on with the others.")
    picker.visit.check()
    shopper = shopper_of(picker.visit, browser, picker.language, order_id)
    shopper.visit.check()
    shopper.press(shopper.named("button", "Yes, please"))
    shopper.reads("You take this instead")
    shopper.visit.check()
    picker.reads("The shopper takes instead:")
    picker.visit.check()
    picker.scan(GTINS[2])
    picker.press(picker.named("button", "One more: %(name)s", name=NAMES[1]))
    picker.press(page.get_by_role("button", name=picker.words("Ready"), exact=True))
    picker.visit.check()
    shopper.page.locator(".code").wait_for(timeout=10_000)
    assert state_of(order_id) == ("ready", "confirmed")
    picker.scan(fulfilment.codes([order_id])[order_id])
    picker.reads("The order is with its shopper. You are done.")
    picker.visit.check()
    assert [(line.product_id, line.kept_quantity) for line in orders.get(order_id).lines] == [
        (trading.products[0], 1000),
        (trading.products[1], 1000),
        (trading.products[2], 1000),
    ]
    read_events()
    assert differences() == []
    shopper.page.context.close()


def test_a_count_and_a_delivery(picker: Person, trading: Shop) -> None:
    page = picker.page
    picker.visit.go("/desk/count")
    picker.visit.check()
    picker.scan(GTINS[0])
    picker.visit.check()
    picker.scan("6")
    picker.reads("What may explain it")
    picker.visit.check()
    picker.press(picker.named("radio", "Damaged or thrown away without a note"), "ArrowDown")
    picker.press(page.locator("form button.desk-huge"))
    picker.reads("Looked everywhere: it is gone")
    picker.visit.check()
    assert trading.level() == (6_000, 0)
    picker.visit.go("/desk/receive")
    picker.scan(GTINS[1])
    page.keyboard.type("12")
    picker.press(page.get_by_label(re.compile(re.escape(picker.words("Delivery slip or supplier")))), "KeyA")
    picker.press(page.locator("form button.desk-huge"))
    picker.visit.go("/desk/receive")
    picker.visit.check()
    assert trading.level(1) == (22_000, 0)
    picker.press(picker.named("button", "Take back: %(name)s", name=NAMES[1]))
    picker.reads("Taken back. It counts no more.")
    picker.visit.check()
    assert trading.level(1) == (10_000, 0)
    for path in ("/desk/exceptions", "/desk/hand-over", "/desk/places"):
        picker.visit.go(path)
        picker.visit.check()
    assert differences() == []
