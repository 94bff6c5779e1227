"""The lean front before the order API: sets of what waits, and every answer as the framework's own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence

import orjson
import pytest
from django.http import HttpResponse

from storeline.web.codec import NOT_JSON
from storeline.web.front import BREATH, MOST_WAITING, Arrived, Front, Sets
from storeline.web.shared import Answer
from storeline.web.tests.loops import finished

ADDRESS = "/api/v1/orders"


def echo(arrived: Sequence[Arrived]) -> list[HttpResponse]:
    return [HttpResponse(one.body, status=201) for one in arrived]


def scope(
    *headers: tuple[bytes, bytes], path: str = ADDRESS, method: str = "POST", query: bytes = b""
) -> dict[str, object]:
    asked: dict[str, object] = {"path": path, "query_string": query, "method": method, "scheme": "http"}
    return asked | {"headers": [(b"host", b"localhost"), *headers]}


def test_what_arrives_while_a_set_is_written_is_the_next_set() -> None:
    sets: list[int] = []
    first_is_in, go_on = threading.Event(), threading.Event()

    def deed(arrived: Sequence[Arrived]) -> list[HttpResponse]:
        sets.append(len(arrived))
        first_is_in.set()
        assert go_on.wait(10)
        return echo(arrived)

    async def all_of_them() -> list[bytes]:
        queue = Sets(deed, largest=4, writers=1)
        tasks = [asyncio.create_task(queue.answer(Arrived(b"0", "")))]
        await asyncio.to_thread(first_is_in.wait, 10)
        tasks += [asyncio.create_task(queue.answer(Arrived(b"%d" % number, ""))) for number in range(1, 7)]
        await asyncio.sleep(0)
        go_on.set()
        return [answer.content for answer in await asyncio.gather(*tasks)]

    assert finished(all_of_them()) == [b"%d" % number for number in range(7)]
    assert sets == [1, 4, 2]


def test_who_comes_back_at_once_goes_along_with_those_who_waited() -> None:
    sets: list[int] = []

    def deed(arrived: Sequence[Arrived]) -> list[HttpResponse]:
        sets.append(len(arrived))
        time.sleep(0.2)
        return echo(arrived)

    async def one(queue: Sets, after: float) -> None:
        await asyncio.sleep(after)
        for _ in range(3):
            await queue.answer(Arrived(b"0", ""))

    async def all_of_them() -> None:
        queue = Sets(deed, largest=64, writers=1)
        await asyncio.gather(one(queue, 0), *[one(queue, 0.05) for _ in range(3)])

    finished(all_of_them())
    assert sets == [1, 4, 4, 3]


def test_nobody_waits_longer_for_others_than_a_part_of_the_last_set() -> None:
    sets: list[list[bytes]] = []

    def deed(arrived: Sequence[Arrived]) -> list[HttpResponse]:
        sets.append([one.body for one in arrived])
        time.sleep(0.2)
        return echo(arrived)

    async def all_of_them() -> float:
        queue = Sets(deed, largest=64, writers=1)
        together = [asyncio.create_task(queue.answer(Arrived(b"a", ""))) for _ in range(3)]
        await asyncio.sleep(0.1)
        kept = asyncio.create_task(queue.answer(Arrived(b"b", "")))
        await asyncio.gather(*together)
        ended = time.perf_counter()
        await kept
        return time.perf_counter() - ended

    waited = finished(all_of_them())
    assert sets == [[b"a"] * 3, [b"b"]]
    assert waited >= 0.2 * (1 + BREATH) - 0.02


def test_who_comes_just_after_a_breath_is_answered_however_early_its_timer_ran() -> None:
    """Timers are whole milliseconds to some event loops: they may run a little before their time."""

    async def after_it() -> int:
        loop, queue = asyncio.get_running_loop(), Sets(echo, largest=64, writers=1)
        early = asyncio.Event()

        def at_once(_delay: float, done: Callable[[], None]) -> None:
            loop.call_soon(done)
            loop.call_soon(early.set)

        setattr(loop, "call_later", at_once)  # noqa: B010  # in this one alone
        await asyncio.gather(*[queue.answer(Arrived(b"a", "")) for _ in range(3)])
        await early.wait()
        alone = asyncio.create_task(queue.answer(Arrived(b"b", "")))
        del loop.call_later
        return (await asyncio.wait_for(alone, 5)).status_code

    assert finished(after_it()) == 201


def test_a_set_that_breaks_is_answered_and_the_next_one_done() -> None:
    def deed(arrived: Sequence[Arrived]) -> list[HttpResponse]:
        if arrived[0].body == b"bad":
            raise RuntimeError
        return echo(arrived)

    async def both() -> list[int]:
        queue = Sets(deed, largest=1, writers=1)
        return [(await queue.answer(Arrived(body, ""))).status_code for body in (b"bad", b"good")]

    assert finished(both()) == [500, 201]


def test_a_queue_that_is_too_long_is_refused_with_when_to_come_again() -> None:
    async def ask() -> HttpResponse:
        queue = Sets(echo, largest=0)
        waiting = [asyncio.create_task(queue.answer(Arrived(b"", ""))) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        answer = await queue.answer(Arrived(b"", ""))
        for task in waiting:
            task.cancel()
        return answer

    answer = finished(ask())
    assert (answer.status_code, answer["Retry-After"], orjson.loads(answer.content)["code"]) == (
        503,
        "2",
        "unavailable",
    )


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        (scope(), True),
        (scope((b"authorization", b"Bearer x")), True),
        (scope((b"cookie", b"sessionid=x")), False),
        (scope((b"content-encoding", b"gzip")), False),
        (scope(method="GET"), False),
        (scope(path="/api/v1/orders/"), False),
        (scope(query=b"place=x"), False),  # the framework knows what a route takes
    ],
)
def test_it_takes_what_needs_no_session(asked: dict[str, object], *, taken: bool) -> None:
    assert Front(ADDRESS, Sets(echo, largest=4)).takes(asked) is taken


def test_the_framework_says_who_is_let_in_and_which_headers_go_along() -> None:
    asked: list[bytes] = []

    async def refuse(body: bytes) -> Answer:
        asked.append(body)
        return Answer(400, [(b"content-type", b"x")], NOT_JSON.encode() if body == b"{" else b"")

    async def elsewhere(body: bytes) -> Answer:
        return Answer(301, [(b"location", b"https://localhost")], body)

    async def answers() -> tuple[Answer, Answer, Answer]:
        front = Front(ADDRESS, Sets(echo, largest=4))
        one = await front.answer(scope(), b"1", refuse)
        two = await front.answer(scope(), b"2", refuse)
        return one, two, await Front(ADDRESS, Sets(echo, largest=4)).answer(scope(), b"3", elsewhere)

    one, two, three = finished(answers())
    assert [(one.status, one.body), (two.status, two.body), (three.status, three.body)] == [
        (201, b"1"),
        (201, b"2"),
        (301, b"3"),
    ]
    assert asked == [b"{"]


def test_whom_the_framework_refuses_for_another_reason_is_refused() -> None:
    async def wrong_host(body: bytes) -> Answer:
        return Answer(400, [], b'{"code":"bad_request","status":400}')

    answer = finished(Front(ADDRESS, Sets(echo, largest=4)).answer(scope(), b"1", wrong_host))
    assert (answer.status, answer.body) == (400, b'{"code":"bad_request","status":400}')
