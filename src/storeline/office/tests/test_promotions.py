"""Promotions: made, tried out, scheduled, changed by one of two, ended; what is refused changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from storeline.catalog import api as catalog
from storeline.kernel.api import SYSTEM, clock_at, new_id, now, run
from storeline.office.tests.factories import GTINS, person
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make
from storeline.places import api as places
from storeline.pricing import api as pricing
from storeline.web.tests.browsing import MOST_QUERIES, counted, get, is_clean, refused, send

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "/office/promotions/new"


def form(**changes: Any) -> dict[str, Any]:
    """What a browser sends: 20 % off the first product from an hour ago for a week."""
    local = now().astimezone().replace(microsecond=0)
    wanted = {
        "id": str(new_id()),
        "name": "Bread week",
        "kind": "percentage",
        "percent": "20",
        "about": "some",
        "targets": "r0",
        "where": "all",
        "every_channel": "all",
        "combine": "best",
        "funder": "retailer",
        "starts": (local - timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M"),
        "ends": (local + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M"),
        "zone": "America/New_York",
        "currency": "USD",
        "do": "save",
    }
    return wanted | changes


def count() -> int:
    return int(run("SELECT count(*) FROM pricing_promotion").fetchall()[0][0])


def one() -> pricing.PromotionView:
    ((key,),) = run("SELECT id FROM pricing_promotion").fetchall()
    return pricing.view_promotion(key)


def price_of(here: Shop, product: int = 0) -> int:
    """What one costs a basket in the online shop, in cents without tax."""
    draft = here.draft(lines=(orders.DraftLine(here.products[product], 1000),))
    return orders.quote(draft, actor=SYSTEM).lines[0].amount


def test_from_the_empty_form_to_its_end(here: Shop, marketer: Client) -> None:
    assert "No promotion runs at the moment" in get(marketer, "/office/promotions")
    assert "What shoppers will pay is shown here" in get(marketer, NEW)
    names = {"fr": "Semaine du pain", "zh-Hans": "面包周", "de": "Brotwoche"}
    page = send(marketer, NEW, **form(), **{f"name_{tag}": name for tag, name in names.items()}, name_es="  ")
    assert one().names == names
    assert page == f"/office/promotions/{one().row.terms.id}?said=saved"
    shown = get(marketer, page)
    for words in ("20% off", "Everybody", "Everywhere", "Draft", "Wrote or changed a promotion", "marketer"):
        assert words in shown
    assert price_of(here) == 125
    base = page.partition("?")[0]
    assert send(marketer, f"{base}/schedule", seen=one().version) == f"{base}?said=scheduled"
    assert price_of(here) == 100
    assert "Bread week" in get(marketer, "/office/promotions")
    french = marketer.get("/office/promotions?q=面包", headers={"accept-language": "fr"})
    assert "Semaine du pain" in french.content.decode()
    copied = get(marketer, f"{NEW}?copy={one().row.terms.id}")
    assert all(f'value="{name}"' in copied for name in names.values())
    assert send(marketer, f"{base}/end") == f"{base}?said=ended"
    assert price_of(here) == 125
    assert "Bread week" in get(marketer, "/office/promotions?phase=ended&q=bread")
    assert "Bread week" not in get(marketer, "/office/promotions?phase=ended&q=milk")
    assert "Bread week" in get(marketer, "/office/promotions?phase=ended&product=r0")
    assert "Bread week" not in get(marketer, "/office/promotions?phase=ended&product=r1")
    actions = [
        row[0] for row in run("SELECT action FROM kernel_trail WHERE actor_kind = 'user' ORDER BY id").fetchall()
    ]
    assert actions == ["pricing.write_promotion", "pricing.schedule_promotion", "pricing.end_promotion"]


def test_an_order_keeps_the_name_and_its_readers_read_it_in_theirs(here: Shop, marketer: Client) -> None:
    send(marketer, NEW, **form(do="schedule", name_fr="Semaine du pain"))
    (outcome,) = orders.place([here.draft(expected_total=108)], actor=SYSTEM)
    assert outcome.error is None, outcome

    def taken() -> tuple[str, dict[str, str]]:
        _view, details = orders.whole(outcome.order_id)
        (one,) = details[1].discounts
        return one.name, dict(one.names)

    desk = person("service_desk")
    shown = desk.get(f"/office/orders/{outcome.order_id}", headers={"accept-language": "fr"}).content.decode()
    assert "Semaine du pain" in shown
    assert taken() == ("Bread week", {"fr": "Semaine du pain"})
    run("UPDATE pricing_promotion SET name = 'Another', names = '{\"fr\": \"Une autre\"}'")
    assert taken() == ("Bread week", {})


def test_the_same_form_twice_is_one_promotion(marketer: Client, here: Shop) -> None:
    given = form()
    page = send(marketer, NEW, **given)
    assert send(marketer, NEW, **given) == page.partition("?")[0]
    assert count() == 1
    again = refused(marketer, NEW, 409, **(given | {"percent": "50"}))
    assert "Somebody else has changed it" in again
    assert one().row.rate_ppm == 200_000


def test_the_preview_is_the_very_price_and_writes_nothing(here: Shop, marketer: Client) -> None:
    given = form(kind="n_for_price", group_size="2", amount="2.00", percent="")
    page = marketer.post("/office/promotions/preview", given).content.decode()
    assert "An example basket" in page
    assert "$2.16" in page  # two for 2.00, and 8 % tax
    assert "$2.70" in page  # without it
    assert count() == 0
    send(marketer, NEW, **(given | {"do": "schedule"}))
    assert orders.quote(here.draft([2]), actor=SYSTEM).payable == 216


def test_the_preview_says_what_may_be_announced(here: Shop, marketer: Client) -> None:
    make(
        "pricing.Price", product_id=here.products[0], amount=90, currency="USD",
        valid_from=now() - timedelta(days=20), valid_to=now() - timedelta(days=10),
    )  # fmt: skip
    page = marketer.post("/office/promotions/preview", form()).content.decode()
    assert "It cost $0.90 within the 30 days before" in page
    page = marketer.post("/office/promotions/preview", form(percent="50")).content.decode()
    assert "Lowest of the 30 days before: $0.90. May be announced as $0.28 off." in page


def test_the_preview_names_what_else_runs(here: Shop, marketer: Client) -> None:
    draft = pricing.PromotionDraft(
        "other", "Everything cheap", "percentage", now() - timedelta(days=1), rate_ppm=300_000, targets=None
    )
    pricing.write_promotion(draft, actor=SYSTEM)
    pricing.schedule_promotion("other", actor=SYSTEM)
    page = marketer.post("/office/promotions/preview", form()).content.decode()
    assert "1 other promotion at the same time" in page
    assert "Everything cheap" in page
    assert "No change: it costs as much or less already." in page
    del here


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "Give it a name"),
        ({"percent": ""}, "Type a percentage, such as 20."),
        ({"percent": "120"}, "Type a percentage above 0 and up to 100"),
        ({"kind": "amount", "amount": "x"}, "Type an amount, such as 1.50."),
        ({"kind": "n_for_price", "amount": "5"}, "Type a whole number from 2 to 1000."),
        ({"targets": ""}, "Name at least one product or department"),
        ({"targets": "r0\nnope\n04006381333932"}, "2 of the lines cannot be used."),
        ({"where": "some", "places": "zz"}, "No place has the reference: zz"),
        ({"where": "groups"}, "Choose a format or a region."),
        ({"starts": "soon"}, "Type a day and a time"),
        ({"starts": ""}, "Say when it starts."),
        ({"ends": "2001-01-01T00:00"}, "It ends after it starts."),
        ({"from_time": "16:00"}, "Type both times"),
        ({"every_channel": "some"}, "Choose at least one channel."),
        ({"max_uses": "0"}, "Type a whole number from 1 to 1000000."),
        ({"combine": "stack", "max_uses": "2"}, "cannot come on top of others"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    marketer: Client, change: dict[str, Any], words: str
) -> None:
    page = refused(marketer, NEW, **form(**({"name": "Cheese days"} | change)))
    assert words in page
    assert "Nothing was saved yet. Your entries are kept." in page
    if "name" not in change:
        assert 'value="Cheese days"' in page
    assert count() == 0


def test_a_list_of_codes_says_which_line_is_wrong(marketer: Client) -> None:
    page = refused(marketer, NEW, **form(targets=f"r0 15\n{GTINS[1]}\ncategory:none\nr1; abc"))
    for words in ("Line 3: No department has the reference “none”.", "Line 4: Type a percentage"):
        assert words in page
    assert "Line 1" not in page
    assert GTINS[1] in page


def test_codes_departments_places_and_values_of_their_own(here: Shop, marketer: Client) -> None:
    catalog.upsert_categories([{"ref": "FR", "name": "Fresh"}], actor=SYSTEM)
    catalog.upsert_products([{"ref": "r2", "name": "Product 2", "category": "FR"}], actor=SYSTEM)
    lines = f"{GTINS[0]} 1,00\nr1\t0.50 @p\ncategory:FR; 2.10/3\nr0 1.00"
    given = form(kind="fixed_price", percent="", amount="", targets=lines, do="schedule")
    send(marketer, NEW, **given)
    assert [price_of(here, number) for number in range(3)] == [100, 50, 70]
    copied = get(marketer, f"{NEW}?copy={one().row.terms.id}")
    assert "category:FR; 2.10/3 r0; 1.00 r1; 0.50; @p" in copied


def test_terms_reach_the_promotion(here: Shop, marketer: Client) -> None:
    given = form(
        where="some", places="p", every_channel="some", channels=["web"], weekdays=["1", "7"], from_time="22:00",
        to_time="00:00", priority="5", combine="alone", max_uses="3", funder="manufacturer", member_only="on", ref="W1",
    )  # fmt: skip
    send(marketer, NEW, **given)
    terms, view = one().row.terms, one()
    assert view.place_ids == (here.place,)
    assert (terms.channels, terms.weekdays) == (frozenset({"web"}), frozenset({1, 7}))
    assert (terms.from_minute, terms.to_minute, terms.priority, terms.exclusive) == (1320, 1440, 5, True)
    assert (terms.max_uses, terms.funder, terms.member_only, view.row.ref) == (3, "manufacturer", True, "W1")
    edit = get(marketer, f"/office/promotions/{terms.id}/edit")
    for part in ('value="22:00"', 'value="00:00"', 'name="max_uses" value="3"'):
        assert part in edit


def test_groups_of_places_are_resolved(here: Shop, marketer: Client) -> None:
    make(
        "places.Place", ref="q", entity_id=here.entity, name="Elsewhere", format="convenience", zone="UTC", country="US",
        region="OH", capabilities=["sell"],
    )  # fmt: skip
    send(marketer, NEW, **form(where="groups", formats=["convenience"], regions=["OH"]))
    assert one().place_ids == (places.choose_places(refs=["q"])[0][0],)


def test_of_two_editors_the_second_sees_that_it_changed(marketer: Client, here: Shop) -> None:
    base = send(marketer, NEW, **form()).partition("?")[0]
    seen = one().version
    first = form(id=str(one().row.terms.id), seen=seen, ref=one().row.ref, percent="30")
    assert send(marketer, f"{base}/edit", **first) == f"{base}?said=saved"
    page = refused(marketer, f"{base}/edit", 409, **(first | {"percent": "40"}))
    assert "Somebody else has changed it since you opened this page." in page
    assert 'value="40"' in page
    assert one().row.rate_ppm == 300_000
    page = refused(marketer, f"{base}/schedule", 409, seen=seen)
    assert "Somebody else has changed it" in page
    assert one().row.state == "draft"


def test_anothers_reference_is_refused(marketer: Client, here: Shop) -> None:
    send(marketer, NEW, **form(ref="SAME"))
    page = refused(marketer, NEW, 409, **form(ref="SAME"))
    assert "Another promotion has this reference." in page
    assert count() == 1


def test_what_runs_is_not_edited_but_ends_sooner(marketer: Client, here: Shop) -> None:
    base = send(marketer, NEW, **form(do="schedule")).partition("?")[0]
    assert marketer.get(f"{base}/edit")["Location"] == base
    page = refused(marketer, f"{base}/withdraw", 409)
    assert "That can no longer be done" in page
    assert send(marketer, f"{base}/until", ends="2999-01-31T07:00", seen=one().version) == f"{base}?said=end_moved"
    assert one().row.terms.ends_at == datetime(2999, 1, 31, 7, tzinfo=UTC)  # the office reckons in its entity's zone
    assert send(marketer, f"{base}/until", ends="soon") == f"{base}?said=no_moment"
    refused(marketer, f"{base}/until", 409, ends="2001-01-31T07:00")
    assert one().row.terms.ends_at == datetime(2999, 1, 31, 7, tzinfo=UTC)


def test_one_that_has_not_begun_goes_back_to_draft(marketer: Client, here: Shop) -> None:
    later = (now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    base = send(marketer, NEW, **form(starts=later, do="schedule")).partition("?")[0]
    assert send(marketer, f"{base}/withdraw") == f"{base}?said=withdrawn"
    assert one().row.state == "draft"


def test_a_search_adds_a_line_without_a_script(marketer: Client, here: Shop) -> None:
    catalog.upsert_products([{"ref": "r1", "name": "Oat bread"}], actor=SYSTEM)
    page = marketer.post(NEW, form(do="find", find="oat bre")).content.decode()
    assert 'name="add" value="r1"' in page
    given = form(add="r1")
    del given["do"]
    page = marketer.post(NEW, given).content.decode()
    assert "r0\nr1" in page
    assert "Oat bread" in marketer.get("/office/promotions/find?find=oat").content.decode()
    assert 'data-line="p"' in marketer.get("/office/promotions/places?find_place=Shop").content.decode()


def test_who_may(here: Shop) -> None:
    finance, shopper = person("finance"), person("shopper")
    assert "No promotion runs" in get(finance, "/office/promotions")
    assert "New promotion" not in get(finance, "/office/promotions")
    for browser, address in ((finance, NEW), (shopper, "/office/promotions"), (shopper, NEW)):
        get(browser, address, 403)
    assert Client().get(NEW)["Location"].startswith("/accounts/login/")
    local = person("marketer", place_id=here.place, username="local")
    page = refused(local, NEW, 403, **form())
    assert "It reaches beyond the places that are yours." in page
    assert count() == 0
    send(local, NEW, **form(where="some", places="p"))
    assert count() == 1


def test_pages_ask_little_and_write_nothing_inline(here: Shop, marketer: Client) -> None:
    key = UUID(send(marketer, NEW, **form()).split("/")[3][:36])
    for address in ("/office/promotions", NEW, f"/office/promotions/{key}", f"/office/promotions/{key}/edit"):
        with counted() as asked:
            page = get(marketer, address)
        assert asked[0] <= MOST_QUERIES, address
        assert is_clean(page), address
    with counted() as asked:
        assert "An example basket" in marketer.post("/office/promotions/preview", form(id=str(key))).content.decode()
    assert asked[0] <= MOST_QUERIES
    del here


def test_a_page_of_many_goes_on_where_it_ended(marketer: Client, here: Shop) -> None:
    with clock_at(now()):
        for number in range(42):
            draft = pricing.PromotionDraft(
                f"n{number}", f"Number {number:02}.", "percentage", now() + timedelta(days=number % 3), rate_ppm=1000
            )
            pricing.write_promotion(draft, actor=SYSTEM)
    first = get(marketer, "/office/promotions?phase=draft")
    following = first.split('<nav class="pager"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    second = get(marketer, following)
    seen = [f"Number {number:02}." for number in range(42)]
    assert sum(name in first for name in seen) == 40
    assert sum(name in second for name in seen) == 2
    assert all((name in first) != (name in second) for name in seen)
