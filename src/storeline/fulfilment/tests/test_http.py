"""Picking and hand-over over HTTP, as a place's handhelds send them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.permissions import CANCEL, HAND_OVER, PICK, VIEW
from storeline.fulfilment.tests.factories import all_rows, balances, ready, state_of, to_pick
from storeline.kernel.api import GUEST, Actor, new_id
from storeline.orders.tests.factories import Shop, shop

pytestmark = pytest.mark.django_db(transaction=True)
As = Callable[[Actor], None]
FIND = "storeline.identity.access.find_actor"


@pytest.fixture
def here() -> Shop:
    return shop()


@pytest.fixture
def act(monkeypatch: pytest.MonkeyPatch) -> As:
    """Let requests come from this actor."""
    return lambda actor: monkeypatch.setattr(FIND, lambda _request: actor)


def clerk(place: UUID, *permissions: str) -> Actor:
    return Actor("user", new_id(), frozenset(permissions or (VIEW, PICK, HAND_OVER, CANCEL)), frozenset({place}))


def call(method: str, path: str, sent: Any = None, key: str | None = None) -> tuple[int, Any]:
    body = b"" if sent is None else orjson.dumps(sent)
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = Client().generic(
        method, f"/api/v1/fulfilment{path}", body, content_type="application/json", headers=headers
    )
    return answer.status_code, orjson.loads(answer.content)


def test_from_the_list_to_the_shopper(here, act):
    act(clerk(here.place))
    order_id = to_pick(here, [2, 1])
    status, listed = call("GET", "/tasks")
    assert (status, [task["order"] for task in listed["items"]], listed["next"]) == (200, [str(order_id)], None)
    assert listed["items"][0]["lines"][0] == {
        "line": 1,
        "product": str(here.products[0]),
        "ordered": "2",
        "picked": None,
        "moved": "0",
        "coming": False,
    }
    picks = {
        "picks": [
            {"order": str(order_id), "line": 1, "quantity": "1"},
            {"order": str(order_id), "line": 2, "quantity": "1"},
        ]
    }

    def states(state: str) -> tuple[int, Any]:
        return 200, {"orders": [{"order": str(order_id), "state": state}]}

    assert call("POST", "/picks", picks, "k1") == states("picking")
    assert call("POST", "/ready", {"orders": [str(order_id)]}, "k2") == states("ready")
    assert call("POST", "/ready", {"orders": [str(order_id)]}, "k2") == states("ready")
    hand_over = {"orders": [{"order": str(order_id), "code": fulfilment.codes([order_id])[order_id]}]}
    assert call("POST", "/hand-overs", hand_over, "k3") == states("handed_over")
    assert call("POST", "/hand-overs", hand_over, "k3") == states("handed_over")
    status, problem = call("POST", "/hand-overs", hand_over, "k4")
    assert (status, problem["code"]) == (409, "task_state")
    assert call("GET", f"/tasks/{order_id}")[1]["state"] == "handed_over"
    assert balances() == {"card_clearing": 270, "sales": -250, "tax_payable": -20}


def test_pages_of_the_list(here, act):
    act(clerk(here.place))
    ids = [str(to_pick(here, [1])) for _ in range(3)]
    first = call("GET", "/tasks?limit=2")[1]
    rest = call("GET", f"/tasks?limit=2&cursor={first['next']}")[1]
    assert [task["order"] for task in first["items"] + rest["items"]] == ids
    assert rest["next"] is None
    assert call("GET", "/tasks?cursor=x")[1]["field"] == "cursor"


def test_a_ready_order_is_cancelled(here, act):
    act(clerk(here.place))
    order_id, _ = ready(here)
    for _ in range(2):
        assert call("POST", f"/tasks/{order_id}/cancel", {}, "k") == (
            200,
            {"order": str(order_id), "state": "cancelled"},
        )
    assert (state_of(order_id), balances()) == (("cancelled", "cancelled"), {})


def deeds(order_id: UUID, code: str) -> list[tuple[str, str, Any]]:
    order = str(order_id)
    return [
        ("POST", "/picks", {"picks": [{"order": order, "line": 1, "quantity": "1"}]}),
        ("POST", "/ready", {"orders": [order]}),
        ("POST", "/hand-overs", {"orders": [{"order": order, "code": code}]}),
        ("POST", f"/tasks/{order}/cancel", {}),
    ]


def test_who_may_not(here, act):
    order_id, code = ready(here)
    before = all_rows()
    for actor, status in ((GUEST, 401), (clerk(here.place, "x.y"), 403), (clerk(new_id()), 403)):
        act(actor)
        assert [call(*deed, key="k")[0] for deed in deeds(order_id, code)] == [status] * 4
    assert call("GET", "/tasks")[1]["items"] == []
    assert call("GET", f"/tasks?place={here.place}")[0] == 403
    assert call("GET", f"/tasks/{order_id}")[0] == 404
    assert all_rows() == before


def test_without_a_key_nothing_is_done(here, act):
    act(clerk(here.place))
    order_id, code = ready(here)
    before = all_rows()
    assert [call(*deed)[1]["code"] for deed in deeds(order_id, code)] == ["idempotency_key_missing"] * 4
    assert all_rows() == before


def test_a_wrong_code_names_the_field_and_counts(here, act):
    act(clerk(here.place))
    order_id, code = ready(here)
    wrong = f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
    status, problem = call("POST", "/hand-overs", {"orders": [{"order": str(order_id), "code": wrong}]}, "k")
    assert (status, problem["code"], problem["field"], problem["attempts_left"]) == (
        422,
        "wrong_code",
        "orders[0].code",
        9,
    )
    assert state_of(order_id) == ("ready", "confirmed")
