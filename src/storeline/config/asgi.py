"""The application that granian's workers serve: streams in the event loop, everything else in threads.

Why so, and what it costs: docs/adr/0012-live.md.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final

from django.conf import settings
from django.urls import get_resolver
from django.utils.translation import override

from storeline.config.siblings import Siblings
from storeline.config.threads import Scope, Threads, tidy
from storeline.config.wsgi import application as requests
from storeline.orders.commands.gathering import LARGEST_SET
from storeline.orders.http.front import answer_set
from storeline.web import maps, ready
from storeline.web.front import WRITERS, Front, Sets
from storeline.web.live import HUB
from storeline.web.live.stream import Streams
from storeline.web.problems import problem
from storeline.web.shared import Answer, Shared

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
THREADS: Final = 8
TURN_S: Final = 0.001
"""For so long a thread may go on while another waits to: one that comes back from the database, six times a page, waits for all
that go on. Python's own 5 ms are a page's time each.
"""
YOUNG, MIDDLE, OLD = 5_000, 100, 1_000
"""A page makes some thousand objects: so many may live before Python looks for cycles among them. To look through those that lived
on, cards and pages that are kept among them, takes up to a tenth of a second in the midst of somebody's request: that is done in
quiet moments (`tidy`), and by itself only after so many times where there are none.
"""
MORE_THAN_TAKEN: Final = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 2**20
"""Bodies so long are refused before they are in memory; the application refuses those a little shorter in its own words."""


async def _body(receive: Receive) -> bytes | None:
    """The request's body; None where it is longer than anything that is taken."""
    message = await receive()
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts, length = [message["body"]], len(message["body"])
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > MORE_THAN_TAKEN:
            return None
    return b"".join(parts)


def _too_long() -> Answer:
    refusal = problem(413)
    headers = [(name.lower().encode(), value.encode()) for name, value in refusal.items()]
    return Answer(413, [*headers, (b"connection", b"close")], refusal.content)


class Application:
    """Who answers what."""

    def __init__(self) -> None:
        self.requests = Threads(requests, int(os.environ.get("STORELINE_THREADS", THREADS)))
        folder = os.environ.get("STORELINE_SIBLINGS")
        processes = int(os.environ.get("STORELINE_PROCESSES", "1"))
        self.siblings = Siblings(self.requests.answer, Path(folder) if folder else None, processes)
        self.front = Front(
            "/api/v1/orders", Sets(answer_set, LARGEST_SET, int(os.environ.get("STORELINE_WRITERS", WRITERS)))
        )
        self.shared = Shared()
        self.streams = Streams(HUB)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entry."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["path"] == "/live":
            await self.streams(scope, receive, send)
        else:
            status, headers, content = await self._answer(scope, await _body(receive))
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": content})

    async def _answer(self, scope: Scope, body: bytes | None) -> Answer:
        if body is None:
            return _too_long()
        if self.front.takes(scope):
            return await self.front.answer(scope, body, partial(self.requests.answer, scope))
        return await self.shared.answer(scope, partial(self.siblings.answer, scope, body))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        with _ending_at_once():
            await asyncio.to_thread(ready.in_all_languages)
            await self.requests.each(ready.now)
        gc.freeze()  # what these made stays too
        await self.siblings.start()
        _on_signals(self.streams.close)
        tidying = asyncio.create_task(tidy(lambda: self.siblings.is_idle))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        tidying.cancel()
        self.siblings.close()
        await send({"type": "lifespan.shutdown.complete"})


@contextmanager
def _ending_at_once() -> Iterator[None]:
    """Nobody is answered yet: a process that is told to stop ends there and then. Told so before it serves, the server would not."""
    before = {number: signal.signal(number, lambda *_: os._exit(0)) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _on_signals(deed: Callable[[], None]) -> None:
    """Do it when the server is told to stop: it waits until every answer has ended, and streams would not.

    Then the handler that was there before has its turn: by it the server hears that it is to end.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def both(number: int, frame: FrameType | None, before: Any = before) -> None:  # its own words
            loop.call_soon_threadsafe(deed)
            if callable(before):
                before(number, frame)

        signal.signal(number, both)


def _settle() -> None:
    """Load what the first visitors would wait for. What is loaded once and stays is looked at no more by Python's search for
    cycles: among all of it that takes a tenth of a second, in the midst of somebody's request.
    """
    for language, _ in settings.LANGUAGES:
        with override(language):
            get_resolver().reverse_dict  # noqa: B018  # every module's pages and routes
    maps.ready()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    sys.setswitchinterval(TURN_S)


application = Application()
_settle()
