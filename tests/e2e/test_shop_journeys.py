"""A shopper's ways through the shop: as a member in three taps, by keyboard alone, in other languages, and back again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from storeline.aftersales import api as aftersales
from storeline.catalog import api as catalog
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import read_events
from storeline.identity.tests.factories import PASSWORD, make_user
from storeline.kernel.api import SYSTEM, new_id, now, run
from storeline.orders.tests.factories import Shop, make, shop

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = {
    "Red apples": {"zh-Hans": "红苹果", "fr": "Pommes rouges", "es": "Manzanas rojas"},
    "Oat bread": {"zh-Hans": "燕麦面包", "fr": "Pain d'avoine", "es": "Pan de avena"},
    "Dark chocolate": {"zh-Hans": "黑巧克力", "fr": "Chocolat noir", "es": "Chocolate negro"},
}


@pytest.fixture
def food() -> str:
    """A category of this test's own: the server keeps the tree for a minute."""
    return f"FOOD-{new_id().hex[-6:].upper()}"


@pytest.fixture
def trading(food: str) -> Shop:
    """A shop in a town, with three products, a category and a slot tomorrow."""
    made = shop(products=3, units=20)
    category = make("catalog.Category", ref=food, name="Food", path="food")
    items = [{"ref": f"r{number}", "name": name, "names": names} for number, (name, names) in enumerate(NAMES.items())]
    catalog.upsert_products(items, actor=SYSTEM)
    run("UPDATE catalog_product SET category_id = %s", [category])
    run("UPDATE places_place SET latitude = 41.66, longitude = -83.56, city = 'Toledo', region = 'OH'")
    begins = now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=26)
    make(
        "capacity.Slot",
        id=new_id(),
        place_id=made.place,
        method="collect",
        starts_at=begins,
        ends_at=begins + timedelta(hours=1),
        cutoff_at=begins - timedelta(hours=2),
        capacity=5,
    )
    return made


def order_of(page: Page) -> UUID:
    return UUID(page.url.split("/order/")[1][:36])


def hand_over(order_id: UUID) -> None:
    """What the shop does meanwhile."""
    read_events("fulfilment.tasks")
    fulfilment.pick_all([order_id], actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)
    fulfilment.hand_over([(order_id, fulfilment.codes([order_id])[order_id])], actor=SYSTEM)


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """Press Tab until something that matches has the focus; it must show that it has."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            assert page.evaluate("document.activeElement.matches(':focus-visible')")
            return
    pytest.fail(f"{selector} is not reached by {most} tabs on {page.url}")


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


def test_an_order_is_called_off(visit: Visit, trading: Shop) -> None:
    page = visit.page
    buy(visit)
    page.get_by_role("button", name="Cancel the order").click()
    page.get_by_role("heading", name="This order was cancelled").wait_for()
    visit.check()
    assert trading.level() == (20_000, 0)


def test_by_keyboard_alone(visit: Visit, trading: Shop) -> None:
    page, keys = visit.page, visit.page.keyboard
    visit.go("/")
    keys.press("/")
    keys.type("choco")
    page.locator(".suggestions [role=option]").first.wait_for()
    field = page.get_by_role("combobox", name="Search")
    assert field.get_attribute("aria-expanded") == "true"
    visit.check()
    keys.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == "q-option-0"
    keys.press("Enter")
    page.wait_for_url(re.compile("/p/r2/"))
    tab_to(page, ".product-page .stepper-value")
    keys.press("ArrowUp")
    tab_to(page, ".product-page .button-primary")
    keys.press("Enter")
    page.wait_for_url(re.compile("/basket$"))
    tab_to(page, "aside a.button-primary")
    keys.press("Enter")
    page.wait_for_url(re.compile("/checkout"))
    tab_to(page, "input[name=slot]")
    tab_to(page, "input[name=card]")
    keys.press("ArrowDown")
    tab_to(page, ".pay")
    keys.press("Enter")
    page.get_by_text("The card was declined.").wait_for()
    visit.wrong.clear()  # the browser itself says that it got 402
    visit.check()
    tab_to(page, "input[name=card]")
    keys.press("ArrowUp")
    tab_to(page, ".pay")
    keys.press("Enter")
    page.wait_for_url(re.compile("/order/"))
    assert fulfilment.progress(order_of(page), actor=SYSTEM, token=page.url.split("key=")[1]).state == "confirmed"
    visit.go("/p/r2/dark-chocolate")
    page.locator("a.map-mark").first.wait_for()
    tab_to(page, "a.map-mark")
    keys.press("Enter")
    page.wait_for_url(re.compile("/shops/p/p/r2/"))


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


@pytest.mark.parametrize(
    ("language", "name", "add", "pay", "placed"),
    [
        ("zh-hans", "红苹果", "加入购物篮", "选择时间并付款", "您的订单已提交"),
        ("fr", "Pommes rouges", "Ajouter au panier", "Choisir un créneau et payer", "Votre commande est passée"),
    ],
)
def test_in_another_language(
    visit: Visit, trading: Shop, language: str, name: str, add: str, pay: str, placed: str
) -> None:
    page = visit.page
    visit.go(f"/?lang={language}")
    visit.check()
    visit.go("/p/r0/red-apples")
    page.get_by_role("heading", name=name).wait_for()
    page.locator("a.map-mark").first.wait_for()
    visit.check()
    page.get_by_role("button", name=add).click()
    page.wait_for_url(re.compile("/basket$"))
    visit.check()
    page.get_by_role("link", name=pay).click()
    visit.check()
    page.locator(".pay:visible").click()
    page.wait_for_url(re.compile("/order/"))
    page.get_by_role("heading", name=placed).wait_for()
    visit.check()
    hand_over(order_of(page))
    page.reload()
    page.locator("#returns a").click()
    visit.check()


PAGES = ("/", "/c/{food}", "/search?q=oat", "/p/r0/red-apples", "/shops", "/shops/p", "/offers", "/join", "/basket")


def test_in_the_dark_from_right_to_left_and_twice_as_large(visit: Visit, trading: Shop, food: str) -> None:
    page = visit.page
    page.emulate_media(color_scheme="dark")
    for path in PAGES:
        visit.go(path.format(food=food))
        visit.check()
    for path in PAGES:
        visit.go(path.format(food=food))
        page.evaluate("document.documentElement.dir = 'rtl'")
        visit.check()
    size = page.viewport_size or {"width": 390, "height": 844}
    page.set_viewport_size({"width": max(320, size["width"] // 2), "height": size["height"] // 2})
    for path in PAGES:
        visit.go(path.format(food=food))
        visit.check()


def test_the_shop_works_without_a_script(visit: Visit, trading: Shop, food: str) -> None:
    browser = visit.page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False, viewport=visit.page.viewport_size)
    page = context.new_page()
    page.goto(f"{visit.base}/c/{food}")
    page.get_by_role("button", name="Add Red apples to the basket").click()
    page.goto(f"{visit.base}/p/r0/red-apples")
    page.get_by_role("link", name="Which shops have it?").click()
    assert page.locator(".map-point").count() == 1
    page.goto(f"{visit.base}/checkout")
    page.get_by_role("button", name=re.compile("Order and pay")).click()
    page.get_by_role("heading", name="Your order is placed").wait_for()
    context.close()
