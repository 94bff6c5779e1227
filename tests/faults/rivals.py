"""Rivals: a process of several threads that fight over one product at two places, and keep the history of it.

`balance` says what each must have been answered, `linearizability` whether it was.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Hashable, Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Thread
from typing import Protocol
from uuid import UUID

from django.db import connection
from psycopg.errors import UniqueViolation

from storeline.kernel.api import SYSTEM, clock_at, new_id, pipeline, run, source_id, transaction
from storeline.stock import api as stock
from storeline.web.problems import AWAY
from tests.faults.balance import Balance, answer
from tests.faults.calls import History, Part
from tests.faults.linearizability import Call, Report, check
from tests.faults.shop import HOT, PLACES, PRIZE
from tests.faults.worker import DEADLOCK, REST_S, RIVALS, Job, recover, sqlstate

PAUSE_S = 0.008
"""Between two calls, so that there is time for the others."""
WINDOW_NS = 40_000_000
"""So long all rivals fight over the same few holds; then come others."""
WINDOW_HOLDS = 4
BASE = datetime(2150, 1, 1, tzinfo=UTC)
"""Where the minutes of holds are counted from: so late that no job ends one."""
_WEIGHTS = {"reserve": 8, "extend": 3, "shrink": 2, "release": 4, "post": 3, "receive": 2, "sell": 1, "read": 2}
_HOLDS = "SELECT source_id, quantity, state FROM stock_reservation WHERE place_id = %s AND product_id = %s"


class Asked(Protocol):
    """Whatever can be asked what `balance` can."""

    def ask(self, parts: list[Part]) -> list[Hashable]:
        """One call; the answer to each of its parts."""


class Rivalry:
    """The prize at both places, and how the product is asked for it: a method for each verb of `balance`."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.places: dict[str, UUID] = dict(run("SELECT ref, id FROM places_place").fetchall())
        self.product: UUID = run("SELECT id FROM catalog_product WHERE ref = %s", [PRIZE]).fetchall()[0][0]

    def ask(self, parts: list[Part]) -> list[Hashable]:
        """One call; the answer to each of its parts."""
        if parts[0][1][0] == "reserve":
            return self._reserve(parts)
        ((place, (verb, *arguments)),) = parts
        said: Hashable = getattr(self, f"_{verb}")(self.places[place], *arguments)
        return [said]

    def hold(self, key: str) -> UUID:
        """The id that a hold has in the product."""
        return source_id("rival", f"{self.seed}:{key}")

    def look(self, place: str, keys: Iterable[str]) -> Hashable:
        """The levels and every hold, by its key where it is one of `keys`."""
        known = {self.hold(key): key for key in keys}
        holds = run(_HOLDS, [self.places[place], self.product]).fetchall()
        found = sorted((known.get(one, f"unknown {one}"), quantity, state) for one, quantity, state in holds)
        return *self._read(self.places[place]), tuple(found)

    def _reserve(self, parts: list[Part]) -> list[Hashable]:
        asked = [
            stock.Hold(self.hold(key), self.places[place], self.product, quantity, _moment(until))
            for place, (_, *wanted) in parts
            for key, quantity, until in wanted
        ]
        said = iter([(one.answer.value, one.state, one.left) for one in stock.reserve_many(asked, actor=SYSTEM)])
        return [tuple([next(said) for _ in wanted]) for _, (_, *wanted) in parts]

    def _extend(self, _place: UUID, key: str, until: int, at: int) -> int:
        with clock_at(_moment(at)), transaction():
            return stock.extend([self.hold(key)], _moment(until)).result()

    def _shrink(self, _place: UUID, key: str, quantity: int) -> int:
        with transaction():
            with pipeline():
                shrunk = stock.shrink([stock.ShrinkRow(self.hold(key), 1, quantity)])
            return shrunk.result()

    def _release(self, _place: UUID, key: str) -> int:
        return stock.release_holds([self.hold(key)], actor=SYSTEM)

    def _post(self, place: UUID, key: str, quantity: int) -> int:
        """As a hand-over does: the hold must still have been held, else nothing happens."""
        try:
            with transaction():
                with pipeline():
                    ended = stock.settle([self.hold(key)], [self._move(place, self.hold(key), -quantity)])
                _insist(ended.result())
        except (NotHeldError, UniqueViolation):  # the second: it left before, under this very id
            return 0
        return 1

    def _receive(self, place: UUID, quantity: int) -> tuple[int, int]:
        done = stock.receive([stock.Goods(new_id(), 1, place, self.product, quantity)], actor=SYSTEM)
        level = done.levels[place, self.product]
        return level.on_hand, level.reserved

    def _sell(self, place: UUID, quantity: int) -> None:
        with transaction(), pipeline():
            stock.lock([(place, self.product)])
            stock.post_sales([self._move(place, new_id(), -quantity)])

    def _read(self, place: UUID) -> tuple[int, int]:
        level = stock.levels(place, [self.product])[self.product]
        return level.on_hand, level.reserved

    def _move(self, place: UUID, source: UUID, quantity: int) -> stock.MoveRow:
        # Of a kind that no document goes with: the audit asks of each sale which order it was of, and so on.
        return stock.MoveRow(source, 1, "uncounted", place, self.product, quantity, BASE, BASE.date())


