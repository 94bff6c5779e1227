"""Buyers at once, on real threads: never more sold than there is, never one order twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import pytest
from django.db import connection

from storeline.kernel.api import CHECKS, GUEST, SYSTEM, Error, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import CASH, Shop, shop

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 12


def race(deeds: Sequence[Callable[[], str]]) -> Counter[str]:
    """Do all of them at once, a few on each thread; what they gave."""
    outcomes: Counter[str] = Counter()
    lock, gate = threading.Lock(), threading.Barrier(THREADS)

    def work(mine: Sequence[Callable[[], str]]) -> None:
        try:
            gate.wait(20)
            for deed in mine:
                try:
                    outcome = deed()
                except Error as error:
                    outcome = error.code
                with lock:
                    outcomes[outcome] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(deeds[start::THREADS],)) for start in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def checkout(draft: orders.Draft) -> str:
    verdict = orders.checkout([draft], actor=SYSTEM)[0]
    return verdict.error.code if verdict.error else f"{verdict.state}{' again' if verdict.again else ''}"


def audit() -> list[str]:
    return [
        difference
        for name, check in CHECKS.items()
        if name.partition(".")[0] in {"orders", "stock", "payments", "ledger"}
        for difference in check.run().differences
    ]


def test_three_hundred_buyers_of_a_hundred_units() -> None:
    here = shop(products=1, units=100)
    drafts = [here.draft([1]) for _ in range(300)]
    outcomes = race([partial(checkout, draft) for draft in drafts])
    assert outcomes == {"confirmed": 100, "out_of_stock": 200}
    assert here.level() == (100_000, 100_000)
    assert audit() == []


def test_crossing_baskets_do_not_deadlock() -> None:
    here = shop(products=3, units=1000)
    drafts = [here.draft([1, 1, 1]) for _ in range(60)]
    turned = [replace(draft, lines=draft.lines[::-1]) if index % 2 else draft for index, draft in enumerate(drafts)]
    outcomes = race([partial(checkout, draft) for draft in turned])
    assert outcomes == {"confirmed": 60}
    assert [here.level(product) for product in range(3)] == [(1_000_000, 60_000)] * 3


def test_one_order_sent_by_many_is_one_order() -> None:
    here = shop(products=1, units=100)
    draft = here.draft([1])
    outcomes = race([lambda: checkout(draft) for _ in range(24)])
    assert sum(outcomes.values()) == 24
    assert set(outcomes) <= {"confirmed", "confirmed again", "pending again"}
    assert run("SELECT count(*) FROM orders_order").fetchone() == (1,)
    assert here.level() == (100_000, 1_000)
    assert audit() == []


def test_cancel_and_hand_over_race_to_one_end() -> None:
    here = shop(products=1, units=100)
    drafts = [here.draft([1], payments=CASH) for _ in range(12)]
    orders.checkout(drafts, actor=GUEST)

    def cancel(draft: orders.Draft) -> str:
        return orders.cancel([draft.id], reason="race", actor=SYSTEM)[draft.id]

    def complete(draft: orders.Draft) -> str:
        orders.complete([draft.id], actor=SYSTEM)
        return "completed"

    deeds = [deed for draft in drafts for deed in (partial(cancel, draft), partial(complete, draft))]
    outcomes = race(deeds)
    ended: dict[str, int] = dict(run("SELECT state, count(*) FROM orders_order GROUP BY state").fetchall())
    assert sum(ended.values()) == 12
    assert ended.get("completed", 0) == outcomes["completed"]
    assert ended.get("cancelled", 0) == outcomes["cancelled"]
    assert outcomes["wrong_state"] == 12
    assert audit() == []


def test_tills_and_the_web_share_one_shelf() -> None:
    here: Shop = shop(products=1, units=50)
    sales = [here.sale([(1, 125)], till=str(n)) for n in range(40)]
    online = [here.draft([1]) for _ in range(40)]
    outcomes = race([partial(checkout, draft) for pair in zip(sales, online, strict=True) for draft in pair])
    assert outcomes["completed"] == 40
    on_hand, reserved = here.level()
    assert on_hand == 10_000
    assert reserved == outcomes["confirmed"] * 1000
    assert audit() == []
