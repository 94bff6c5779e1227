"""Coupons over HTTP."""

from __future__ import annotations

import pytest
from django.test import Client

from storeline.identity.tests.factories import bearer, make_token
from storeline.kernel.api import new_id
from storeline.loyalty import api as loyalty
from storeline.loyalty.tests.factories import stored
from storeline.pricing.tests.factories import AT

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/coupons"
ROW: dict[str, object] = {
    "ref": "SAVE",
    "name": "Save",
    "kind": "amount",
    "value": "1.50",
    "currency": "EUR",
    "valid_from": "2024-01-01T00:00:00Z",
}


def test_coupons_are_made_seen_and_their_uses_listed() -> None:
    marketer = Client(headers=bearer(make_token("marketer")))
    body = [ROW | {"max_uses": 5}, ROW | {"ref": "BAD", "kind": "gift"}]
    named = [body[0] | {"names": {"fr": "Économie"}}, body[1]]
    for given, outcome in ((named, "created"), (body, "unchanged")):
        answer = marketer.put(f"{ROOT}/bulk", given, content_type="application/json")
        assert [item["outcome"] for item in answer.json()["items"]] == [outcome, "refused"]
    coupon, order = stored("SAVE"), new_id()
    loyalty.redeem([loyalty.Redemption(order, 1, coupon.pk, None, 150, AT)])
    [seen] = marketer.get(ROOT).json()["items"]
    assert (seen["amount"], seen["max_uses"], seen["redeemed"]) == ("1.50", 5, 1)
    assert seen["names"] == {"fr": "Économie"}
    assert marketer.get(f"{ROOT}/{coupon.pk}").json() == seen
    [use] = marketer.get(f"{ROOT}/{coupon.pk}/redemptions").json()["items"]
    assert (use["order"], use["amount_minor"], use["released_at"]) == (str(order), 150, None)
    assert marketer.get(f"{ROOT}/{new_id()}").status_code == 404


def test_a_name_of_blanks_is_none() -> None:
    marketer = Client(headers=bearer(make_token("marketer")))
    body = [ROW | {"name": " \u3000\t"}, ROW | {"ref": "TWO", "names": {"fr": "  "}}]
    answer = marketer.put(f"{ROOT}/bulk", body, content_type="application/json")
    told = [[(one["field"], one["detail"]) for one in item["errors"]] for item in answer.json()["items"]]
    assert told == [[("name", "required")], [("names", "a name is empty: leave it out")]]
    assert marketer.get(ROOT).json()["items"] == []


def test_shoppers_see_and_change_nothing() -> None:
    shopper = Client(headers=bearer(make_token("shopper")))
    assert shopper.get(ROOT).status_code == 403
    assert shopper.put(f"{ROOT}/bulk", [ROW], content_type="application/json").status_code == 403
    assert Client().get(ROOT).status_code == 401


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("marketer", "coupons"),
        ("planner", "categories"),
        ("planner", "products"),
        ("planner", "places"),
        ("planner", "entities"),
    ],
)
def test_who_may_write_at_one_place_only_changes_nothing_that_holds_everywhere(role: str, path: str) -> None:
    limited = Client(headers=bearer(make_token(role, place_ids=[new_id()])))
    answer = limited.put(f"/api/v1/{path}/bulk", [{"ref": "X", "name": "X"}], content_type="application/json")
    assert answer.status_code == 403
    assert "everywhere" in answer.json()["detail"]
