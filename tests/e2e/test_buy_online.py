"""Buy online, collect in the shop: a person's way through real pages in a real browser."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from storeline.catalog import api as catalog
from storeline.fulfilment import api as fulfilment
from storeline.kernel.api import SYSTEM, new_id, now, pump
from storeline.orders.tests.factories import Shop, make, shop

if TYPE_CHECKING:
    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trading() -> Shop:
    """A shop with a slot tomorrow."""
    made = shop(products=3, units=20)
    names = ("Red apples", "Oat bread", "Dark chocolate")
    catalog.upsert_products([{"ref": f"r{number}", "name": name} for number, name in enumerate(names)], actor=SYSTEM)
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


def pick(order_id: UUID) -> None:
    """What the shop does meanwhile."""
    while pump(["fulfilment.tasks"]):
        pass
    fulfilment.pick_all([order_id], actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)


def test_buy_online_and_collect(visit: Visit, trading: Shop) -> None:
    page = visit.page
    visit.go("/")
    visit.check()
    page.get_by_role("combobox", name="Search").fill("red aple")
    page.locator(".suggestions a").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/search"))
    visit.check()
    page.get_by_role("button", name="Add Red apples to the basket").click()
    page.get_by_text("1 item in your basket").wait_for()
    page.get_by_role("combobox", name="Search").fill("oat")
    page.locator(".suggestions a", has_text="Oat bread").click()
    page.get_by_text("In shops near you").wait_for()
    visit.check()
    page.get_by_role("button", name="One more").click()
    page.get_by_role("button", name="Add to the basket").click()
    page.wait_for_url(re.compile("/basket$"))
    assert page.locator("dd.total").text_content() == "$4.05"
    visit.check()
    page.get_by_role("link", name="Choose a time and pay").click()
    visit.check()
    page.get_by_role("radio", name=re.compile("approved")).check()
    page.get_by_role("button", name="Order and pay $4.05").dblclick()
    page.wait_for_url(re.compile("/order/"))
    visit.check()
    order_id = UUID(page.url.split("/order/")[1][:36])
    pick(order_id)
    page.locator(".code").wait_for(timeout=20_000)
    visit.check()
    code = page.locator(".code").text_content() or ""
    fulfilment.hand_over([(order_id, code.replace(" ", ""))], actor=SYSTEM)
    page.get_by_role("heading", name="Collected. Thank you").wait_for(timeout=20_000)
    visit.check()
    assert trading.level(1) == (18_000, 0)
    page.go_back()
    visit.go("/basket")
    page.get_by_text("Your basket is empty.").wait_for()


def test_every_part_of_the_design_is_in_order(visit: Visit) -> None:
    for path in ("/styleguide", "/start", "/accounts/login/", "/no/such/page"):
        visit.go(path)
        if path.startswith("/no"):
            visit.wrong.clear()  # the browser itself says that it got 404
        visit.check()


def test_the_design_is_in_order_in_the_dark(visit: Visit) -> None:
    visit.page.emulate_media(color_scheme="dark")
    for path in ("/styleguide", "/accounts/login/"):
        visit.go(path)
        visit.check()
