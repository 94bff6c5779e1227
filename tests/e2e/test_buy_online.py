"""Buy online, collect in the shop: a person's way through real pages, by keyboard alone and by mouse, in four languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from storeline.fulfilment import api as fulfilment
from storeline.kernel.api import SYSTEM, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, shop
from tests.e2e.people import Person
from tests.e2e.trading import NAMES, hand_over, make_ready, name_goods, slot_tomorrow

if TYPE_CHECKING:
    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)
LIVE_MS = 20_000


@pytest.fixture
def trading() -> Shop:
    """A shop in a town, with a slot tomorrow."""
    made = shop(products=3, units=20)
    name_goods()
    run("UPDATE places_place SET latitude = 41.66, longitude = -83.56, city = 'Toledo', region = 'OH'")
    slot_tomorrow(made)
    return made


def order_of(visit: Visit) -> UUID:
    return UUID(visit.page.url.split("/order/")[1][:36])


def test_buy_online_and_collect(visit: Visit, trading: Shop, language: str) -> None:
    """By keyboard alone."""
    shopper = Person(visit, language)
    page = visit.page
    find_and_put_in_the_basket(shopper)
    shopper.press("aside a.button-primary")
    page.wait_for_url(re.compile("/checkout"))
    visit.check()
    shopper.press("input[name=card]", "ArrowDown")
    shopper.press(".pay:visible")
    shopper.reads("The card was declined. Nothing was charged and your basket is kept. Try another card.")
    visit.wrong.clear()  # the browser itself says that it got 402
    visit.check()
    shopper.press("input[name=card]:checked", "ArrowUp")
    shopper.press(".pay:visible")
    page.wait_for_url(re.compile("/order/"))
    visit.check()
    order_id = order_of(visit)
    make_ready(order_id)
    page.locator(".code").wait_for(timeout=LIVE_MS)
    visit.check()
    code = page.locator(".code").text_content() or ""
    fulfilment.hand_over([(order_id, code.replace(" ", ""))], actor=SYSTEM)
    page.get_by_role("heading", name=shopper.words("Collected. Thank you")).wait_for(timeout=LIVE_MS)
    page.locator("#returns a").wait_for()  # what else the page says has followed
    visit.check()
    assert trading.level(1) == (18_000, 0)


def find_and_put_in_the_basket(shopper: Person) -> None:
    """One by its misspelt name from the list, one by a suggestion from its own page, twice."""
    visit, page, keys = shopper.visit, shopper.page, shopper.page.keyboard
    visit.go("/")
    visit.check()
    keys.press("/")
    keys.type("red aple")
    page.locator(".suggestions [role=option]").first.wait_for()
    field = page.locator("#q")
    assert field.get_attribute("aria-expanded") == "true"
    visit.check()
    shopper.strike("Enter")
    page.wait_for_url(re.compile("/search"))
    visit.check()
    shopper.press(".product-add button", stays=True)
    page.locator("#bar .basket-link").wait_for()
    keys.press("/")
    keys.press("ControlOrMeta+a")
    keys.type("oat")
    page.locator(".suggestions a[href*='/p/r1/']").wait_for()
    keys.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == "q-option-0"
    shopper.strike("Enter")
    page.wait_for_url(re.compile("/p/r1/"))
    page.locator("a.map-mark").first.wait_for()
    visit.check()
    shopper.press(".product-page .stepper-value", "ArrowUp")
    shopper.press(".product-page .button-primary")
    page.wait_for_url(re.compile("/basket$"))
    assert (page.locator("dd.total").text_content() or "").endswith("$4.05")
    visit.check()


BY_MOUSE = {
    True: ("fr", "Ajouter au panier", "Choisir un créneau et payer", "Votre commande est passée"),
    False: ("es", "Añadir a la cesta", "Elegir hora y pagar", "Su pedido está hecho"),
}


def test_by_mouse_in_another_language(visit: Visit, trading: Shop) -> None:
    """French on a phone, Spanish at a desk; a double click does no harm."""
    language, add, pay, placed = BY_MOUSE[visit.is_phone]
    page = visit.page
    visit.go(f"/?lang={language}")
    visit.check()
    visit.go("/p/r0/red-apples")
    page.get_by_role("heading", name=NAMES["Red apples"][language]).wait_for()
    page.locator("a.map-mark").first.wait_for()
    visit.check()
    page.get_by_role("button", name=add).click()
    page.wait_for_url(re.compile("/basket$"))
    visit.check()
    page.get_by_role("link", name=pay).click()
    visit.check()
    page.locator(".pay:visible").dblclick()
    page.wait_for_url(re.compile("/order/"))
    page.get_by_role("heading", name=placed).wait_for()
    assert run("SELECT count(*) FROM orders_order").fetchall() == [(1,)]
    visit.check()
    order_id = order_of(visit)
    page.go_back()
    visit.go("/basket")
    assert page.locator("main .empty").is_visible()
    visit.go(f"/order/{order_id}?key={orders.token_of(order_id)}")
    hand_over(order_id)
    page.reload()
    page.locator("#returns a").click()
    visit.check()
