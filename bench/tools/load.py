"""A lean HTTP/1.1 load client on asyncio streams: it shares two cores with what it measures."""

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


class Client:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Send and wait for the answer."""
        self.writer.write(
            b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (path.encode(), len(body), body)
        )
        return await self._read()

    async def get(self, path: str, headers: str = "") -> tuple[int, bytes]:
        """The same; `headers` are whole lines."""
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode())
        return await self._read()

    async def _read(self) -> tuple[int, bytes]:
        head = await self.reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        length = int(lowered[at + 15 : lowered.index(b"\r\n", at)])
        return status, await self.reader.readexactly(length)


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
