"""The checker itself: histories known to be linearizable and known not to be, planted bugs, and an oracle that tries every order."""

from __future__ import annotations

import random
from collections.abc import Hashable
from itertools import permutations
from typing import Any

import pytest

from tests.faults.balance import Balance, answer
from tests.faults.linearizability import Call, UndecidedError, check


def register(state: int, asked: tuple[Any, ...]) -> tuple[int, Hashable]:
    """A cell: ("write", value) is answered None, ("read",) its value, ("add", n) the sum after it."""
    verb, *arguments = asked
    if verb == "write":
        return arguments[0], None
    if verb == "add":
        return state + arguments[0], state + arguments[0]
    return state, state


def call(begun: int, ended: int | None, verb: str, *arguments: int, said: Hashable = None, of: str = "x") -> Call:
    return Call(of, (verb, *arguments), said, begun, ended)


def linearizable(*history: Call) -> bool:
    return check(history, lambda _: 0, register).ok


KNOWN_GOOD = {
    "nothing": [],
    "one after the other": [call(1, 2, "write", 1), call(3, 4, "read", said=1)],
    "a read during a write sees the old": [call(1, 9, "write", 1), call(2, 3, "read", said=0)],
    "or the new": [call(1, 9, "write", 1), call(2, 3, "read", said=1)],
    "the one that began last takes effect first": [
        call(1, 9, "write", 1),
        call(2, 8, "write", 2),
        call(10, 11, "read", said=1),
    ],
    "touching moments count as at once": [call(1, 2, "write", 1), call(2, 3, "read", said=0)],
    # Herlihy and Wing's own example of a queue, told for a register: both writes overlap both reads.
    "two reads see two writes": [
        call(1, 9, "write", 1),
        call(1, 9, "write", 2),
        call(2, 3, "read", said=2),
        call(4, 5, "read", said=1),
    ],
    "an unheard write is never seen": [call(1, None, "write", 1), call(2, 3, "read", said=0)],
    "it is seen at once": [call(1, None, "write", 1), call(2, 3, "read", said=1)],
    "it is seen late": [call(1, None, "write", 1), call(2, 3, "read", said=0), call(8, 9, "read", said=1)],
    "of two unheard ones only the second happened": [
        call(1, None, "add", 1),
        call(2, None, "add", 10),
        call(3, 4, "read", said=10),
    ],
    "objects have nothing to do with each other": [
        call(1, 2, "write", 1, of="x"),
        call(1, 2, "write", 2, of="y"),
        call(3, 4, "read", said=1, of="x"),
        call(3, 4, "read", said=2, of="y"),
    ],
}
KNOWN_BAD = {
    "a stale read": [call(1, 2, "write", 1), call(3, 4, "read", said=0)],
    "a read from the future": [call(1, 2, "read", said=1), call(3, 4, "write", 1)],
    "a read of what nobody wrote": [call(1, 9, "write", 1), call(2, 3, "read", said=7)],
    "new, then old": [call(1, 9, "write", 1), call(2, 3, "read", said=1), call(4, 5, "read", said=0)],
    "a lost update": [call(1, 9, "add", 1, said=1), call(2, 8, "add", 1, said=1)],
    "an update lost silently": [
        call(1, 9, "add", 1, said=1),
        call(2, 8, "add", 2, said=3),
        call(10, 11, "read", said=2),
    ],
    "a doubled update": [call(1, 2, "add", 1, said=1), call(3, 4, "read", said=2)],
    "an unheard write that was there before it was asked": [call(1, 2, "read", said=1), call(3, None, "write", 1)],
    "an unheard write that comes and goes": [
        call(1, None, "write", 1),
        call(2, 3, "read", said=1),
        call(4, 5, "read", said=0),
    ],
    "an unheard write that happened twice": [call(1, None, "add", 1), call(2, 3, "read", said=2)],
    "one object of two": [call(1, 2, "write", 1, of="x"), call(3, 4, "read", said=1, of="y")],
}


@pytest.mark.parametrize("name", KNOWN_GOOD)
def test_linearizable(name: str) -> None:
    assert linearizable(*KNOWN_GOOD[name])


@pytest.mark.parametrize("name", KNOWN_BAD)
def test_not_linearizable(name: str) -> None:
    assert not linearizable(*KNOWN_BAD[name])


def test_a_violation_says_where_it_got_stuck() -> None:
    report = check([call(1, 2, "add", 5, said=5), call(3, 4, "read", said=4)], lambda _: 0, register)
    [violation] = report.violations
    assert str(violation) == "x: after 1 calls, at 5, ('read',) was answered 4"
    assert (report.calls, report.unknown, report.subjects) == (2, 0, 1)


# --- against an oracle ---


def every_order(history: list[Call]) -> bool:
    """The definition, word for word: some order of all heard calls and some unheard ones, true to time and to the register."""
    unheard = [one for one in history if one.ended is None]
    heard = [one for one in history if one.ended is not None]
    for chosen in range(2 ** len(unheard)):
        some = heard + [one for number, one in enumerate(unheard) if chosen >> number & 1]
        if any(explains(order) for order in permutations(some)):
            return True
    return False


def explains(order: tuple[Call, ...]) -> bool:
    state, latest = 0, 0
    for one in order:
        if one.ended is not None and one.ended < latest:
            return False
        latest = max(latest, one.begun)
        state, said = register(state, one.asked)
        if one.ended is not None and said != one.answer:
            return False
    return True


def test_it_agrees_with_an_oracle_that_tries_every_order() -> None:
    chance, good = random.Random(4), 0
    for _ in range(600):
        history = some_history(chance)
        expected = every_order(history)
        assert linearizable(*history) == expected, history
        good += expected
    assert 150 < good < 450, "the histories decide nothing if nearly all are of one kind"


