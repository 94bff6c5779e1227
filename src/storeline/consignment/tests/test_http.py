"""A partner's own programs see its goods, lines and settlements, and nobody else's."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from storeline.aftersales.tests.factories import sold
from storeline.consignment.tests.factories import agreed, corner, heard, today
from storeline.identity.tests.factories import ask_token, bearer, make_token
from storeline.kernel.api import SYSTEM, new_id
from storeline.partners import api as partners

pytestmark = pytest.mark.django_db


def client_of(agreement: UUID) -> Client:
    """A program of the partner that this was agreed with."""
    secret = partners.give_access(agreement, name="shop", actor=SYSTEM)
    return Client(headers=bearer(ask_token(secret).json()["access_token"]))


def test_a_partner_sees_its_own_and_finance_settles():
    here = corner()
    sold(here.shop, ((2, 999),))
    heard()
    other = partners.take_on(partners.NewOrganisation(new_id(), "florist", "Florist"), actor=SYSTEM)
    own, stranger = client_of(here.agreement), client_of(agreed(other))
    finance = Client(headers=bearer(make_token("finance")))
    root = f"/api/v1/partners/{here.partner}"
    wish = {"id": str(new_id()), "entity": str(here.shop.entity), "until": today().isoformat()}
    assert own.post(f"{root}/settlements", wish, content_type="application/json").status_code == 403
    made = [finance.post(f"{root}/settlements", wish, content_type="application/json") for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201]
    assert made[0].json() == made[1].json()
    assert made[0].json()["owed"] == "7.49"
    for path, shown in (
        ("/stock", {"on_hand": "8", "reserved": "0"}),
        ("/moves", {"kind": "receipt", "quantity": "10"}),
        ("/lines", {"kind": "sale", "net": "9.99", "commission": "2.50", "owed": "7.49", "settlement": wish["id"]}),
        ("/settlements", {"sales": "9.99", "returns": "0.00", "losses": "0.00", "owed": "7.49"}),
        (f"/settlements/{wish['id']}/lines", {"owed": "7.49"}),
    ):
        (item,) = own.get(root + path).json()["items"]
        assert {name: item[name] for name in shown} == shown
        assert finance.get(root + path).status_code == 200
        assert stranger.get(root + path).status_code == 403
    assert own.get(f"{root}/settlements/{wish['id']}").json() == made[0].json()
    paged = own.get(f"{root}/lines?limit=1").json()
    assert own.get(f"{root}/lines?limit=1&cursor={paged['next']}").json() == {"items": [], "next": None}
