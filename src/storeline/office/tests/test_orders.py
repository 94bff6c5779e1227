"""Orders: what is open and stuck, found by number, receipt and person, seen whole, and what the staff may do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from storeline.fiscal import api as fiscal
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import all_rows, ready, state_of, to_pick
from storeline.kernel.api import SYSTEM, clock_at, new_id, now, run
from storeline.messages import api as messages
from storeline.office.tests.factories import person
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make
from storeline.payments import api as payments
from storeline.web.tests.browsing import MOST_QUERIES, counted, get, is_clean, refused, send

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/office/orders"


@pytest.fixture
def desk(here: Shop) -> Client:
    return person("service_desk")


def sold(here: Shop, **changes: Any) -> UUID:
    """A till's sale."""
    draft = here.sale([(1, 125)], **changes)
    orders.place([draft], actor=SYSTEM)
    return draft.id


def test_open_orders_are_counted_and_found(here: Shop, desk: Client) -> None:
    assert "Nothing is stuck." in get(desk, LIST)
    order_id, sale = to_pick(here, [1]), sold(here)
    page = get(desk, LIST)
    for key in (order_id, sale):
        assert orders.order_number(key) in page
    only = get(desk, f"{LIST}?state=to_pick")
    assert orders.order_number(order_id) in only
    assert orders.order_number(sale) not in only
    for query in (
        f"q={orders.order_number(order_id).lower()}",
        f"q={order_id}",
        "channel=web",
        "place=p&state=confirmed",
    ):
        only = get(desk, f"{LIST}?{query}")
        assert orders.order_number(order_id) in only, query
        assert orders.order_number(sale) not in only, query
    day = orders.get(order_id).head.business_date
    assert orders.order_number(sale) in get(desk, f"{LIST}?day={day}&channel=till&place={here.place}")
    assert "No order matches." in get(desk, f"{LIST}?day={day - timedelta(days=1)}")
    assert "No order matches." in get(desk, f"{LIST}?q=nothing")
    assert "There is no place with this reference" in get(desk, f"{LIST}?place=zz")


def test_what_is_late_is_stuck_with_what_to_do(here: Shop, desk: Client) -> None:
    order_id = to_pick(here, [1])
    with clock_at(now() + timedelta(hours=9)):
        page = get(desk, LIST)
        assert "Late to be picked" in page
        assert "Call the shop" in page
        assert orders.order_number(order_id) in get(desk, f"{LIST}?stuck=late")
    assert "No order matches." in get(desk, f"{LIST}?stuck=late")


def test_what_waits_for_days_is_stuck(here: Shop, desk: Client) -> None:
    order_id, _code = ready(here)
    assert "Nothing is stuck." in get(desk, LIST)
    with clock_at(now() + timedelta(days=4)):
        assert "Ready, and not collected for days" in get(desk, LIST)
        assert orders.order_number(order_id) in get(desk, f"{LIST}?state=waiting")


def test_an_order_whole(here: Shop, desk: Client) -> None:
    order_id, _code = ready(here)
    page = get(desk, f"{LIST}/{order_id}")
    for words in ("Ready", "Goods and prices", "Product 0", "Hold the amount", "Take the money", "To pay", "Shop"):
        assert words in page
    assert is_clean(page)


def test_what_was_not_found_is_not_to_be_paid(here: Shop, desk: Client) -> None:
    order_id = to_pick(here, [2])
    assert "$2.70" in get(desk, LIST)
    fulfilment.pick([fulfilment.Picked(order_id, 1, 1000)], actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)
    listed = get(desk, LIST)
    assert "$1.35" in listed
    assert "$2.70" not in listed
    sums = re.findall(r"<dt[^>]*>(Goods|Tax|To pay)</dt><dd[^>]*>([^<]+)", get(desk, f"{LIST}/{order_id}"))
    assert sums == [("Goods", "$1.25"), ("Tax", "$0.10"), ("To pay", "$1.35")]
    lines = desk.get(f"{LIST}?format=csv").content.decode().splitlines()
    assert lines[1].endswith(",USD,2.70,0.00,2.70,1.35")


def test_a_receipt_and_a_person_find_their_order(here: Shop, desk: Client) -> None:
    customer = make("customers.Customer", ref="c1", kind="member")
    make("customers.ContactPoint", customer_id=customer, kind="email", value="ann@example.org")
    order_id = to_pick(here, [1], customer_id=customer)
    sale = sold(here)
    assert orders.order_number(order_id) in get(desk, f"{LIST}?q=ann@example.org")
    finance = person("finance")
    assert orders.order_number(order_id) not in get(finance, f"{LIST}?q=ann@example.org")
    fiscal.issue([sale])
    number = fiscal.receipts_of([sale])[sale].number
    assert orders.order_number(sale) in get(desk, f"{LIST}?q={number}")


