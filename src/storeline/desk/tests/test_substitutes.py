"""Something is missing: what the picker offers, what the list says of it, and what becomes of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.test import Client

from storeline.desk.tests.factories import other_place
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import all_rows, differences, picks, state_of, to_pick
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import GUEST, SYSTEM, new_id
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make, shop
from storeline.web.tests.browsing import get, send, text_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    made = shop()
    category = make("catalog.Category", ref="c", name="Fruit", path="c")
    apps.get_model("catalog.Product").objects.update(category_id=category)
    return made


def form(here: Shop, **changes: Any) -> dict[str, str]:
    wanted = {"id": str(new_id()), "product": str(here.products[2]), "missing": "1", "quantity": "1"}
    return wanted | changes


def send_refused(browser: Client, address: str, sent: dict[str, str]) -> bool:
    return browser.post(address, sent).status_code == 422


def offer_of(order_id: UUID) -> fulfilment.OfferView:
    return fulfilment.offers_of([order_id])[order_id][-1]


def test_from_not_there_to_the_shoppers_yes(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [2, 1])
    address = f"/desk/tasks/{order_id}"
    send(associate, f"{address}/lines/2", quantity="1")
    where = send(associate, f"{address}/lines/1", quantity="1")
    assert where == f"{address}/lines/1/instead"
    page = get(associate, where)
    assert "What shall we offer the shopper?" in page
    assert page.count("Offer this") == 2
    assert "Same price" in page
    sent = form(here)
    for _ in range(2):
        assert send(associate, where, **sent) == f"{address}?said=asked&line=1#line-1"
    page = get(associate, address)
    assert "Asked, until" in page
    assert "Ready without waiting for the answer" in page
    assert "Offer something else" not in page
    asked = associate.post(f"{address}/ready")
    assert "the shopper can answer until" in text_of(asked)
    assert state_of(order_id)[0] == "picking"
    offer = offer_of(order_id)
    fulfilment.answer(order_id, offer.id, yes=True, actor=GUEST, token=orders.token_of(order_id))
    page = get(associate, address)
    assert "The shopper takes instead:" in page
    assert "Instead of Product 0" in page
    assert "1 product to go" in page
    send(associate, f"{address}/lines/{offer.line_no}", quantity="1")
    assert send(associate, f"{address}/ready") == address
    assert state_of(order_id)[0] == "ready"
    assert differences() == []


def test_the_open_page_hears_of_the_answer(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [2])
    address = f"/desk/tasks/{order_id}"
    fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
    send(associate, f"{address}/lines/1/instead", **form(here))
    page = get(associate, address)
    version = page.partition("lines?version=")[2].partition('"')[0]
    assert associate.get(f"{address}/lines?version={version}").status_code == 204
    fulfilment.answer(order_id, offer_of(order_id).id, yes=False, actor=GUEST, token=orders.token_of(order_id))
    part = get(associate, f"{address}/lines?version={version}")
    assert part.startswith('<div id="picking"')
    assert "The shopper does not want:" in part
    assert "Offer something else" in part
    fulfilment.cancel([order_id], reason="test", actor=SYSTEM)
    assert "This order is past picking now." in get(associate, f"{address}/lines?version={version}")


def test_an_offer_is_taken_back(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [2])
    address = f"/desk/tasks/{order_id}"
    fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
    send(associate, f"{address}/lines/1/instead", **form(here))
    offer = offer_of(order_id)
    back = f"{address}/offers/{offer.id}/withdraw"
    for _ in range(2):
        assert send(associate, back) == f"{address}?said=taken_back&line=1#line-1"
    send(associate, f"{address}/lines/1/instead", **form(here))
    offer = offer_of(order_id)
    fulfilment.answer(order_id, offer.id, yes=True, actor=GUEST, token=orders.token_of(order_id))
    back = f"{address}/offers/{offer.id}/withdraw"
    assert send(associate, back) == f"{address}?said=answered&line=1#line-1"


def test_another_product_is_scanned_and_its_allergens_are_said(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [2])
    fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
    apps.get_model("catalog.Product").objects.filter(id=here.products[2]).update(allergens=["milk"])
    address = f"/desk/tasks/{order_id}/lines/1/instead"
    assert ">r2<" not in get(associate, address)
    page = get(associate, f"{address}?q=r2")
    assert "Contains: Milk" in page
    assert "This is what is missing." in get(associate, f"{address}?q=r0")
    assert "No product found." in get(associate, f"{address}?q=zzzz")


def test_the_shoppers_wish_is_kept(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [2], substitutes="never")
    address = f"/desk/tasks/{order_id}"
    assert send(associate, f"{address}/lines/1", quantity="1") == f"{address}?said=noted&line=1#line-1"
    page = get(associate, address)
    assert "This shopper wants no substitutes." in page
    assert "Offer something else" not in page
    assert send_refused(associate, f"{address}/lines/1/instead", form(here))


def test_who_takes_whatever_is_best_is_not_asked(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [2], substitutes="accept")
    address = f"/desk/tasks/{order_id}"
    where = send(associate, f"{address}/lines/1", quantity="1")
    assert "Take this" in get(associate, where)
    assert send(associate, where, **form(here)) == f"{address}?said=agreed&line=1#line-1"
    assert offer_of(order_id).state == "accepted"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantity": "0.5"}, "is no whole number"),
        ({"quantity": "many"}, "Check the number"),
        ({"missing": "2"}, "not missing any more"),
        ({"quantity": "11"}, "promised to others"),
    ],
)
def test_what_was_typed_is_kept(here: Shop, associate: Client, changes: dict[str, str], words: str) -> None:
    order_id = to_pick(here, [2])
    fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
    before = all_rows()
    answer = associate.post(f"/desk/tasks/{order_id}/lines/1/instead", form(here, **changes))
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert all_rows() == before


def test_who_may_not(here: Shop) -> None:
    order_id = to_pick(here, [2])
    fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
    asked = fulfilment.Asked(new_id(), order_id, 1, here.products[2], 1000, 1000)
    offer = fulfilment.offer(asked, actor=SYSTEM)
    elsewhere = browser_of(make_user("other", "associate", place_id=other_place(here)))
    before = all_rows()
    assert elsewhere.get(f"/desk/tasks/{order_id}/lines/1/instead").status_code == 404
    assert elsewhere.post(f"/desk/tasks/{order_id}/lines/1/instead", form(here)).status_code == 404
    assert elsewhere.post(f"/desk/tasks/{order_id}/offers/{offer.id}/withdraw").status_code == 404
    assert all_rows() == before