def some_history(chance: random.Random) -> list[Call]:
    """Up to six calls with intervals and answers at random."""
    history = []
    for _ in range(chance.randint(2, 6)):
        begun = chance.randint(0, 12)
        ended = None if chance.random() < 0.2 else begun + chance.randint(1, 8)
        verb = chance.choice(("write", "read", "read", "add"))
        arguments = () if verb == "read" else (chance.randint(1, 2),)
        said = None if verb == "write" or ended is None else chance.randint(0, 2)
        history.append(Call("x", (verb, *arguments), said, begun, ended))
    return history


# --- of balances ---


def stock(*history: Call, on_hand: int = 3) -> bool:
    return check(history, lambda _: Balance(on_hand), answer).ok


def ask(begun: int, ended: int | None, *asked: Hashable, said: Hashable = None) -> Call:
    return Call("shelf", asked, said, begun, ended)


def reserve(begun: int, ended: int | None, key: str, quantity: int, word: str = "held", left: int = 0) -> Call:
    state = "held" if word in {"held", "repeated"} else None
    return ask(begun, ended, "reserve", (key, quantity, 9), said=((word, state, left),))


def test_two_reservations_and_the_refusal_of_a_third() -> None:
    assert stock(
        reserve(1, 9, "a", 2, left=1),
        reserve(2, 8, "b", 2, "sold_out", left=1),
        reserve(3, 7, "c", 1, left=0),
        reserve(4, 9, "a", 2, "repeated", left=1),
    )


def test_a_doubled_reserve_is_found() -> None:
    """Two held where one fitted, each told what is true by itself."""
    assert not stock(reserve(1, 9, "a", 2, left=1), reserve(2, 8, "b", 2, left=1))


def test_a_refusal_of_what_was_there_is_found() -> None:
    assert not stock(reserve(1, 9, "a", 1, left=2), reserve(2, 8, "b", 2, "sold_out", left=0))


def test_an_expired_hold_is_not_extended() -> None:
    held = reserve(1, 2, "a", 1, left=2)
    assert stock(held, ask(3, 4, "extend", "a", 30, 8, said=1))
    assert stock(held, ask(3, 4, "extend", "a", 30, 9, said=0))
    assert not stock(held, ask(3, 4, "extend", "a", 30, 9, said=1))


def test_a_hold_ends_once() -> None:
    held = reserve(1, 2, "a", 2, left=1)
    post, release = ask(3, 9, "post", "a", 2, said=1), ask(4, 8, "release", "a", said=1)
    assert not stock(held, post, release)
    assert stock(held, post, ask(4, 8, "release", "a", said=0), ask(10, 11, "read", said=(1, 0)))
    assert not stock(held, post, ask(4, 8, "release", "a", said=0), ask(10, 11, "read", said=(3, 0)))


def test_the_end_tells_of_every_hold() -> None:
    history = [reserve(1, 2, "a", 2, left=1), ask(3, 4, "shrink", "a", 1, said=1), ask(3, 6, "sell", 4)]
    assert stock(*history, ask(9, 9, "look", said=(-1, 1, (("a", 1, "held"),))))
    assert not stock(*history, ask(9, 9, "look", said=(-1, 1, (("a", 2, "held"),))))


def test_an_unheard_reservation_may_be_there_or_not() -> None:
    unheard = reserve(1, None, "a", 2)
    for left, there in ((3, ()), (1, (("a", 2, "held"),))):
        assert stock(unheard, ask(2, 3, "look", said=(3, 3 - left, there)))
    assert not stock(unheard, ask(2, 3, "look", said=(3, 1, (("a", 1, "held"),))))


# --- size ---


def busy(clients: int, calls: int, seed: int) -> list[Call]:
    """A true history of one balance: each call takes effect at a moment inside its interval."""
    chance, state, history = random.Random(seed), Balance(40), []
    free, moment = [0] * clients, 0
    for number in range(calls):
        client = free.index(min(free))
        begun = max(free[client], moment - 60) + 1
        moment = max(moment + 10, begun + 1)
        key = f"{number // 8}:{chance.randrange(4)}"
        asked: tuple[Hashable, ...] = chance.choice(
            [("reserve", (key, chance.randint(1, 4), 9)), ("release", key), ("post", key, 1), ("receive", 2), ("read",)]
        )
        state, said = answer(state, asked)
        free[client] = ended = moment + chance.randint(1, 60)
        history.append(Call("shelf", asked, said, begun, ended if chance.random() < 0.97 else None))
    return history


def test_a_long_busy_history_takes_little_time() -> None:
    history = busy(clients=8, calls=1200, seed=5)
    report = check(history, lambda _: Balance(40), answer)
    assert report.ok
    assert report.calls == 1200
    assert report.unknown > 20
    assert report.steps < 150_000


def test_one_wrong_answer_in_a_long_history_is_found() -> None:
    history = busy(clients=8, calls=300, seed=6)
    at = next(n for n, one in enumerate(history) if n > 150 and one.asked == ("read",) and one.ended)
    wrong = Call("shelf", ("read",), (100_000, 0), history[at].begun, history[at].ended)
    assert not check([*history[:at], wrong, *history[at + 1 :]], lambda _: Balance(40), answer).ok


def test_a_search_without_end_is_given_up() -> None:
    hopeless = [call(1, 100, "add", 2**n, said=0) for n in range(12)]
    hopeless += [call(1, None, "add", 2**n) for n in range(12)]
    with pytest.raises(UndecidedError):
        check(
            [*hopeless, call(200, 201, "read", said=-1)], lambda _: 0, lambda s, a: (register(s, a)[0], 0), most=5_000
        )
