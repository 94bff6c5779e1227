"""One queue for all processes of a server: whichever of them a request comes to, it waits for the same next set.

A set costs as much to begin with as many orders cost in it, so two processes with half a set each do twice that work. One
process therefore keeps the queue, and the others hand it what they get, over a socket in a folder that nobody else may
enter. Which one keeps it is settled by a file lock, so it is never nobody for long; while it is, and where the keeper dies
with a request in its hands, a process does that request itself: its client-made id sees to it that nothing happens twice
(docs/adr/0013-front.md).
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from django.http import HttpResponse

from storeline.web.front import Arrived, Sets
from storeline.web.shared import Answer

_FRAME: Final = struct.Struct("!IHII")
"""Number of the request, status (0 in a request), length of the first part (authorization, headers), of the body."""
_TRY_AGAIN_S: Final = 0.2


class _Message(NamedTuple):
    number: int
    status: int
    head: bytes
    body: bytes


async def _read(reader: asyncio.StreamReader) -> _Message:
    number, status, head, body = _FRAME.unpack(await reader.readexactly(_FRAME.size))
    both = await reader.readexactly(head + body)
    return _Message(number, status, both[:head], both[head:])


def _write(writer: asyncio.StreamWriter, number: int, status: int, head: bytes, body: bytes) -> None:
    writer.write(_FRAME.pack(number, status, len(head), len(body)) + head + body)


class Gate:
    """Where requests enter the queue. All of it runs in the server's one event loop.

    `folder` is shared by the processes of one server; without one each keeps a queue of its own. Of several `gates` each
    process belongs to one: a keeper is busy with one processor, the database it speaks to with another.
    """

    def __init__(self, sets: Sets, folder: Path | None = None, gates: int = 1) -> None:
        self._sets = sets
        self._folder = folder
        self._gates = gates
        self._kept: int | None = None
        self._server: asyncio.Server | None = None
        self._keeper: _Keeper | None = None
        self._finding = asyncio.Lock()
        self._not_before = 0.0

    async def answer(self, arrived: Arrived) -> Answer:
        """The answer, once it is durable."""
        while self._folder is not None and self._kept is None:
            keeper = self._keeper
            if keeper is None or keeper.gone:
                keeper = await self._find(self._folder)
            if keeper is None:
                break
            try:
                return await keeper.ask(arrived)
            except ConnectionError:
                continue  # it is gone: whoever keeps the queue now is asked, and a repeat is known by its id
        return _plain(await self._sets.answer(arrived))

    def close(self) -> None:
        """Leave the queue to another process: what is in it is done, what comes from now on is theirs."""
        if self._keeper is not None:
            self._keeper.close()
        if self._server is not None and self._kept is not None:
            self._server.close()
            os.close(self._kept)

    async def _find(self, folder: Path) -> _Keeper | None:
        """The process that keeps our queue; None where it is this one, or nobody is ready."""
        async with self._finding:
            if self._kept is not None or asyncio.get_running_loop().time() < self._not_before:
                return None
            if self._keeper is not None and not self._keeper.gone:
                return self._keeper  # found while we waited
            if await self._keep(folder):
                return None
            try:
                self._keeper = await _Keeper.reach(_socket(folder, os.getpid() % self._gates))
            except OSError:  # it holds the lock and does not listen yet, or not any more
                self._not_before = asyncio.get_running_loop().time() + _TRY_AGAIN_S
                return None
            return self._keeper

    async def _keep(self, folder: Path) -> bool:
        """Become the keeper of a gate that has none."""
        for number in range(self._gates):
            lock = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held until this process ends
            except BlockingIOError:
                os.close(lock)
                continue
            at = _socket(folder, number)
            at.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, str(at))
            self._kept = lock
            return True
        return False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What another process hands over, until it is gone."""
        answering: set[asyncio.Task[HttpResponse]] = set()
        try:
            while True:
                asked = await _read(reader)
                task = asyncio.ensure_future(self._sets.answer(Arrived(asked.body, asked.head.decode("latin-1"))))
                answering.add(task)
                task.add_done_callback(partial(_say, writer, asked.number, answering.discard))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class _Keeper:
    """The process that keeps the queue, as another one sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._last = 0
        self.gone = False
        self._listening = asyncio.create_task(self._listen(reader))

    @classmethod
    async def reach(cls, at: Path) -> _Keeper:
        """Raises OSError where nobody listens."""
        return cls(*await asyncio.open_unix_connection(str(at)))

    def close(self) -> None:
        """Whoever still waits is told that it is gone."""
        self.gone = True
        self._listening.cancel()
        self._writer.close()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionError())

    async def ask(self, arrived: Arrived) -> Answer:
        """Raises ConnectionError where it is gone before its answer is here; what became of the request is not known then."""
        if self.gone:
            raise ConnectionError
        self._last = number = (self._last + 1) % 2**32
        self._waiting[number] = asyncio.get_running_loop().create_future()
        _write(self._writer, number, 0, arrived.authorization.encode("latin-1"), arrived.body)
        try:
            return await self._waiting[number]
        finally:
            del self._waiting[number]

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                said = await _read(reader)
                if (future := self._waiting.get(said.number)) is not None and not future.done():
                    future.set_result(Answer(said.status, _headers(said.head), said.body))
        except (asyncio.IncompleteReadError, OSError):
            self.close()


def _socket(folder: Path, number: int) -> Path:
    return folder / f"{number}.socket"


def _say(
    writer: asyncio.StreamWriter,
    number: int,
    forget: Callable[[asyncio.Task[HttpResponse]], None],
    task: asyncio.Task[HttpResponse],
) -> None:
    forget(task)
    if not task.cancelled() and not writer.is_closing():
        said = _plain(task.result())
        head = b"\n".join(name + b":" + value for name, value in said.headers)
        _write(writer, number, said.status, head, said.body)


def _plain(said: HttpResponse) -> Answer:
    return Answer(
        said.status_code, [(name.lower().encode(), value.encode()) for name, value in said.items()], said.content
    )


def _headers(head: bytes) -> list[tuple[bytes, bytes]]:
    """A header's value has no line break: the framework refuses to set such a one."""
    return [(name, value) for name, _, value in (line.partition(b":") for line in head.split(b"\n") if line)]
