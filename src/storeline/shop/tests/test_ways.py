"""Another way of receiving at the checkout: what was typed for each stays, on this device alone, and nothing is ordered."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import read_events
from storeline.kernel.api import SYSTEM, run
from storeline.orders.tests.factories import Shop, delivers
from storeline.shop.tests.buying import hidden, member, put, text

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = {"name": "A. Reader", "street": "1 High <Street>", "more": "", "postal_code": "43215", "city": "Columbus"}
CONTACT = {"contact_email": "kim@example.org"}


@pytest.fixture
def ways(made: Shop, settings: Any) -> Shop:
    settings.MESSAGE_TRANSPORTS = {"email": "storeline.messages.transports.Memory"}
    delivers(made)
    return made


def turn(client: Client, to: str, typed: dict[str, Any]) -> str:
    """Press another way on the page that is open; the page that comes."""
    page = text(client, "/checkout")
    by = hidden(page, "by")
    shown = {name: hidden(page, name) for name in ("id", "day")} | {"card": "tok_late", "substitutes": "never"}
    answer = client.post("/checkout", shown | typed | {"by": [by, to]})
    assert (answer.status_code, answer["Location"]) == (303, "/checkout")
    again = text(client, "/checkout")
    assert (hidden(again, "id"), hidden(again, "by")) == (shown["id"], to)
    assert 'value="tok_late" checked' in again
    assert 'value="never" checked' in again
    return again


def test_what_was_typed_for_one_way_is_there_after_another(client: Client, ways: Shop) -> None:
    put(client, ways)
    [(late,)] = run("SELECT id FROM capacity_slot WHERE method = 'collect' ORDER BY starts_at DESC LIMIT 1").fetchall()
    day = hidden(text(client, "/checkout"), "day")
    page = turn(client, "deliver", CONTACT | {"slot": str(late)})
    assert 'value="kim@example.org"' in page
    page = turn(client, "collect", ADDRESS | CONTACT)
    assert 'value="kim@example.org"' in page
    assert "High" not in page
    assert hidden(page, "day") == day
    assert f'value="{late}" required checked' in page
    page = turn(client, "deliver", {"contact_email": ""})
    assert 'value="1 High &lt;Street&gt;"' in page
    assert 'value="kim@example.org"' not in turn(client, "collect", {})
    assert run("SELECT count(*) FROM orders_order").fetchall() == [(0,)]
    client.post("/checkout", {"by": ["collect", "deliver"], "id": hidden(page, "id")})
    page = text(client, "/checkout")
    data = {name: hidden(page, name) for name in ("id", "by", "total", "slot")} | ADDRESS | {"card": "tok_approve"}
    for _ in range(2):
        assert client.post("/checkout", data)["Location"].startswith(f"/order/{data['id']}")
    put(client, ways)
    assert "High" not in text(client, "/checkout?by=deliver")
    assert UUID(hidden(text(client, "/checkout"), "id")) != UUID(data["id"])


def test_a_time_is_held_once_while_the_page_is_looked_at(client: Client, ways: Shop) -> None:
    put(client, ways)
    turn(client, "deliver", {})
    turn(client, "deliver", ADDRESS)
    for _ in range(2):
        text(client, "/checkout")
    assert run("SELECT sum(held) FROM capacity_slot").fetchall() == [(1,)]


def test_before_the_address_is_known_no_fee_and_no_total_is_shown(client: Client, ways: Shop) -> None:
    put(client, ways)
    for page in (text(client, "/checkout?by=deliver"), turn(client, "deliver", {})):
        assert "depends on your address" in page
        assert "Total so far" in page
        assert "Order and pay" not in page
    page = turn(client, "deliver", ADDRESS)
    assert "depends on your address" not in page
    assert "Order and pay" in page


def test_a_dearer_time_shows_its_total_before_anything_is_ordered(client: Client, ways: Shop) -> None:
    put(client, ways)
    turn(client, "deliver", ADDRESS)
    assert "hx-post" not in text(client, "/checkout").partition("<form id")[2].partition("</form>")[0]
    run(
        "INSERT INTO capacity_slot (id, method, starts_at, ends_at, cutoff_at, capacity, held, place_id, fee)"
        " SELECT gen_random_uuid(), method, starts_at + interval '1 minute', ends_at, cutoff_at, 2, 0, place_id, 150"
        " FROM capacity_slot WHERE method = 'deliver'"
    )
    page = text(client, "/checkout")
    slots = re.findall(r'name="slot" value="([^"]*)"', page)
    assert page.count('hx-trigger="change"') == len(slots) > 1
    shown = {name: hidden(page, name) for name in ("id", "by", "day", "priced", "total")} | ADDRESS
    ordered = shown | {"slot": slots[-1], "card": "tok_approve"}
    assert client.post("/checkout", ordered)["Location"] == "/checkout"
    page = text(client, "/checkout")
    assert "The time that you chose has a delivery fee of its own" in page
    assert int(hidden(page, "total")) - int(shown["total"]) == 150 + 12  # its tax
    assert run("SELECT count(*) FROM orders_order").fetchall() == [(0,)]
    ordered |= {name: hidden(page, name) for name in ("id", "priced", "total")}
    assert client.post("/checkout", ordered)["Location"].startswith(f"/order/{ordered['id']}")


@pytest.mark.parametrize(
    ("step", "to"), [("shops", "/shops?next=/checkout"), ("enter", "/enter?next=/checkout"), ("check", "/checkout")]
)
def test_leaving_the_page_for_a_while_loses_nothing(client: Client, ways: Shop, step: str, to: str) -> None:
    put(client, ways)
    assert client.post("/checkout", ADDRESS | {"by": "deliver", "step": step})["Location"] == to
    assert 'value="1 High &lt;Street&gt;"' in text(client, "/checkout")


def test_what_a_member_typed_is_shown_to_nobody_else(ways: Shop) -> None:
    kim = member()
    put(kim, ways)
    kim.post("/checkout", ADDRESS | {"by": "deliver", "step": "check"})
    assert "High" in text(kim, "/checkout")
    kim.post("/accounts/logout/")
    put(kim, ways)
    assert "asked" in kim.cookies
    assert "High" not in text(kim, "/checkout?by=deliver")


def test_what_is_brought_is_among_ones_orders_in_its_own_words(client: Client, ways: Shop) -> None:
    put(client, ways)
    page = turn(client, "deliver", ADDRESS)
    data = {name: hidden(page, name) for name in ("id", "by", "total", "slot")} | ADDRESS | {"card": "tok_approve"}
    client.post("/checkout", data)
    order_id = UUID(data["id"])
    read_events("fulfilment.tasks")
    assert "Your order is placed" in text(client, "/")
    assert "Order placed" in text(client, "/orders")
    fulfilment.pick_all([order_id], actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)
    assert "Your order is packed" in text(client, "/")
    assert "Packed" in text(client, "/orders")
    assert "1 product<" in text(client, "/orders")  # the fee is none


def test_weighed_goods_are_so_many_of_their_unit(client: Client, made: Shop) -> None:
    run("UPDATE catalog_product SET by_weight = true, unit = 'kg' WHERE id = %s", [made.products[0]])
    put(client, made)
    for address in ("/basket", "/checkout"):
        page = text(client, address)
        assert "2 kg<" in page
