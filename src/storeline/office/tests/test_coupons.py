"""Coupons: made once, used in a basket, changed within what was promised, ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from storeline.kernel.api import SYSTEM, new_id, now, run
from storeline.loyalty import api as loyalty
from storeline.office.tests.factories import person
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop
from storeline.web.tests.browsing import MOST_QUERIES, counted, get, is_clean, refused, send

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "/office/coupons/new"


def form(**changes: Any) -> dict[str, Any]:
    wanted = {
        "ref": "SUMMER25",
        "name": "Summer",
        "kind": "amount",
        "amount": "0.25",
        "currency": "USD",
        "about": "some",
        "targets": "r0",
        "max_uses": "10",
        "funder": "manufacturer",
        "starts": (now() - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"),
        "zone": "UTC",
    }
    return wanted | changes


def made() -> loyalty.CouponView:
    ((key,),) = run("SELECT id FROM loyalty_coupon").fetchall()
    return loyalty.get_coupon(key, actor=SYSTEM)


def off(here: Shop, product: int = 0) -> int:
    """What the code takes off a basket of one, in cents."""
    line = orders.DraftLine(here.products[product], 1000)
    draft = here.draft(lines=(line,), coupons=("SUMMER25",))
    return sum(one.amount for one in orders.quote(draft, actor=SYSTEM).lines[0].adjustments)


def test_made_once_used_and_ended(here: Shop, marketer: Client) -> None:
    page = send(marketer, NEW, **form(name_fr="Été"))
    assert send(marketer, NEW, **form(name_fr="Été")) == page.partition("?")[0]
    assert made().names == {"fr": "Été"}
    assert 'value="Été"' in get(marketer, f"/office/coupons/{made().id}/edit")
    assert page == f"/office/coupons/{made().id}?said=coupon_saved"
    assert off(here) == 25
    with pytest.raises(loyalty.CouponNotForBasket):
        off(here, 1)
    loyalty.redeem([loyalty.Redemption(new_id(), 1, made().id, None, 25, now())])
    shown = get(marketer, page)
    for words in ("SUMMER25", "$0.25 off", "The manufacturer", "Last uses", "Made or changed a coupon", "Product 0"):
        assert words in shown
    assert "1 use" in get(marketer, "/office/coupons?q=summer")
    assert send(marketer, f"/office/coupons/{made().id}/end") == f"/office/coupons/{made().id}?said=ended"
    with pytest.raises(loyalty.CouponNotValid):
        off(here)
    assert "Summer" in get(marketer, "/office/coupons?phase=ended")


def test_anothers_code_is_refused(marketer: Client, here: Shop) -> None:
    send(marketer, NEW, **form())
    page = refused(marketer, NEW, 409, **form(name="Other"))
    assert "Another coupon has this code." in page
    assert 'value="Other"' in page
    assert made().name == "Summer"


def test_what_a_used_one_gives_stays(marketer: Client, here: Shop) -> None:
    base = send(marketer, NEW, **form()).partition("?")[0]
    loyalty.redeem([loyalty.Redemption(new_id(), 1, made().id, None, 25, now())])
    page = get(marketer, f"{base}/edit")
    assert "It was used already, so what it gives stays as it is: $0.25 off." in page
    seen = loyalty.coupon_version(made().id)
    changed = form(seen=seen, name="Late summer", max_uses="20", amount="5.00", kind="percentage")
    assert send(marketer, f"{base}/edit", **changed) == f"{base}?said=coupon_saved"
    after = made()
    assert (after.name, after.total_limit, after.kind, after.amount) == ("Late summer", 20, "amount", 25)
    page = refused(marketer, f"{base}/edit", 409, **(changed | {"name": "Again"}))
    assert "Somebody else has changed it" in page
    page = refused(marketer, f"{base}/edit", 409, **form(seen=loyalty.coupon_version(made().id), targets="r1"))
    assert "It was used already, so what it gives stays as it is." in page
    assert [one.ref for one in loyalty.coupon_targets(made().id, actor=SYSTEM)] == ["r0"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ref": ""}, "Give it a code"),
        ({"name": ""}, "Give it a name"),
        ({"amount": "0"}, "Type an amount, such as 1.50."),
        ({"kind": "percentage", "percent": "101"}, "Type a percentage above 0 and up to 100"),
        ({"kind": "fixed_price", "about": "all"}, "A price is for a product"),
        ({"targets": "nope"}, "1 of the lines cannot be used."),
        ({"max_uses": "0"}, "Type a whole number from 1 on"),
        ({"ends": "2001-01-01T00:00"}, "It ends after it starts."),
        ({"starts": ""}, "Say from when on it is valid."),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(marketer: Client, change: dict[str, Any], words: str) -> None:
    assert words in refused(marketer, NEW, **form(**change))
    assert run("SELECT count(*) FROM loyalty_coupon").fetchall() == [(0,)]


def test_who_may(here: Shop) -> None:
    finance = person("finance")
    assert "New coupon" not in get(finance, "/office/coupons")
    get(finance, NEW, 403)
    get(person("shopper"), "/office/coupons", 403)


def test_pages_ask_little(marketer: Client, here: Shop) -> None:
    key = UUID(send(marketer, NEW, **form()).split("/")[3][:36])
    for address in ("/office/coupons", NEW, f"/office/coupons/{key}", f"/office/coupons/{key}/edit"):
        with counted() as asked:
            page = get(marketer, address)
        assert asked[0] <= MOST_QUERIES, address
        assert is_clean(page), address
