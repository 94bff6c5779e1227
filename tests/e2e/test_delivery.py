"""Have it delivered: from the checkout to the signature at the door, on real pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import differences, read_events, state_of
from storeline.identity.tests.factories import make_user
from storeline.kernel.api import SYSTEM, run
from storeline.orders.tests.factories import Shop, delivers, shop
from tests.e2e.test_buy_online import order_of

if TYPE_CHECKING:
    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trading() -> Shop:
    """A shop that brings goods to postal codes 432… tomorrow, at one time for more than at the other."""
    made = shop(units=20)
    delivers(made, room=5)
    run(
        "INSERT INTO capacity_slot (id, method, starts_at, ends_at, cutoff_at, capacity, held, place_id, fee)"
        " SELECT gen_random_uuid(), method, starts_at + interval '1 minute', ends_at, cutoff_at, 5, 0, place_id, 150"
        " FROM capacity_slot WHERE method = 'deliver'"
    )
    run("UPDATE capacity_slot SET starts_at = starts_at + interval '1 hour', ends_at = ends_at + interval '1 hour'")
    return made


def test_it_is_ordered_to_an_address_and_signed_for_at_the_door(visit: Visit, trading: Shop) -> None:
    visit.speak("fr" if visit.is_phone else "en")
    page = visit.page
    visit.go("/p/r0/product-0")
    page.locator("form.cluster button.button-primary").first.click()
    page.wait_for_url(re.compile("/basket"))
    visit.settle()
    for way in ("point", "deliver"):
        visit.go(f"/checkout?by={way}")
        visit.check()
    for name, text in (
        ("name", "A. Reader"),
        ("street", "1 High Street"),
        ("postal_code", "99999"),
        ("city", "Columbus"),
    ):
        page.fill(f"#id_{name}", text)
    page.locator("button[name=step]:visible").first.click()
    visit.settle()
    assert page.locator("#id_street").input_value() == "1 High Street"
    assert page.locator(".pay").count() == 0  # nobody brings goods there
    visit.check()
    page.fill("#id_postal_code", "43215")
    page.locator("button[name=step]:visible").first.click()
    visit.check()
    pay = page.locator(".pay:visible").first
    cheap = pay.inner_text()
    page.locator("input[name=slot]").last.check()
    page.wait_for_function("told => !document.querySelector('#checkout').innerText.includes(told)", arg=cheap)
    assert page.locator("input[name=slot]").last.evaluate("one => one === document.activeElement && one.checked")
    visit.check()
    assert fulfilment.vans_of(trading.place) == []
    page.locator(".pay:visible").first.click()
    page.wait_for_url(re.compile("/order/"))
    visit.check()
    order_id = order_of(visit)
    read_events("fulfilment.tasks")
    fulfilment.pick_all([order_id], actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)
    driver = visit.another()
    driver.sign_in(make_user("driver", "associate", place_id=trading.place))
    load_and_leave(driver)
    visit.go(page.url.removeprefix(visit.base))
    visit.check()
    at_the_door(driver)
    assert (state_of(order_id), differences()) == (("handed_over", "completed"), [])
    assert fulfilment.proofs_of([order_id])[order_id].name == "A. Reader"


def load_and_leave(driver: Visit) -> None:
    page = driver.page
    driver.go("/desk/vans")
    driver.check()
    page.fill("#van-name", "Van 1")
    page.locator("form:has(#van-name) button").click()
    driver.settle()
    page.locator("button[name=van]").click()
    driver.settle()
    page.locator("input[name=order]").check()
    driver.check()
    page.locator("form:has(input[name=run]) button.button-primary").click()
    driver.check()
    page.locator("a.row").first.click()
    driver.check()
    sign(driver, "D. River")
    driver.check()


def at_the_door(driver: Visit) -> None:
    driver.page.locator("a.row").first.click()
    driver.check()
    sign(driver, "A. Reader")
    assert driver.page.locator(".desk-signed").count() == 1
    driver.check()


def sign(driver: Visit, name: str) -> None:
    """Draw with the mouse, as a finger would."""
    page = driver.page
    page.fill("#sign-name", name)
    page.evaluate("document.querySelector('svg.desk-sign').scrollIntoView({block: 'center', behavior: 'instant'})")
    box = page.locator("svg.desk-sign").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    for step in range(16):
        page.mouse.move(box["x"] + 20 + 12 * step, box["y"] + 40 + 15 * (step % 2))
    page.mouse.up()
    page.locator("button[value=signature]").click()
    driver.settle()
