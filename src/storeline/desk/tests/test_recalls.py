"""Recalled lots at the desk: said where one looks, taken off the books once, by whoever may."""

from __future__ import annotations

from re import findall

import pytest
from django.test import Client

from storeline.aftersales.tests.factories import collected
from storeline.desk.tests.factories import other_place
from storeline.desk.tests.test_stock_pages import light, shown
from storeline.fulfilment.tests.factories import all_rows, differences
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import SYSTEM, new_id
from storeline.orders.tests.factories import Shop
from storeline.stock import api as stock
from storeline.web.tests.browsing import get, refused, send

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/desk/recalls"


@pytest.fixture
def recall(here: Shop) -> stock.RecallRow:
    """Four of a lot are here, and it is recalled."""
    goods = stock.Goods(new_id(), 1, here.place, here.products[0], 4_000, lot="BAD")
    stock.receive([goods], actor=SYSTEM)
    return stock.start_recall(stock.RecallDraft(new_id(), here.products[0], "BAD", "Glass in it"), actor=SYSTEM)


def form_of(page: str) -> dict[str, str]:
    return dict(findall(r'name="(id|place|recall|expected)" value="([^"]*)"', page))


def test_nothing_is_recalled(here: Shop, associate: Client) -> None:
    assert "Nothing is recalled here" in light(associate, PAGE)
    assert all("Recalled lots to take off" not in get(associate, page) for page in ("/desk", "/desk/exceptions"))


def test_a_recalled_lot_is_taken_off_once(here: Shop, recall: stock.RecallRow, associate: Client) -> None:
    for page in ("/desk", "/desk/exceptions", "/desk/lots"):
        assert "Recalled lots to take off the shelf now: 1" in shown(light(associate, page))
    assert PAGE in get(associate, "/desk/receive")
    page = light(associate, PAGE)
    assert all(told in shown(page) for told in ("Product 0", "Lot BAD", "Glass in it", "The books say 4"))
    assert "Recalled" in get(associate, f"/desk/availability/{here.products[0]}?channel=web")
    form = form_of(page) | {"all": "yes"}
    before = all_rows()
    for typed in ("", "x", "-1"):
        told = refused(associate, PAGE, **form, found=typed)
        assert ("Type how many you took off" in told, f'value="{typed}"' in told) == (True, True)
    assert "Type how many" in refused(associate, PAGE, **(form_of(page) | {"found": "0"}))
    assert all_rows() == before
    for _ in range(2):
        assert send(associate, PAGE, **form, found="3") == f"{PAGE}?said=cleared"
    assert here.level() == (10_000, 0)
    assert "It is off the books" in get(associate, f"{PAGE}?said=cleared")
    assert send(associate, PAGE, **form, found="2") == f"{PAGE}?said=used"
    assert send(associate, PAGE, **(form | {"id": str(new_id()), "found": "4"})) == f"{PAGE}?said=lot_changed"
    found = stock.get_recall(recall.id)
    assert (found.on_shelves, found.taken_off, found.missing) == (0, 3_000, 1_000)
    assert [(one.reason, one.actor_id is not None) for one in stock.corrections(here.place)[:2]] == [
        ("missing", True),
        ("recalled", True),
    ]
    assert differences() == []


def test_some_now_and_the_rest_later(here: Shop, recall: stock.RecallRow, associate: Client) -> None:
    send(associate, PAGE, **form_of(get(associate, PAGE)), found="1,0")
    page = get(associate, PAGE)
    assert "The books say 3" in shown(page)
    send(associate, PAGE, **form_of(page), found="3")
    page = light(associate, PAGE)
    assert "The books say none: look all the same" in shown(page)  # nobody said yet that nothing more is here
    before = all_rows()
    assert "Type how many" in refused(associate, PAGE, **form_of(page), found="0")
    assert all_rows() == before
    for _ in range(2):
        assert send(associate, PAGE, **form_of(page), found="0", all="yes") == f"{PAGE}?said=looked"
    assert "Head office sees that you looked" in get(associate, f"{PAGE}?said=looked")
    assert "Nothing is recalled here" in get(associate, PAGE)


def test_a_place_whose_books_have_none_is_asked_too(here: Shop, associate: Client) -> None:
    goods = stock.Goods(new_id(), 1, here.place, here.products[0], 2_000, lot="BAD")
    stock.receive([goods], actor=SYSTEM)
    stock.adjust([stock.Goods(new_id(), 1, here.place, here.products[0], -2_000, "mistake", lot="BAD")], actor=SYSTEM)
    recall = stock.start_recall(stock.RecallDraft(new_id(), here.products[0], "BAD", "Glass in it"), actor=SYSTEM)
    for page in ("/desk", "/desk/exceptions", "/desk/lots"):
        assert "Recalled lots to look for now: 1" in shown(light(associate, page))
    form = form_of(light(associate, PAGE)) | {"found": "3", "all": "yes"}
    for _ in range(2):
        assert send(associate, PAGE, **form) == f"{PAGE}?said=cleared"
    assert (here.level(), stock.get_recall(recall.id).taken_off) == ((7_000, 0), 3_000)
    assert "Recalled lots" not in shown(get(associate, "/desk"))
    assert differences() == []


def test_a_recall_that_was_lifted_takes_nothing_off(here: Shop, recall: stock.RecallRow, associate: Client) -> None:
    form = form_of(get(associate, PAGE))
    stock.end_recall(recall.id, lifted=True, actor=SYSTEM)
    before = all_rows()
    assert send(associate, PAGE, **form, found="4") == f"{PAGE}?said=recall_lifted"
    assert all_rows() == before


def test_who_may_not(here: Shop, recall: stock.RecallRow, associate: Client) -> None:
    form = form_of(get(associate, PAGE)) | {"found": "4", "all": "yes"}
    colleague = browser_of(make_user("colleague", "associate", place_id=other_place(here)))
    before = all_rows()
    assert colleague.post(PAGE, form).status_code == 403
    assert associate.post(PAGE, {"found": "4"}).status_code == 422
    assert all_rows() == before
    assert "Nothing is recalled here" in get(colleague, PAGE)


def test_what_comes_back_of_it_is_written_off_whatever_the_form_says(here: Shop, associate: Client) -> None:
    stock.adjust([stock.Goods(new_id(), 1, here.place, here.products[0], -10_000, "mistake")], actor=SYSTEM)
    stock.receive([stock.Goods(new_id(), 1, here.place, here.products[0], 4_000, lot="BAD")], actor=SYSTEM)
    order_id = collected(here, [2, 1])
    stock.start_recall(stock.RecallDraft(new_id(), here.products[0], "BAD", "Glass in it"), actor=SYSTEM)
    page = light(associate, f"/desk/returns/{order_id}")
    assert ("Lot BAD is recalled" in page, 'name="again-1"' in page, 'name="again-2"' in page) == (True, False, True)
    form = {"id": str(new_id()), "reason": "unwanted", "sure": "yes"}
    lines = {"quantity-1": "2", "again-1": "yes", "quantity-2": "1", "again-2": "yes"}
    send(associate, f"/desk/returns/{order_id}", **form, **lines)
    assert (here.level(), here.level(1)) == ((2_000, 0), (10_000, 0))
    assert differences() == []
