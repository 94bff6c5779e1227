"""Collecting at a point or locker: the page offers them with when the basket is there, and the order goes there."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import read_events
from storeline.kernel.api import SYSTEM, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, delivers, make
from storeline.shop.tests.buying import hidden, put, text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def points(made: Shop) -> list[UUID]:
    """A locker and a point near the shop, which may send."""
    run(
        "UPDATE places_place SET latitude = 41.66, longitude = -83.56, city = 'Toledo', "
        "capabilities = '{sell,collect,ship}' WHERE id = %s",
        [made.place],
    )
    found = []
    for number, (ref, place_format) in enumerate((("locker-1", "locker"), ("point-1", "collection_point")), 1):
        found.append(
            make(
                "places.Place",
                ref=ref,
                entity_id=made.entity,
                name=f"Station {number}",
                format=place_format,
                zone="America/New_York",
                country="US",
                city="Oregon",
                postal_code="43616",
                latitude=41.66 + number / 50,
                longitude=-83.5,
                capabilities=["collect"],
                keeps=["ambient"],
            )
        )
        for day in range(1, 8):
            make("places.Hours", place_id=found[-1], weekday=day, opens=0, closes=1440)
    return found


def test_points_are_not_among_the_shops_that_have_a_product(client: Client, made: Shop, points: list[UUID]) -> None:
    page = text(client, "/p/r0/product-0/shops")
    assert "/shops/p/p/r0/product-0" in page
    assert "Station" not in page


def test_nobody_buys_from_a_point(client: Client, made: Shop, points: list[UUID]) -> None:
    page = text(client, "/shops")
    assert 'name="ref" value="p"' in page
    assert "Station" not in page
    assert "Buy from this shop" in text(client, "/shops/p")
    assert "Buy from this shop" not in text(client, "/shops/locker-1")
    assert "/shops/locker-1" not in client.get("/sitemap-of.xml").content.decode()
    assert client.post("/shops", {"ref": "locker-1"}).status_code == 404
    client.cookies["shop"] = "locker-1"  # chosen when that could be
    assert "Station" not in text(client, "/")


def test_a_basket_goes_to_the_chosen_point(client: Client, made: Shop, points: list[UUID]) -> None:
    put(client, made)
    assert "Point or locker" in text(client, "/checkout")
    page = text(client, "/checkout?by=point")
    for words in ("Station 1", "Station 2", "There from", "Locker", "Collection point", 'class="map-point"'):
        assert words in page
    assert hidden(page, "point") == "locker-1"
    page = text(client, "/checkout?by=point&point=point-1")
    data = {name: hidden(page, name) for name in ("id", "total", "by", "point")}
    assert (data["total"], data["point"]) == ("270", "point-1")
    answers = [client.post("/checkout", data | {"card": "tok_approve"}) for _ in range(2)]
    assert {answer["Location"].partition("?")[0] for answer in answers} == {f"/order/{data['id']}"}
    order_id = UUID(data["id"])
    view, to = orders.get(order_id), orders.destinations([order_id]).result()[order_id]
    assert (view.head.method, view.head.served_by, to.point) == ("collect", made.place, points[1])
    assert made.level() == (10_000, 2_000)
    assert "Station 2" in text(client, answers[0]["Location"])
    read_events("fulfilment.tasks")
    fulfilment.pick_all([order_id], actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)
    for address, words in (("/", "Packed, on its way to where you collect it"), ("/orders", "On its way to where")):
        page = text(client, address)
        assert words in page
        assert "Station 2" in page
    fulfilment.arrive(order_id, actor=SYSTEM)
    assert "Ready: come and collect" in text(client, "/")


def test_what_must_stay_cold_is_said_before_anything_can_be_pressed(
    client: Client, made: Shop, points: list[UUID]
) -> None:
    run("UPDATE catalog_product SET temperature = 'chilled' WHERE id = %s", [made.products[0]])
    put(client, made)
    put(client, made, product=1)
    page = text(client, "/checkout?by=point")
    assert "Product 0 must stay cold, and nothing keeps it cold on the way to a point." in page
    assert "Product 1 must" not in page
    assert "Order and pay" not in page
    assert ways_out(page) == ["collect"]
    total = hidden(page, "total")
    data = {"by": "point", "point": "locker-1", "total": total, "card": "tok_approve"}
    assert client.post("/checkout", data)["Location"] == "/checkout"
    page = text(client, "/checkout")
    assert "Your order was not placed" in page
    assert "Choose where to collect it." not in page
    assert run("SELECT count(*) FROM orders_order").fetchall() == [(0,)]
    delivers(made)
    run("UPDATE places_place SET capabilities = capabilities || '{deliver}'::text[] WHERE id = %s", [made.place])
    page = text(client, "/checkout?by=point")
    assert ways_out(page) == ["collect", "deliver"]
    turned = client.post("/checkout", {"by": ["point", "collect"], "id": hidden(page, "id")})
    assert turned["Location"] == "/checkout"
    page = text(client, "/checkout")
    assert "must stay cold" not in page
    assert "Order and pay" in page


def test_no_way_is_offered_where_the_shop_has_too_little(client: Client, made: Shop, points: list[UUID]) -> None:
    delivers(made, method="ship")
    put(client, made, units=60)
    page = text(client, "/checkout?by=point")
    assert page.count("Your shop has too little of something.") == 1
    assert ways_out(page) == []
    assert "pay-bar" not in page
    assert "Change the basket" in page
    assert "Order and pay" not in page


def test_what_must_stay_cold_does_not_go_in_a_parcel_either(client: Client, made: Shop, points: list[UUID]) -> None:
    delivers(made, method="ship")
    run("UPDATE catalog_product SET temperature = 'frozen'")
    for number in range(len(made.products)):
        put(client, made, product=number)
    page = text(client, "/checkout?by=ship")
    assert "must stay cold and cannot go in a parcel." in page
    assert ways_out(page) == ["collect"]
    for words in ("Order and pay", "Show times and fee", "Payment"):
        assert words not in page


def ways_out(page: str) -> list[str]:
    """The ways that are offered instead."""
    aside = page[page.index("<aside") :]
    return re.findall(r'name="by" value="(\w+)"', aside.partition("</aside>")[0])


def test_a_point_that_is_none_is_refused_with_its_field(client: Client, made: Shop, points: list[UUID]) -> None:
    put(client, made)
    data = {"by": "point", "point": "nowhere", "total": "270", "card": "tok_approve"}
    assert client.post("/checkout", data)["Location"] == "/checkout"
    page = text(client, "/checkout")
    assert "Choose where to collect it." in page
    assert hidden(page, "by") == "point"  # what was chosen is kept
    assert made.level() == (10_000, 0)
