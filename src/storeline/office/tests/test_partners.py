"""Partners' goods in the office: figures to the cent, what is there, a settlement from form to statement, and who may."""

from __future__ import annotations

from re import search

import pytest

from storeline.aftersales.tests.factories import sold
from storeline.consignment.tests.factories import Corner, corner, everything, heard, today, wrong
from storeline.kernel.api import SYSTEM, new_id, run
from storeline.office.tests.factories import person
from storeline.stock import api as stock
from storeline.web.tests.browsing import get, heavy, refused, send

pytestmark = pytest.mark.django_db
LIST = "/office/partners"


@pytest.fixture
def here() -> Corner:
    """Four of the partner's ten are sold for 5.00, one is missing: 5.00 less a quarter, and 0.80 for the missing one."""
    made = corner()
    sold(made.shop, ((4, 500),))
    stock.count([stock.Counted(new_id(), 1, made.shop.place, made.product, 5_000)], actor=SYSTEM)
    heard()
    assert wrong() == []
    return made


def test_figures_settlement_and_statement(here: Corner) -> None:
    finance, page = person("finance"), f"{LIST}/{here.partner}"
    assert heavy(finance, [LIST, page]) == {}
    assert all(told in get(finance, LIST) for told in ("Bakery", "1 product at 1 place", "1.25", "4.55"))
    seen = get(finance, page)
    assert all(
        told in seen for told in ("To be settled", "4.55", "25%", "our share 25%", "we bear losses", "Settle and pay")
    )
    key = search(r'name="id" value="([^"]+)"', seen)
    assert key is not None
    form = {"id": key[1], "entity": str(here.shop.entity), "until": today().isoformat()}
    before = everything()
    assert "Choose the day" in refused(finance, f"{page}/settle", **form | {"until": ""})
    told = refused(finance, f"{page}/settle", **form | {"until": "2999-01-01"})
    assert all(words in told for words in ("Choose the day", 'value="2999-01-01"', f"{page}?entity="))
    assert everything() == before
    at = send(finance, f"{page}/settle", **form)
    assert send(finance, f"{page}/settle", **form) == at  # pressed twice: one settlement
    assert run("SELECT owed FROM consignment_settlement").fetchall() == [(455,)]
    told = get(finance, at)
    assert all(words in told for words in ("It is settled", "Bakery", "5.00", "1.25", "0.80", "4.55", "data-prints"))
    assert "Nothing is owed" in refused(finance, f"{page}/settle", 409, **form | {"id": str(new_id())})
    assert wrong() == []
    clerk = person("service_desk")
    assert {path: clerk.get(path).status_code for path in (LIST, page, at)} == dict.fromkeys((LIST, page, at), 403)


def test_nobodys_goods() -> None:
    assert "No partner" in get(person("finance"), LIST)
