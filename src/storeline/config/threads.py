"""The threads in which an application answers that knows nothing of the event loop."""

from __future__ import annotations

import asyncio
import gc
import io
import sys
from collections.abc import Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any, Final

from storeline.web.shared import Answer

Scope = MutableMapping[str, Any]
_TOGETHER_S: Final = 30
_TIDY_S: Final = 1.0
_TIDY_AFTER: Final = 10


class Threads:
    """A WSGI application in so many threads of its own. Requests and answers are whole: nothing long streams from here."""

    def __init__(self, application: Callable[..., Iterable[bytes]], threads: int) -> None:
        self.application = application
        self.count = threads
        self.threads = ThreadPoolExecutor(threads, "request")

    async def each(self, deed: Callable[[], None]) -> None:
        """Have every thread do it, and wait until all have."""
        gate, loop = Barrier(self.count), asyncio.get_running_loop()

        def together() -> None:
            with suppress(BrokenBarrierError):
                gate.wait(_TOGETHER_S)  # none does it twice
            deed()

        await asyncio.gather(*(loop.run_in_executor(self.threads, together) for _ in range(self.count)))

    async def answer(self, scope: Scope, body: bytes) -> Answer:
        """The answer to one request."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, self._answer, scope, body)

    def _answer(self, scope: Scope, body: bytes) -> Answer:
        status = 500
        headers: list[tuple[bytes, bytes]] = []

        def start(line: str, given: list[tuple[str, str]], _error: object = None) -> None:
            nonlocal status, headers
            status = int(line[:3])
            headers = [(name.lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in given]

        parts = self.application(environ_of(scope, body), start)
        try:
            content = b"".join(parts)
        finally:
            if close := getattr(parts, "close", None):
                close()
        return Answer(status, headers, content)


async def tidy(is_idle: Callable[[], bool], every: float = _TIDY_S) -> None:
    """Look for cycles among the objects that lived on, for ever, in moments when nobody waits for an answer."""
    while True:
        await asyncio.sleep(every)
        _, middle, old = gc.get_count()
        if middle >= _TIDY_AFTER and is_idle():
            gc.collect(2 if old >= _TIDY_AFTER else 1)


def environ_of(scope: Scope, body: bytes) -> dict[str, Any]:
    """The request as WSGI says it (PEP 3333). Names of headers with an underscore, which could pass for others, are dropped."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" not in name:
            key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
            text = value.decode("latin-1")
            between = "; " if key == "HTTP_COOKIE" else ","
            environ[key] = f"{environ[key]}{between}{text}" if key in environ else text
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ
