"""Recorded histories: stock's is linearizable, and those of careless ones made for it are not.

Here on threads of one process; the rounds of kills record theirs from several processes, some of them killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from random import Random
from threading import Barrier, Thread

import pytest
from django.db import connection

from storeline.kernel.api import run, transaction
from storeline.stock.tests.factories import assert_balanced, make_place, make_products, put
from tests.faults.balance import Balance, answer
from tests.faults.calls import History, Part, read_calls
from tests.faults.linearizability import Call, check
from tests.faults.rivals import Asked, Rivalry, call_once, examine, plan
from tests.faults.shop import PLACES, PRIZE

THREADS, CALLS = 6, 60
FEW = 12
"""Units that are soon sold out, however quick the calls are."""
pytestmark = pytest.mark.django_db(transaction=True)


def record(path: Path, asked: Asked, plans: Callable[[Random], list[Part]], calls: int = CALLS) -> list[Call]:
    """The history of threads that ask, all at once."""
    history, barrier = History(path), Barrier(THREADS)

    def fight(number: int) -> None:
        try:
            run("SELECT 1")
            barrier.wait()
            for _ in range(calls):
                call_once(history, asked, plans(Random(f"{number}:{time.monotonic_ns()}")))
        finally:
            connection.close()

    threads = [Thread(target=fight, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorded, notes = read_calls(path)
    assert notes == []
    return recorded


def test_what_threads_were_told_of_stock_is_linearizable(tmp_path: Path) -> None:
    [product] = make_products(1)
    run("UPDATE catalog_product SET ref = %s WHERE id = %s", [PRIZE, product])
    for place in PLACES:
        put(make_place(place), product, FEW * 1000)
    calls = record(tmp_path / "calls", Rivalry("test"), plan)
    report = examine(calls, "test", FEW)
    assert report.violations == ()
    assert report.unknown == 0
    assert overlaps(calls) > len(calls) // 2
    said = {one[0] for call in calls if call.asked[0] == "reserve" for one in call.answer}  # type: ignore[index,union-attr]
    assert said >= {"held", "sold_out", "repeated"}
    assert_balanced()


def overlaps(calls: list[Call]) -> int:
    """How many calls began while another of the same balance was under way."""
    return sum(
        any(one.subject == other.subject and other.begun < one.begun < (other.ended or 0) for other in calls)
        for one in calls
    )


# --- implementations of our own, in tables made for them ---


@pytest.fixture
def shelf() -> Iterator[None]:
    run("CREATE TABLE faults_shelf (place text PRIMARY KEY, on_hand bigint, reserved bigint)")
    run("CREATE TABLE faults_hold (key text PRIMARY KEY, quantity bigint)")
    run("INSERT INTO faults_shelf VALUES ('north', 20000, 0)")
    yield
    run("DROP TABLE faults_shelf, faults_hold")


class Shelf:
    """Reserve, receive and read, as `balance` says; `fault` is what it does wrong."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.lock = "" if fault == "a lost update" else "FOR UPDATE"
        self.kept = (0.0, (0, 0))

    def ask(self, parts: list[Part]) -> list[Hashable]:
        ((_, (verb, *arguments)),) = parts
        if verb == "reserve":
            return [tuple([self.reserve(*wanted[:2]) for wanted in arguments])]
        return [self.receive(*arguments) if verb == "receive" else self.read()]

    def reserve(self, key: str, quantity: int) -> tuple[str, str | None, int]:
        with transaction():
            on_hand, reserved = self.level(self.lock)
            left = on_hand - reserved
            known = run("SELECT quantity FROM faults_hold WHERE key = %s", [key]).fetchone()
            if known and self.fault != "a doubled reserve":
                return ("repeated", "held", left) if known[0] == quantity else ("mismatch", None, left)
            if quantity > left:
                return "sold_out", None, left
            run("SELECT pg_sleep(0.001)")
            run("INSERT INTO faults_hold VALUES (%s, %s) ON CONFLICT DO NOTHING", [key, quantity])
            run("UPDATE faults_shelf SET reserved = %s", [reserved + quantity])
            return "held", "held", left - quantity

    def receive(self, quantity: int) -> tuple[int, int]:
        with transaction():
            on_hand, reserved = self.level(self.lock)
            run("UPDATE faults_shelf SET on_hand = %s", [on_hand + quantity])
            return on_hand + quantity, reserved

    def read(self) -> tuple[int, int]:
        if self.fault != "a stale read":
            return self.level()
        if time.monotonic() > self.kept[0] + 0.03:
            self.kept = (time.monotonic(), self.level())
        return self.kept[1]

    def level(self, lock: str = "") -> tuple[int, int]:
        return run(f"SELECT on_hand, reserved FROM faults_shelf {lock}").fetchall()[0]  # type: ignore[return-value]


def wishes(chance: Random) -> list[Part]:
    verb = chance.choice(("reserve", "reserve", "receive", "read"))
    if verb == "reserve":
        key = f"{time.monotonic_ns() // 10_000_000}:{chance.randrange(4)}"
        return [("north", (verb, (key, chance.randint(1, 3) * 1000, 9)))]
    return [("north", (verb, 2000) if verb == "receive" else (verb,))]


@pytest.mark.parametrize("fault", ["none", "a lost update", "a stale read", "a doubled reserve"])
@pytest.mark.usefixtures("shelf")
def test_a_careless_one_is_found_out_and_a_careful_one_is_not(fault: str, tmp_path: Path) -> None:
    calls = record(tmp_path / "calls", Shelf(fault), wishes, calls=25)
    report = check(calls, lambda _: Balance(20_000), answer)
    assert report.ok == (fault == "none"), report.violations
