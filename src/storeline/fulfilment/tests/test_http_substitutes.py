"""Substitutes over HTTP: as the picker, as the shopper, and as everybody else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import all_rows, differences, picks, read_events, to_pick
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import SYSTEM, new_id, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make, shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    made = shop()
    category = make("catalog.Category", ref="c", name="Fruit", path="c")
    run("UPDATE catalog_product SET category_id = %s", [category])
    return made


def call(
    method: str, path: str, sent: Any = None, *, browser: Client | None = None, token: str = ""
) -> tuple[int, Any]:
    body = b"" if sent is None else orjson.dumps(sent)
    headers = {"Order-Token": token} if token else {}
    answer = (browser or Client()).generic(
        method, f"/api/v1{path}", body, content_type="application/json", headers=headers
    )
    return answer.status_code, orjson.loads(answer.content) if answer.content else None


def short(here: Shop, **changes: Any) -> UUID:
    """Of two units one was found."""
    order_id = to_pick(here, [2], **changes)
    fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
    return order_id


def body(here: Shop, **changes: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "replaces": 1, "product": str(here.products[2]), "missing": "1"} | changes


def test_from_missing_to_agreed(here: Shop) -> None:
    associate = browser_of(make_user("picker", "associate", place_id=here.place))
    order_id = short(here)
    status, found = call("GET", f"/fulfilment/tasks/{order_id}/lines/1/substitutes", browser=associate)
    assert status == 200
    assert (found["missing"], found["wish"]) == ("1", "offer")
    assert {one["product"] for one in found["items"]} == {str(one) for one in here.products[1:]}
    assert found["items"][0]["reasons"] == ["same_price"]
    sent = body(here)
    status, offer = call("POST", f"/fulfilment/tasks/{order_id}/offers", sent, browser=associate)
    assert (status, offer["state"], offer["price"], offer["payable"]) == (200, "offered", "1.25", "1.35")
    assert (offer["name"], offer["instead_of"], offer["added_allergens"]) == ("Product 2", "Product 0", [])
    assert call("POST", f"/fulfilment/tasks/{order_id}/offers", sent, browser=associate) == (200, offer)
    token = orders.token_of(order_id)
    assert call("GET", f"/orders/{order_id}/substitutes", token=token) == (200, {"items": [offer]})
    path = f"/orders/{order_id}/substitutes/{offer['id']}"
    assert call("POST", path, {"answer": "yes"}, token=token) == (200, offer | {"state": "accepted"})
    assert call("POST", path, {"answer": "yes"}, token=token)[0] == 200
    status, problem = call("POST", path, {"answer": "no"}, token=token)
    assert (status, problem["code"], problem["state"]) == (409, "offer_closed", "accepted")
    assert call("GET", f"/fulfilment/tasks/{order_id}/offers", browser=associate)[1]["items"][0]["state"] == "accepted"
    assert differences() == []


def test_what_is_found_after_all_is_taken_back(here: Shop) -> None:
    associate = browser_of(make_user("picker", "associate", place_id=here.place))
    order_id = short(here)
    _, offer = call("POST", f"/fulfilment/tasks/{order_id}/offers", body(here), browser=associate)
    path = f"/fulfilment/tasks/{order_id}/offers/{offer['id']}/withdraw"
    assert call("POST", path, browser=associate) == (200, offer | {"state": "withdrawn"})
    status, problem = call(
        "POST", f"/orders/{order_id}/substitutes/{offer['id']}", {"answer": "yes"}, token=orders.token_of(order_id)
    )
    assert (status, problem["code"]) == (409, "offer_closed")


def test_the_wish_comes_with_the_order(here: Shop) -> None:
    order_id = new_id()
    sent = {
        "id": str(order_id),
        "place": str(here.place),
        "currency": "USD",
        "lines": [{"product": str(here.products[0]), "quantity": "2"}],
        "payments": [{"tender": "sandbox_card", "token": "tok_approve"}],
        "expected_total": "2.70",
        "substitutes": "never",
    }
    assert call("POST", "/orders", sent)[0] == 201
    assert call("POST", "/orders", sent)[0] == 200
    assert call("POST", "/orders", sent | {"substitutes": "accept"})[0] == 422
    assert call("POST", "/orders", sent | {"id": str(new_id()), "substitutes": "maybe"})[0] == 422
    assert orders.wishes([order_id]) == {order_id: "never"}
    read_events("fulfilment.tasks")
    fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
    associate = browser_of(make_user("picker", "associate", place_id=here.place))
    status, found = call("GET", f"/fulfilment/tasks/{order_id}/lines/1/substitutes", browser=associate)
    assert (status, found["wish"], found["items"]) == (200, "never", [])
    assert (
        call("POST", f"/fulfilment/tasks/{order_id}/offers", body(here), browser=associate)[1]["code"] == "not_offered"
    )


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"id": "x"}, 422, "id"),
        ({"missing": "two"}, 422, "missing"),
        ({"missing": "-1"}, 422, "missing"),
        ({"missing": "5"}, 422, "missing"),
        ({"quantity": "0.5"}, 422, "quantity"),
        ({"replaces": 9}, 404, None),
        ({"product": str(UUID(int=7))}, 409, "product"),
    ],
)
def test_bad_input_changes_nothing(here: Shop, changes: dict[str, Any], status: int, field: str | None) -> None:
    associate = browser_of(make_user("picker", "associate", place_id=here.place))
    order_id = short(here)
    before = all_rows()
    got, problem = call("POST", f"/fulfilment/tasks/{order_id}/offers", body(here, **changes), browser=associate)
    assert (got, problem.get("field")) == (status, field), problem
    assert all_rows() == before


def test_who_may_not(here: Shop) -> None:
    order_id = short(here)
    asked = fulfilment.Asked(new_id(), order_id, 1, here.products[2], 1000, 1000)
    offer = fulfilment.offer(asked, actor=SYSTEM)
    elsewhere = make(
        "places.Place", ref="q", entity_id=here.entity, name="Q", format="supermarket", zone="UTC", country="US",
        capabilities=["sell"],
    )  # fmt: skip
    stranger = browser_of(make_user("stranger", "shopper"))
    other = browser_of(make_user("other", "associate", place_id=elsewhere))
    before = all_rows()
    own = [
        ("GET", f"/orders/{order_id}/substitutes", None),
        ("POST", f"/orders/{order_id}/substitutes/{offer.id}", {"answer": "yes"}),
    ]
    for method, path, sent in own:
        assert call(method, path, sent)[0] == 401
        assert call(method, path, sent, browser=stranger)[0] == 404
        assert call(method, path, sent, token="wrong")[0] == 404
        assert call(method, path, sent, browser=other)[0] == 404
    desk = [
        ("GET", f"/fulfilment/tasks/{order_id}/lines/1/substitutes", None),
        ("GET", f"/fulfilment/tasks/{order_id}/offers", None),
        ("POST", f"/fulfilment/tasks/{order_id}/offers", body(here)),
        ("POST", f"/fulfilment/tasks/{order_id}/offers/{offer.id}/withdraw", None),
    ]
    for method, path, sent in desk:
        assert call(method, path, sent)[0] == 401
        assert call(method, path, sent, browser=stranger)[0] == 403
        assert call(method, path, sent, browser=other)[0] in {403, 404}
    assert all_rows() == before
