"""Answers for everybody: what a view calls `Cache-Control: public, max-age=N` is made once and given to all who ask for
those N seconds, as any cache on the way may do (RFC 9111). Who shows a cookie or a token gets an answer of their own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from storeline.web import metrics

_MOST = 2_000
_LONGEST = 2**18
_OWN = frozenset({b"cookie", b"authorization", b"range"})
_VARIES = (b"host", b"accept", b"accept-encoding", b"accept-language")
_AGE = re.compile(rb"\bpublic\b.*\bmax-age=(\d{1,6})\b")
_NOT_KEPT = frozenset({b"x-request-id"})
Key = tuple[bytes | str | None, ...]


class Answer(NamedTuple):
    """A whole answer; names of headers in lower case."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Shared:
    """The answers that this process gives again. All of it runs in the server's one event loop."""

    def __init__(self) -> None:
        self.kept: dict[Key, tuple[float, Answer]] = {}
        self.coming: dict[Key, asyncio.Future[Answer | None]] = {}

    async def answer(self, scope: Mapping[str, Any], make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The kept answer to a request, else what `make` gives; those who ask meanwhile wait for it and get the same."""
        headers = dict(scope["headers"])
        if scope["method"] != "GET" or not _OWN.isdisjoint(headers):
            return await make()
        key: Key = (scope["path"], scope["query_string"], *(headers.get(name) for name in _VARIES))
        clock = asyncio.get_running_loop().time
        until, found = self.kept.get(key, (0.0, None))
        if found is None or until < clock():
            if coming := self.coming.get(key):
                found = await asyncio.shield(coming) or await make()
            else:
                found = await self._make(key, make, clock)
        else:
            metrics.SHARED.inc()
        return _unchanged(found, headers.get(b"if-none-match"))

    async def _make(self, key: Key, make: Callable[[], Awaitable[Answer]], clock: Callable[[], float]) -> Answer:
        known = key in self.kept  # only what is known to be for everybody may be waited for
        if known:
            self.coming[key] = asyncio.get_running_loop().create_future()
        made = None
        try:
            made = await make()
        finally:
            if known:
                self.coming.pop(key).set_result(made)
        age = _age(made)
        if age and (known or len(self.kept) < _MOST or self._tidy(clock())):
            body = Answer(made.status, [one for one in made.headers if one[0] not in _NOT_KEPT], made.body)
            self.kept[key] = (clock() + age, body)
        else:
            self.kept.pop(key, None)
        return made

    def _tidy(self, now: float) -> bool:
        """Let go of what is too old; whether there is room."""
        self.kept = {key: one for key, one in self.kept.items() if one[0] > now}
        return len(self.kept) < _MOST


def _age(answer: Answer) -> int:
    """For how many seconds it may be given to others; 0 where it may not."""
    named = dict(answer.headers)
    found = _AGE.search(named.get(b"cache-control", b""))
    vary = {one.strip().lower() for one in named.get(b"vary", b"").split(b",")}
    if not vary <= {b"", b"cookie", *_VARIES}:
        return 0
    if found is None or answer.status != 200 or b"set-cookie" in named or len(answer.body) > _LONGEST:  # noqa: PLR2004
        return 0
    return int(found[1])


def _unchanged(answer: Answer, given: bytes | None) -> Answer:
    """304 where the caller has it."""
    tag = dict(answer.headers).get(b"etag")
    if given is None or tag is None or answer.status != 200 or tag not in given.split(b", "):  # noqa: PLR2004
        return answer
    return Answer(
        304,
        [one for one in answer.headers if one[0] not in {b"content-type", b"content-length", b"content-encoding"}],
        b"",
    )
