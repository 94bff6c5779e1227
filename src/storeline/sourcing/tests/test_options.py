"""Options against the database, and over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from storeline.capacity import api as capacity
from storeline.identity.tests.factories import bearer, make_token
from storeline.kernel.api import SYSTEM, Invalid, clock_at, new_id, run, waits
from storeline.places import api as places
from storeline.sourcing import api as sourcing
from storeline.stock.tests.factories import hold, make_place, make_products, put

pytestmark = pytest.mark.django_db
AT = datetime(2017, 6, 1, 6, tzinfo=UTC)  # a Thursday; the shops open at 8
PARIS = places.Position(48.8566, 2.3522)


@pytest.fixture(autouse=True)
def _clock():
    with clock_at(AT):
        yield


@pytest.fixture
def products():
    return make_products(2)


def make_shop(ref: str, latitude: float | None = None, **columns: Any):
    values = {"capabilities": ["sell", "collect", "deliver", "ship"]} | columns
    shop = make_place(ref, latitude=latitude, longitude=None if latitude is None else 2.3522, **values)
    for weekday in range(1, 8):
        run("INSERT INTO places_hours (place_id, weekday, opens, closes) VALUES (%s, %s, 480, 1200)", [shop, weekday])
    return shop


def ask(products, **more: Any) -> list[sourcing.Option]:
    lines = [sourcing.WantedLine(product, 2_000) for product in products]
    return sourcing.options(lines, **({"method": "collect"} | more))


def told(options: list[sourcing.Option]) -> list[tuple[str, bool, list[str]]]:
    return [(one.ref, one.serves, [reason.code.value for reason in one.reasons]) for one in options]


def test_the_nearest_place_with_the_whole_basket_comes_first(products):
    near, far, full = make_shop("near", 48.9), make_shop("far", 50.0), make_shop("full", 48.8566)
    for shop in (near, far):
        for product in products:
            put(shop, product, 2_000)
    put(full, products[0], 2_000)
    put(full, products[1], 2_000)
    hold(full, products[1], 1)
    found = ask(products, near=PARIS)
    assert told(found) == [
        ("near", True, ["all_there", "open"]),
        ("far", True, ["all_there", "open"]),
        ("full", False, ["short"]),
    ]
    assert [round(one.distance_km or 0, 1) for one in found] == [4.8, 127.1, 0.0]
    assert found[0].distance_km == pytest.approx(places.distance_km(PARIS, places.Position(48.9, 2.3522)), abs=1e-6)
    assert (found[2].reasons[0].product_id, found[2].reasons[0].missing) == (products[1], 1)


def test_two_lines_of_one_product_add_up(products):
    put(make_shop("P1"), products[0], 3_999)
    [one] = ask([products[0], products[0]])
    assert [(reason.code, reason.missing) for reason in one.reasons] == [(sourcing.Code.SHORT, 1)]


def test_near_a_place_of_ones_own(products):
    here, there = make_shop("here", 10.0), make_shop("there", 11.0)
    for shop in (here, there):
        for product in products:
            put(shop, product, 5_000)
    assert [one.ref for one in ask(products, near_place=there)] == ["there", "here"]


def test_it_is_looked_farther_out_where_too_few_near_can_serve(products):
    for number in range(30):
        make_shop(f"N{number:02}", 48.9 + number / 100)
    far = make_shop("far", 50.0)
    for product in products:
        put(far, product, 5_000)
    with waits() as count:
        found = ask(products, near=PARIS, limit=2)
    assert (told(found), count.waits) == ([("far", True, ["all_there", "open"]), ("N00", False, ["short", "short"])], 5)


def test_a_place_serves_from_its_next_opening_or_its_next_slot(products):
    shop = make_shop("P1")
    for product in products:
        put(shop, product, 5_000)
    assert ask(products)[0].at == AT + timedelta(hours=2)
    assert ask(products, at=AT + timedelta(hours=3))[0].at == AT + timedelta(hours=3)
    assert ask(products, at=AT + timedelta(hours=14))[0].at == AT + timedelta(hours=26)
    capacity.generate([shop], actor=SYSTEM, days=1)
    [one] = ask(products)
    assert (one.at, one.slot_id is not None) == (AT + timedelta(hours=2), True)
    run("UPDATE capacity_slot SET held = capacity WHERE starts_at < %s", [AT + timedelta(hours=5)])
    assert ask(products)[0].at == AT + timedelta(hours=5)
    run("UPDATE capacity_slot SET held = capacity")
    assert told(ask(products)) == [("P1", False, ["slots_full"])]


def test_a_place_that_never_opens_is_closed(products):
    shop = make_place("P1")
    for product in products:
        put(shop, product, 5_000)
    assert told(ask(products)) == [("P1", False, ["closed"])]


def test_a_range_a_cold_chain_and_a_life_bound_a_place(products):
    frozen = make_products(1, temperature="frozen")[0]
    popup = make_shop("popup", opens_on="2017-06-02")
    locker = make_shop("locker", format="locker")
    ranged = make_shop("ranged")
    for shop in (popup, locker, ranged):
        put(shop, frozen, 5_000)
    run("INSERT INTO catalog_listing (place_id, product_id) VALUES (%s, %s)", [ranged, products[0]])
    assert sorted(told(ask([frozen]))) == [
        ("locker", False, ["not_kept_cold"]),
        ("popup", False, ["not_trading"]),
        ("ranged", False, ["not_listed"]),
    ]
    run("INSERT INTO catalog_listing (place_id, product_id, ends_on) VALUES (%s, %s, '2017-06-01')", [ranged, frozen])
    assert ("ranged", True, ["all_there", "open"]) in told(ask([frozen]))
    assert ("ranged", False, ["not_listed"]) in told(ask([frozen], at=AT + timedelta(days=1)))


def test_named_places_are_judged_even_without_the_capability(products):
    depot = make_place("depot", capabilities=["ship"])
    assert ask(products) == []
    assert told(ask(products, only=[depot])) == [("depot", False, ["no_capability", "short", "short"])]


def test_unknown_and_withdrawn_products_are_told(products):
    make_shop("P1")
    [gone] = make_products(1, status="ended")
    [till_only] = make_products(1, online=False)
    found = ask([new_id(), gone, till_only])
    assert told(found) == [("P1", False, ["unknown_product", "not_sold", "not_online"])]


def test_a_basket_costs_four_waits_whatever_its_size():
    products = make_products(30)
    for number in range(10):
        shop = make_shop(f"P{number}")
        for product in products:
            put(shop, product, 5_000)
    with waits() as count:
        assert len(ask(products)) == 10
    assert count.waits == 4


@pytest.mark.parametrize(
    ("lines", "method", "field"),
    [
        ([], "collect", "lines"),
        ([(new_id(), 0)], "collect", "lines[0].quantity"),
        ([(new_id(), 1)], "teleport", "method"),
    ],
)
def test_a_question_that_makes_no_sense_names_its_field(lines, method, field):
    with pytest.raises(Invalid) as refusal:
        sourcing.options([sourcing.WantedLine(*line) for line in lines], method=method)
    assert refusal.value.field == field


def post(body: Any, token: str | None = None):
    headers = bearer(token) if token else {}
    return Client().post("/api/v1/sourcing/options", body, content_type="application/json", headers=headers)


def test_over_http_only_staff_see_how_much_is_missing(products):
    shop = make_shop("P1", 48.8566)
    put(shop, products[0], 500)
    body = {
        "lines": [{"product": str(products[0]), "quantity": "1"}],
        "method": "collect",
        "near": {"latitude": 48.8566, "longitude": 2.3522},
    }
    expected: dict[str, Any] = {
        "place": str(shop),
        "ref": "P1",
        "name": "P1",
        "serves": False,
        "distance_km": 0.0,
        "at": None,
        "slot": None,
    }
    reason = {"code": "short", "text": "Not enough is there.", "product": str(products[0])}
    assert post(body).json()["items"] == [expected | {"reasons": [reason | {"missing": None}]}]
    assert post(body, make_token("planner")).json()["items"] == [expected | {"reasons": [reason | {"missing": "0.5"}]}]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lines": []}, "lines"),
        ({"method": "fly"}, "method"),
        ({"lines": [{"product": str(new_id()), "quantity": "x"}]}, "lines[0].quantity"),
        ({"at": "2017-06-01T08:00:00"}, "at"),
        ({"near": {"latitude": 91, "longitude": 0}}, "near.latitude"),
    ],
)
def test_over_http_a_question_that_makes_no_sense_names_its_field(change, field):
    answer = post({"lines": [{"product": str(new_id())}], "method": "collect"} | change)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
