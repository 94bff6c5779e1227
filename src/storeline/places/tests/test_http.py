import json
from uuid import uuid4

import pytest
from django.test import Client

from storeline.places.tests.factories import make_place

pytestmark = pytest.mark.django_db


def test_a_guest_finds_a_place_and_keeps_it(client: Client) -> None:
    shop = make_place(latitude=40.0, longitude=-75.0)
    listed = client.get("/api/v1/places", {"latitude": "40", "longitude": "-75", "format": "supermarket"}).json()
    assert [(item["id"], item["distance_km"]) for item in listed["items"]] == [(str(shop), 0.0)]
    answer = client.get(f"/api/v1/places/{shop}")
    assert answer.json()["name"] == "Shop shop"
    again = client.get(f"/api/v1/places/{shop}", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_problems_name_the_field(client: Client) -> None:
    answer = client.get("/api/v1/places", {"latitude": 40})
    assert (answer.status_code, answer.json()["field"]) == (422, "latitude")
    assert client.get("/api/v1/places", {"format": "castle"}).json()["field"] == "format"
    assert client.get(f"/api/v1/places/{uuid4()}").json()["code"] == "place_not_found"
    assert client.get(f"/api/v1/places/{uuid4()}/hours", {"first": "2020-01-01"}).status_code == 404


def test_a_guest_may_not_write(client: Client) -> None:
    for path in ("/api/v1/places/bulk", "/api/v1/entities/bulk"):
        answer = client.put(path, json.dumps([]), content_type="application/json")
        assert answer.status_code == 401
