"""Prices and promotions over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from storeline.identity.tests.factories import bearer, fresh_key, make_token
from storeline.pricing.models import Price, Promotion
from storeline.pricing.tests.factories import make_place, make_product

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"
SALE: dict[str, Any] = {
    "name": "Spring",
    "kind": "percentage",
    "percent": "12.5",
    "starts_at": "2020-01-01T00:00:00Z",
    "targets": None,
}


@pytest.fixture
def planner() -> Client:
    return Client(headers=bearer(make_token("planner")))


def _put(client: Client, path: str, body: object) -> Any:
    return client.put(f"{ROOT}{path}", body, content_type="application/json")


def test_prices_are_put_in_and_shown(planner: Client) -> None:
    product, place = make_product("a", content_quantity=500_000, content_unit="g"), make_place("p1")
    row = {"product": "a", "currency": "EUR", "valid_from": "2020-01-01T00:00:00Z", "amount": "2.5", "per": "2"}
    answer = _put(planner, "/prices/bulk", [row, row | {"product": "zz"}])
    assert answer.status_code == 200
    assert [item["outcome"] for item in answer.json()["items"]] == ["taken", "refused"]
    assert answer.json()["items"][1]["errors"] == [{"field": "product", "detail": "there is no product with this ref"}]
    shown = Client().get(f"{ROOT}/places/{place.pk}/prices?product={product.pk}")
    assert shown.status_code == 200
    [item] = shown.json()["items"]
    assert item["price"] == {"amount": "2.50", "per": "2", "currency": "EUR"}
    assert (item["per_unit"], item["unit"]) == ({"amount": "2.50", "per": "1", "currency": "EUR"}, "kg")
    [kept] = Client().get(f"{ROOT}/prices?product={product.pk}").json()["items"]
    assert (kept["price"]["amount"], kept["place"]) == ("2.50", None)


def test_a_promotion_from_draft_to_end(planner: Client) -> None:
    product, place = make_product("a"), make_place("p1")
    Price.objects.create(product=product, amount=800, currency="EUR", valid_from="2020-01-01T00:00:00Z")
    names = {"fr": "Printemps", "zh-Hans": "春天"}
    draft = _put(planner, "/promotions/spring", SALE | {"names": names})
    assert draft.json()["names"] == names
    assert (draft.status_code, draft.json()["state"], draft.json()["percent"]) == (200, "draft", "12.5")
    preview = planner.get(f"{ROOT}/promotions/spring/preview?place={place.pk}").json()["items"]
    assert [(line["regular"]["amount"], line["price"]["amount"]) for line in preview] == [("8.00", "7.00")]
    assert Client().get(f"{ROOT}/promotions").json()["items"] == []
    assert planner.post(f"{ROOT}/promotions/spring/schedule", headers=fresh_key()).json()["state"] == "scheduled"
    assert [row["ref"] for row in Client().get(f"{ROOT}/promotions").json()["items"]] == ["spring"]
    [item] = Client().get(f"{ROOT}/places/{place.pk}/prices?product={product.pk}").json()["items"]
    assert (item["price"]["amount"], item["regular"]["amount"], item["label"]) == ("7.00", "8.00", "Spring")
    assert item["names"] == names
    changed = _put(planner, "/promotions/spring", SALE)
    assert (changed.status_code, changed.json()["code"]) == (409, "promotion_state")
    assert planner.post(f"{ROOT}/promotions/spring/end", headers=fresh_key()).json()["ends_at"] is not None
    assert Client().get(f"{ROOT}/promotions").json()["items"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"percent": None}, "percent"),
        ({"amount": "1.00"}, "currency"),
        ({"names": {"fr": " "}}, "names"),
        ({"kind": "n_for_price", "percent": None}, "currency"),
    ],
)
def test_bad_promotions_are_refused_by_field(planner: Client, change: dict[str, Any], field: str) -> None:
    answer = _put(planner, "/promotions/spring", SALE | change)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert not Promotion.objects.exists()


def test_a_promotion_is_written_over_what_one_has_seen(planner: Client) -> None:
    first = _put(planner, "/promotions/spring", SALE)
    seen = planner.get(f"{ROOT}/promotions/spring")
    assert seen.json() == first.json()
    other = _put(planner, "/promotions/spring", SALE | {"percent": "20"})
    stale = planner.put(
        f"{ROOT}/promotions/spring", SALE, content_type="application/json", headers={"If-Match": seen["ETag"]}
    )
    assert stale.status_code == 412
    assert planner.get(f"{ROOT}/promotions/spring").json() == other.json()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_write_over_the_same_only_one_does() -> None:
    headers = bearer(make_token("planner"))
    planner = Client(headers=headers)
    _put(planner, "/promotions/spring", SALE)
    seen = planner.get(f"{ROOT}/promotions/spring")["ETag"]
    barrier = Barrier(4)

    def write(percent: int) -> int:
        try:
            barrier.wait(10)
            body = SALE | {"percent": str(percent)}
            answer = Client(headers=headers | {"If-Match": seen}).put(
                f"{ROOT}/promotions/spring", body, content_type="application/json"
            )
            return int(answer.status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(write, (20, 30, 40, 50))) == [200, 412, 412, 412]


def test_tax_rates(planner: Client) -> None:
    row = {"regime": "xx", "tax_class": "food", "valid_from": "2024-01-01", "rate": "8.875"}
    assert _put(planner, "/tax-rates/bulk", [row]).json()["inserted"] == 1
    [item] = Client().get(f"{ROOT}/tax-rates?regime=xx").json()["items"]
    assert item == row | {"region": "", "included": False}
    rows = [row | {"tax_class": name, "valid_from": f"{year}-01-01"} for name in ("a", "b") for year in (2022, 2021)]
    _put(planner, "/tax-rates/bulk", rows)
    seen: list[tuple[str, str]] = []
    cursor: dict[str, str] | None = {}
    while cursor is not None:
        page = Client().get(f"{ROOT}/tax-rates", {"regime": "xx", "limit": "2"} | cursor).json()
        seen += [(item["tax_class"], item["valid_from"][:4]) for item in page["items"]]
        cursor = page["next"] and {"cursor": page["next"]}
    assert seen == [("a", "2022"), ("a", "2021"), ("b", "2022"), ("b", "2021"), ("food", "2024")]
    assert Client().get(f"{ROOT}/tax-rates?cursor=[1]").json()["field"] == "cursor"


def test_who_sets_prices_of_one_place_sets_no_others() -> None:
    product, own, _ = make_product("a"), make_place("p1"), make_place("p2")
    client = Client(headers=bearer(make_token("planner", place_ids=[own.pk])))
    row = {"product": "a", "currency": "EUR", "valid_from": "2020-01-01T00:00:00Z", "amount": "2.5"}
    beyond = [{"field": "place", "detail": "you may not set prices there"}]
    items = _put(client, "/prices/bulk", [row | {"place": "p1"}, row | {"place": "p2"}, row]).json()["items"]
    assert [item["errors"] for item in items] == [[], beyond, beyond]
    assert [price.place_id for price in Price.objects.filter(product_id=product.pk)] == [own.pk]
    rate = {"regime": "xx", "tax_class": "food", "valid_from": "2024-01-01", "rate": "8.875"}
    assert _put(client, "/tax-rates/bulk", [rate]).status_code == 403
    assert Client().get(f"{ROOT}/tax-rates?regime=xx").json()["items"] == []


def test_shoppers_change_nothing() -> None:
    for path, body in (("/prices/bulk", []), ("/tax-rates/bulk", []), ("/promotions/x", SALE)):
        assert _put(Client(), path, body).status_code == 401
        assert _put(Client(headers=bearer(make_token("shopper"))), path, body).status_code == 403
    assert Client().get(f"{ROOT}/promotions/x").status_code == 401
