import json
from uuid import uuid4

import pytest
from django.test import Client

from storeline.catalog import http
from storeline.catalog.tests.factories import make_category, make_product
from storeline.identity.tests.factories import bearer, make_token

pytestmark = pytest.mark.django_db


def test_a_guest_searches_and_reads(client: Client) -> None:
    make_category("dairy")
    milk = make_product(
        "M1", "Whole Milk", names={"fr": "Lait entier"}, category="dairy", content_quantity=1500, content_unit="l"
    )
    answer = client.get("/api/v1/products", {"q": "lait entir", "language": "fr-CA", "category": "dairy"}).json()
    assert [(item["id"], item["name"], item["content_quantity"], item["others"]) for item in answer["items"]] == [
        (str(milk), "Lait entier", "1.5", 0)
    ]
    whole = client.get(f"/api/v1/products/{milk}")
    assert (whole.json()["category_ref"], whole.json()["content_quantity"]) == ("dairy", "1.5")
    assert client.get(f"/api/v1/products/{milk}", headers={"If-None-Match": whole["ETag"]}).status_code == 304
    assert [item["ref"] for item in client.get("/api/v1/categories").json()["items"]] == ["dairy"]


def test_a_list_goes_page_by_page(client: Client) -> None:
    for ref in ("A", "B", "C"):
        make_product(ref)
    page = client.get("/api/v1/products", {"limit": 2}).json()
    assert [item["ref"] for item in page["items"]] == ["A", "B"]
    page = client.get("/api/v1/products", {"limit": 2, "cursor": page["next"]}).json()
    assert ([item["ref"] for item in page["items"]], page["next"]) == (["C"], None)


def test_problems_name_the_field(client: Client) -> None:
    assert client.get("/api/v1/products", {"cursor": "é"}).json()["field"] == "cursor"
    assert client.get("/api/v1/products", {"q": "a", "cursor": "x"}).json()["field"] == "cursor"
    assert client.get("/api/v1/products", {"category": "none"}).json()["code"] == "category_not_found"
    assert client.get(f"/api/v1/products/{uuid4()}").json()["code"] == "product_not_found"
    assert client.get("/api/v1/products/scan/123").json()["field"] == "code"


def test_a_scanned_price_is_decimal_text(client: Client) -> None:
    make_product("sausage", unit="kg", by_weight=True, gtins=["2112345000008"])
    scanned = client.get("/api/v1/products/scan/2112345012995").json()
    assert (scanned["product"]["ref"], scanned["quantity"], scanned["price"]) == ("sausage", None, "12.99")


def test_each_item_has_its_own_verdict(client: Client) -> None:
    items = [
        {"ref": "A", "name": "A", "content_quantity": "0.5", "content_unit": "kg"},
        {"ref": "B", "name": "B", "content_quantity": "half", "content_unit": "kg"},
        {"ref": "C"},
        {"name": "D"},
        {"ref": "E", "name": "E", "content_quantity": 1, "content_unit": "kg"},
    ]
    assert client.put("/api/v1/products/bulk", json.dumps(items), content_type="application/json").status_code == 401
    answer = client.put(
        "/api/v1/products/bulk",
        json.dumps(items),
        content_type="application/json",
        headers=bearer(make_token("planner")),
    )
    assert answer.status_code == 200, answer.content
    assert [(item["outcome"], [error["field"] for error in item["errors"]]) for item in answer.json()["items"]] == [
        ("created", []), ("refused", ["content_quantity"]), ("refused", ["name"]), ("refused", ["ref"]), ("refused", ["content_quantity"]),
    ]  # fmt: skip


def test_guests_see_a_list_of_up_to_two_seconds_ago_others_their_own(client: Client) -> None:
    make_product("M1", "Milk")
    client.cookies["theme"] = "dark"
    assert client.get("/api/v1/products").headers["Cache-Control"] == "public, max-age=2"
    make_product("M1", "Oat milk")
    again = client.get("/api/v1/products")
    assert (again.json()["items"][0]["name"], again.headers["Cache-Control"]) == ("Milk", "public, max-age=1")
    partners = client.get("/api/v1/products", headers=bearer(make_token("planner")))
    assert (partners.json()["items"][0]["name"], partners.headers["Cache-Control"]) == ("Oat milk", "private, no-cache")
    http.forget()  # two seconds later
    assert client.get("/api/v1/products").json()["items"][0]["name"] == "Oat milk"
