"""What a shopper sees of a substitute on the order's page, and their answer."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.test import Client

from storeline.customers.api import NewCustomer, register
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import all_rows, differences, picks, to_pick
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import SYSTEM, clock_at, new_id
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, shop
from storeline.shop.pages.checkout import wish_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    return shop()


def asked(here: Shop, **changes: Any) -> tuple[UUID, fulfilment.OfferView]:
    """An order of whose two units one is missing, and what is offered for it."""
    order_id = to_pick(here, [2], **changes)
    fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
    wanted = fulfilment.Asked(new_id(), order_id, 1, here.products[2], 1000, 1000)
    return order_id, fulfilment.offer(wanted, actor=SYSTEM)


def page(order_id: UUID, browser: Client | None = None, *, key: str | None = None) -> str:
    shown = orders.token_of(order_id) if key is None else key
    answer = (browser or Client()).get(f"/order/{order_id}?key={shown}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def say(order_id: UUID, offer_id: UUID, what: str, *, key: str | None = None, browser: Client | None = None) -> Any:
    sent = {what: "1", "key": orders.token_of(order_id) if key is None else key}
    return (browser or Client()).post(f"/order/{order_id}/substitutes/{offer_id}", sent)


def test_a_guest_says_yes(here: Shop) -> None:
    apps.get_model("catalog.Product").objects.filter(id=here.products[2]).update(allergens=["milk"])
    order_id, offer = asked(here)
    shown = page(order_id)
    for words in (
        "Will this do instead?",
        "Product 2",
        "instead of 1",
        "You pay $1.35",
        "Contains: Milk",
    ):
        assert words in shown, words
    for _ in range(2):
        assert say(order_id, offer.id, "yes").status_code == 303
    shown = page(order_id)
    assert "You take this instead" in shown
    assert "Yes, please" not in shown
    assert re.findall(r'<dd class="total">([^<]*)', shown) == ["$2.70"]
    assert differences() == []


def test_a_member_says_no_and_the_part_that_changes_says_so(here: Shop) -> None:
    user = make_user("kim", "shopper")
    member = new_id()
    register(NewCustomer(member, user_id=user), actor=SYSTEM)
    order_id, offer = asked(here, customer_id=member)
    browser = browser_of(user)
    shown = page(order_id, browser, key="")
    (way,) = re.findall(r'hx-get="([^"]*/way[^"]*)"', shown)
    assert browser.get(way.replace("&amp;", "&")).status_code == 204
    assert say(order_id, offer.id, "no", key="", browser=browser).status_code == 303
    part = browser.get(way.replace("&amp;", "&"))
    assert part.status_code == 200
    assert "You did not want this" in part.content.decode()
    assert here.level(2) == (10_000, 0)


def test_too_late_is_said_and_nothing_changes(here: Shop) -> None:
    order_id, offer = asked(here)
    fulfilment.ready([order_id], actor=SYSTEM)
    before = all_rows()
    assert say(order_id, offer.id, "yes")["Location"].endswith("&late=1#substitutes")
    assert "Not answered in time, left out" in page(order_id)
    assert all_rows() == before


def test_after_its_time_there_is_no_question(here: Shop) -> None:
    order_id, offer = asked(here)
    with clock_at(offer.expires_at):
        assert "Yes, please" not in page(order_id)


def test_nobody_else_answers(here: Shop) -> None:
    order_id, offer = asked(here)
    other, _ = asked(here)
    before = all_rows()
    assert say(order_id, offer.id, "yes", key="").status_code in {302, 401}
    assert say(order_id, offer.id, "yes", key=orders.token_of(other)).status_code == 404
    assert say(other, offer.id, "yes").status_code == 404
    stranger = browser_of(make_user("lee", "shopper"))
    assert say(order_id, offer.id, "yes", key="", browser=stranger).status_code == 404
    assert all_rows() == before


@pytest.mark.parametrize(("said", "wish"), [("never", "never"), ("accept", "accept"), ("", "offer"), ("x", "offer")])
def test_the_wish_is_read_from_the_checkout(said: str, wish: str) -> None:
    assert wish_of({"substitutes": said}) == wish
