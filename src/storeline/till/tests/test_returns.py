"""Goods that come back to a till: with a receipt, from anywhere, and without."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from storeline.aftersales import api as aftersales
from storeline.fulfilment.tests.factories import to_pick
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import SYSTEM, new_id, run
from storeline.orders import api as orders
from storeline.till.tests.factories import (
    GTINS,
    AtTill,
    order_of,
    rows,
    total,
)
from storeline.web.tests.browsing import get, text_of

pytestmark = pytest.mark.django_db(transaction=True)


def sold(here: AtTill, **form: Any) -> UUID:
    here.scan(f"3*{GTINS[0]}")
    here.scan(GTINS[1])
    return order_of(here.pay(**form))


@pytest.mark.parametrize("how", ["name", "number", "link", "id"])
def test_a_sale_is_found_by_its_receipt(here: AtTill, how: str) -> None:
    order_id = sold(here)
    code = {
        "name": "p-1-1",
        "number": "1",
        "link": f"https://shop.example/till/receipts/{order_id}?key=x",
        "id": str(order_id),
    }[how]
    answer = here.browser.get("/till/returns", {"code": code})
    assert answer["Location"] == f"/till/returns/{order_id}"
    if how == "link":
        assert here.scan(code)["Location"] == f"/till/returns/{order_id}"


def test_what_is_no_receipt_is_said(here: AtTill) -> None:
    sold(here)
    for code in ("p-1-2", "p-2-1", "x-1-1", "nothing", "7"):
        assert "No receipt or order is known by this" in get(here.browser, f"/till/returns?code={code}", 404), code


def test_goods_come_back_against_their_receipt(here: AtTill) -> None:
    order_id = sold(here, received="10")
    address = f"/till/returns/{order_id}"
    assert "3 · $3.75" in get(here.browser, address)
    form = {"quantity-1": "2", "again-1": "1", "reason": "damaged"}
    asked = text_of(here.browser.post(address, form))
    assert total(asked) == "$2.70"
    assert "Cash $2.70" in asked
    before = aftersales.list_returns()
    assert before == []
    sure = form | {"sure": "yes", "id": str(new_id())}
    where = here.browser.post(address, sure)["Location"]
    assert here.browser.post(address, sure)["Location"] == where == f"/till/returned/{sure['id']}"
    page = get(here.browser, where)
    assert "Give in cash" in page
    assert total(page) == "$2.70"
    assert here.shop.level(0) == (19_000, 0)
    assert "1 can still come back" in get(here.browser, address)
    (view,) = [aftersales.get_return(head.id) for head in aftersales.list_returns()]
    assert [(line.quantity, line.amount, line.reason, line.restock) for line in view.lines] == [
        (2000, 250, "damaged", True)
    ]
    here.browser.post(address, {"quantity-1": "1", "reason": "damaged", "sure": "yes", "id": str(new_id())})
    before_focus = here.browser.get(address).content.decode().partition("autofocus")[0]
    assert before_focus.count("Came back") == 1
    assert before_focus.count('name="quantity-2"') == 1  # the first field, though not of the first line


def test_what_was_not_handed_over_has_not_come_back(here: AtTill) -> None:
    page = get(here.browser, f"/till/returns/{to_pick(here.shop)}")
    assert "This order was not handed over yet." in page
    assert "Came back" not in page


def test_a_return_that_cannot_be_is_refused_with_what_was_typed(here: AtTill) -> None:
    order_id = sold(here)
    address = f"/till/returns/{order_id}"
    before = rows()
    for form, words in (
        ({"quantity-1": "4", "reason": "damaged"}, "From nothing to what can still come back."),
        ({"quantity-1": "x", "reason": "damaged"}, "Type a number"),
        ({"quantity-1": "0.5", "reason": "damaged"}, "Whole pieces only."),
        ({"reason": "damaged"}, "Say how many of what come back."),
        ({"quantity-1": "1", "reason": "none"}, "Choose why they come back."),
    ):
        answer = here.browser.post(address, form | {"sure": "yes", "id": str(new_id())})
        assert (answer.status_code, words in text_of(answer)) == (422, True), words
        assert f'value="{form.get("quantity-1", "")}"' in text_of(answer)
    assert rows() == before


def test_a_card_gets_its_money_back_and_cash_is_the_managers_to_give(here: AtTill) -> None:
    order_id = sold(here, **{"with": "card", "card": "tok_approve"})
    address = f"/till/returns/{order_id}"
    form = {"quantity-2": "1", "reason": "unwanted", "sure": "yes", "as": "cash", "id": str(new_id())}
    before = rows()
    refused = here.browser.post(address, form)
    assert (refused.status_code, "This needs your manager." in text_of(refused)) == (403, True)
    assert rows() == before
    manager = browser_of(make_user("boss", "shop_manager", place_id=here.shop.place))
    manager.cookies["till"] = here.browser.cookies["till"].value
    assert "All of it in cash" in text_of(manager.post(address, {"quantity-2": "1", "reason": "unwanted"}))
    where = manager.post(address, form)["Location"]
    assert "Give in cash" in get(manager, where)
    here.browser.post(address, {"quantity-1": "1", "reason": "unwanted", "sure": "yes", "id": str(new_id())})
    refunds = run("SELECT tender, amount, state FROM aftersales_refund ORDER BY tender").fetchall()
    assert refunds == [("cash", 135, "settled"), ("sandbox_card", 135, "settled")]


def test_what_was_bought_elsewhere_or_online_comes_back_here(here: AtTill) -> None:
    from storeline.aftersales.tests.factories import another_place, collected  # noqa: PLC0415

    online = collected(here.shop, [2])
    found = here.browser.get("/till/returns", {"code": f"#{orders.order_number(online).lower()}"})
    assert found["Location"] == f"/till/returns/{online}"
    other = another_place(here.shop)
    browser = browser_of(make_user("other", "associate", place_id=other.place))
    browser.post("/till/open", {"place": str(other.place), "number": "1"})
    for order_id in (online, sold(here)):
        address = f"/till/returns/{order_id}"
        form = {"quantity-1": "1", "again-1": "1", "reason": "wrong", "sure": "yes", "id": str(new_id())}
        assert browser.post(address, form)["Location"] == f"/till/returned/{form['id']}"
    assert [head.place_id for head in aftersales.list_returns()] == [other.place] * 2


def test_a_return_asked_for_online_is_found_by_its_code(here: AtTill) -> None:
    order_id = sold(here)
    request = aftersales.ReturnRequest(new_id(), order_id, (aftersales.RequestLine(1, 2000, "spoiled"),))
    aftersales.ask_return(request, actor=SYSTEM, token=orders.token_of(order_id))
    where = here.browser.get("/till/returns", {"code": request.code})["Location"]
    assert where == f"/till/returns/{order_id}?request={request.id}"
    page = get(here.browser, where)
    assert 'name="quantity-1" value="2"' in page
    form = {"quantity-1": "2", "reason": "spoiled", "request": str(request.id), "sure": "yes", "id": str(new_id())}
    here.browser.post(f"/till/returns/{order_id}", form)
    assert aftersales.get_request(request.id).state == "accepted"


def test_without_a_receipt_the_lowest_price_is_given_in_cash(here: AtTill) -> None:
    page = get(here.browser, f"/till/returns/without?code={GTINS[0]}&quantity=2")
    assert total(page) == "$2.70"
    form = {
        "product": str(here.shop.products[0]), "quantity": "2", "total": "270", "reason": "unwanted", "again": "1",
        "id": str(new_id()),
    }  # fmt: skip
    before = rows()
    changed = here.browser.post("/till/returns/without", form | {"total": "999"})
    assert (changed.status_code, "Its price has just changed" in text_of(changed)) == (409, True)
    assert here.browser.post("/till/returns/without", form | {"reason": "x"}).status_code == 422
    assert here.browser.post("/till/returns/without", form | {"quantity": "0.5"}).status_code == 422
    assert rows() == before
    where = here.browser.post("/till/returns/without", form)["Location"]
    assert here.browser.post("/till/returns/without", form)["Location"] == where
    assert total(get(here.browser, where)) == "$2.70"
    (head,) = aftersales.list_returns()
    assert (head.order_id, head.amount, head.tax, head.refunded) == (None, 250, 20, 270)
    assert here.shop.level(0) == (22_000, 0)
