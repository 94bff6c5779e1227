"""A set of requests before the lean front: each has its own answer, and the whole set a fixed number of waits."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from storeline.kernel.api import new_id, waits
from storeline.orders import api as orders
from storeline.orders.http.front import answer_set
from storeline.orders.tests.factories import shop
from storeline.orders.tests.test_http import body
from storeline.web.front import Arrived

pytestmark = pytest.mark.django_db(transaction=True)


def answers(*sent: Any, authorization: str = "") -> list[tuple[int, Any]]:
    arrived = [Arrived(one if isinstance(one, bytes) else orjson.dumps(one), authorization) for one in sent]
    return [(answer.status_code, orjson.loads(answer.content)) for answer in answer_set(arrived)]


def test_each_of_a_set_has_its_own_answer() -> None:
    here = shop()
    good, twin = body(here), body(here)
    said = answers(
        good,
        b"{",
        body(here, units=99, expected_total="133.65"),
        twin,
        twin,
        body(here, lines=[{"product": "x"}]),
        body(here, currency="XXX"),
    )
    assert [status for status, _ in said] == [201, 400, 409, 201, 200, 422, 422]
    assert [problem.get("field") for _, problem in said] == [
        *(None, None, "lines[0].quantity", None, None, "lines[0].product", "currency")
    ]
    assert said[3][1] == said[4][1]
    assert here.level() == (10_000, 4_000)


def test_an_unknown_token_is_refused_and_nothing_is_placed() -> None:
    here = shop()
    (status, problem), (other, _) = answers(body(here), b"{", authorization="Bearer nobody's")
    assert (status, other, problem["code"]) == (401, 401, "invalid_token")
    assert answers(body(here), authorization="Basic eDp5")[0][0] == 401
    assert here.level() == (10_000, 0)


def test_a_set_that_breaks_is_done_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    here, bad, whole = shop(), new_id(), orders.checkout_many

    def broken(wishes: Any) -> Any:
        if any(draft.id == bad for draft, _ in wishes):
            raise RuntimeError
        return whole(wishes)

    monkeypatch.setattr(orders, "checkout_many", broken)
    said = answers(body(here), body(here, id=str(bad)), body(here))
    assert [status for status, _ in said] == [201, 500, 201]
    assert here.level() == (10_000, 4_000)


def test_a_set_waits_for_the_server_as_often_as_one_order() -> None:
    here = shop()
    counted = []
    for size in (1, 1, 4):
        sent = [orjson.dumps(body(here, units=1, expected_total="1.35")) for _ in range(size)]
        with waits() as count:
            assert {answer.status_code for answer in answer_set([Arrived(one, "") for one in sent])} == {201}
        counted.append(count.waits)
    assert counted[1:] == [7, 7]
