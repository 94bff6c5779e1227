"""Glass in a lot: head office recalls it, the shop takes it off, the shopper is told; and a parcel gets another code."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.apps import apps

from storeline.aftersales.tests.factories import read_events, sold
from storeline.catalog import api as catalog
from storeline.fulfilment import api as fulfilment
from storeline.identity.tests.factories import make_user
from storeline.kernel.api import SYSTEM, Actor, business_date, new_id, now
from storeline.orders.tests.factories import Shop, make, shop
from storeline.stock import api as stock
from tests.e2e.people import Person

if TYPE_CHECKING:
    from uuid import UUID

    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)
PARTNER = Actor("client", new_id(), permissions=frozenset({"fulfilment.announce"}))


@pytest.fixture
def here() -> Shop:
    """A shop with two lots of bread, of which some was sold, and a shop that has some of the first."""
    made = shop(products=2)
    catalog.upsert_products([{"ref": "r0", "name": "Oat bread, sliced, 500 g"}], actor=SYSTEM)
    there = make(
        "places.Place",
        ref="q",
        entity_id=made.entity,
        name="Harbour Station Underpass",
        format="convenience",
        zone="America/New_York",
        country="US",
        capabilities=["sell"],
    )
    stock.adjust([stock.Goods(new_id(), 1, made.place, made.products[0], -10_000, "mistake")], actor=SYSTEM)
    today = business_date(now(), "America/New_York")
    for place, lot, days in ((made.place, "L7", 3), (made.place, "L9", 9), (there, "L7", 3)):
        until = today + timedelta(days=days)
        goods = stock.Goods(new_id(), 1, place, made.products[0], 8_000, lot=lot, expires_on=until)
        stock.receive([goods], actor=SYSTEM)
    customer = make("customers.Customer", ref="kim", kind="member", name="Kim")
    sold(made, customer_id=customer)
    sold(made)
    return made


def test_a_lot_is_recalled_and_taken_off(visit: Visit, here: Shop, language: str) -> None:
    page, planner = visit.page, Person(visit, language)
    visit.sign_in(make_user("head", "planner"))
    visit.go("/office/recalls")
    visit.check()
    planner.type("#q", "oat")
    planner.strike("Enter")
    visit.check()
    planner.press("a.row")
    visit.check()
    _shows_whole_tables(visit)
    planner.press(page.get_by_role("link", name="L7"))
    planner.reads("Who can be told")
    visit.check()
    planner.press("button.button-stop")
    planner.reads("Tick that you mean it.")
    visit.expect(422)
    visit.check()
    planner.type("#reason", "It may hold pieces of glass.")
    planner.press("input[name=sure]", "Space")
    planner.press("button.button-stop")
    planner.reads("Under way")
    visit.check()
    read_events("aftersales.recalls")
    _takes_it_off(visit, here, language)
    page.reload()
    visit.check()
    _shows_whole_tables(visit)
    planner.press("summary", stays=True)
    planner.reads("Yes: the goods are safe to sell")
    visit.check()
    visit.go("/office/recalls")
    visit.check()


def _shows_whole_tables(visit: Visit) -> None:
    """None scrolls sideways: on a phone too one sees who was told, and how much is where."""
    widths = visit.page.locator(".table-wrap").evaluate_all("all => all.map(one => one.scrollWidth - one.clientWidth)")
    assert widths == [0] * len(widths) != []


def _takes_it_off(visit: Visit, here: Shop, language: str) -> None:
    """At the desk of the shop, on the phone or not: from the first page to the empty list."""
    other = visit.another()
    associate = Person(other, language)
    other.sign_in(make_user("associate", "associate", place_id=here.place))
    other.go("/desk")
    other.check()
    associate.press(other.page.locator("a.banner-stop"))
    associate.reads("How many did you take off?")
    other.check()
    associate.press("button.button-stop")
    associate.reads("Type how many you took off. If there were none, type 0 and say that nothing more of it is here.")
    other.expect(422)
    other.check()
    associate.type("input[name=found]", "3")
    associate.press("button.button-stop")
    associate.reads("Nothing is recalled here")
    other.check()
    other.page.context.close()


def test_a_parcel_gets_another_code(visit: Visit, here: Shop, language: str) -> None:
    parcel = _waiting(here)
    manager = Person(visit, language)
    visit.sign_in(make_user("boss", "shop_manager", place_id=here.place))
    visit.go(f"/desk/parcels/{parcel}")
    visit.check()
    manager.press(visit.page.get_by_role("link", name=manager.words("Make another code")))
    visit.check()
    manager.press(visit.page.get_by_role("button", name=manager.words("Yes, make another code")))
    visit.page.wait_for_url(re.compile("said=code_"))
    visit.check()
    assert apps.get_model("messages.Code").objects.filter(subject_id=parcel).count() == 2


def _waiting(here: Shop) -> UUID:
    contact = fulfilment.Contact("kim@example.org", "", "en")
    announced = fulfilment.Announced(new_id(), here.place, "R-1", "JJD01", contact=contact)
    fulfilment.announce(announced, actor=PARTNER)
    fulfilment.arrive(announced.id, actor=SYSTEM)
    return announced.id
