"""What is for everybody is made once; what is somebody's own never leaves its request."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from storeline.web.shared import Answer, Shared
from storeline.web.tests.loops import finished

PUBLIC = [(b"cache-control", b"public, max-age=60"), (b"etag", b'"1"'), (b"x-request-id", b"a")]


class Maker:
    """Counts how often an answer was made; each is another."""

    def __init__(self, *headers: tuple[bytes, bytes], status: int = 200, wait: float = 0) -> None:
        self.headers, self.status, self.wait, self.made = list(headers or PUBLIC), status, wait, 0

    async def __call__(self) -> Answer:
        self.made += 1
        number = self.made
        await asyncio.sleep(self.wait)
        return Answer(self.status, self.headers, b"%d" % number)


def ask(*headers: tuple[bytes, bytes], method: str = "GET", path: str = "/x") -> dict[str, Any]:
    return {"method": method, "path": path, "query_string": b"", "headers": list(headers)}


def answers(make: Maker, *asked: dict[str, Any]) -> list[bytes]:
    async def run() -> list[bytes]:
        shared = Shared()
        return [(await shared.answer(one, make)).body for one in asked]

    return finished(run())


def test_it_is_made_once_and_without_what_was_the_first_ones() -> None:
    async def run() -> list[Answer]:
        shared, make = Shared(), Maker()
        return [await shared.answer(ask(), make), await shared.answer(ask(), make)]

    first, second = finished(run())
    assert (first.body, second.body) == (b"1", b"1")
    assert b"x-request-id" in dict(first.headers)
    assert b"x-request-id" not in dict(second.headers)


@pytest.mark.parametrize("header", [(b"cookie", b"a=b"), (b"authorization", b"Bearer x"), (b"range", b"bytes=0-1")])
def test_who_shows_who_they_are_gets_an_answer_of_their_own(header: tuple[bytes, bytes]) -> None:
    assert answers(Maker(), ask(header), ask(), ask(header), ask()) == [b"1", b"2", b"3", b"2"]


def test_another_language_host_or_method_is_another_answer() -> None:
    asked = [ask(), ask((b"accept-language", b"fr")), ask((b"host", b"b")), ask(method="HEAD"), ask(path="/y"), ask()]
    assert answers(Maker(), *asked) == [b"1", b"2", b"3", b"4", b"5", b"1"]


@pytest.mark.parametrize(
    "headers",
    [
        [(b"cache-control", b"private, no-cache")],
        [(b"cache-control", b"public, max-age=0")],
        [*PUBLIC, (b"set-cookie", b"a=b")],
        [*PUBLIC, (b"vary", b"HX-Request")],
    ],
)
def test_what_is_not_for_everybody_is_not_kept(headers: list[tuple[bytes, bytes]]) -> None:
    assert answers(Maker(*headers), ask(), ask()) == [b"1", b"2"]


def test_an_error_is_not_kept() -> None:
    assert answers(Maker(status=503), ask(), ask()) == [b"1", b"2"]


def test_who_has_it_is_told_so() -> None:
    async def run() -> list[Answer]:
        shared, make = Shared(), Maker()
        return [await shared.answer(ask(), make), await shared.answer(ask((b"if-none-match", b'"0", "1"')), make)]

    assert [(one.status, one.body) for one in finished(run())] == [(200, b"1"), (304, b"")]


def test_those_who_ask_meanwhile_wait_for_the_same() -> None:
    async def run() -> tuple[list[bytes], int]:
        shared, make = Shared(), Maker((b"cache-control", b"public, max-age=1"), wait=0.02)
        await shared.answer(ask(), make)
        shared.kept = {key: (0.0, one[1]) for key, one in shared.kept.items()}  # too old by now
        found = await asyncio.gather(*(shared.answer(ask(), make) for _ in range(20)))
        return [one.body for one in found], make.made

    assert finished(run()) == ([b"2"] * 20, 2)
