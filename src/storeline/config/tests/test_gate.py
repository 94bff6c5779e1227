"""One queue for all processes of a server. Here they are gates in one loop: a file lock knows no difference."""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.http import HttpResponse

from storeline.web.front import Arrived, Sets
from storeline.web.gate import Gate
from storeline.web.shared import Answer
from storeline.web.tests.loops import finished


def echo(arrived: Sequence[Arrived]) -> list[HttpResponse]:
    return [HttpResponse(one.body, status=201, headers={"X-Who": one.authorization}) for one in arrived]


def test_what_comes_to_several_processes_is_one_set(tmp_path: Path) -> None:
    sets: list[int] = []
    first_is_in, go_on = threading.Event(), threading.Event()

    def deed(arrived: Sequence[Arrived]) -> list[HttpResponse]:
        sets.append(len(arrived))
        first_is_in.set()
        assert go_on.wait(10)
        return echo(arrived)

    async def all_of_them() -> list[Answer]:
        gates = [Gate(Sets(deed, largest=64), tmp_path) for _ in range(3)]
        tasks = [asyncio.create_task(gates[0].answer(Arrived(b"0", "")))]
        await asyncio.to_thread(first_is_in.wait, 10)
        more = [Arrived(b"%d" % number, f"Bearer é{number}") for number in range(1, 10)]
        tasks += [asyncio.create_task(gates[number % 3].answer(one)) for number, one in enumerate(more)]
        await asyncio.sleep(0.2)
        go_on.set()
        answers = list(await asyncio.gather(*tasks))
        for gate in gates:
            gate.close()
        return answers

    answers = finished(all_of_them())
    assert sets == [1, 9]
    assert [(one.status, one.body) for one in answers] == [(201, b"%d" % number) for number in range(10)]
    assert dict(answers[5].headers)[b"content-type"] == b"text/html; charset=utf-8"
    assert "é5".encode() in dict(answers[5].headers)[b"x-who"] or b"=?utf-8?" in dict(answers[5].headers)[b"x-who"]


def test_of_two_queues_each_process_keeps_one(tmp_path: Path) -> None:
    async def both() -> None:
        gates = [Gate(Sets(echo, largest=64), tmp_path, 2) for _ in range(2)]
        for gate in gates:
            assert (await gate.answer(Arrived(b"x", ""))).body == b"x"
        for gate in gates:
            gate.close()

    finished(both())
    assert sorted(one.name for one in tmp_path.iterdir()) == ["0.lock", "0.socket", "1.lock", "1.socket"]


@pytest.mark.parametrize("answers", [0, 1])
def test_a_keeper_that_dies_with_requests_in_its_hands_is_followed_by_who_asked(tmp_path: Path, answers: int) -> None:
    done: list[bytes] = []

    def deed(arrived: Sequence[Arrived]) -> list[HttpResponse]:
        done.extend(one.body for one in arrived)
        return echo(arrived)

    async def asked() -> list[Answer]:
        lock = os.open(tmp_path / "0.lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_EX)
        heard = 0

        async def dies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal heard
            while True:
                await reader.readexactly(14 + 1)
                if heard < answers:
                    heard += 1
                    writer.write(b"\0\0\0\1\0\xc9\0\0\0\0\0\0\0\4said")
                    continue
                os.close(lock)
                server.close()
                writer.close()
                return

        server = await asyncio.start_unix_server(dies, str(tmp_path / "0.socket"))
        gate = Gate(Sets(deed, largest=64), tmp_path)
        said = list(await asyncio.gather(*(gate.answer(Arrived(body, "")) for body in (b"a", b"b"))))
        gate.close()
        return said

    said = finished(asked())
    assert [one.body for one in said] == [b"said", b"b"][:answers] + [b"a", b"b"][answers:]
    assert done == [b"a", b"b"][answers:]


def test_where_the_keeper_does_not_listen_yet_a_process_has_its_own_queue(tmp_path: Path) -> None:
    lock = os.open(tmp_path / "0.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        gate = Gate(Sets(echo, largest=64), tmp_path)
        assert finished(gate.answer(Arrived(b"x", ""))).status == 201
    finally:
        os.close(lock)
    assert not (tmp_path / "0.socket").exists()