def test_cancelled_with_a_reason_once(here: Shop, desk: Client) -> None:
    order_id = to_pick(here, [1])
    address = f"{LIST}/{order_id}"
    before = all_rows()
    assert "Choose why it is cancelled." in refused(desk, f"{address}/cancel", reason="")
    assert all_rows() == before
    assert send(desk, f"{address}/cancel", reason="shopper") == f"{address}?said=cancelled"
    assert state_of(order_id) == ("cancelled", "cancelled")
    after = all_rows()
    assert send(desk, f"{address}/cancel", reason="shopper") == f"{address}?said=cancelled"
    assert all_rows() == after
    page = get(desk, address)
    for words in ("The shopper asked for it", "Cancelled an order that was to be picked", "service-desk"):
        assert words in page
    assert orders.order_number(order_id) in get(desk, f"{LIST}?state=cancelled")


def test_what_was_handed_over_is_not_cancelled(here: Shop, desk: Client) -> None:
    sale = sold(here)
    before = all_rows()
    page = refused(desk, f"{LIST}/{sale}/cancel", 409, reason="mistake")
    assert "take them back as a return" in page
    assert all_rows() == before


def test_another_code(here: Shop, desk: Client) -> None:
    order_id, first = ready(here)
    assert send(desk, f"{LIST}/{order_id}/code") == f"{LIST}/{order_id}?said=renewed"
    second = fulfilment.codes([order_id])[order_id]
    assert second != first
    assert second not in get(desk, f"{LIST}/{order_id}")
    with pytest.raises(messages.WrongCode):
        fulfilment.hand_over([(order_id, first)], actor=SYSTEM)


def test_what_lies_at_another_place_is_not_there(here: Shop) -> None:
    order_id = to_pick(here, [1])
    other = make(
        "places.Place", ref="q", entity_id=here.entity, name="Elsewhere", format="supermarket", zone="UTC", country="US"
    )
    manager = person("shop_manager", place_id=other)
    assert orders.order_number(order_id) not in get(manager, LIST)
    get(manager, f"{LIST}/{order_id}", 404)
    before = all_rows()
    refused(manager, f"{LIST}/{order_id}/cancel", 404, reason="shopper")
    assert all_rows() == before
    assert orders.order_number(order_id) in get(person("shop_manager", place_id=here.place, username="own"), LIST)


def test_a_file_of_orders_runs_nothing(here: Shop, desk: Client) -> None:
    order_id = sold(here, ref="=1+1")
    answer = desk.get(f"{LIST}?format=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    lines = answer.content.decode().lstrip("\ufeff").splitlines()
    assert lines[0].startswith("number,id,ref,place")
    assert lines[1].startswith(f"{orders.order_number(order_id)},{order_id},'=1+1,p,till")


def test_pages_go_on_and_ask_little(here: Shop, desk: Client) -> None:
    order_id, _code = ready(here)
    keys = [sold(here) for _ in range(42)]
    pages = []
    for query in ("", "place=p"):
        first = get(desk, f"{LIST}?channel=till&{query}")
        following = first.split('<nav class="pager"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
        second = get(desk, following)
        pages.append([sum(orders.order_number(key) in page for key in keys) for page in (first, second)])
    assert pages == [[40, 2], [40, 2]]
    for address in (LIST, f"{LIST}?q=12&place=p", f"{LIST}/{order_id}", f"{LIST}/{keys[0]}"):
        with counted() as asked:
            assert is_clean(get(desk, address)), address
        assert asked[0] <= MOST_QUERIES, (address, asked)


def test_who_may(here: Shop) -> None:
    order_id, _code = ready(here)
    finance = person("finance")
    assert "Cancel the order" not in get(finance, f"{LIST}/{order_id}")
    refused(finance, f"{LIST}/{order_id}/cancel", 403, reason="shopper")
    refused(finance, f"{LIST}/{order_id}/code", 403)
    get(person("shopper"), LIST, 403)
    assert run("SELECT state FROM orders_order").fetchall() == [("confirmed",)]


def test_a_refund_that_was_refused_is_paid_in_cash_once(here: Shop, desk: Client) -> None:
    order_id, _code = ready(here, payments=(payments.Offer("sandbox_card", token="tok_refund_decline"),))
    fulfilment.cancel([order_id], reason="not_collected", actor=SYSTEM)
    page = get(desk, LIST)
    assert "A refund was refused by the payment partner" in page
    assert orders.order_number(order_id) in get(desk, f"{LIST}?stuck=refunds")
    address = f"{LIST}/{order_id}"
    assert "is owed to the shopper" in get(desk, address)
    (owed,) = payments.list_owed()
    form = {"id": str(new_id()), "payment": str(owed.intent_id), "key": owed.key}
    for _ in range(2):
        assert send(desk, f"{address}/repay", **form) == f"{address}?said=repaid"
    assert payments.list_owed() == []
    assert run("SELECT count(*) FROM payments_repayment").fetchall() == [(1,)]
    page = refused(desk, f"{address}/repay", 409, **(form | {"id": str(new_id())}))
    assert "This refund is not owed any more" in page
    assert "paid another way" in page
    refused(person("shop_manager", place_id=here.place), f"{address}/repay", 403, **form)
