"""A member's own: what they buy again, their orders, the whole of one again, their account and their data."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from django.test import Client

from storeline.customers import api as customers
from storeline.identity.api import find_user
from storeline.identity.tests.factories import PASSWORD
from storeline.kernel.api import new_id, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop
from storeline.shop import offers
from storeline.shop.pages.account import PURPOSES
from storeline.shop.tests.buying import (
    HTML,
    MOST_QUERIES,
    bought,
    collected,
    counted,
    form,
    hidden,
    member,
    put,
    readied,
    text,
)

pytestmark = pytest.mark.django_db(transaction=True)
GOOD = {"email": "kim@example.org", "password": "a lake of seven swans", "name": "Kim"}


def test_home_begins_with_my_order_and_what_i_buy_again(made: Shop) -> None:
    kim = member()
    assert "Buy again" not in text(kim, "/")
    order_id, _ = bought(kim, made)
    page = text(kim, "/")
    for words in ("Your order is placed", orders.order_number(order_id), "Buy again", f'href="/order/{order_id}"'):
        assert words in page
    assert "Buy again" not in text(Client(), "/")
    assert str(order_id) not in text(Client(), "/")


@pytest.mark.parametrize("whose", ["member", "guest"])
def test_who_ordered_in_another_tab_or_goes_back_finds_the_order(made: Shop, whose: str) -> None:
    browser = member() if whose == "member" else Client()
    assert "To your order" not in text(browser, "/basket")
    put(browser, made)
    tab = form(browser)
    order_id, address = bought(browser, made)
    again = browser.post("/checkout", tab)  # the form of the other tab, as it was before
    assert again["Location"] == "/basket"
    page = text(browser, "/basket")
    assert orders.order_number(order_id) in page
    assert f'href="{address if whose == "guest" else address.partition("?")[0]}"' in page
    assert run("SELECT count(*) FROM orders_order").fetchall() == [(1,)]
    assert "To your order" not in text(Client(), "/basket")


def test_what_i_buy_again_is_that_of_all_my_records_and_put_in_by_one_tap(made: Shop) -> None:
    kim, other = member(), member("other")
    collected(other, made)
    mine, theirs = (customers.join(actor=actor(name)) for name in ("kim", "other"))
    run(
        "INSERT INTO customers_merge (id, merged_id, survivor_id, at) VALUES (%s, %s, %s, now())",
        [new_id(), theirs, mine],
    )
    page = text(kim, "/")
    assert "Buy again" in page
    assert f'name="product" value="{made.products[0]}"' in page


def test_what_i_buy_again_is_asked_once_a_minute_its_price_and_stock_each_time(made: Shop) -> None:
    kim = member()
    bought(kim, made)
    assert "Product 0" in text(kim, "/")
    run("UPDATE pricing_price SET amount = 99 WHERE product_id = %s", [made.products[0]])
    assert "$0.99" in text(kim, "/")
    put(kim, made, product=1)
    kim.post("/checkout", form(kim))
    page = text(kim, "/")
    assert f'value="{made.products[1]}"' not in page
    offers.forget()  # a minute later
    assert f'value="{made.products[1]}"' in text(kim, "/")
    run("UPDATE stock_balance SET on_hand = reserved WHERE product_id = %s", [made.products[1]])
    assert f'value="{made.products[1]}"' not in text(kim, "/")


def actor(name: str):
    from storeline.identity.api import actor_of_user  # noqa: PLC0415  # beside its one use

    user = find_user(name)
    assert user is not None
    found = actor_of_user(user)
    assert found is not None
    return found


def test_a_guest_finds_their_order_again_on_this_device_alone(client: Client, made: Shop) -> None:
    order_id, address = bought(client, made)
    key = orders.token_of(order_id)
    for page in ("/", "/orders"):
        assert f'href="/order/{order_id}?key={key}"' in text(client, page)
        assert str(order_id) not in text(Client(), page)
    assert '<a class="top-link" href="/orders">' in text(client, "/basket")
    assert '<a class="top-link" href="/orders">' not in text(Client(), "/basket")
    client.cookies["orders"] = client.cookies["orders"].value[:-2] + "xx"
    assert str(order_id) not in text(client, "/orders")
    assert address.startswith(f"/order/{order_id}")


def test_my_orders_are_listed_a_page_at_a_time(made: Shop) -> None:
    kim = member()
    numbers = [orders.order_number(bought(kim, made, 1)[0]) for _ in range(2)]
    page = text(kim, "/orders")
    assert page.index(numbers[1]) < page.index(numbers[0])
    for cursor in ("nonsense", "2018-01-01~x", "2018-01-01T00:00:00~" + str(UUID(int=1))):
        assert numbers[0] in text(kim, f"/orders?after={cursor}")


def test_a_members_order_that_is_ready_asks_little(made: Shop) -> None:
    kim = member()
    order_id, _ = readied(kim, made)
    with counted() as asked:
        page = text(kim, f"/order/{order_id}")
    assert "Ready: come and collect" in page
    assert asked.times == MOST_QUERIES - 1


def test_an_order_comes_again_as_a_whole_and_says_what_is_gone(made: Shop) -> None:
    kim = member()
    put(kim, made, 3, 1)
    order_id, _ = bought(kim, made, 2)
    run("UPDATE catalog_product SET status = 'ended' WHERE id = %s", [made.products[1]])
    for _ in range(2):
        answer = kim.post(f"/order/{order_id}/again")
        assert (answer.status_code, answer["Location"]) == (303, "/basket?added=1&gone=r1")
    page = text(kim, "/basket?added=1&gone=r1")
    assert 'value="2" min="0"' in page
    assert 'value="3" min="0"' not in page
    assert "Product 1. All the rest of the order is in your basket." in page


def test_nobody_orders_anothers_again(client: Client, made: Shop) -> None:
    order_id, _ = bought(member(), made)
    assert client.post(f"/order/{order_id}/again", {"key": "x"}, headers=HTML).status_code == 404
    assert "Your basket is empty." in text(client, "/basket")


def test_an_account_is_made_in_the_shop_and_its_basket_comes_along(client: Client, made: Shop) -> None:
    put(client, made, 2)
    page = client.get("/join?next=/basket")
    data = GOOD | {"id": hidden(page.content.decode(), "id"), "next": "/basket"}
    answer = client.post("/join", data)
    assert (answer.status_code, answer["Location"]) == (303, "/basket")
    assert 'value="2" min="0"' in text(client, "/basket")
    put(client, made, 1, 1)
    assert client.cookies["basket"].value == ""
    elsewhere = Client()
    elsewhere.post("/enter", {"login": GOOD["email"], "password": GOOD["password"]})
    assert 'value="2" min="0"' in text(elsewhere, "/basket")


def test_the_baskets_before_and_after_signing_in_are_one(made: Shop) -> None:
    kim, again = member(), Client()
    put(kim, made, 3, 0)
    put(kim, made, 1, 1)
    put(again, made, 2, 0)
    put(again, made, 4, 2)
    again.post("/enter", {"login": "kim", "password": PASSWORD})
    page = text(again, "/basket")
    assert sorted(hidden_quantities(page)) == [1, 3, 4]


def hidden_quantities(page: str) -> list[int]:
    return [int(part.split('"', 1)[0]) for part in page.split('name="quantity" value="')[1:]]


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"email": "nobody"}, 422, "That is not an email address."),
        ({"email": ""}, 422, "That is not an email address."),
        ({"password": "kim"}, 422, "This password is too short."),
    ],
)
def test_what_is_wrong_with_an_account_is_said_beside_it_and_the_rest_is_kept(
    client: Client, made: Shop, changes: dict[str, str], status: int, words: str
) -> None:
    answer = client.post("/join", GOOD | {"id": new_id()} | changes)
    page = answer.content.decode()
    assert answer.status_code == status
    assert words in page
    assert 'value="Kim"' in page
    assert GOOD["password"] not in page
    assert find_user(GOOD["email"]) is None


def test_an_address_that_is_taken_is_said(client: Client, made: Shop) -> None:
    client.post("/join", GOOD | {"id": new_id()})
    answer = Client().post("/join", GOOD | {"id": new_id()})
    assert (answer.status_code, "Sign in instead" in answer.content.decode()) == (409, True)


def test_a_wrong_password_keeps_the_name(client: Client, made: Shop) -> None:
    answer = client.post("/enter", {"login": "somebody", "password": "wrong", "next": "/basket"})
    page = answer.content.decode()
    assert answer.status_code == 401
    assert "The email address or the password is not right." in page
    assert 'value="somebody"' in page
    assert hidden(page, "next") == "/basket"
    assert "wrong" not in page.replace("field-wrong", "")


def test_nobody_is_sent_to_another_site_after_signing_in(made: Shop) -> None:
    kim = member()
    assert kim.get("/enter?next=https://elsewhere.example/")["Location"] == "/"


def test_consent_is_given_and_withdrawn_with_its_words(made: Shop) -> None:
    kim = member()
    for agreed in (True, False):
        assert kim.post("/account/consent", {"purpose": PURPOSES[0], "agreed": int(agreed)}).status_code == 303
        (said,) = customers.consents(customers.join(actor=actor("kim")))
        assert (said.purpose, said.in_force) == (PURPOSES[0], agreed)
        assert ("Withdraw" in text(kim, "/account")) is agreed
    rows = run("SELECT text, language, source FROM customers_consent").fetchall()
    assert {row[1:] for row in rows} == {("en", "shop")}
    assert all("at most once a week" in row[0] for row in rows)
    assert kim.post("/account/consent", {"purpose": "anything"}, headers=HTML).status_code == 422


def test_my_data_is_handed_to_me_alone(client: Client, made: Shop) -> None:
    kim = member()
    bought(kim, made)
    answer = kim.post("/account/data")
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert answer["Cache-Control"] == "no-store"
    assert len(json.loads(answer.content)["orders"]) == 1
    assert client.post("/account/data")["Location"].startswith("/accounts/login/")


def test_data_is_erased_when_one_is_sure(made: Shop) -> None:
    kim = member()
    answer = kim.post("/account/erase")
    assert (answer.status_code, "Nothing was erased" in answer.content.decode()) == (422, True)
    assert find_user("kim") is not None
    assert "Your data is erased" in kim.post("/account/erase", {"sure": "1"}).content.decode()
    assert find_user("kim") is None
    assert "Sign in" in text(kim, "/")


def test_the_next_checkout_begins_with_the_last_shop_card_and_hour(made: Shop) -> None:
    kim = member()
    kim.post("/shops", {"ref": "p"})
    put(kim, made)
    data = form(kim) | {"card": "tok_late"}
    assert kim.post("/checkout", data).status_code == 303
    put(kim, made)
    page = text(kim, "/checkout")
    assert 'value="tok_late" checked' in page
    assert f'value="{data["slot"]}" required checked' in page
    other = Client()
    other.post("/enter", {"login": "kim", "password": PASSWORD})
    assert "This is your shop." in text(other, "/shops/p")


def test_signing_out_leaves_the_basket_with_the_member(made: Shop) -> None:
    kim = member()
    put(kim, made)
    assert kim.post("/leave")["Location"] == "/"
    assert "Your basket is empty." in text(kim, "/basket")
