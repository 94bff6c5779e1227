"""Who did what: filters, names, links, a file, and who may see it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client

from storeline.identity.api import actor_of_user
from storeline.identity.tests.factories import make_user
from storeline.kernel.api import SYSTEM, clock_at, new_id, now, trail
from storeline.office.pages.deeds import actions
from storeline.office.pages.parts import cell
from storeline.office.tests.factories import person
from storeline.orders.tests.factories import Shop
from storeline.web.tests.browsing import MOST_QUERIES, counted, get, is_clean

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/office/activity"


@pytest.fixture
def finance(here: Shop) -> Client:
    return person("finance")


def deed(here: Shop, action: str, *, subject: UUID | None = None, user: UUID | None = None, **detail: str) -> UUID:
    actor = SYSTEM if user is None else actor_of_user(user)
    assert actor is not None
    key = subject or new_id()
    trail(actor, action, key, place_id=here.place if action.startswith("orders") else None, detail=detail)
    return key


def test_filters(here: Shop, finance: Client) -> None:
    ann = make_user("ann", "marketer", name="Ann Example")
    order_id = deed(here, "orders.cancel", reason="shopper")
    deed(here, "pricing.end_promotion", user=ann, ref="WEEK1")
    page = get(finance, LIST)
    for words in ("Cancelled an order", "Ended a promotion", "Ann Example", "Storeline itself", "ref: WEEK1", "Shop"):
        assert words in page
    assert f'href="/office/orders/{order_id}"' in page
    for query in ("who=ann", "action=pricing.", "action=pricing.end_promotion"):
        only = get(finance, f"{LIST}?{query}")
        assert "ref: WEEK1" in only
        assert str(order_id) not in only, query
    for query in ("who=system&action=orders.", "place=p", f"subject={order_id}"):
        only = get(finance, f"{LIST}?{query}")
        assert "ref: WEEK1" not in only, query
        assert str(order_id) in only
    tomorrow = (now() + timedelta(days=1)).date()
    assert "Nobody did anything like that." in get(finance, f"{LIST}?from={tomorrow}")
    assert "ref: WEEK1" in get(finance, f"{LIST}?to={tomorrow}")
    for query in ("who=nobody", "place=zz", "subject=zz"):
        assert "Nobody and nothing is known by that name." in get(finance, f"{LIST}?{query}")


def test_a_manager_sees_deeds_at_their_place_only(here: Shop) -> None:
    order_id = deed(here, "orders.cancel")
    deed(here, "pricing.end_promotion", ref="WEEK1")
    page = get(person("shop_manager", place_id=here.place), LIST)
    assert str(order_id) in page
    assert "WEEK1" not in page
    get(person("associate", place_id=here.place), LIST, 403)


def test_pages_go_on_by_time(here: Shop, finance: Client) -> None:
    start = now()
    for number in range(65):
        with clock_at(start - timedelta(minutes=number)):
            deed(here, "pricing.end_promotion", ref=f"N{number:02}.")
    first = get(finance, f"{LIST}?action=pricing.")
    following = first.split('<nav class="pager"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    second = get(finance, following)
    names = [f"N{number:02}." for number in range(65)]
    assert [name in first for name in names] == [True] * 40 + [False] * 25
    assert [name in second for name in names] == [False] * 40 + [True] * 25


def test_a_file(here: Shop, finance: Client) -> None:
    key = deed(here, "orders.cancel", reason="=2+2")
    lines = finance.get(f"{LIST}?format=csv&action=orders.").content.decode().splitlines()
    assert len(lines) == 2
    assert f"system,,orders.cancel,{key},Shop,reason: =2+2" in lines[1]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=1", "'=1"),
        ("@x", "'@x"),
        ("+1x", "'+1x"),
        ("-5.25", "-5.25"),
        ("-x", "'-x"),
        (None, ""),
        (3, "3"),
        ("a=", "a="),
    ],
)
def test_no_cell_is_a_formula(value: object, text: str) -> None:
    assert cell(value) == text


def test_it_asks_little(here: Shop, finance: Client) -> None:
    deed(here, "orders.cancel", user=make_user("ann", "marketer"))
    with counted() as asked:
        page = get(finance, f"{LIST}?who=ann&place=p")
    assert asked[0] <= MOST_QUERIES
    assert is_clean(page)


def test_every_action_of_the_code_has_words() -> None:
    found = set()
    for path in Path(__file__).parents[2].rglob("*.py"):
        if "/tests/" not in str(path):
            text = path.read_text()
            found |= set(re.findall(r"trail(?:_many)?\(\s*\w+,\s*\"([a-z]+\.[a-z_]+)\"", text))
    assert len(found) > 40
    assert sorted(found - set(actions())) == []
