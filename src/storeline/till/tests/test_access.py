"""Who may not use a till, and how much its pages ask of the database."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import new_id
from storeline.till.tests.factories import (
    CARD,
    GTINS,
    AtTill,
    coupon,
    member,
    order_of,
    rows,
)
from storeline.web.tests.browsing import heavy

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_may_not(here: AtTill) -> None:
    here.scan(GTINS[0])
    sale = here.sale
    assert sale
    order = {"sale": str(sale.id), "version": sale.version, "order": str(new_id()), "total": "135", "with": "cash"}
    deeds: list[tuple[str, dict[str, Any]]] = [
        ("/till/scan", {"code": GTINS[0], "key": "k"}),
        ("/till/add", {"product": str(here.shop.products[0]), "key": "k"}),
        ("/till/lines", {"sale": str(sale.id), "line": "1:1000:0"}),
        ("/till/member", {"who": CARD}),
        ("/till/coupon", {"code": "SAVE"}),
        ("/till/park", {"sale": str(sale.id)}),
        ("/till/resume", {"sale": str(sale.id)}),
        ("/till/cancel", {"sale": str(sale.id), "version": sale.version}),
        ("/till/pay", order),
        ("/till/pay/call-off", {"sale": str(sale.id)}),
        ("/till/open", {"place": str(here.shop.place), "number": "1"}),
    ]
    from storeline.aftersales.tests.factories import another_place  # noqa: PLC0415

    other = another_place(here.shop)
    elsewhere = browser_of(make_user("other", "associate", place_id=other.place))
    own = browser_of(make_user("own", "associate", place_id=other.place))
    own.post("/till/open", {"place": str(other.place), "number": "1"})
    shopper = browser_of(make_user("shopper", "shopper"))
    before = rows()
    elsewhere.cookies["till"] = here.browser.cookies["till"].value
    for address, form in deeds:
        assert elsewhere.post(address, form).status_code in {403, 422}, address
        assert shopper.post(address, form).status_code == 403, address
        assert Client().post(address, form)["Location"].startswith("/accounts/login/"), address
    for address, form in deeds[2:]:
        if address in {"/till/member", "/till/coupon", "/till/open"}:
            continue
        assert own.post(address, form).status_code in {303, 409}, address
    assert rows() == before
    assert elsewhere.get("/till")["Location"] == "/till/open"
    assert shopper.get("/till").status_code == 403


def test_a_form_that_is_not_whole_changes_nothing(here: AtTill) -> None:
    here.scan(GTINS[0])
    before = rows()
    for address in ("/till/add", "/till/pay", "/till/cancel", "/till/lines", "/till/park", "/till/resume"):
        assert here.browser.post(address, {}).status_code == 422, address
    assert rows() == before


def test_each_page_asks_little_of_the_database(here: AtTill) -> None:
    member(here)
    coupon()
    for code in (*GTINS, CARD, "SAVE"):
        here.scan(code)
    order_id = order_of(here.pay())
    for code in (*GTINS, CARD, "SAVE"):
        here.scan(code)
    aside = here.sale
    assert aside
    here.browser.post("/till/park", {"sale": str(aside.id)})
    for code in (*GTINS, CARD):
        here.scan(code)
    form = {"quantity-1": "1", "reason": "unwanted", "sure": "yes", "id": str(new_id())}
    returned = here.browser.post(f"/till/returns/{order_id}", form)["Location"]
    addresses = [
        "/till",
        "/till?ask=parked",
        "/till/pay?with=cash",
        "/till/pay?with=card",
        "/till/suggest?code=prod",
        "/till/open",
        f"/till/done/{order_id}",
        f"/till/receipts/{order_id}",
        "/till/today",
        "/till/returns",
        f"/till/returns/{order_id}",
        returned,
        f"/till/returns/without?code={GTINS[0]}",
    ]
    assert heavy(here.browser, addresses) == {}