class NotHeldError(Exception):
    """The hold was not held: undo everything."""


def _insist(ended: int) -> None:
    if ended != 1:
        raise NotHeldError


def _moment(minutes: int) -> datetime:
    return BASE + timedelta(minutes=minutes)


# --- asking at random ---


def compete(job: Job) -> None:
    """Ask on several threads until told to stop."""
    rivalry, history = _begin(job), History(job.log)
    threads = [Thread(target=_fight, args=(job, history, rivalry, number)) for number in range(RIVALS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _begin(job: Job) -> Rivalry:
    """Whoever is hired while the server is down begins when it is back."""
    while True:
        try:
            return Rivalry(job.database)
        except AWAY:
            recover()
            time.sleep(REST_S)


def _fight(job: Job, history: History, rivalry: Rivalry, number: int) -> None:
    chance, nursery = Random(f"{job.seed}:{job.name}:{number}"), os.getppid()  # no secrets
    try:
        while not job.stop.exists() and os.getppid() == nursery:
            if is_there():
                call_once(history, rivalry, plan(chance))
            time.sleep(PAUSE_S)
    finally:
        connection.close()


def is_there() -> bool:
    """Whether the server answers: what is not even asked need not be explained."""
    try:
        run("SELECT 1") if connection.connection is None else None
    except AWAY:
        recover()
        time.sleep(REST_S)
        return False
    return True


def call_once(history: History, asked: Asked, parts: list[Part]) -> None:
    """One call, once: where the server went away in the middle of it nobody knows what became of it."""
    number = history.begin(parts)
    try:
        history.end(number, asked.ask(parts))
    except AWAY as error:
        if sqlstate(error) == DEADLOCK:
            history.note("deadlock", traceback.format_exc()[-3000:])
        connection.close()
    except Exception:  # noqa: BLE001  # whatever it is, it is a finding
        history.note("broke", f"{parts}: {traceback.format_exc()[-3000:]}")
        recover()


def plan(chance: Random) -> list[Part]:
    """Something to ask; of a hold that others are at just now, or were a moment ago."""
    (verb,) = chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
    place = chance.choice(PLACES)
    if verb == "reserve":
        both = PLACES if chance.random() < 0.15 else (place,)
        return [(one, ("reserve", *[_wanted(chance, one) for _ in range(chance.choice((1, 1, 1, 2)))])) for one in both]
    if verb == "read":
        return [(place, (verb,))]
    if verb in {"receive", "sell"}:
        return [(place, (verb, chance.randint(1, 6 if verb == "receive" else 2) * 1000))]
    key = _key(chance, place, chance.choice((0, 1, 2)))
    if verb == "extend":
        return [(place, (verb, key, chance.randint(1, 60), chance.randint(0, 40)))]
    if verb == "release":
        return [(place, (verb, key))]
    return [(place, (verb, key, chance.randint(0 if verb == "shrink" else 1, 4) * 1000))]


def _wanted(chance: Random, place: str) -> tuple[str, int, int]:
    """The same id nearly always asks for the same."""
    key = _key(chance, place, 0)
    same = Random(key)  # no secrets
    return key, (same.randint(1, 4) + (chance.random() < 0.05)) * 1000, same.randint(5, 40)


def _key(chance: Random, place: str, ago: int) -> str:
    return f"{place}:{time.monotonic_ns() // WINDOW_NS - ago}:{chance.randrange(WINDOW_HOLDS)}"


# --- judging ---


def examine(calls: list[Call], database: str, units: int = HOT) -> Report:
    """Whether the calls can be explained, together with what is there now that they are over; so many units were at each place."""
    rivalry = Rivalry(database)
    keys = {key for call in calls for key in _keys(call)}
    after = max([call.ended or call.begun for call in calls], default=0) + 1
    ends = [Call(place, ("look",), rivalry.look(place, keys), after, after + 1) for place in PLACES]
    return check([*calls, *ends], lambda _: Balance(units * 1000), answer)


def _keys(call: Call) -> list[str]:
    verb, *arguments = call.asked
    if verb == "reserve":
        return [key for key, _, _ in arguments]
    return arguments[:1] if verb in {"extend", "shrink", "release", "post"} else []
