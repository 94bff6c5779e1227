"""A shopper's ways through the shop: as a member in three taps, without a script, in the dark, and back again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from storeline.aftersales import api as aftersales
from storeline.fulfilment.tests.factories import read_events
from storeline.identity.tests.factories import PASSWORD, make_user
from storeline.kernel.api import SYSTEM, new_id, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make, shop
from tests.e2e.people import Person
from tests.e2e.trading import hand_over, name_goods, slot_tomorrow

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def food() -> str:
    """A category of this test's own: the server keeps the tree for a minute."""
    return f"FOOD-{new_id().hex[-6:].upper()}"


@pytest.fixture
def trading(food: str) -> Shop:
    """A shop in a town, with three products, a category and a slot tomorrow."""
    made = shop(products=3, units=20)
    category = make("catalog.Category", ref=food, name="Food", path="food")
    name_goods()
    run("UPDATE catalog_product SET category_id = %s", [category])
    run("UPDATE places_place SET latitude = 41.66, longitude = -83.56, city = 'Toledo', region = 'OH'")
    slot_tomorrow(made)
    return made


def order_of(page: Page) -> UUID:
    return UUID(page.url.split("/order/")[1][:36])


def test_a_member_has_an_order_in_three_taps_and_buys_again(visit: Visit, trading: Shop, food: str) -> None:
    page = visit.page
    make_user("kim", "shopper")
    visit.go(f"/enter?next=/c/{food}")
    visit.check()
    page.get_by_label("Email address or name").fill("kim")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/c/{food}"))
    page.get_by_role("button", name="Add Red apples to the basket").click()
    page.get_by_text("1 item in your basket").click()  # one
    page.get_by_role("link", name="Choose a time and pay").click()  # two
    visit.check()
    page.get_by_role("button", name="Order and pay").click()  # three
    page.wait_for_url(re.compile("/order/"))
    page.get_by_role("heading", name="Your order is placed").wait_for()
    order_id = order_of(page)
    visit.go("/")
    page.get_by_role("link", name=re.compile("Your order is placed")).wait_for()
    page.get_by_role("heading", name="Buy again").wait_for()
    visit.check()
    hand_over(order_id)
    visit.go("/orders")
    visit.check()
    page.get_by_role("button", name="Order again").click()
    page.wait_for_url(re.compile("/basket"))
    page.get_by_role("link", name="Red apples").wait_for()
    visit.go("/account")
    visit.check()


def test_goods_are_brought_back_by_a_code(visit: Visit, trading: Shop) -> None:
    page = visit.page
    order_id = buy(visit)
    hand_over(order_id)
    page.reload()
    page.get_by_role("link", name="Bring something back").click()
    visit.check()
    page.get_by_role("button", name="One more").click()
    page.get_by_label("Why Red apples").select_option("damaged")
    page.get_by_role("button", name="See what you get back").click()
    page.get_by_role("heading", name="What you get back").wait_for()
    visit.check()
    page.get_by_role("button", name="Get my code").dblclick()
    page.get_by_text("We expect your goods").wait_for()
    visit.check()
    (view,) = aftersales.requests_of(order_id)
    assert page.locator(".code").text_content() == f"{view.code[:4]} {view.code[4:]}"
    back = aftersales.Return(new_id(), trading.place, (aftersales.ReturnLine(1000, 1),), order_id=order_id)
    aftersales.return_goods(back, actor=SYSTEM, request_id=view.id)
    page.reload()
    page.get_by_text("Taken back").wait_for()
    visit.check()


def buy(visit: Visit) -> UUID:
    """A guest's order of red apples."""
    page = visit.page
    visit.go("/p/r0/red-apples")
    page.get_by_role("button", name="Add to the basket").click()
    page.wait_for_url(re.compile("/basket$"))
    visit.go("/checkout")
    page.get_by_role("button", name=re.compile("Order and pay")).click()
    page.wait_for_url(re.compile("/order/"))
    return order_of(page)


def test_an_order_gets_another_time_and_is_called_off(visit: Visit, trading: Shop) -> None:
    page = visit.page
    order_id = buy(visit)
    later = slot_tomorrow(trading, hours=27)
    read_events("fulfilment.tasks")
    page.get_by_role("link", name="Choose another time").click()  # it came by itself
    visit.check()
    page.locator(f"input[value='{later}']").check()
    page.get_by_role("button", name="Take this time").locator("visible=true").dblclick()
    page.get_by_text("Cancel the order").wait_for()
    assert orders.get(order_id).head.slot_id == later
    page.get_by_text("Cancel the order").click()
    visit.check()
    with page.expect_navigation():
        page.get_by_role("button", name="Yes, cancel it").click()
    read_events("fulfilment.tasks")
    page.get_by_role("heading", name="This order was cancelled").wait_for()
    visit.check()
    assert trading.level() == (20_000, 0)


def test_searches_are_kept_on_the_device_and_forgotten(visit: Visit, trading: Shop) -> None:
    page = visit.page
    visit.go("/search")
    field = page.get_by_role("combobox", name="Search")
    field.fill("oat bread")
    field.press("Enter")
    page.wait_for_url(re.compile("q=oat"))
    visit.go("/")
    field.focus()
    page.get_by_role("option", name="oat bread").wait_for()
    visit.check()
    assert page.evaluate("localStorage.getItem('searched')") == '["oat bread"]'
    field.press("ArrowUp")
    field.press("Enter")
    assert page.evaluate("localStorage.getItem('searched')") is None
    field.press("Escape")
    assert page.locator("[role=option]").count() == 0


def test_a_shop_is_chosen_on_the_map_by_keyboard(visit: Visit, trading: Shop) -> None:
    visit.go("/p/r2/dark-chocolate")
    shopper = Person(visit, "en")
    visit.page.locator("a.map-mark").first.wait_for()
    shopper.press("a.map-mark")
    visit.page.wait_for_url(re.compile("/shops/p/p/r2/"))
    visit.check()


PAGES = ("/", "/c/{food}", "/search?q=oat", "/p/r0/red-apples", "/shops", "/shops/p", "/offers", "/join", "/basket")


def test_in_the_dark_from_right_to_left_and_twice_as_large(visit: Visit, trading: Shop, food: str) -> None:
    page = visit.page
    page.emulate_media(color_scheme="dark")
    size = page.viewport_size or {"width": 390, "height": 844}
    for path in PAGES:
        visit.go(path.format(food=food))
        visit.check()
        page.evaluate("document.documentElement.dir = 'rtl'")
        visit.check()
        page.evaluate("document.documentElement.dir = 'ltr'")
        page.set_viewport_size({"width": max(320, size["width"] // 2), "height": size["height"] // 2})
        visit.check()
        page.set_viewport_size(size)


def test_the_shop_works_without_a_script(visit: Visit, trading: Shop, food: str) -> None:
    page = visit.another(java_script_enabled=False).page
    page.goto(f"{visit.base}/c/{food}")
    page.get_by_role("button", name="Add Red apples to the basket").click()
    page.goto(f"{visit.base}/p/r0/red-apples")
    page.get_by_role("link", name="Which shops have it?").click()
    assert page.locator(".map-point").count() == 1
    page.goto(f"{visit.base}/checkout")
    page.get_by_role("button", name=re.compile("Order and pay")).click()
    page.get_by_role("heading", name="Your order is placed").wait_for()
