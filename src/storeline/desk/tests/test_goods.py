"""Counting with the difference explained, and receiving with a way back."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import all_rows, differences, picks, to_pick
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import SYSTEM, new_id, run
from storeline.kernel.tests.factories import race
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop
from storeline.stock import api as stock
from storeline.web.tests.browsing import get, send, text_of

pytestmark = pytest.mark.django_db(transaction=True)
MOST = 14
"""Two for the session; then the count's own reads and what may explain it, a look each."""


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the form that asks for a number or a yes."""
    names = "id|place|product|seen|quantity"
    return dict(re.findall(rf'<input type="hidden" name="({names})" value="([^"]*)">', page))


def opened(here: Shop, browser: Client, typed: str, product: int = 0) -> dict[str, str]:
    """A count's page as it was opened now, with what was typed into it."""
    return form_of(get(browser, f"/desk/count?product={here.products[product]}")) | {"quantity": typed}


def reasons() -> list[Any]:
    return [row[0] for row in run("SELECT reason FROM stock_movement WHERE kind = 'count' ORDER BY at").fetchall()]


def test_a_small_difference_is_saved_at_once(here: Shop, associate: Client) -> None:
    asked = get(associate, f"/desk/count?product={here.products[0]}")
    assert "How many did you count?" in asked
    assert "The books" not in asked.replace("The books are shown afterwards", "")
    form = opened(here, associate, "9")
    where = send(associate, "/desk/count", **form)
    assert where == f"/desk/counts/{form['id']}"
    assert re.findall(r"<dd[^>]*>([^<]*)</dd>", get(associate, where)) == ["9", "10", "-1"]
    assert send(associate, "/desk/count", **form) == where
    again = send(associate, "/desk/count", **(form | {"quantity": "8"}))
    assert again == f"/desk/count?product={here.products[0]}&said=used"
    assert here.level() == (9000, 0)


def test_a_difference_that_matters_is_explained_and_has_its_reason(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [4])
    fulfilment.pick(picks(order_id, 3000), actor=SYSTEM)
    stock.receive([stock.Goods(new_id(), 0, here.place, here.products[0], 2000, "slip 7")], actor=SYSTEM)
    orders.place([here.sale([(1, 100)])], actor=SYSTEM)
    form = opened(here, associate, "7")
    answer = associate.post("/desk/count", form)
    page = text_of(answer)
    assert answer.status_code == 200
    assert re.findall(r"<dd[^>]*>([^<]*)</dd>", page) == ["7", "11", "-4"]
    for words in (
        "3 picked and not collected yet.",
        "4 kept for orders",
        "Sold today and yesterday: 1.",
        "Never counted here before.",
        "Received: <strong>+2</strong>",
        "slip 7",
        orders.order_number(order_id),
    ):
        assert words in page, words
    assert here.level() == (11_000, 4_000)
    sure = form_of(page)
    assert associate.post("/desk/count", sure | {"reason": "nonsense"}).status_code == 422
    assert here.level() == (11_000, 4_000)
    where = send(associate, "/desk/count", **sure, reason="damaged")
    assert "Damaged or thrown away without a note" in get(associate, where)
    assert here.level() == (7000, 4000)
    assert reasons() == ["damaged"]
    assert differences() == []


def test_what_changed_while_one_counted_is_shown_first(here: Shop, associate: Client) -> None:
    form = opened(here, associate, "10")
    orders.place([here.sale([(1, 100)])], actor=SYSTEM)
    answer = associate.post("/desk/count", form)
    assert answer.status_code == 200
    assert "The books changed while you counted" in text_of(answer)
    assert here.level() == (9000, 0)
    send(associate, "/desk/count", **form_of(text_of(answer)))
    assert here.level() == (10_000, 0)


def test_two_who_count_at_once_correct_it_once(here: Shop, associate: Client) -> None:
    other = browser_of(make_user("other", "associate", place_id=here.place))
    forms = [opened(here, browser, "8") for browser in (associate, other)]
    answers = race(
        *[partial(browser.post, "/desk/count", form) for browser, form in zip((associate, other), forms, strict=True)]
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 303], [303, 303])
    assert here.level() == (8000, 0)
    (late,) = [answer for answer in answers if answer.status_code == 200] or [None]
    if late is not None:
        assert re.findall(r"<dd[^>]*>([^<]*)</dd>", text_of(late)) == ["8", "8", "0"]
    assert differences() == []


def test_a_count_far_off_is_left_to_somebody_else(here: Shop, associate: Client) -> None:
    stock.receive([stock.Goods(new_id(), 0, here.place, here.products[0], 90_000)], actor=SYSTEM)
    page = text_of(associate.post("/desk/count", opened(here, associate, "20")))
    where = send(associate, "/desk/count", **form_of(page), reason="missing")
    assert "Ask a colleague to count it too" in get(associate, where)
    assert "by you: ask a colleague" in get(associate, "/desk/exceptions")
    other = browser_of(make_user("other", "associate", place_id=here.place))
    assert "To be counted again by somebody else" in get(other, "/desk/exceptions")
    send(other, "/desk/count", **opened(here, other, "21"))
    assert "No problems" in get(other, "/desk/exceptions")


def test_goods_are_received_once_and_taken_back_once(here: Shop, associate: Client) -> None:
    product = here.products[1]
    form = {"id": str(new_id()), "place": str(here.place), "product": str(product), "quantity": "12", "slip": "A-7"}
    where = f"/desk/receive?product={product}&said=received&slip=A-7"
    for _ in range(2):
        assert send(associate, "/desk/receive", **form) == where
    assert here.level(1) == (22_000, 0)
    assert "The books now say 22." in get(associate, where)
    page = get(associate, "/desk/receive")
    assert "Received lately" in page
    assert "A-7" in page
    for _ in range(2):
        assert send(associate, f"/desk/receipts/{form['id']}/undo") == "/desk/receive?said=receipt_undone"
        assert here.level(1) == (10_000, 0)
    page = get(associate, "/desk/receive")
    assert "Taken back" in page
    assert "/undo" not in page
    assert differences() == []


def test_the_explanation_asks_little_of_the_database(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [4])
    fulfilment.pick(picks(order_id, 3000), actor=SYSTEM)
    form = opened(here, associate, "3")
    with CaptureQueriesContext(connection) as seen:
        associate.post("/desk/count", form)
    assert len(seen) <= 14
    before = all_rows()
    assert associate.post("/desk/count", form | {"reason": "delivery"}).status_code == 422  # says more, fewer are there
    assert all_rows() == before
