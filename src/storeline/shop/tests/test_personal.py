"""A member's basket: handed to them with all else that is known of them, and gone once they are erased."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from storeline.customers import api as customers
from storeline.identity.api import actor_of_user
from storeline.identity.tests.factories import PASSWORD, make_user
from storeline.kernel.api import SYSTEM, pump, run
from storeline.orders.tests.factories import shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def product() -> UUID:
    return shop(products=1, units=9).products[0]


def member_with_a_basket(name: str, product: UUID) -> UUID:
    user = make_user(name, "shopper")
    client = Client()
    client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    client.post("/basket", {"product": product, "quantity": 2})
    actor = actor_of_user(user)
    assert actor is not None
    return customers.join(actor=actor)


def test_a_basket_is_part_of_what_a_person_is_handed(product):
    member = member_with_a_basket("one", product)
    lines = [{"product": str(product), "quantity": "2"}]
    assert customers.export_person(member, actor=SYSTEM)["basket"] == [{"lines": lines, "place": None, "card": None}]


def test_an_erased_persons_basket_is_gone_and_others_stay(product):
    member = member_with_a_basket("one", product)
    member_with_a_basket("another", product)
    customers.erase(member, actor=SYSTEM)
    pump()
    assert run("SELECT count(*) FROM shop_basket").fetchall() == [(1,)]
