"""The shop's pages: what they say, what they ask of the database, and that a repeat does no harm."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from storeline.catalog import api as catalog
from storeline.catalog.tests.factories import make_category
from storeline.identity.api import ensure_demo_sign_ins
from storeline.kernel.api import SYSTEM, new_id, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make
from storeline.shop.basket import pack, unpack
from storeline.shop.shelf import slug
from storeline.shop.tests.buying import HTML, MOST_QUERIES, counted, form, hidden, member, put
from storeline.web import ready

pytestmark = pytest.mark.django_db


ADDRESSES = (
    "/",
    "/departments",
    "/c/APPLES",
    "/search?q=product",
    "/suggest?q=prod",
    "/p/r0/product-0",
    "/p/r0/product-0/shops",
    "/shops/p/p/r0/product-0",
    "/offers",
    "/enter",
    "/join",
    "/basket",
    "/checkout",
    "/shops",
    "/shops/p",
    "/sitemap.xml",
    "/robots.txt",
    "/sitemap-of.xml?category=APPLES",
    "/orders",
    "/start",
)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("whose", ["guest", "member"])
def test_each_page_is_there_in_at_most_ten_waits(client: Client, made: Shop, whose: str, address: str) -> None:
    visitor = client if whose == "guest" else member()
    visitor.post("/shops", {"ref": "p"})
    put(visitor, made)
    shown = 303 if whose == "member" and address in {"/enter", "/join"} else 200
    visitor.get(address)
    run("DELETE FROM shop_ranking")  # nobody was at this shop for a while
    with counted() as asked:
        page = visitor.get(address)
    assert page.status_code == shown
    assert asked.times <= MOST_QUERIES
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", page.content.decode())
    assert len(page.content) < 60_000


@pytest.mark.usefixtures("made")
def test_first_looks_are_at_pages_that_are_there(caplog: pytest.LogCaptureFixture) -> None:
    ready.now()
    assert not caplog.records


@pytest.mark.parametrize("address", ["/c/NOPE", "/p/nope/x", "/shops/nope", f"/order/{UUID(int=7)}?key=x"])
def test_what_is_not_there_is_a_page_in_words(client: Client, made: Shop, address: str) -> None:
    page = client.get(address, headers=HTML)
    assert page.status_code == 404
    assert "We cannot find that page" in page.content.decode()


def test_a_product_has_one_address(client: Client, made: Shop) -> None:
    moved = client.get("/p/r0/another-name")
    assert (moved.status_code, moved["Location"]) == (301, "/p/r0/product-0")


def test_a_product_says_price_stock_and_allergens(client: Client, made: Shop) -> None:
    run("UPDATE catalog_product SET allergens = '{milk}' WHERE ref = 'r0'")
    page = client.get("/p/r0/product-0").content.decode()
    for words in ("$1.25", "In stock", "<li>Milk</li>", '"priceCurrency":"USD"', "schema.org/InStock"):
        assert words in page


def test_search_forgives_a_typo_and_completes(client: Client, made: Shop) -> None:
    load = catalog.upsert_products([{"ref": "choc", "name": "Dark chocolate"}], actor=SYSTEM)
    assert load[0].outcome == "created"
    product = catalog.find_by_ref(["choc"])["choc"]
    make(
        "pricing.Price",
        product_id=product.id,
        amount=300,
        currency="USD",
        valid_from=datetime.fromisoformat("2000-01-01T00:00Z"),
    )
    assert "Dark chocolate" in client.get("/search?q=choclate").content.decode()
    assert "Dark chocolate" in client.get("/suggest?q=choc").content.decode()


def test_a_shop_is_chosen_and_kept(client: Client, made: Shop) -> None:
    answer = client.post("/shops", {"ref": "p", "next": "/basket"})
    assert (answer.status_code, answer["Location"], client.cookies["shop"].value) == (303, "/basket", "p")
    assert client.post("/shops", {"ref": "p", "next": "https://elsewhere.example/"})["Location"] == "/"


def test_the_basket_sets_how_many(client: Client, made: Shop) -> None:
    put(client, made, 2)
    put(client, made, 2)
    page = client.get("/basket").content.decode()
    assert 'value="2" min="0"' in page
    assert "$2.70" in page
    put(client, made, 0)
    assert "Your basket is empty." in client.get("/basket").content.decode()


def test_a_part_of_a_page_is_answered_for_htmx(client: Client, made: Shop) -> None:
    data = {"product": made.products[0], "quantity": 1, "part": "card", "name": "Product 0"}
    page = client.post("/basket", data, headers={"HX-Request": "true"}).content.decode()
    assert 'name="quantity" value="2"' in page
    assert "1 item in your basket" in page


@pytest.mark.parametrize(
    "data", [{}, {"product": "x", "quantity": "1"}, {"product": str(UUID(int=1)), "quantity": "x"}]
)
def test_nonsense_changes_no_basket(client: Client, made: Shop, data: dict[str, str]) -> None:
    assert client.post("/basket", data, headers=HTML).status_code == 422
    assert "basket" not in client.cookies


def test_a_forged_basket_is_an_empty_one(client: Client, made: Shop) -> None:
    client.cookies["basket"] = pack({made.products[0]: 1000})
    assert "Your basket is empty." in client.get("/basket").content.decode()


def test_a_basket_is_packed_and_unpacked() -> None:
    lines = {new_id(): 2000, new_id(): 99_000}
    assert unpack(pack(lines)) == lines
    assert len(pack({new_id(): 99_000 for _ in range(100)})) < 3500


def test_members_have_their_basket_on_each_device(made: Shop) -> None:
    shopper = next(one for one in ensure_demo_sign_ins() if one.role == "shopper")
    first, second = Client(), Client()
    for client in (first, second):
        client.post("/accounts/login/", {"login": shopper.login, "password": shopper.secret})
    put(first, made, 3)
    assert 'value="3" min="0"' in second.get("/basket").content.decode()
    assert "basket" not in first.cookies


@pytest.mark.django_db(transaction=True)
def test_a_guest_buys_and_collects(client: Client, made: Shop) -> None:
    put(client, made, 2)
    data = form(client)
    assert data["total"] == "270"
    answer = client.post("/checkout", data)
    address = answer["Location"]
    assert (answer.status_code, address.split("?")[0]) == (303, f"/order/{data['id']}")
    assert made.level() == (10_000, 2_000)
    page = client.get(address).content.decode()
    assert "Your order is placed" in page
    assert "$2.70" in page
    assert "Your basket is empty." in client.get("/basket").content.decode()
    again = client.post("/checkout", data)
    assert (again.status_code, again["Location"]) == (303, address)
    assert made.level() == (10_000, 2_000)


@pytest.mark.django_db(transaction=True)
def test_an_order_page_asks_little(client: Client, made: Shop) -> None:
    put(client, made)
    address = client.post("/checkout", form(client))["Location"]
    with counted() as asked:
        assert client.get(address).status_code == 200
    assert asked.times <= MOST_QUERIES
    way = address.replace("?", "/way?")
    assert client.get(f"{way}&state=confirmed").status_code == 204
    assert "Your order is placed" in client.get(f"{way}&state=pending").content.decode()


@pytest.mark.django_db(transaction=True)
def test_nobody_else_sees_a_guests_order(client: Client, made: Shop) -> None:
    put(client, made)
    address = client.post("/checkout", form(client))["Location"].split("?")[0]
    assert Client().get(address)["Location"].startswith("/accounts/login/")
    assert Client().get(f"{address}?key=wrong", headers=HTML).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_declined_card_charges_nothing_and_keeps_the_basket(client: Client, made: Shop) -> None:
    put(client, made, 2)
    answer = client.post("/checkout", form(client) | {"card": "tok_decline"})
    assert (answer.status_code, answer["Location"]) == (303, "/checkout")
    page = client.get("/checkout")
    assert "Nothing was charged and your basket is kept" in page.content.decode()
    assert made.level() == (10_000, 0)
    assert 'value="2" min="0"' in client.get("/basket").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_price_that_changed_is_shown_before_it_is_paid(client: Client, made: Shop) -> None:
    put(client, made, 2)
    page = client.post("/checkout", form(client) | {"total": "1"}, follow=True)
    assert "A price has changed" in page.content.decode()
    assert hidden(page.content.decode(), "total") == "270"
    assert made.level() == (10_000, 0)


@pytest.mark.django_db(transaction=True)
def test_a_category_is_there_as_soon_as_it_was_made(client: Client, made: Shop) -> None:
    assert client.get("/c/brand-new").status_code == 404  # the tree was read just now
    make_category("brand-new")
    assert client.get("/c/brand-new").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_an_order_is_called_off_once(client: Client, made: Shop) -> None:
    put(client, made, 2)
    data = form(client)
    client.post("/checkout", data)
    order_id = UUID(data["id"])
    address = reverse("shop:cancel", args=[order_id])
    for _ in range(2):
        assert client.post(address, {"key": orders.token_of(order_id)}).status_code == 303
    assert made.level() == (10_000, 0)
    page = client.get(f"/order/{order_id}?key={orders.token_of(order_id)}").content.decode()
    assert "This order was cancelled" in page


def test_more_than_there_is_cannot_be_ordered(client: Client, made: Shop) -> None:
    put(client, made, 11)
    assert "Your shop has too little of something" in client.get("/checkout").content.decode()


def test_slugs_are_plain() -> None:
    assert slug("Crème brûlée, 2 & 100 g") == "creme-brulee-2-100-g"
    assert slug("豆腐") == "product"
