"""Rejections and supplies over HTTP: by staff of both places, and what a shopper is told of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.permissions import PICK, VIEW
from storeline.fulfilment.tests.factories import all_rows, supplying, to_pick
from storeline.kernel.api import GUEST, Actor, new_id
from storeline.orders import api as orders
from storeline.orders.tests.factories import shop
from storeline.stock.api import TRANSFER

pytestmark = pytest.mark.django_db(transaction=True)


def clerk(place: UUID) -> Actor:
    return Actor("user", new_id(), frozenset({VIEW, PICK, TRANSFER}), frozenset({place}))


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Any:
    def call(actor: Actor, method: str, path: str, sent: Any = None, **headers: str) -> tuple[int, Any]:
        monkeypatch.setattr("storeline.identity.access.find_actor", lambda _request: actor)
        body = b"" if sent is None else orjson.dumps(sent)
        answer = Client().generic(method, f"/api/v1{path}", body, content_type="application/json", headers=headers)
        return answer.status_code, orjson.loads(answer.content)

    return call


def test_from_a_rejection_to_what_the_shopper_reads(call: Any) -> None:
    here = shop()
    other = supplying(here, 5)
    picker, sender = clerk(here.place), clerk(other)
    order_id = to_pick(here, [2])
    asked = {"id": str(new_id()), "reason": "not_found", "quantity": "2"}
    address = f"/fulfilment/tasks/{order_id}/lines/1/reject"
    first = call(picker, "POST", address, asked)
    status, told = call(picker, "POST", address, asked)
    assert first == (status, told)
    assert (status, told["moved"], told["corrected"], told["place"]) == (200, "2", "2", str(here.place))
    status, listed = call(sender, "GET", f"/fulfilment/supplies?place={other}")
    (supply,) = listed["items"]
    assert (supply["state"], supply["to_place"], supply["due_at"]) == ("to_pick", str(here.place), told["due_at"])
    path = f"/fulfilment/supplies/{supply['id']}"
    assert call(sender, "PUT", f"{path}/lines/2", {"picked": "2"})[0] == 200
    assert call(sender, "POST", f"{path}/send")[1]["state"] == "sent"
    assert call(picker, "GET", path)[1]["state"] == "sent"
    assert call(picker, "GET", f"/fulfilment/tasks/{order_id}/supplies")[1]["items"][0]["id"] == supply["id"]
    own = {"Order-Token": orders.token_of(order_id)}
    status, missing = call(GUEST, "GET", f"/orders/{order_id}/missing", **own)
    assert (status, missing["items"][0]["moved"], missing["due_at"]) == (200, "2", told["due_at"])
    status, view = call(GUEST, "GET", f"/orders/{order_id}", **own)
    assert [(line["line"], line["moved"], line["not_found"], line["continues"]) for line in view["lines"]] == [
        (1, "2", "0", None),
        (2, "0", "0", 1),
    ]


def test_who_may_not_and_what_makes_no_sense_changes_nothing(call: Any) -> None:
    here = shop()
    other = supplying(here, 5)
    picker, stranger = clerk(here.place), clerk(new_id())
    order_id = to_pick(here, [2])
    fulfilment.reject(
        fulfilment.Rejected(new_id(), order_id, 1, 1000, fulfilment.Why.NOT_FOUND), actor=clerk(here.place)
    )
    (supply,) = fulfilment.supplies_at(other)
    before = all_rows()
    fine = {"id": str(new_id()), "reason": "damaged", "quantity": "1"}
    line = f"/fulfilment/tasks/{order_id}/lines"
    for actor, method, path, sent, status, field in (
        (stranger, "POST", f"{line}/1/reject", fine, 403, None),
        (picker, "POST", f"{line}/2/reject", fine, 403, None),
        (picker, "POST", f"{line}/1/reject", fine | {"quantity": "9"}, 422, "quantity"),
        (picker, "POST", f"{line}/7/reject", fine, 409, "line"),
        (picker, "POST", f"{line}/1/reject", fine | {"reason": "lost"}, 422, "reason"),
        (picker, "POST", f"/fulfilment/supplies/{supply.id}/send", None, 403, None),
        (stranger, "GET", f"/fulfilment/supplies/{supply.id}", None, 404, None),
        (stranger, "GET", f"{line.removesuffix('/lines')}/supplies", None, 404, None),
        (picker, "GET", f"/fulfilment/supplies?place={other}", None, 403, None),
        (GUEST, "GET", f"/orders/{order_id}/missing", None, 401, None),
    ):
        answered, problem = call(actor, method, path, sent)
        assert (answered, problem.get("field")) == (status, field), (path, problem)
    assert all_rows() == before
