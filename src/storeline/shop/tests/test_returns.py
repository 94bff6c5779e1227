"""Bringing goods back is asked for on the order's page: what it brings, a code, and no unit twice."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

import pytest
from django.test import Client

from storeline.aftersales import api as aftersales
from storeline.aftersales.tests.factories import taken
from storeline.kernel.api import SYSTEM, new_id
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop
from storeline.shop.tests.buying import HTML, MOST_QUERIES, bought, collected, counted, hidden, text
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db(transaction=True)


def ask(client: Client, order_id: UUID, **given: object) -> object:
    data = {"key": orders.token_of(order_id), "id": new_id(), "q1": 1, "r1": "damaged"} | given
    return client.post(f"/order/{order_id}/return", data, headers=HTML)


def test_what_comes_back_is_chosen_seen_and_asked_for(client: Client, made: Shop) -> None:
    order_id, address = collected(client, made, 3)
    key = orders.token_of(order_id)
    assert f'href="/order/{order_id}/return?key={key}"' in text(client, address)
    page = text(client, f"/order/{order_id}/return?key={key}&q1=2&r1=spoiled&next=1")
    for words in ("What you get back", "To the card you paid with", "$2.70", '<option value="spoiled" selected>'):
        assert words in page
    data = {"key": key, "id": hidden(page, "id"), "q1": 2, "r1": "spoiled"}
    for _ in range(2):
        answer = client.post(f"/order/{order_id}/return", data)
        assert (answer.status_code, answer["Location"]) == (303, f"/order/{order_id}?key={key}#returns")
    (view,) = aftersales.requests_of(order_id)
    page = text(client, address)
    for words in (f"{view.code[:4]} {view.code[4:]}", "We expect your goods", "Spoiled or past its date", "$2.70"):
        assert words in page
    assert "Bring something back" in page
    assert made.level() == (7_000, 0)


def test_a_page_of_an_order_with_returns_asks_little(client: Client, made: Shop) -> None:
    order_id, address = collected(client, made)
    ask(client, order_id)
    with counted() as asked:
        text(client, address)
    assert asked.times <= MOST_QUERIES


def test_what_was_taken_back_at_a_desk_is_on_the_orders_page(client: Client, made: Shop) -> None:
    order_id, address = collected(client, made, 3)
    assert "Taken back" not in text(client, address)
    aftersales.return_goods(taken(made, order_id, aftersales.ReturnLine(1000, 1, reason="unwanted")), actor=SYSTEM)
    ask(client, order_id)
    with counted() as asked:
        page = text(client, address)
    assert asked.times <= MOST_QUERIES
    assert "Taken back today" in page
    assert page.count("To the card you paid with") == 2  # and of what was asked for
    assert page.count("$1.35") >= 2


def test_more_than_there_is_or_nothing_is_refused_and_what_was_chosen_stays(client: Client, made: Shop) -> None:
    order_id, _ = collected(client, made, 2)
    key = orders.token_of(order_id)
    assert ask(client, order_id, q1=0).status_code == 422  # type: ignore[attr-defined]  # an HTTP answer
    assert "Say how many of what" in text(client, f"/order/{order_id}/return?key={key}&next=1")
    ask(client, order_id, q1=2)
    page = text(client, f"/order/{order_id}/return?key={key}&q1=2")
    assert "There is nothing left of this order to bring back." in page
    assert len(aftersales.requests_of(order_id)) == 1
    answer = ask(client, order_id, q1="1 or two")
    assert answer.status_code == 422  # type: ignore[attr-defined]  # an HTTP answer
    assert len(aftersales.requests_of(order_id)) == 1


def test_one_keeps_it_after_all(client: Client, made: Shop) -> None:
    order_id, address = collected(client, made)
    ask(client, order_id)
    (view,) = aftersales.requests_of(order_id)
    for _ in range(2):
        answer = client.post(f"/order/{order_id}/return/{view.id}/withdraw", {"key": orders.token_of(order_id)})
        assert answer.status_code == 303
    page = text(client, address)
    assert "You called it off" in page
    assert view.code[4:] in page
    assert "I keep it after all" not in page


def test_what_was_taken_back_is_said_with_its_refund(client: Client, made: Shop) -> None:
    order_id, address = collected(client, made, 2)
    ask(client, order_id)
    (view,) = aftersales.requests_of(order_id)
    back = aftersales.Return(new_id(), made.place, (aftersales.ReturnLine(1000, 1),), order_id=order_id)
    aftersales.return_goods(back, actor=SYSTEM, request_id=view.id)
    page = text(client, address)
    assert "Taken back" in page
    assert re.search(r"To the card you paid with · paid back</dt><dd><strong>\$1.35", page)


def test_nobody_brings_back_what_is_anothers_or_not_collected(client: Client, made: Shop) -> None:
    order_id, address = bought(client, made)
    assert "Bring something back" not in text(client, address)
    assert "nothing left" in text(client, f"/order/{order_id}/return?key={orders.token_of(order_id)}")
    assert ask(client, order_id).status_code == 422  # type: ignore[attr-defined]  # nothing can be chosen
    assert ask(Client(), order_id, key="wrong").status_code == 404  # type: ignore[attr-defined]  # an HTTP answer
    assert aftersales.requests_of(order_id) == []


def test_a_request_that_lapsed_is_said(client: Client, made: Shop) -> None:
    order_id, address = collected(client, made)
    ask(client, order_id)
    aftersales.lapse_requests(aftersales.requests_of(order_id)[0].lapses_at)
    assert "The time for it is over" in text(client, address)


def test_whoever_has_goods_of_a_recalled_lot_reads_it_on_the_orders_page(client: Client, made: Shop) -> None:
    stock.adjust([stock.Goods(new_id(), 1, made.place, made.products[0], -10_000, "mistake")], actor=SYSTEM)
    lot = stock.Goods(new_id(), 1, made.place, made.products[0], 10_000, lot="BAD", expires_on=date(2099, 1, 1))
    stock.receive([lot], actor=SYSTEM)
    _, address = collected(client, made)
    assert "is recalled" not in text(client, address)
    draft = stock.RecallDraft(new_id(), made.products[0], "BAD", "Glass in it")
    stock.start_recall(draft, actor=SYSTEM)
    with counted() as asked:
        page = text(client, address)
    assert asked.times <= MOST_QUERIES
    for words in ("lot BAD, is recalled", "Do not eat or use it", "Why: Glass in it"):
        assert words in page
    stock.end_recall(draft.id, lifted=True, actor=SYSTEM)
    assert "is recalled" not in text(client, address)
