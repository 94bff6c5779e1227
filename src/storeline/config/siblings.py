"""The processes of one server help each other: a connection stays with the process that took it, by chance, so that three of four
readers may wait for one process while another has nothing to do. What only reads is handed to one that is less busy.

Why so, and what it costs: docs/adr/0019-siblings.md.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import mmap
import os
import struct
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import orjson
from django.conf import settings

from storeline.config.threads import Scope
from storeline.web import metrics
from storeline.web.shared import Answer

_log = logging.getLogger("storeline.web")
_SAFE: Final = frozenset({"GET", "HEAD"})
_SHORT: Final = (settings.STATIC_URL, "/api/")
"""Files and what programs read cost less than the way there would take of them."""
_LENGTHS: Final = struct.Struct("!II")
_SAID: Final = ("method", "path", "http_version", "scheme", "server", "client")
Connection = tuple[StreamReader, StreamWriter]


class Siblings:
    """This process among those of its server. They meet in a folder: a socket each, and one page of memory with how many
    requests each has under way. A server of one process has no folder and hands nothing on.
    """

    def __init__(self, answer: Callable[[Scope, bytes], Awaitable[Answer]], folder: Path | None, count: int) -> None:
        self.local = answer
        self.folder = folder
        self.count = count if folder else 1
        self.place = 0
        self.busy: Any = [0]
        self.sent = [0] * self.count
        self.idle: list[list[Connection]] = [[] for _ in range(self.count)]
        self.helping: set[StreamWriter] = set()
        self.server: asyncio.Server | None = None

    async def start(self) -> None:
        """Take a place among them. Where that fails this process answers alone."""
        if self.count == 1 or self.folder is None:
            return
        try:
            self.place, self.held = _taken(self.folder, self.count)
            busy = _shared_counts(self.folder, self.count)
            busy[self.place] = 0
            path = self.folder / str(self.place)
            path.unlink(missing_ok=True)  # of the one that had the place before and is gone
            self.server = await asyncio.start_unix_server(self._help, path)
        except OSError:
            self.count = 1
            _log.warning("this process answers alone", exc_info=True)
        else:
            self.busy = busy

    def close(self) -> None:
        """Leave the place to whoever comes next. Those that wait for an answer of this process make it themselves."""
        if self.server is None:
            return
        self.server.close()
        for writer in [*self.helping, *(writer for ends in self.idle for _, writer in ends)]:
            writer.close()
        os.close(self.held)
        self.server = None

    @property
    def is_idle(self) -> bool:
        """Whether this process has nothing under way."""
        return not self.busy[self.place]

    async def answer(self, scope: Scope, body: bytes) -> Answer:
        """The answer to one request, by whoever is least busy. What a sibling does not answer is answered here."""
        if self.count > 1 and scope["method"] in _SAFE and (other := self._other(scope["path"])) is not None:
            self.sent[other] += 1
            try:
                return await self._ask(other, _framed(_head(scope), body))
            except (OSError, IncompleteReadError):
                pass  # it ended meanwhile; nothing is done twice, since the request only reads
            finally:
                self.sent[other] -= 1
        return await self._here(scope, body)

    async def _here(self, scope: Scope, body: bytes) -> Answer:
        self.busy[self.place] += 1
        try:
            return await self.local(scope, body)
        finally:
            self.busy[self.place] -= 1

    def _other(self, path: str) -> int | None:
        """A sibling with clearly less to do than this process."""
        here = self.busy[self.place]
        if here == 0 or path.startswith(_SHORT):
            return None
        load, other = min((max(self.busy[n], self.sent[n]), n) for n in range(self.count) if n != self.place)
        return other if load < here - here // 4 else None

    async def _ask(self, other: int, frame: bytes) -> Answer:
        reader, writer = self.idle[other].pop() if self.idle[other] else await self._connect(other)
        try:
            writer.write(frame)
            head, content = await _frame(reader)
        except BaseException:
            writer.close()  # whatever still comes on it is nobody's answer
            raise
        self.idle[other].append((reader, writer))
        metrics.HELPED.inc()
        status, headers = orjson.loads(head)
        return Answer(status, [(_raw(name), _raw(value)) for name, value in headers], content)

    async def _connect(self, other: int) -> Connection:
        assert self.folder is not None
        return await asyncio.open_unix_connection(self.folder / str(other))

    async def _help(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer what a sibling hands on, one request after the other, and never hand it on again."""
        self.helping.add(writer)
        try:
            while True:
                head, body = await _frame(reader)
                found = await self._here(_scope(head), body)
                said = [found.status, [(_text(name), _text(value)) for name, value in found.headers]]
                writer.write(_framed(orjson.dumps(said), found.body))
                await writer.drain()
        except (OSError, IncompleteReadError):
            pass  # the sibling ended
        finally:
            self.helping.discard(writer)
            writer.close()


def _taken(folder: Path, count: int) -> tuple[int, int]:
    """The first free place and the lock that holds it: the operating system frees it when the process ends."""
    for place in range(count):
        held = os.open(folder / f"{place}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
        else:
            return place, held
    raise OSError("every place is taken")


def _shared_counts(folder: Path, count: int) -> memoryview[int]:
    """A number for each place, seen by all; each process writes its own alone."""
    handle = os.open(folder / "busy", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        os.ftruncate(handle, count * 8)
        return memoryview(mmap.mmap(handle, count * 8)).cast("q")
    finally:
        os.close(handle)


# --- what is said between them ---


def _head(scope: Scope) -> bytes:
    said = {name: scope.get(name) for name in _SAID}
    headers = [(_text(name), _text(value)) for name, value in scope["headers"]]
    return orjson.dumps(said | {"query": _text(scope["query_string"]), "headers": headers})


def _scope(head: bytes) -> Scope:
    said: dict[str, Any] = orjson.loads(head)
    said["headers"] = [(_raw(name), _raw(value)) for name, value in said["headers"]]
    said["query_string"] = _raw(said.pop("query"))
    return said


def _framed(head: bytes, body: bytes) -> bytes:
    return _LENGTHS.pack(len(head), len(body)) + head + body


async def _frame(reader: StreamReader) -> tuple[bytes, bytes]:
    head, body = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    return await reader.readexactly(head), await reader.readexactly(body)


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")


def _raw(text: str) -> bytes:
    return text.encode("latin-1")
