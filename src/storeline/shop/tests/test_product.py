"""A product's page: one for each place, what stands in for it, and which shops near have it."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from storeline.kernel.api import clock_at, ids_array, new_id, now, run
from storeline.orders.tests.factories import Shop, make
from storeline.shop import audit, offers
from storeline.shop.tests.buying import HTML, put, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(made: Shop) -> UUID:
    """Another shop not far away, which has none of the first product."""
    run("UPDATE places_place SET latitude = 41.66, longitude = -83.56, city = 'Toledo' WHERE id = %s", [made.place])
    return make(
        "places.Place",
        ref="q",
        entity_id=made.entity,
        name="Second shop",
        format="supermarket",
        zone="America/New_York",
        country="US",
        city="Oregon",
        region="OH",
        latitude=41.64,
        longitude=-83.48,
        capabilities=["sell", "collect"],
    )


def schema(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert found
    described: dict[str, Any] = json.loads(found[1])
    return described


def test_each_place_has_its_own_page_of_a_product(client: Client, made: Shop, second: UUID) -> None:
    here, there = text(client, "/shops/p/p/r0/product-0"), text(client, "/shops/q/p/r0/product-0")
    assert schema(here)["offers"]["availability"] == "https://schema.org/InStock"
    assert schema(there)["offers"]["availability"] == "https://schema.org/OutOfStock"
    assert schema(there)["offers"]["availableAtOrFrom"]["name"] == "Second shop"
    assert '<link rel="canonical" href="http://testserver/shops/q/p/r0/product-0">' in there
    for language in ("en", "zh-hans", "fr", "es"):
        assert f'hreflang="{language}" href="http://testserver/shops/q/p/r0/product-0?lang={language}"' in there
    assert "Buy from Second shop" in there
    assert client.get("/shops/p/p/r0/other")["Location"] == "/shops/p/p/r0/product-0"
    assert client.get("/shops/nope/p/r0/product-0", headers=HTML).status_code == 404


def test_a_language_is_named_by_the_address_and_kept(client: Client, made: Shop) -> None:
    page = client.get("/p/r0/product-0?lang=fr")
    assert '<html lang="fr"' in page.content.decode()
    assert "Ajouter au panier" in page.content.decode()
    assert client.cookies["django_language"].value == "fr"
    assert '<html lang="fr"' in text(client, "/")
    assert '<html lang="en"' in text(Client(), "/?lang=xx")


def test_what_is_sold_out_has_others_of_its_kind_beside_it(client: Client, made: Shop) -> None:
    run("UPDATE catalog_product SET category_id = (SELECT id FROM catalog_category LIMIT 1)")
    run("UPDATE stock_balance SET on_hand = 0 WHERE product_id = %s", [made.products[0]])
    page = text(client, "/p/r0/product-0")
    assert "Out of stock" in page
    assert "In stock instead" in page
    assert "Product 1" in page
    assert "Add to the basket" not in page
    assert "In stock instead" not in text(client, "/p/r1/product-1")


def test_what_has_no_price_here_is_not_sold_here(client: Client, made: Shop) -> None:
    run("DELETE FROM pricing_price WHERE product_id = %s", [made.products[0]])
    page = text(client, "/p/r0/product-0")
    assert "Not sold here" in page
    assert "Add to the basket" not in page
    assert "ld+json" not in page


def test_what_a_shop_does_not_list_is_not_sold_there(client: Client, made: Shop, second: UUID) -> None:
    make("catalog.Listing", place_id=second, product_id=made.products[1])
    assert "Not sold here" in text(client, "/shops/q/p/r0/product-0")


def test_shops_near_a_product_are_listed_and_mapped_with_and_without_a_script(
    client: Client, made: Shop, second: UUID
) -> None:
    whole = text(client, "/p/r0/product-0/shops")
    part = client.get("/p/r0/product-0/shops", headers={"HX-Request": "true"}).content.decode()
    assert "<html" in whole
    assert "<html" not in part
    for page in (whole, part):
        assert page.count('class="map-point"') == 2
        assert 'href="/shops/q/p/r0/product-0"' in page
        assert "4.4 mi" in page
    assert "We know no shop in Atlantis" in text(client, "/p/r0/product-0/shops?town=Atlantis")
    assert 'class="map-here"' in text(client, "/p/r0/product-0/shops?near=41.65,-83.5")


def test_shops_are_chosen_on_a_list_beside_a_map(client: Client, made: Shop, second: UUID) -> None:
    page = text(client, "/shops?town=Oregon")
    assert "Second shop" in page
    assert page.count('class="map-point"') == 1
    assert schema(text(client, "/shops/q"))["geo"]["latitude"] == 41.64


def test_offers_are_the_best_first_and_only_what_is_there(client: Client, made: Shop) -> None:
    for number, (product, rate) in enumerate(zip(made.products, (100_000, 300_000, 200_000), strict=True)):
        promotion = make(
            "pricing.Promotion",
            id=new_id(),
            ref=f"offer{number}",
            name=f"Offer {number}",
            kind="percentage",
            rate_ppm=rate,
            state="scheduled",
            starts_at=datetime.fromisoformat("2020-01-01T00:00Z"),
            everything=False,
            member_only=number == 2,
        )
        make("pricing.PromotionTarget", promotion_id=promotion, product_id=product)
    assert "Product 1<" in text(client, "/offers")  # nobody was here before: they are ranked from now on
    told = run("SELECT wanted_at FROM shop_ranking").fetchall()
    assert "Product 1<" in text(client, "/offers")
    assert run("SELECT wanted_at FROM shop_ranking").fetchall() == told  # the worker knows: a look writes nothing more
    assert offers.rank_due(9) == 1
    page = text(client, "/offers")
    assert [page.index(f"Product {number}<") for number in (1, 2, 0)] == sorted(
        page.index(f"Product {number}<") for number in (1, 2, 0)
    )
    assert "Members <b>" in page
    assert offers.rank_due(9) == 0
    run("UPDATE stock_balance SET on_hand = 0 WHERE product_id = %s", [made.products[1]])
    assert "Product 1<" not in text(client, "/offers")
    run("UPDATE pricing_promotion SET ends_at = starts_at + interval '1 second'")
    page = text(client, "/offers")
    assert "Product 2<" not in page
    assert "There are no offers at this shop now." in page
    with clock_at(now() + timedelta(minutes=6)):
        assert offers.rank_due(9) == 1
    assert run("SELECT products FROM shop_ranking").fetchall() == [([],)]


def test_a_ranking_names_each_product_once(made: Shop) -> None:
    run(
        "INSERT INTO shop_ranking (place_id, member, products, wanted_at, ranked_at) VALUES (%s, true, %s::uuid[], now(), now())",
        [made.place, ids_array([made.products[0], made.products[1]])],
    )
    assert audit.rankings().differences == ()
    run("UPDATE shop_ranking SET products = %s::uuid[]", [ids_array([made.products[0], made.products[0]])])
    assert len(audit.rankings().differences) == 1


def test_a_card_drawn_once_carries_nothing_of_another_visitor(made: Shop) -> None:
    one, other = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    pages = [text(client, "/c/APPLES") for client in (one, other)]
    tokens = [re.findall(r'class="product-add".*?name="csrfmiddlewaretoken" value="([^"]+)"', page) for page in pages]
    assert len(tokens[0]) == len(tokens[1]) == 1
    assert tokens[0] != tokens[1]
    data = {"product": made.products[0], "quantity": 1, "csrfmiddlewaretoken": tokens[0][0]}
    assert one.post("/basket", data).status_code == 303
    assert other.post("/basket", data | {"csrfmiddlewaretoken": "x" * 64}).status_code == 403
    put(other, made)
    assert 'value="2"' in text(one, "/c/APPLES")
