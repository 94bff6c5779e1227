"""A lean HTTP/1.1 load client: it shares two cores with what it measures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Self

Body = Callable[[], bytes]


@dataclass(slots=True)
class Answers:
    """What came back: seconds by answer, statuses counted, some bodies of those that were not wanted."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    odd: list[bytes] = field(default_factory=list)

    def add(self, status: int, took: float, body: bytes, *, wanted: frozenset[int]) -> None:
        self.seconds.append(took)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status not in wanted and len(self.odd) < 5:
            self.odd.append(body[:500])


class Client(asyncio.Protocol):
    """One kept-alive connection, with one request under way at a time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._came = b""
        self._length = -1
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        transport, _ = await self._loop.create_connection(lambda: self, "127.0.0.1", self.port)
        self._transport = transport
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Send and wait for the answer."""
        head = "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        return await self._send((head % (path, len(body))).encode() + body)

    async def get(self, path: str, headers: str = "") -> tuple[int, bytes]:
        """The same; `headers` are whole lines."""
        return await self._send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode())

    def _send(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        self._answer = self._loop.create_future()
        if self._transport.is_closing():
            self.connection_lost(None)
        else:
            self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        """A part of the answer."""
        self._came += data
        if self._length < 0:
            end = self._came.find(b"\r\n\r\n") + 4
            if end < 4:
                return
            self._status, lowered = int(self._came[9:12]), self._came[:end].lower()
            at = lowered.index(b"content-length:") + 15
            self._head, self._length = end, end + int(lowered[at : lowered.index(b"\r\n", at)])
        if len(self._came) >= self._length and self._answer is not None:
            said = (self._status, self._came[self._head : self._length])
            self._came, self._length = self._came[self._length :], -1
            self._answer.set_result(said)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits is told."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server closed the connection"))


async def read(
    port: int, asks: Iterator[tuple[str, str]], *, clients: int, seconds: float, wanted: frozenset[int]
) -> Answers:
    """Let `clients` send one ask (address, whole header lines) after the other as fast as they are answered, for `seconds`."""
    answers = Answers()
    end = time.perf_counter() + seconds

    async def one() -> None:
        async with Client(port) as client:
            while (start := time.perf_counter()) < end:
                status, said = await client.get(*next(asks))
                answers.add(status, time.perf_counter() - start, said, wanted=wanted)

    await asyncio.gather(*(one() for _ in range(clients)))
    return answers


async def drive(port: int, path: str, body: Body, *, clients: int, seconds: float, wanted: frozenset[int]) -> Answers:
    """Let `clients` send as fast as they are answered, for `seconds`."""
    answers = Answers()
    end = time.perf_counter() + seconds

    async def one() -> None:
        async with Client(port) as client:
            while (start := time.perf_counter()) < end:
                status, said = await client.post(path, body())
                answers.add(status, time.perf_counter() - start, said, wanted=wanted)

    await asyncio.gather(*(one() for _ in range(clients)))
    return answers


async def burst(port: int, path: str, bodies: list[bytes], *, wanted: frozenset[int]) -> Answers:
    """Send every body at once, each on a connection of its own that is open before the first is sent."""
    answers = Answers()
    go = asyncio.Event()
    ready = asyncio.Semaphore(0)

    async def one(body: bytes) -> None:
        async with Client(port) as client:
            ready.release()
            await go.wait()
            start = time.perf_counter()
            status, said = await client.post(path, body)
            answers.add(status, time.perf_counter() - start, said, wanted=wanted)

    tasks = [asyncio.create_task(one(body)) for body in bodies]
    for _ in bodies:
        await ready.acquire()
    go.set()
    await asyncio.gather(*tasks)
    return answers
