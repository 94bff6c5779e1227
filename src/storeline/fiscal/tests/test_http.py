import pytest
from django.test import Client

from storeline.fiscal import api as fiscal
from storeline.fiscal.tests.factories import PLACE, document
from storeline.identity.tests.factories import bearer, make_token
from storeline.kernel import api as kernel

pytestmark = pytest.mark.django_db


def get(path, role=None, **reach):
    headers = bearer(make_token(role, **reach)) if role else {}
    return Client().get(f"/api/v1/{path}", headers=headers)


def test_a_receipt_is_shown_with_its_taxes_and_its_hash():
    one = document()
    fiscal.issue_documents([one])
    answer = get(f"receipts/sale/{one.source_id}", "finance")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["series"], shown["number"], shown["total"], shown["currency"]) == ("till-1", "1", "10.80", "USD")
    assert shown["taxes"][1] == {"rate_ppm": 80000, "taxable": "5.00", "tax": "0.40"}
    assert len(shown["hash"]) == 64


def test_what_is_not_there_is_not_found():
    assert get(f"receipts/sale/{kernel.new_id()}", "finance").json()["code"] == "not_found"
    one = document()
    fiscal.issue_documents([one])
    assert get(f"receipts/return/{one.source_id}", "finance").status_code == 404
    assert get(f"receipts/invoice/{one.source_id}", "finance").status_code == 422


@pytest.mark.parametrize(
    ("role", "status"), [(None, 401), ("partner", 403), ("planner", 403), ("service_desk", 200), ("associate", 200)]
)
def test_who_may_see_a_receipt(role, status):
    one = document()
    fiscal.issue_documents([one])
    assert get(f"receipts/sale/{one.source_id}", role).status_code == status


def test_another_places_receipt_is_not_shown():
    one = document()
    fiscal.issue_documents([one])
    assert get(f"receipts/sale/{one.source_id}", "associate", place_ids=[PLACE]).status_code == 200
    assert get(f"receipts/sale/{one.source_id}", "associate", place_ids=[kernel.new_id()]).status_code == 404
