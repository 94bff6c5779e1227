"""Pages that are drawn once for all that they show: with other facts they are other pages, and whose they are stays theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from unittest import mock

import pytest
from django.template.loader import render_to_string
from django.test import Client

from storeline.kernel.api import run
from storeline.orders.tests.factories import Shop
from storeline.shop.tests.buying import hidden, member, put, text
from storeline.web import kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def drawn() -> Iterator[Callable[[], int]]:
    """How many pages were drawn, the kept ones not among them."""
    with mock.patch.object(kept, "render_to_string", side_effect=render_to_string) as draw:
        yield lambda: draw.call_count


def test_a_page_of_the_same_facts_is_drawn_once_for_everybody(made: Shop, drawn: Callable[[], int]) -> None:
    first, second = Client(), Client()
    for address in ("/", "/c/APPLES", "/p/r0/product-0", "/basket"):
        before = drawn()
        pages = [text(first, address), text(first, address), text(second, address)]
        assert drawn() == before + 1
        tokens = {hidden(page, "csrfmiddlewaretoken") for page in pages}
        assert len(tokens) == 3  # each its own
        assert len({page.replace(hidden(page, "csrfmiddlewaretoken"), "") for page in pages}) == 1


def test_each_checkout_has_an_id_of_its_own(client: Client, made: Shop, drawn: Callable[[], int]) -> None:
    put(client, made)
    ids = {hidden(text(client, "/checkout"), "id") for _ in range(3)}
    assert (len(ids), drawn()) == (3, 1)


def test_other_facts_are_another_page(client: Client, made: Shop) -> None:
    put(client, made, 1)
    product = made.products[0]
    shown = {address: text(client, address) for address in ("/p/r0/product-0", "/c/APPLES", "/basket", "/checkout")}
    assert all("$1.25" in page for page in shown.values())
    run("UPDATE pricing_price SET amount = 99 WHERE product_id = %s", [product])
    for address in shown:
        page = text(client, address)
        assert "$0.99" in page
        assert "$1.25" not in page
    run("UPDATE stock_balance SET on_hand = reserved WHERE product_id = %s", [product])
    assert "Out of stock" in text(client, "/p/r0/product-0")
    assert "In other shops" in text(client, "/c/APPLES")
    assert "Not enough in your shop" in text(client, "/basket")
    run("UPDATE catalog_product SET name = 'Pears' WHERE id = %s", [product])
    assert "Pears" in text(client, "/basket")
    run("UPDATE capacity_slot SET capacity = held")
    assert "no time left" in text(client, "/checkout")


def test_who_looks_and_how_is_another_page(client: Client, made: Shop) -> None:
    assert "My orders" not in text(client, "/c/APPLES")
    assert "My orders" in text(member(), "/c/APPLES")
    assert 'data-theme="dark"' not in text(client, "/c/APPLES")
    client.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in text(client, "/c/APPLES")
    client.cookies["django_language"] = "fr"
    assert '<html lang="fr"' in text(client, "/c/APPLES")
    assert "in your basket" not in text(Client(), "/c/APPLES")
    other = Client()
    put(other, made, 3)
    assert "3 items in your basket" in text(other, "/c/APPLES")
