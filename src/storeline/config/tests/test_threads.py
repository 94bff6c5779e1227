"""The threads that answer."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from storeline.config.threads import Threads, tidy
from storeline.web.tests.loops import finished


def test_each_thread_does_it_once() -> None:
    done: list[str] = []
    threads = Threads(lambda _environ, _start: [], 3)
    asyncio.run(threads.each(lambda: done.append(threading.current_thread().name)))
    assert sorted(done) == ["request_0", "request_1", "request_2"]


def test_cycles_are_looked_for_while_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = [(9, 9, 0), (0, 10, 9), (0, 10, 10), (0, 99, 99)]  # too few yet, some, all, but somebody waits
    idle = [True, True, False]
    looked: list[int] = []
    monkeypatch.setattr(gc, "get_count", lambda: counts.pop(0))
    monkeypatch.setattr(gc, "collect", looked.append)

    with pytest.raises(IndexError):  # it goes on for ever, until there are no more counts
        finished(tidy(lambda: idle.pop(0), every=0))
    assert looked == [1, 2]
