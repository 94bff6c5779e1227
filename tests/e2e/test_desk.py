"""A picker's ways through the desk, by keyboard and wedge scanner alone: something missing, a count, a delivery."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import differences, read_events, state_of, to_pick
from storeline.identity.tests.factories import make_user
from storeline.kernel.api import run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make, shop
from tests.e2e.people import Person
from tests.e2e.trading import name_goods

if TYPE_CHECKING:
    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)
GTINS = ("04006381333931", "05901234123457", "04012345678901")
NAMES = ("Red apples", "Oat bread", "Green apples")


@pytest.fixture
def trading() -> Shop:
    made = shop()
    category = make("catalog.Category", ref="c", name="Fruit", path="c")
    run("UPDATE catalog_product SET category_id = %s", [category])
    for gtin, product in zip(GTINS, made.products, strict=True):
        make("catalog.Gtin", gtin=gtin, product_id=product)
    name_goods({name: {} for name in NAMES})
    return made


@pytest.fixture
def picker(visit: Visit, trading: Shop, language: str) -> Person:
    visit.sign_in(make_user("picker", "associate", place_id=trading.place))
    return Person(visit, language)


def shopper_of(picker: Person, order_id: UUID) -> Person:
    """Whose the order is, on a phone or a computer of their own."""
    person = Person(picker.visit.another(), picker.language)
    person.visit.go(f"/order/{order_id}?key={orders.token_of(order_id)}")
    return person


def test_something_is_missing(picker: Person, trading: Shop) -> None:
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
    shopper = shopper_of(picker, order_id)
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
    picker.reads(NAMES[1])  # keys that are pressed while the page changes are nobody's
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
    product = f"/desk/availability/{trading.products[0]}"
    for path in ("/desk/exceptions", "/desk/hand-over", "/desk/places", product, f"{product}/off"):
        picker.visit.go(path)
        picker.visit.check()
    assert differences() == []
