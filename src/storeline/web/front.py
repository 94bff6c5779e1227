"""A lean front for one busy address: requests that arrive while a set is being answered make up the next set.

They wait in the event loop, not each in a thread, and one writer's thread reads, does and answers a whole set
(docs/adr/0013-front.md). Which headers an answer has, and whom it is refused, is the framework's to say.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import close_old_connections
from django.http import HttpResponse

from storeline.web import metrics
from storeline.web.codec import NOT_JSON
from storeline.web.middleware import REQUEST_ID
from storeline.web.problems import problem
from storeline.web.shared import Answer

WRITERS: Final = 1
"""One in each process: larger sets were worth more than a second that reads while the first waits (docs/adr/0013-front.md)."""
MOST_WAITING: Final = 10_000
BREATH: Final = 0.25
"""So much of the last set's time the next one waits for those whom it answered. Without it those who came meanwhile make
up every second set, and sets are half as large as they could be.
"""
_LEFT_TO_OTHERS = frozenset({b"cookie", b"content-encoding", b"transfer-encoding"})
"""Who shows a cookie has a session to look up, and forgery to be guarded from: the framework does that."""
_OF_ONE_ANSWER = frozenset({b"content-type", b"content-length", b"content-encoding", b"x-request-id", b"connection"})
_HEADERS_BY = (b"host", b"x-forwarded-proto", b"x-forwarded-host", b"accept-language", b"origin")
_MOST_KEPT = 500
Headers = list[tuple[bytes, bytes]]


class Arrived(NamedTuple):
    """A request as it came; `authorization` is the header, empty where there is none."""

    body: bytes
    authorization: str


Waiting = tuple[Arrived, asyncio.Future[HttpResponse]]
Deed = Callable[[Sequence[Arrived]], Sequence[HttpResponse]]
"""Answers each of a set, in order."""
Ask = Callable[[bytes], Awaitable[Answer]]
"""Has the framework answer the same request with this body."""


class Sets:
    """The queue before the writers. All of it runs in the server's one event loop."""

    def __init__(self, deed: Deed, largest: int, writers: int = WRITERS) -> None:
        self._deed = deed
        self._largest = largest
        self._free = writers
        self._pool = ThreadPoolExecutor(writers, "orders")
        self._queue: deque[Waiting] = deque()
        self._expected = 0
        """So many were here when the last set ended: who sees them all again waits no longer. None, once their breath is over."""

    async def answer(self, arrived: Arrived) -> HttpResponse:
        """The answer, once it is durable."""
        if len(self._queue) >= MOST_WAITING:
            return problem(503, "Too many wait. Nothing was changed; try again.", retry_after=2)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[HttpResponse] = loop.create_future()
        self._queue.append((arrived, future))
        if self._free and len(self._queue) >= self._expected:
            loop.call_soon(self._begin)  # whoever else has arrived by then goes along
        return await future

    def _begin(self) -> None:
        self._expected = 0
        if not self._free or not self._queue:
            return
        self._free -= 1
        chosen = [self._queue.popleft() for _ in range(min(len(self._queue), self._largest))]
        loop = asyncio.get_running_loop()
        task = loop.run_in_executor(self._pool, self._write, [one for one, _ in chosen])
        task.add_done_callback(partial(self._end, chosen, loop.time()))

    def _write(self, arrived: Sequence[Arrived]) -> Sequence[HttpResponse]:
        close_old_connections()  # as the framework does before each request
        return self._deed(arrived)

    def _end(self, chosen: Sequence[Waiting], began: float, task: asyncio.Future[Sequence[HttpResponse]]) -> None:
        self._free += 1
        loop = asyncio.get_running_loop()
        self._expected = min(len(chosen) + len(self._queue), self._largest)
        if len(self._queue) >= self._expected:
            self._begin()
        else:
            loop.call_later(BREATH * (loop.time() - began), self._begin)
        error = task.exception()
        answers = [problem(500)] * len(chosen) if error else task.result()
        for (_, future), answer in zip(chosen, answers, strict=True):
            if not future.done():  # nobody hears an answer whose connection is gone
                future.set_result(answer)


class Front:
    """Takes what is posted to `address` where it can answer as the framework would."""

    def __init__(self, address: str, sets: Sets) -> None:
        self._address = address
        self._sets = sets
        self._common: dict[tuple[bytes | str | None, ...], Headers | None] = {}

    def takes(self, scope: Mapping[str, Any]) -> bool:
        """Whether this may be answered without the framework."""
        return (
            scope["path"] == self._address
            and scope["method"] == "POST"
            and not scope["query_string"]
            and not any(name in _LEFT_TO_OTHERS for name, _ in scope["headers"])
        )

    async def answer(self, scope: Mapping[str, Any], body: bytes, ask: Ask) -> Answer:
        """The answer to one request that `takes` took."""
        started = time.perf_counter()
        headers = dict(scope["headers"])
        common = await self._common_headers(scope, headers, ask)
        if common is None or len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return await ask(body)
        said = await self._sets.answer(Arrived(body, headers.get(b"authorization", b"").decode("latin-1")))
        metrics.observe("POST", self._address[1:], said.status_code, time.perf_counter() - started)
        own = [(name.lower().encode(), value.encode()) for name, value in said.items()]
        number = (b"x-request-id", _request_id(headers))
        length = (b"content-length", str(len(said.content)).encode())
        return Answer(said.status_code, [*own, *common, number, length], said.content)

    async def _common_headers(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], ask: Ask
    ) -> Headers | None:
        """What the framework puts on each answer to such a request; None where it does not let it through.

        It is asked once, with a body that is no JSON: so hosts, redirects to HTTPS and languages are judged where they are.
        """
        key = (scope.get("scheme"), *(headers.get(name) for name in _HEADERS_BY))
        if key not in self._common:
            if len(self._common) >= _MOST_KEPT:
                self._common.clear()
            told = await ask(b"{")
            through = told.status == 400 and NOT_JSON.encode() in told.body  # noqa: PLR2004  # HTTP's own number
            self._common[key] = [one for one in told.headers if one[0] not in _OF_ONE_ANSWER] if through else None
        return self._common[key]


def _request_id(headers: Mapping[bytes, bytes]) -> bytes:
    given = headers.get(b"x-request-id", b"")
    return given if REQUEST_ID.fullmatch(given.decode("latin-1")) else uuid.uuid4().hex.encode()
