"""Stock over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from storeline.identity.tests.factories import bearer, fresh_key, make_token
from storeline.kernel.api import new_id, now
from storeline.stock.tests.factories import (
    assert_balanced,
    hold,
    level,
    make_place,
    make_products,
    move,
    post,
    put,
    refs,
    snapshot,
)

pytestmark = pytest.mark.django_db


def send(method: str, path: str, body: Any = None, token: str | None = None):
    headers = (bearer(token) if token else {}) | fresh_key()
    call = getattr(Client(), method)
    return call(f"/api/v1{path}", body, content_type="application/json", headers=headers)


@pytest.fixture
def place():
    return make_place()


@pytest.fixture
def product():
    return make_products(1)[0]


@pytest.fixture
def manager():
    return make_token("shop_manager")


def test_a_guest_sees_a_band_and_staff_the_numbers(place, product, manager):
    put(place, product, 5_500)
    hold(place, product, 1_250)
    path = f"/stock?place={place}&product={product}"
    seen = {"place": str(place), "product": str(product), "band": "few"}
    assert send("get", path).json() == {
        "items": [seen | {"on_hand": None, "reserved": None, "available": None}],
        "next": None,
    }
    assert send("get", path, token=manager).json()["items"] == [
        seen | {"on_hand": "5.5", "reserved": "1.25", "available": "4.25"}
    ]


def test_pages_of_a_place_and_of_a_product_hold_everything_once(place, manager):
    products, elsewhere = make_products(5), make_place("P2")
    for product in products:
        put(place, product, 1_000)
    put(elsewhere, products[0], 2_000)
    for path, expected in (
        (f"/stock?place={place}", {(place, product) for product in products}),
        (f"/stock?product={products[0]}", {(place, products[0]), (elsewhere, products[0])}),
        ("/stock?", {(elsewhere, products[0])} | {(place, product) for product in products}),
    ):
        seen: list[tuple[str, str]] = []
        cursor = ""
        while True:
            page = send("get", f"{path}&limit=2{cursor}", token=manager).json()
            seen += [(item["place"], item["product"]) for item in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert sorted(seen) == sorted((str(at), str(product)) for at, product in expected)


@pytest.mark.parametrize(("path", "field"), [("/stock", "place"), ("/stock?product={product}&cursor=x", "cursor")])
def test_a_question_that_makes_no_sense_names_its_field(product, path, field):
    answer = send("get", path.format(product=product))
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_receipt_is_taken_once(place, product, manager):
    body = {"id": str(new_id()), "place": str(place), "lines": [{"product": str(product), "quantity": "2.5"}]}
    first, again = (send("post", "/stock/receipts", body, manager) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    body["lines"] = [{"product": str(product), "quantity": "3"}]
    other = send("post", "/stock/receipts", body, manager)
    assert (other.status_code, other.json()["code"]) == (422, "body_mismatch")
    assert level(place, product) == (2_500, 0)


def test_counts_and_corrections(place, product, manager):
    def document(quantity: str, **more: str) -> dict[str, Any]:
        return {
            "id": str(new_id()),
            "place": str(place),
            "lines": [{"product": str(product), "quantity": quantity, **more}],
        }

    assert send("post", "/stock/counts", document("7"), manager).status_code == 201
    assert send("post", "/stock/adjustments", document("-1", reason="damaged"), manager).status_code == 201
    wrong = send("post", "/stock/adjustments", document("-1"), manager)
    assert (wrong.status_code, wrong.json()["field"]) == (422, "lines[0].reason")
    assert level(place, product) == (6_000, 0)
    assert_balanced()


def test_bulk_counts_answer_each_row(place, product, manager):
    [code] = refs("catalog_product", [product])
    rows = [
        {"place": "P1", "product": code, "quantity": "12"},
        {"place": "P1", "product": "none", "quantity": "1"},
    ]
    answer = send("put", "/stock/bulk", rows, manager)
    assert [(item["outcome"], item["errors"]) for item in answer.json()["items"]] == [
        ("updated", []),
        ("refused", [{"field": "product", "detail": "There is no product with this code."}]),
    ]
    assert level(place, product) == (12_000, 0)


def test_exceptions_show_what_is_at_risk(place, product, manager):
    put(place, product, 1_000)
    source = hold(place, product, 1_000)
    post(move(place, product, -1_000))
    [seen] = send("get", f"/stock/exceptions?place={place}", token=manager).json()["items"]
    assert (seen["kind"], seen["quantity"]) == ("below_reserved", "1")
    assert seen["at_risk"] == [{"source_id": str(source), "line_no": 1, "quantity": "1"}]
    put(place, product, 1_000)
    assert send("get", "/stock/exceptions", token=manager).json()["items"] == []
    assert len(send("get", "/stock/exceptions?state=all", token=manager).json()["items"]) == 1


def test_holds_are_answered_as_if_each_had_come_alone(place, product, manager):
    put(place, product, 3_000)
    holds = [
        {"id": str(new_id()), "place": str(place), "product": str(product), "quantity": quantity}
        for quantity in ("2", "2", "1")
    ]
    answer = send("post", "/stock/holds", {"holds": holds}, manager).json()["items"]
    assert [(item["status"], item["answer"], item["left"]) for item in answer] == [
        (201, "held", "1"),
        (409, "sold_out", "1"),
        (201, "held", "0"),
    ]
    again = send("post", "/stock/holds", {"holds": [holds[0], holds[2] | {"quantity": "9"}]}, manager).json()["items"]
    assert [item["status"] for item in again] == [200, 422]
    freed = send("post", "/stock/holds/release", {"ids": [one["id"] for one in holds]}, manager)
    assert freed.json() == {"released": 2}
    assert level(place, product) == (3_000, 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": "0"}, "holds[0].quantity"),
        ({"quantity": "1.2345"}, "holds[0].quantity"),
        ({"id": "7b2a9a5e-5b1c-4b8e-9d53-000000000000"}, "holds[0].id"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "holds[0].expires_at"),
        ({"expires_at": (now() + timedelta(days=8)).isoformat()}, "holds[0].expires_at"),
    ],
)
def test_a_hold_that_makes_no_sense_changes_nothing(place, product, manager, change, field):
    put(place, product, 3_000)
    before = snapshot()
    body = {"id": str(new_id()), "place": str(place), "product": str(product), "quantity": "1"} | change
    answer = send("post", "/stock/holds", {"holds": [body]}, manager)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert snapshot() == before


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("get", "/stock/exceptions", {"associate", "shop_manager", "planner", "service_desk", "finance", "partner"}),
        ("post", "/stock/receipts", {"associate", "shop_manager"}),
        ("post", "/stock/adjustments", {"shop_manager", "planner"}),
        ("post", "/stock/counts", {"associate", "shop_manager", "planner"}),
        ("put", "/stock/bulk", {"associate", "shop_manager", "planner"}),
        ("post", "/stock/holds", {"associate", "shop_manager", "service_desk", "partner"}),
        ("post", "/stock/holds/release", {"associate", "shop_manager", "service_desk", "partner"}),
    ],
)
def test_each_route_as_each_role(method, path, allowed):
    assert send(method, path, {}).status_code == 401
    for role in ("shopper", "marketer", "associate", "shop_manager", "planner", "service_desk", "finance", "partner"):
        status = send(method, path, {}, make_token(role)).status_code
        assert (status != 403) == (role in allowed), (role, status)
