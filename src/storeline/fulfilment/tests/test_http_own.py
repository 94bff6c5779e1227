"""What a shopper sees of their order on its way, and what they may still do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from storeline.customers.api import NewCustomer, register
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.commands.renew import CODES_A_DAY
from storeline.fulfilment.domain.picking import COLLECT_WITHIN
from storeline.fulfilment.permissions import FOLLOW, HAND_OVER, PICK, VIEW
from storeline.fulfilment.tests.factories import all_rows, balances, differences, picks, read_events, ready, to_pick
from storeline.identity.api import create_user, grant_role
from storeline.identity.tests.factories import browser_of
from storeline.kernel.api import SYSTEM, Actor, clock_at, new_id, run
from storeline.messages.api import NoCode, WrongCode
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, shop

pytestmark = pytest.mark.django_db(transaction=True)
Answer = tuple[int, Any]
ACT = "storeline.identity.access.find_actor"


@pytest.fixture
def here() -> Shop:
    return shop()


def call(
    method: str, path: str, headers: dict[str, str] | None = None, *, sent: Any = None, browser: Client | None = None
) -> Answer:
    body = b"" if sent is None else orjson.dumps(sent)
    answer = (browser or Client()).generic(
        method, f"/api/v1/orders/{path}", body, content_type="application/json", headers=headers
    )
    return answer.status_code, orjson.loads(answer.content) if answer.content else None


def held(order_id: UUID) -> dict[str, str]:
    """The header of whoever has the order's token."""
    return {"Order-Token": orders.token_of(order_id)}


def state(order_id: UUID) -> tuple[str, str | None]:
    """What a guest with the token is told, and the code that they are shown."""
    status, told = call("GET", f"{order_id}/fulfilment", held(order_id))
    assert status == 200
    return told["state"], told["code"]


def test_from_the_order_to_the_counter(here):
    draft = here.draft([2, 1])
    orders.checkout([draft], actor=SYSTEM)
    assert state(draft.id) == ("confirmed", None)
    read_events("fulfilment.tasks")
    assert state(draft.id) == ("to_pick", None)
    fulfilment.pick(picks(draft.id, 2000), actor=SYSTEM)
    assert state(draft.id) == ("picking", None)
    fulfilment.pick_all([draft.id], actor=SYSTEM)
    fulfilment.ready([draft.id], actor=SYSTEM)
    _, code = state(draft.id)
    assert code == fulfilment.codes([draft.id])[draft.id]
    view = fulfilment.get_task(draft.id)
    assert view.ready_at is not None
    _, told = call("GET", f"{draft.id}/fulfilment", held(draft.id))
    assert (told["order"], told["place"], told["method"]) == (str(draft.id), str(here.place), "collect")
    assert told["collect_by"] == (view.ready_at + COLLECT_WITHIN).isoformat().replace("+00:00", "Z")
    fulfilment.hand_over([(draft.id, code)], actor=SYSTEM)
    assert state(draft.id) == ("handed_over", None)


def test_the_code_is_shown_to_whose_the_order_is_alone(here, monkeypatch):
    user = create_user(username="kim", actor=SYSTEM)
    grant_role(user, "shopper", actor=SYSTEM)
    jo = create_user(username="jo", actor=SYSTEM)
    grant_role(jo, "shopper", actor=SYSTEM)
    mine = register(NewCustomer(new_id(), user_id=user), actor=SYSTEM)
    order_id, code = ready(here, customer_id=mine)
    path = f"{order_id}/fulfilment"
    before = all_rows()
    assert call("GET", path, browser=browser_of(user))[1]["code"] == code
    assert call("GET", path, held(order_id))[1]["code"] == code
    assert call("GET", path)[0] == 401
    assert call("GET", path, browser=browser_of(jo))[0] == 404
    assert call("GET", path, held(new_id()))[0] == 404
    for path_of_one, method in ((path, "GET"), (f"{path}/code", "POST")):
        for places in (frozenset({here.place}), frozenset({new_id()}), None):
            staff = Actor("user", new_id(), frozenset({FOLLOW, VIEW, PICK, HAND_OVER}), places)
            monkeypatch.setattr(ACT, lambda _request, staff=staff: staff)
            assert call(method, path_of_one, {"Idempotency-Key": "k"})[0] == 404
    assert all_rows() == before


