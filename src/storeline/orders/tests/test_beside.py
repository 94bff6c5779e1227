"""Lists of products show price and stock of a place, as the routes of these do."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from storeline.orders.tests.factories import make, shop

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_list_includes_what_products_cost_at_a_place_and_whether_they_are_there(client: Client) -> None:
    trading = shop(products=2, units=3)
    make("catalog.Product", ref="r9", name="Never priced")
    asked = {"place": str(trading.place), "include": ["price", "stock"], "channel": "web"}
    items = client.get("/api/v1/products", asked).json()["items"]
    prices = client.get(
        f"/api/v1/places/{trading.place}/prices", {"product": [one["id"] for one in items], "channel": "web"}
    ).json()["items"]
    assert [{"product": one["id"]} | one["price"] for one in items if one["price"]] == prices
    assert [one["price"] and one["price"]["price"]["amount"] for one in items] == ["1.25", "1.25", None]
    assert [one["stock"] for one in items] == [{"band": "few"}, {"band": "few"}, None]
    assert "price" not in client.get("/api/v1/products").json()["items"][0]


def test_what_cannot_be_included_is_refused(client: Client) -> None:
    assert client.get("/api/v1/products", {"include": "price"}).json()["field"] == "place"
    assert client.get("/api/v1/products", {"include": "secrets", "place": str(uuid4())}).json()["field"] == "include"
