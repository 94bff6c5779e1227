"""The threads that answer."""

from __future__ import annotations

import asyncio
import threading

from storeline.config.threads import Threads


def test_each_thread_does_it_once() -> None:
    done: list[str] = []
    threads = Threads(lambda _environ, _start: [], 3)
    asyncio.run(threads.each(lambda: done.append(threading.current_thread().name)))
    assert sorted(done) == ["request_0", "request_1", "request_2"]