def cancel(order_id: UUID) -> Answer:
    return call("POST", f"{order_id}/cancel", held(order_id), sent={})


def test_an_order_is_called_off_until_somebody_picks_it(here):
    order_id = to_pick(here, [2])
    for _ in range(2):
        assert cancel(order_id) == (200, {"id": str(order_id), "state": "cancelled"})
    read_events()
    assert state(order_id) == ("cancelled", None)
    assert (here.level(), balances(), differences()) == ((10_000, 0), {}, [])


def begin(order_id: UUID) -> None:
    fulfilment.pick(picks(order_id, 0), actor=SYSTEM)


def make_ready(order_id: UUID) -> None:
    fulfilment.pick_all([order_id], actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)


def collect(order_id: UUID) -> None:
    make_ready(order_id)
    fulfilment.hand_over([(order_id, fulfilment.codes([order_id])[order_id])], actor=SYSTEM)


@pytest.mark.parametrize(
    ("deed", "code"), [(begin, "picking_begun"), (make_ready, "picking_begun"), (collect, "wrong_state")]
)
def test_what_is_being_picked_is_not_called_off(here: Shop, deed: Callable[[UUID], None], code: str) -> None:
    order_id = to_pick(here, [2])
    deed(order_id)
    before = all_rows()
    status, problem = cancel(order_id)
    assert (status, problem["code"], problem["field"]) == (409, code, "id")
    assert all_rows() == before


def renew(order_id: UUID, key: str) -> Answer:
    return call("POST", f"{order_id}/fulfilment/code", held(order_id) | {"Idempotency-Key": key})


def codes_kept() -> list[tuple[Any, ...]]:
    return run("SELECT id, subject_id, replaced_at, used_at, attempts FROM messages_code ORDER BY id").fetchall()


def test_another_code_lets_in_whose_first_was_tried_too_often(here):
    order_id, first = ready(here)
    wrong = f"{(int(first) + 1) % 10 ** len(first):0{len(first)}}"
    for _ in range(10):
        with pytest.raises(WrongCode):
            fulfilment.hand_over([(order_id, wrong)], actor=SYSTEM)
    with pytest.raises(NoCode):
        fulfilment.hand_over([(order_id, first)], actor=SYSTEM)
    status, told = renew(order_id, "k1")
    assert status == 200
    assert renew(order_id, "k1") == (200, told)
    fulfilment.hand_over([(order_id, told["code"])], actor=SYSTEM)
    assert state(order_id) == ("handed_over", None)


def test_codes_a_day_are_counted(here):
    order_id, _ = ready(here)
    assert [renew(order_id, f"k{number}")[0] for number in range(CODES_A_DAY - 1)] == [200] * (CODES_A_DAY - 1)
    before = codes_kept()
    status, problem = renew(order_id, "one more")
    assert (status, problem["code"]) == (429, "too_many_codes")
    assert 86_000 < problem["retry_after"] <= 86_400
    assert codes_kept() == before


def test_what_does_not_wait_has_no_new_code(here):
    order_id = to_pick(here, [1])
    before = codes_kept(), all_rows()
    assert renew(order_id, "k")[1]["code"] == "task_state"
    assert call("POST", f"{order_id}/fulfilment/code", held(order_id))[1]["code"] == "idempotency_key_missing"
    assert call("POST", f"{order_id}/fulfilment/code", {"Idempotency-Key": "k"})[0] == 401
    assert (codes_kept(), all_rows()) == before


def test_after_its_time_an_order_has_no_new_code(here):
    order_id, _ = ready(here)
    ready_at = fulfilment.get_task(order_id).ready_at
    assert ready_at is not None
    before = codes_kept()
    with clock_at(ready_at + COLLECT_WITHIN):
        assert renew(order_id, "k")[1]["code"] == "task_state"
        assert state(order_id) == ("ready", None)
    assert codes_kept() == before
