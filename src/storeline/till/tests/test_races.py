"""Two windows, two hands: real threads on real rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import Pending, new_id, run
from storeline.till import commands
from storeline.till import locks as locking
from storeline.till.queries import TillAt
from storeline.till.tests.factories import GTINS, AtTill, orders_there, till

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(deeds: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do all of them in the same moment, each with its own connection."""
    start = Barrier(len(deeds))

    def one(deed: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds))


def windows(here: AtTill, count: int, name: str = "w") -> list[AtTill]:
    """The same till in so many windows."""
    cookie = here.browser.cookies["till"].value
    found = []
    for number in range(count):
        browser = browser_of(make_user(f"{name}{number}", "associate", place_id=here.shop.place))
        browser.cookies["till"] = cookie
        found.append(AtTill(here.shop, browser, here.at))
    return found


def test_two_windows_pay_one_sale_once() -> None:
    here = till()
    for round_no in range(1, 4):
        here.scan(GTINS[0])
        sale = here.sale
        assert sale
        pair = windows(here, 2, f"r{round_no}w")
        forms = [
            {
                "sale": str(sale.id), "version": sale.version, "order": str(new_id()), "total": "135",
                "with": "cash", "cash": "0", "received": "5",
            }
            for _ in pair
        ]  # fmt: skip
        answers = at_once(
            [partial(window.browser.post, "/till/pay", form) for window, form in zip(pair, forms, strict=True)]
        )
        assert {answer.status_code for answer in answers} == {303}
        assert len({answer["Location"] for answer in answers}) == 1
        assert orders_there() == [("completed", "1", 135, 135)] * round_no
    assert run("SELECT number FROM fiscal_receipt ORDER BY number").fetchall() == [(1,), (2,), (3,)]
    assert here.shop.level(0) == (17_000, 0)


def test_a_double_click_pays_once_by_card() -> None:
    here = till()
    here.scan(GTINS[0])
    sale = here.sale
    assert sale
    form = {
        "sale": str(sale.id), "version": sale.version, "order": str(new_id()), "total": "135", "with": "card",
        "cash": "0", "card": "tok_approve",
    }  # fmt: skip
    answers = at_once([lambda: here.browser.post("/till/pay", form)] * 2)
    assert {answer["Location"] for answer in answers} == {f"/till/done/{form['order']}"}
    assert orders_there() == [("completed", "1", 135, 135)]


def test_the_same_scan_twice_at_once_counts_once() -> None:
    here = till()
    at_once([lambda: here.scan(GTINS[0], "same")] * 4)
    assert here.quantities == [1000]


def test_first_scans_of_two_windows_begin_one_sale() -> None:
    here = till()
    pair = windows(here, 4)
    at_once([partial(window.scan, GTINS[0]) for window in pair])
    assert here.quantities == [4000]
    assert run("SELECT count(*) FROM till_sale").fetchall() == [(1,)]


def test_a_sale_that_another_window_begins_just_then_is_locked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen but not locked, it deadlocked with the next scan: one held the sale, the other its line."""
    here = till()
    [other] = windows(here, 1)
    locks: list[UUID | None] = []

    def lock_current(at: TillAt) -> Pending[UUID | None]:
        found = locking.lock_current(at)
        if threading.current_thread() is threading.main_thread():
            locks.append(found.result())
            if len(locks) == 1:
                at_once([partial(other.scan, GTINS[0])])
        return found

    monkeypatch.setattr(commands, "lock_current", lock_current)
    here.scan(GTINS[0])
    sale = here.sale
    assert sale
    assert here.quantities == [2000]
    assert locks == [None, sale.id]


def test_a_sale_put_aside_is_taken_by_one() -> None:
    here = till()
    here.scan(GTINS[0])
    sale = here.sale
    assert sale
    here.browser.post("/till/park", {"sale": str(sale.id)})
    tills = []
    for number in (2, 3):
        browser = browser_of(make_user(f"t{number}", "associate", place_id=here.shop.place))
        browser.post("/till/open", {"place": str(here.shop.place), "number": str(number)})
        tills.append(browser)
    form = {"sale": str(sale.id)}
    answers = at_once([partial(browser.post, "/till/resume", form) for browser in tills])
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert run("SELECT count(*) FROM till_sale WHERE state = 'open'").fetchall() == [(1,)]
