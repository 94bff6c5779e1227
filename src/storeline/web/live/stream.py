"""`GET /live?t=TOKEN…&at=POSITION`: server-sent events that say which of a page's topics have changed.

    event: changed        the topics with these numbers (in the order of the address) have changed: ask for them again
    id: 812.4711          how far was read; a browser that comes back sends it, and hears of what it missed
    data: 0 2

A stream lives for some minutes, then its browser comes back after a pause of its own (`retry`), so that after a restart
they do not all come at once. 403: a token is not ours or too old. 503: as many listen as may; the page asks now and then instead.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.core.signing import BadSignature

from storeline.kernel.api import Position
from storeline.web import metrics
from storeline.web.address import client_of, throttled
from storeline.web.live.hub import Full, Hub, Listener
from storeline.web.live.reader import read
from storeline.web.live.topics import Topic, position_of, text_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MOST_TOPICS = 8
_LONGEST_QUERY = 4096
HEARTBEAT_S = 20.0
LIFE_S = (600.0, 900.0)
RETRY_MS = (1_000, 6_000)
_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # proxies pass it on as it comes
    (b"x-content-type-options", b"nosniff"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for."""

    topics: tuple[Topic, ...]
    seen: Position | None
    address: str


class Streams:
    """The streams of one process, over one hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.reading: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for as long as it lasts."""
        if scope["method"] != "GET":
            await _refuse(send, 405)
            return
        try:
            wanted = wanted_of(scope)
        except BadSignature:
            await _refuse(send, 403)
            return
        except ValueError:
            await _refuse(send, 400)
            return
        listener = Listener(wanted.topics, wanted.address)
        try:
            with self.hub.join(
                listener, wanted.seen, most=settings.LIVE_STREAMS, most_here=settings.LIVE_STREAMS_PER_ADDRESS
            ):
                self._read()
                with metrics.LIVE_STREAMS.track_inprogress():
                    await self._tell(listener, receive, send)
        except Full:
            await _refuse(send, 503)

    def _read(self) -> None:
        if self.reading is None or self.reading.done():
            self.reading = asyncio.create_task(read(self.hub))

    async def _tell(self, listener: Listener, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
        gone = asyncio.create_task(_gone(receive, listener))
        clock = asyncio.get_running_loop().time
        end = clock() + random.uniform(*LIFE_S)  # noqa: S311  # to spread, not to hide
        try:
            await _say(send, f"retry: {random.randint(*RETRY_MS)}\n{_id(self.hub)}\n\n")  # noqa: S311
            while not (self.hub.closing or gone.done() or clock() > end):
                with suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_S):
                        await listener.woken.wait()
                listener.woken.clear()
                changed, listener.changed = sorted(listener.changed), set()
                data = f"\nevent: changed\ndata: {' '.join(map(str, changed))}" if changed else ""
                if not gone.done():
                    await _say(send, f"{_id(self.hub)}{data}\n\n")
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()

    def close(self) -> None:
        """End every stream, and the reader."""
        self.hub.close()
        if self.reading is not None:
            self.reading.cancel()


def wanted_of(scope: Scope) -> Wanted:
    """Read a request. Raises BadSignature, ValueError."""
    query = scope["query_string"]
    if len(query) > _LONGEST_QUERY:
        raise ValueError("too long")
    given = parse_qs(query.decode("ascii"))
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    tokens = given.get("t", [])
    if not 1 <= len(tokens) <= MOST_TOPICS:
        raise ValueError("topics")
    seen = headers.get(b"last-event-id") or given.get("at", [""])[0]
    peer = scope["client"][0] if scope.get("client") else ""
    forwarded = headers.get(b"x-forwarded-for", "")
    return Wanted(
        tuple(Topic.read(token) for token in tokens),
        position_of(seen),
        throttled(client_of(peer, forwarded, settings.TRUSTED_PROXIES)),
    )


def _id(hub: Hub) -> str:
    """The event's id; a comment where nothing was read yet. Either way a line, and so a heartbeat."""
    position = text_of(hub.position)
    return f"id: {position}" if position else ":"


async def _gone(receive: Receive, listener: Listener) -> None:
    """Until the client goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.woken.set()


async def _say(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"0"), (b"cache-control", b"no-store")]
    if status == 503:  # noqa: PLR2004  # HTTP's own
        headers.append((b"retry-after", str(random.randint(20, 60)).encode()))  # noqa: S311
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
