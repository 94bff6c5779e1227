"""What goes wrong between basket and order: what happened is said, what was typed is kept, nothing is charged."""

from __future__ import annotations

import pytest
from django.test import Client

from storeline.kernel.api import new_id, run
from storeline.orders.tests.factories import Shop
from storeline.shop.tests.buying import form, hidden, put, text

pytestmark = pytest.mark.django_db(transaction=True)


def orders() -> int:
    row = run("SELECT count(*) FROM orders_order WHERE state <> 'cancelled'").fetchone()
    assert row is not None
    return int(row[0])


def refused(client: Client, made: Shop, data: dict[str, object], words: str) -> str:
    """The form again, with the reason, at an address that one may go back to; the basket stays and no order is there."""
    answer = client.post("/checkout", data)
    assert (answer.status_code, answer["Location"]) == (303, "/checkout")
    page = text(client, "/checkout")
    assert "Your order was not placed" not in text(client, "/checkout")
    assert "Your order was not placed" in page
    assert words in page, page[page.index("Your order was not placed") :][:300]
    assert orders() == 0
    assert made.level()[1] == 0
    assert 'value="2" min="0"' in text(client, "/basket")
    return page


def test_somebody_was_faster(client: Client, made: Shop) -> None:
    put(client, made)
    data = form(client)
    run("UPDATE stock_balance SET on_hand = 1000 WHERE product_id = %s", [made.products[0]])
    page = refused(client, made, data, "Somebody was faster: Product 0 is sold out here now.")
    assert "Your shop has too little of something" in page
    assert 'href="/basket"' in page


def test_the_time_filled_up(client: Client, made: Shop) -> None:
    put(client, made)
    data = form(client)
    run("UPDATE capacity_slot SET held = capacity")
    refused(client, made, data, "That time has just filled up")


def test_the_time_is_over(client: Client, made: Shop) -> None:
    put(client, made)
    refused(client, made, form(client) | {"slot": new_id()}, "That time")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"slot": ""}, "Choose a time."),
        ({"card": "4111111111111111"}, "Choose how to pay."),
        ({"total": ""}, "The total is missing"),
    ],
)
def test_what_is_left_out_is_named(client: Client, made: Shop, changes: dict[str, str], words: str) -> None:
    put(client, made)
    page = refused(client, made, form(client) | changes, words)
    assert "4111111111111111" not in page


def test_a_choice_is_kept_where_the_card_was_declined(client: Client, made: Shop) -> None:
    put(client, made)
    data = form(client) | {"card": "tok_decline", "substitutes": "never"}
    page = client.post("/checkout", data, follow=True).content.decode()
    assert 'value="tok_decline" checked' in page
    assert 'value="never" checked' in page
    assert f'value="{data["slot"]}" required checked' in page
    assert hidden(page, "id") != data["id"]


def test_an_order_page_is_not_kept_by_others_on_the_way(client: Client, made: Shop) -> None:
    put(client, made)
    address = client.post("/checkout", form(client))["Location"]
    for page in (address, "/", "/basket", "/orders"):
        assert client.get(page)["Cache-Control"] == "private, no-cache"
    assert '<meta name="robots" content="noindex">' in text(client, address)
