import pytest
from django.test import Client

from storeline.identity.tests.factories import bearer, make_token
from storeline.ledger import api as ledger
from storeline.ledger.tests.factories import ENTITY, entry

pytestmark = pytest.mark.django_db
SALE = ((ledger.CASH, 1080), (ledger.SALES, -1000), (ledger.TAX_PAYABLE, -80))


def get(path, role=None):
    return Client().get(f"/api/v1/ledger/{path}", headers=bearer(make_token(role)) if role else {})


def test_the_trial_balance_of_an_entity():
    ledger.post([entry(*SALE)])
    answer = get(f"entities/{ENTITY}/trial-balance?on=2026-03-04", "finance").json()
    (dollars,) = answer["currencies"]
    assert (dollars["debit"], dollars["credit"]) == ("10.80", "10.80")
    assert [(one["account"], one["debit"], one["credit"]) for one in dollars["accounts"]] == [
        ("cash", "10.80", "0.00"),
        ("sales", "0.00", "10.00"),
        ("tax_payable", "0.00", "0.80"),
    ]
    assert get(f"entities/{ENTITY}/trial-balance?on=2026-03-03", "finance").json()["currencies"] == []


def test_the_postings_of_a_source():
    one = entry(*SALE)
    ledger.post([one])
    items = get(f"postings?source={one.source_id}", "finance").json()["items"]
    assert [(item["line"], item["account"], item["amount"]) for item in items] == [
        (1, "cash", "10.80"),
        (2, "sales", "-10.00"),
        (3, "tax_payable", "-0.80"),
    ]


def test_the_chart_of_accounts():
    assert [item["code"] for item in get("accounts", "finance").json()["items"]] == sorted(ledger.CHART)


@pytest.mark.parametrize("path", ["accounts", f"entities/{ENTITY}/trial-balance", f"postings?source={ENTITY}"])
@pytest.mark.parametrize(
    ("role", "status"),
    [
        (None, 401),
        ("partner", 403),
        ("associate", 403),
        ("shop_manager", 403),
        ("finance", 200),
        ("administrator", 200),
    ],
)
def test_who_may_see_the_books(path, role, status):
    assert get(path, role).status_code == status


def test_a_day_that_is_none_is_refused_naming_the_field():
    answer = get(f"entities/{ENTITY}/trial-balance?on=2026-02-30", "finance")
    assert answer.status_code == 422
    assert "on" in answer.json()["field"]
