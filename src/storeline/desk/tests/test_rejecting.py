"""What is not there is asked of another shop, sent by it, and taken in for the order: over the pages of both."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import all_rows, differences, supplying, to_pick
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import SYSTEM, new_id
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make, shop
from storeline.web.tests.browsing import get, heavy, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    made = shop()
    category = make("catalog.Category", ref="c", name="Fruit", path="c")
    apps.get_model("catalog.Product").objects.update(category_id=category)
    return made


def test_from_an_empty_shelf_to_the_other_shops_goods_in_the_bag(here: Shop, associate: Client) -> None:
    other = supplying(here, 5, "other")
    order_id = to_pick(here, [2, 1])
    address = f"/desk/tasks/{order_id}"
    assert "Ask other shops" in get(associate, f"{address}/lines/1")
    page = get(associate, f"{address}/lines/1/reject")
    assert "How many are missing?" in page
    form = {"id": str(new_id()), "reason": "not_found", "quantity": "2"}
    for _ in range(2):
        assert send(associate, f"{address}/lines/1/reject", **form) == f"{address}?said=moved&line=1#line-1"
    for stale in ("", "/reject", "/instead"):
        gone = associate.get(f"{address}/lines/1{stale}")
        assert (gone.status_code, gone["Location"]) == (303, f"{address}?said=went&line=3#line-3")
    assert "this is where it went" in get(associate, f"{address}?said=went&line=3")
    page = get(associate, address)
    assert "other is asked to send it, here" in page
    assert "2 of 2" not in page

    (supply,) = fulfilment.supplies_at(other)
    there = browser_of(make_user("sender", "associate", place_id=other))
    assert "To send to other shops" in get(there, "/desk")
    supply_page = f"/desk/supplies/{supply.id}"
    assert send(there, f"{supply_page}/lines/3", quantity="2") == f"{supply_page}?said=noted"
    assert fulfilment.put_off_all(supply.leave_by + timedelta(minutes=1)) == 1
    assert "Late: it was not sent in time to be here" in get(associate, address)
    assert "What comes from elsewhere is late" in get(associate, address)
    assert "Leaves by" in get(there, "/desk")
    page = get(there, supply_page)
    assert 'class="brand" href="/desk"><svg' in page
    assert "To the next order" not in page
    assert "and did not leave in time. Send it now" in page
    assert "Send it" in page
    for _ in range(2):
        assert send(there, f"{supply_page}/send") == f"{supply_page}?said=sent_off"
    assert "To the next order" in get(there, supply_page)
    assert "On its way from other, here" in get(associate, address)
    assert fulfilment.put_off_all(fulfilment.get_supply(supply.id).due_at + timedelta(minutes=1)) == 1
    assert "Late: it left, and was not here" in get(associate, address)
    assert "Late: it was promised for" in get(there, supply_page)
    arriving, key = f"/desk/transfers/{supply.id}", orders.token_of(order_id)
    assert "what comes is kept for it" in get(associate, arriving)
    for browser, seen in (
        (associate, ["/desk", address, f"{address}/lines/2", f"{address}/lines/2/reject", arriving]),
        (there, ["/desk", supply_page]),
        (Client(), [f"/order/{order_id}?key={key}"]),
    ):
        assert heavy(browser, seen) == {}
    send(associate, f"/desk/transfers/{supply.id}/arrivals", id=str(new_id()))
    assert fulfilment.get_task(order_id).lines[2].picked == 2000
    assert differences() == []
    assert "comes from another shop, for the same price." in get(Client(), f"/order/{order_id}?key={key}")


def test_who_works_elsewhere_sees_no_supply_and_a_wrong_number_changes_nothing(here: Shop, associate: Client) -> None:
    supplying(here, 5)
    order_id = to_pick(here, [2])
    fulfilment.reject(fulfilment.Rejected(new_id(), order_id, 1, 1000, fulfilment.Why.NOT_FOUND), actor=SYSTEM)
    (supply,) = fulfilment.supplies_of([order_id])[order_id]
    before = all_rows()
    assert associate.get(f"/desk/supplies/{supply.id}").status_code == 404
    assert associate.post(f"/desk/supplies/{supply.id}/send").status_code == 404
    form = {"id": str(new_id()), "reason": "damaged", "quantity": "7"}
    answer = associate.post(f"/desk/tasks/{order_id}/lines/1/reject", form)
    assert answer.status_code == 422
    assert "From one to what is still wanted" in answer.content.decode()
    assert all_rows() == before
    line = supply.lines[0].line_no
    fulfilment.reject(fulfilment.Rejected(new_id(), order_id, line, 1000, fulfilment.Why.NOT_FOUND), actor=SYSTEM)
    there = browser_of(make_user("sender", "associate", place_id=supply.place_id))
    page = get(there, f"/desk/supplies/{supply.id}")
    assert ("Passed on" in page, "Called off" in page) == (True, False)


def test_what_nobody_has_is_offered_otherwise(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [1])
    form = {"id": str(new_id()), "reason": "damaged", "quantity": "1"}
    where = send(associate, f"/desk/tasks/{order_id}/lines/1/reject", **form)
    assert where == f"/desk/tasks/{order_id}/lines/1/instead?said=nowhere"
    assert "No shop near has it either." in get(associate, where)
