"""Processes of one server: who answers, and what happens when one is gone. Two of them in one loop stand for two processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from storeline.config.siblings import Siblings
from storeline.config.threads import Scope
from storeline.web.shared import Answer
from storeline.web.tests.loops import finished


class Process:
    """Answers with its name and what it was asked, once it may."""

    def __init__(self, name: str, folder: Path | None, count: int = 2) -> None:
        self.name = name
        self.may = asyncio.Event()
        self.asked: list[tuple[str, bytes]] = []
        self.siblings = Siblings(self._answer, folder, count)

    async def _answer(self, scope: Scope, body: bytes) -> Answer:
        self.asked.append((scope["path"], scope["query_string"]))
        await self.may.wait()
        return Answer(200, [(b"x-name", "é".encode("latin-1"))], f"{self.name} {scope['headers']!r}".encode() + body)

    def get(self, path: str = "/", method: str = "GET", body: bytes = b"") -> asyncio.Task[Answer]:
        return asyncio.create_task(self.siblings.answer(asked(path, method), body))


def asked(path: str, method: str) -> dict[str, Any]:
    scope = {"method": method, "path": path, "query_string": b"q=\xe9", "http_version": "1.1", "scheme": "http"}
    return scope | {"server": ("shop.example", 80), "client": ("192.0.2.1", 5), "headers": [(b"cookie", b"a=\xff")]}


@asynccontextmanager
async def started(*names: str) -> AsyncIterator[list[Process]]:
    with TemporaryDirectory(prefix="storeline-") as where:
        processes = [Process(name, Path(where), len(names)) for name in names]
        for process in processes:
            await process.siblings.start()
        yield processes
        for process in processes:
            process.siblings.close()
        await settled()


async def settled() -> None:
    await asyncio.sleep(0.05)


def test_what_only_reads_goes_to_the_one_that_is_less_busy() -> None:
    async def run() -> None:
        async with started("one", "two") as (one, two):
            answers = []
            for _ in range(4):  # all four came to the first
                answers.append(one.get("/é"))
                await settled()
            assert (len(one.asked), len(two.asked)) == (2, 2)
            assert two.asked[0] == ("/é", b"q=\xe9")
            one.may.set()
            two.may.set()
            said = [await answer for answer in answers]
            assert sorted(answer.body[:3] for answer in said) == [b"one", b"one", b"two", b"two"]
            assert {answer.body[4:] for answer in said} == {b"[(b'cookie', b'a=\\xff')]"}
            assert said[1] == Answer(200, [(b"x-name", b"\xe9")], said[3].body)
            assert (list(one.siblings.busy), one.siblings.sent) == ([0, 0], [0, 0])

    finished(run())


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/basket"), ("GET", "/static/web/app.css"), ("GET", "/api/v1/products")]
)
def test_what_writes_and_what_is_short_stay(method: str, path: str) -> None:
    async def run() -> None:
        async with started("one", "two") as (one, two):
            answers = [one.get(path, method, b"!") for _ in range(3)]
            await settled()
            assert (len(one.asked), two.asked) == (3, [])
            one.may.set()
            assert [(await answer).body[-1:] for answer in answers] == [b"!"] * 3

    finished(run())


def test_what_a_process_that_ended_had_in_hand_is_answered_here() -> None:
    async def run() -> None:
        async with started("one", "two") as (one, two):
            answers = [one.get("/first")]
            await settled()
            answers.append(one.get("/second"))
            await settled()
            assert two.asked == [("/second", b"q=\xe9")]
            two.siblings.close()  # as the system closes what a killed process had open
            await settled()
            answers.append(one.get("/third"))  # and whose socket nobody answers
            one.may.set()
            assert [(await answer).body[:3] for answer in answers] == [b"one"] * 3
            assert sorted(path for path, _ in one.asked) == ["/first", "/second", "/third"]

    finished(run())


def test_a_new_process_takes_the_place_of_one_that_ended() -> None:
    async def run() -> None:
        async with started("one", "two") as (one, two):
            two.get()
            await settled()
            where = one.siblings.folder
            third, fourth = Process("third", where), Process("fourth", where)
            await third.siblings.start()
            assert third.siblings.count == 1  # no place is free: it answers alone
            two.siblings.close()
            await fourth.siblings.start()
            assert (fourth.siblings.place, list(one.siblings.busy)) == (1, [0, 0])
            answers = [one.get(), one.get()]
            await settled()
            assert len(fourth.asked) == 1
            one.may.set()
            fourth.may.set()
            assert [(await answer).body[:3] for answer in answers] == [b"one", b"fou"]
            fourth.siblings.close()

    finished(run())


def test_one_process_is_alone() -> None:
    async def run() -> None:
        one = Process("one", Path("nowhere"), 1)
        await one.siblings.start()
        one.may.set()
        assert (await one.get()).body.startswith(b"one")

    finished(run())
