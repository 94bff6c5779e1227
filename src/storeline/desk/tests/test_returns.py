"""What comes back at the desk: refused as it is collected, or asked for online."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.test import Client

from storeline.aftersales import api as aftersales
from storeline.desk.tests.factories import other_place
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import all_rows, balances, differences, ready
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import GUEST, SYSTEM, clock_at, new_id, now
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make
from storeline.web.tests.browsing import get, send, text_of

pytestmark = pytest.mark.django_db(transaction=True)


def collected(here: Shop) -> UUID:
    order_id, code = ready(here, [2, 1])
    fulfilment.hand_over([(order_id, code)], actor=SYSTEM)
    return order_id


def form(**changes: Any) -> dict[str, str]:
    wanted = {"id": str(new_id()), "quantity-1": "1", "again-1": "yes", "again-2": "yes", "reason": "unwanted"}
    return wanted | changes


def test_something_is_not_wanted_as_it_is_collected(here: Shop, associate: Client) -> None:
    order_id = collected(here)
    assert f'href="/desk/returns/{order_id}"' in get(associate, f"/desk/tasks/{order_id}")
    address = f"/desk/returns/{order_id}"
    assert get(associate, address).count("Back on the shelf") == 2
    sent = form()
    page = text_of(associate.post(address, sent))
    assert "Yes, give back $1.35" in page
    assert here.level() == (8000, 0)
    for _ in range(2):
        assert send(associate, address, **sent, sure="yes") == f"/desk/returned/{sent['id']}"
    assert "$1.35 went back to the shopper." in get(associate, f"/desk/returned/{sent['id']}")
    assert here.level() == (9000, 0)
    assert balances() == {"card_clearing": 270, "sales": -250, "tax_payable": -20}
    assert differences() == []


def test_what_must_be_kept_cold_is_sold_again_only_where_it_never_left(here: Shop, associate: Client) -> None:
    apps.get_model("catalog.Product").objects.filter(id=here.products[1]).update(temperature="chilled")
    order_id = collected(here)
    again = r'name="again-(\d)" value="yes" checked'
    assert re.findall(again, get(associate, f"/desk/returns/{order_id}")) == ["1", "2"]
    orders_row = apps.get_model("orders.Order").objects.filter(id=order_id)
    orders_row.update(completed_at=now().replace(year=now().year - 1))
    assert re.findall(again, get(associate, f"/desk/returns/{order_id}")) == ["1"]
    sent = form(**{"quantity-1": "", "quantity-2": "1", "again-2": "no", "reason": "spoiled"})
    send(associate, f"/desk/returns/{order_id}", **sent, sure="yes")
    assert here.level(1) == (9000, 0)
    assert "Write it off" in get(associate, f"/desk/returned/{sent['id']}")
    assert differences() == []


@pytest.mark.parametrize(
    ("reason", "again", "left"), [("damaged", "no", 8000), ("damaged", "yes", 9000), ("spoiled", "yes", 8000)]
)
def test_what_is_broken_or_spoiled_is_sold_again_only_by_a_second_look(
    here: Shop, associate: Client, reason: str, again: str, left: int
) -> None:
    address = f"/desk/returns/{collected(here)}"
    sent = form(reason=reason)
    assert 'name="again-1" value="no" checked' in text_of(associate.post(address, sent))
    send(associate, address, **(sent | {"again-1": again}), sure="yes")
    assert here.level() == (left, 0)
    assert ("Write it off" in get(associate, f"/desk/returned/{sent['id']}")) == (left == 8000)
    assert differences() == []


def test_what_was_asked_for_online_is_found_by_its_code(here: Shop, associate: Client) -> None:
    order_id = collected(here)
    asked = aftersales.ReturnRequest(new_id(), order_id, (aftersales.RequestLine(1, 2000, "damaged"),))
    found = aftersales.ask_return(asked, actor=GUEST, token=orders.token_of(order_id))
    where = send(associate, "/desk/hand-over", code=f" {found.code.lower()} ")
    assert where == f"/desk/returns/{order_id}?request={found.id}"
    page = get(associate, where)
    assert found.code in page
    assert 'name="quantity-1" value="2"' in page
    assert 'value="damaged" required checked' in page
    assert 'name="again-1" value="no" checked' in page
    sent = form(**{"quantity-1": "2", "again-1": "no", "reason": "damaged", "request": str(found.id)})
    send(associate, f"/desk/returns/{order_id}", **sent, sure="yes")
    assert aftersales.get_request(found.id).state == "accepted"
    assert here.level() == (8000, 0)
    assert differences() == []


def test_what_comes_back_is_scanned_up_to_what_was_sold(here: Shop, associate: Client) -> None:
    make("catalog.Gtin", gtin="04006381333931", product_id=here.products[0])
    order_id = collected(here)
    take = ""
    for units in ("1", "2"):
        page = get(associate, f"/desk/returns/{order_id}?take={take}&code=04006381333931")
        assert f'name="quantity-1" value="{units}"' in page
        take = re.findall(r'name="take" value="([^"]*)"', page)[0]
    page = get(associate, f"/desk/returns/{order_id}?take={take}&code=04006381333931")
    assert "Of this product nothing can come back." in page
    assert 'name="quantity-1" value="2"' in page
    assert "Of this product nothing can come back." in get(associate, f"/desk/returns/{order_id}?code=12")
    assert get(associate, f"/desk/returns/{order_id}?take=x_y-99_1000-1_-5").count('value="" placeholder="0"') == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantity-1": "3"}, "From nothing to what can still come back"),
        ({"quantity-1": "0.5"}, "From nothing to what can still come back"),
        ({"quantity-1": "x"}, "From nothing to what can still come back"),
        ({"quantity-1": ""}, "Say how many of what come back."),
        ({"reason": ""}, "Say why it comes back."),
    ],
)
def test_what_does_not_fit_is_said_and_kept(here: Shop, associate: Client, changes: dict[str, str], words: str) -> None:
    order_id = collected(here)
    before = all_rows()
    answer = associate.post(f"/desk/returns/{order_id}", form(**changes, sure="yes"))
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert f'value="{changes.get("quantity-1", "1")}"' in text_of(answer)
    assert all_rows() == before


def test_nothing_comes_back_before_it_left_or_twice(here: Shop, associate: Client) -> None:
    waiting, _ = ready(here)
    assert "was not handed over" in get(associate, f"/desk/returns/{waiting}")
    assert associate.post(f"/desk/returns/{waiting}", form(sure="yes")).status_code == 409
    order_id = collected(here)
    send(associate, f"/desk/returns/{order_id}", **form(**{"quantity-1": "2", "quantity-2": "1"}), sure="yes")
    assert "Everything came back already" in get(associate, f"/desk/returns/{order_id}")


def test_who_may_not(here: Shop, associate: Client) -> None:
    order_id = collected(here)
    sent = form()
    send(associate, f"/desk/returns/{order_id}", **sent, sure="yes")
    shopper = browser_of(make_user("shopper", "shopper"))
    elsewhere = browser_of(make_user("other", "associate", place_id=other_place(here)))
    before = all_rows()
    for address in (f"/desk/returns/{order_id}", f"/desk/returned/{sent['id']}"):
        assert shopper.get(address).status_code == 403
        assert Client().get(address).status_code == 302
    assert shopper.post(f"/desk/returns/{order_id}", form(sure="yes")).status_code == 403
    assert elsewhere.get(f"/desk/returned/{sent['id']}").status_code == 404
    with clock_at(now()):
        assert all_rows() == before
