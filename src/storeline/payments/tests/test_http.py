import pytest
from django.test import Client

from storeline.identity.tests.factories import bearer, make_token
from storeline.kernel import api as kernel
from storeline.payments.tests.factories import PLACE, capture, card, everything, only, paid

pytestmark = pytest.mark.django_db


def call(method, path, role=None, **reach):
    headers = bearer(make_token(role, **reach)) if role else {}
    return Client().generic(method, f"/api/v1/payments{path}", headers=headers)


def test_the_payments_of_an_order_with_what_was_done():
    source = paid(card())
    capture(only(source).id, 900, "ready")
    (item,) = call("GET", f"?source={source}", "service_desk").json()["items"]
    assert (item["tender"], item["state"]) == ("sandbox_card", "captured")
    assert (item["amount"], item["captured"], item["voided"]) == ("10.00", "9.00", "0.00")
    assert [(done["kind"], done["state"]) for done in item["operations"]] == [
        ("authorise", "succeeded"),
        ("capture", "succeeded"),
    ]
    assert "tok_" not in str(item)


def test_payments_of_another_place_are_not_shown():
    source = paid(card())
    assert len(call("GET", f"?source={source}", "shop_manager", place_ids=[PLACE]).json()["items"]) == 1
    assert call("GET", f"?source={source}", "shop_manager", place_ids=[kernel.new_id()]).json()["items"] == []


def test_the_ways_to_pay():
    items = {item["code"]: item for item in call("GET", "/tenders", "finance").json()["items"]}
    assert items["cash"] == {"code": "cash", "name": "Cash", "settles": "now", "account": "cash", "pays_out": True}
    assert items["sandbox_card"]["settles"] == "partner"


def test_resolving_asks_the_partners():
    source = paid(card("tok_late"))
    (item,) = call("POST", "/resolve", "finance").json()["items"]
    assert (item["source_id"], item["kind"], item["state"]) == (str(source), "authorise", "succeeded")
    assert call("POST", "/resolve", "finance").json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "role", "status"),
    [
        ("GET", f"?source={PLACE}", None, 401),
        ("GET", f"?source={PLACE}", "associate", 403),
        ("GET", f"?source={PLACE}", "finance", 200),
        ("GET", "/tenders", None, 401),
        ("GET", "/tenders", "planner", 403),
        ("GET", "/tenders", "shop_manager", 200),
        ("POST", "/resolve", None, 401),
        ("POST", "/resolve", "service_desk", 403),
        ("POST", "/resolve", "administrator", 200),
    ],
)
def test_who_may(method, path, role, status):
    paid(card("tok_late"))
    before = everything()
    assert call(method, path, role).status_code == status
    if status != 200:
        assert everything() == before
