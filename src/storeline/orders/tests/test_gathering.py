"""Single items become sets, on real threads."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from storeline.orders.commands.gathering import LARGEST_SET, Gathering

WAIT_S = 10


def test_each_hears_of_its_own_item_and_what_waits_goes_together() -> None:
    sets: list[list[int]] = []
    go_on = Event()

    def double(items: Sequence[int]) -> list[int]:
        sets.append(list(items))
        assert go_on.wait(WAIT_S)
        return [2 * item for item in items]

    gathering = Gathering(double)
    with ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(gathering.submit, number) for number in range(20)]
        while len(gathering._queue) < 19:
            assert not answers[0].done()
        go_on.set()
        assert [answer.result(WAIT_S) for answer in answers] == [2 * number for number in range(20)]
    assert [len(one) for one in sets] == [1, 19]


def test_no_set_is_larger_than_it_may_be() -> None:
    sets: list[int] = []
    everybody = Barrier(3 * LARGEST_SET)

    def count(items: Sequence[int]) -> Sequence[int]:
        sets.append(len(items))
        return items

    gathering = Gathering(count)

    def submit(number: int) -> int:
        everybody.wait(WAIT_S)
        return gathering.submit(number)

    with ThreadPoolExecutor(3 * LARGEST_SET) as pool:
        assert list(pool.map(submit, range(3 * LARGEST_SET))) == list(range(3 * LARGEST_SET))
    assert max(sets) <= LARGEST_SET
    assert sum(sets) == 3 * LARGEST_SET
    assert (gathering._busy, len(gathering._queue)) == (False, 0)


def test_an_item_that_breaks_its_set_harms_no_other() -> None:
    begun, held, alone = Event(), Event(), list[int]()

    def refuse_three(items: Sequence[int]) -> Sequence[int]:
        begun.set()
        assert held.wait(WAIT_S)
        if len(items) == 1:
            alone.append(items[0])
        if 3 in items:
            raise ValueError("three")
        return items

    gathering = Gathering(refuse_three)
    with ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(gathering.submit, 0)]
        assert begun.wait(WAIT_S)
        answers += [pool.submit(gathering.submit, number) for number in range(1, 6)]
        while len(gathering._queue) < 5:
            assert not answers[0].done()
        held.set()
        assert [answers[number].result(WAIT_S) for number in (0, 1, 2, 4, 5)] == [0, 1, 2, 4, 5]
        with pytest.raises(ValueError, match="three"):
            answers[3].result(WAIT_S)
    assert sorted(alone) == [0, 1, 2, 3, 4, 5]
    assert gathering.submit(7) == 7
