"""Slots over HTTP."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from storeline.capacity import api as capacity
from storeline.capacity.tests.factories import AT, make_hours, make_place
from storeline.identity.tests.factories import bearer, make_token
from storeline.kernel.api import SYSTEM, clock_at, new_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    made = make_place()
    make_hours(made, 8, 11)
    with clock_at(AT):
        yield made


def test_a_guest_sees_open_slots_and_a_planner_how_full_they_are(place):
    capacity.generate([place], actor=SYSTEM, days=2)
    path = f"/api/v1/slots?place={place}&method=collect&day=2017-06-02"
    seen = Client().get(path).json()["items"]
    assert [(item["starts_at"], item["left"]) for item in seen] == [
        (f"2017-06-02T{hour}:00:00Z", None) for hour in ("08", "09", "10")
    ]
    planner = Client().get(path, headers=bearer(make_token("planner"))).json()["items"]
    assert [item["left"] for item in planner] == [12, 12, 12]


def test_an_unknown_place_is_not_found():
    assert Client().get(f"/api/v1/slots?place={new_id()}&method=collect&day=2017-06-02").status_code == 404


def test_a_rule_remakes_the_slots(place):
    answer = Client().put(
        f"/api/v1/places/{place}/slots/collect",
        {"minutes": 30, "capacity": 4, "days": 1},
        content_type="application/json",
        headers=bearer(make_token("planner")),
    )
    assert (answer.status_code, answer.json()) == (200, {"changed": 6})


def test_who_may_plan(place):
    path = f"/api/v1/places/{place}/slots/collect"
    assert Client().put(path, {}, content_type="application/json").status_code == 401
    for role in ("shopper", "associate", "shop_manager", "planner", "marketer", "finance", "service_desk", "partner"):
        answer = Client().put(path, {}, content_type="application/json", headers=bearer(make_token(role)))
        assert (answer.status_code != 403) == (role in {"shop_manager", "planner"}), role


def test_one_address_cannot_hold_every_slot_under_fresh_ids(place, monkeypatch):
    monkeypatch.setattr("storeline.capacity.http.HOLDS_PER_ADDRESS", 2)
    capacity.generate([place], actor=SYSTEM, days=2)
    slot = Client().get(f"/api/v1/slots?place={place}&method=collect&day=2017-06-02").json()["items"][0]["id"]

    def hold(**how):
        return Client().post(
            f"/api/v1/slots/{slot}/holds", {"id": str(new_id())}, content_type="application/json", **how
        )

    assert [hold().status_code for _ in range(2)] == [200, 200]
    refused = hold()
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    assert 0 < int(refused["Retry-After"]) <= 900
    assert hold(headers=bearer(make_token("planner"))).status_code == 200  # who has a name is not counted
    assert capacity.get_slot(UUID(slot)).held == 3
