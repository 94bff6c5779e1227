"""A parcel's code at the desk: another one is made once, and who is told where is said before."""

from __future__ import annotations

from re import search
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from storeline.desk.pages.parcels import hidden
from storeline.desk.tests.test_stock_pages import light
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import all_rows, point, ready_to_bring, to_pick
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import SYSTEM, Actor, new_id, run
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, delivers
from storeline.web.tests.browsing import get, send

pytestmark = pytest.mark.django_db(transaction=True)
PARTNER = Actor("client", new_id(), permissions=frozenset({"fulfilment.announce"}))


class Carried:
    """A transport that somebody set."""

    def send(self, message: Any) -> None: ...


@pytest.fixture
def manager(here: Shop) -> Client:
    return browser_of(make_user("boss", "shop_manager", place_id=here.place))


def waiting(here: Shop, email: str = "kim@example.org") -> UUID:
    """A partner's parcel that waits here."""
    contact = fulfilment.Contact(email, "", "fr")
    parcel = fulfilment.Announced(new_id(), here.place, "R-1", "JJD01", contact=contact)
    fulfilment.announce(parcel, actor=PARTNER)
    fulfilment.arrive(parcel.id, actor=SYSTEM)
    return parcel.id


def code_of(parcel: UUID) -> str:
    return messages.shown_codes(messages.COLLECTION, [parcel])[parcel]


def form_of(page: str) -> dict[str, str]:
    found = search(r'name="id" value="([^"]+)"', page)
    assert found is not None
    return {"id": found[1]}


def told() -> list[tuple[str, str]]:
    return run("SELECT destination, language FROM messages_message ORDER BY created_at, id").fetchall()


def test_another_code_is_made_once_and_told(here: Shop, manager: Client, settings: Any) -> None:
    settings.MESSAGE_TRANSPORTS = {"email": f"{__name__}.Carried"}
    parcel = waiting(here)
    page = f"/desk/parcels/{parcel}"
    assert f"{page}/code" in light(manager, page)
    seen, asked = code_of(parcel), light(manager, f"{page}/code")
    assert ("k…@example.org" in asked, "kim@" in asked) == (True, False)
    form = form_of(asked)
    for _ in range(2):  # pressed twice: one code
        assert send(manager, f"{page}/code", **form) == f"{page}?said=code_told"
    assert "is told the new one" in get(manager, f"{page}?said=code_told")
    fresh = code_of(parcel)
    assert told() == [("kim@example.org", "fr")] * 2
    assert send(manager, page, code=seen) != page or seen == fresh
    assert send(manager, page, code=fresh) == page
    assert fulfilment.get_parcel(parcel).state == "handed_over"
    assert send(manager, f"{page}/code", **form_of(asked) | {"id": str(new_id())}) == f"{page}?said=closed"
    assert manager.get(f"{page}/code")["Location"] == f"{page}?said=closed"


def test_five_a_day_and_nobody_to_tell(here: Shop, manager: Client) -> None:
    parcel = waiting(here, "")
    page = f"/desk/parcels/{parcel}"
    assert "Nobody is told" in get(manager, f"{page}/code")
    for _ in range(4):
        assert send(manager, f"{page}/code", id=str(new_id())) == f"{page}?said=code_made"
    code, before = code_of(parcel), all_rows()
    assert send(manager, f"{page}/code", id=str(new_id())) == f"{page}?said=many_codes"
    assert (code_of(parcel), all_rows()) == (code, before)
    assert "five codes" in get(manager, f"{page}?said=many_codes")
    assert send(manager, f"{page}/code") == f"{page}/code"


def test_an_associate_asks_the_manager(here: Shop, associate: Client) -> None:
    parcel = waiting(here)
    page, code = f"/desk/parcels/{parcel}", code_of(parcel)
    assert "A manager can make another one" in get(associate, page)
    assert associate.get(f"{page}/code").status_code == 403
    assert associate.post(f"{page}/code", {"id": str(new_id())}).status_code == 403
    assert code_of(parcel) == code


def test_an_address_is_shown_as_its_owner_knows_it() -> None:
    assert hidden(("email", "kim@example.org")) == "k…@example.org"
    assert hidden(("sms", "+16145550123")) == "…123"
    assert hidden(None) == ""


def test_what_is_collected_at_a_point_is_not_handed_over_where_it_is_picked(here: Shop, associate: Client) -> None:
    corner = point(here)
    order_id = to_pick(here, [2], collect_at=corner)
    page, number = f"/desk/tasks/{order_id}", orders.order_number(order_id)
    assert "Collected at Corner" in get(associate, "/desk")
    fulfilment.pick_all([order_id], actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)
    shown = get(associate, page)
    assert "put it with what goes to the collection point" in shown
    assert 'id="code"' not in shown
    assert number in get(associate, "/desk/hand-over").partition("Waiting to leave")[2]
    there = browser_of(make_user("corner", "associate", place_id=corner))
    assert number in get(there, "/desk/parcels")
    before = all_rows()
    assert send(there, "/desk/parcels", code="ABCDEF") == "/desk/parcels?said=no_parcel"
    assert all_rows() == before
    # The bag has its number, not a label to scan.
    assert send(there, "/desk/parcels", code=f"# {number.lower()}") == "/desk/parcels?said=parcel_in"
    assert send(there, "/desk/parcels", code=number) == f"/desk/parcels/{order_id}"
    assert number not in get(associate, "/desk/hand-over")
    assert "waits there for its shopper" in get(associate, page)
    run("UPDATE fulfilment_parcel SET state = 'returning'")  # as the job does once nobody came
    shown = get(associate, page)
    assert "Nobody collected it, so it comes back." in shown
    assert 'href="/desk/parcels"' in shown
    for _ in range(2):
        assert send(associate, "/desk/parcels/back", parcel=str(order_id)) == "/desk/parcels?said=parcel_back"
    assert "Cancelled" in get(associate, page)


def test_a_partners_parcel_is_found_by_what_the_list_calls_it(here: Shop, associate: Client) -> None:
    parcel = fulfilment.Announced(new_id(), here.place, "parcels-PB1", "JJD01")
    fulfilment.announce(parcel, actor=PARTNER)
    assert "parcels-PB1" in get(associate, "/desk/parcels")
    assert send(associate, "/desk/parcels", code=" PARCELS-pb1 ") == "/desk/parcels?said=parcel_in"
    assert send(associate, "/desk/parcels", code="JJD01") == f"/desk/parcels/{parcel.id}"


def test_of_two_with_one_number_neither_is_guessed(here: Shop) -> None:
    corner = point(here)
    for _ in range(2):
        order_id = to_pick(here, [1], collect_at=corner)
        fulfilment.pick_all([order_id], actor=SYSTEM)
        fulfilment.ready([order_id], actor=SYSTEM)
    run("UPDATE fulfilment_parcel SET reference = 'AAAAAA'")
    before = all_rows()
    there = browser_of(make_user("corner", "associate", place_id=corner))
    assert send(there, "/desk/parcels", code="aaaaaa") == "/desk/parcels?said=no_parcel"
    assert all_rows() == before


@pytest.mark.parametrize(
    ("method", "words"), [("deliver", "where the vans are loaded"), ("ship", "once the carrier has it")]
)
def test_what_is_brought_or_sent_says_so_and_names_no_code(
    here: Shop, associate: Client, method: str, words: str
) -> None:
    slot = delivers(here, method=method)
    order_id = ready_to_bring(here, slot, method=method, slot_id=slot if method == "deliver" else None)
    page = get(associate, f"/desk/tasks/{order_id}")
    assert words in page
    assert "now has the code" not in page
