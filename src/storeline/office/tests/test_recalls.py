"""Recalls in the office: found, looked at, started once, followed, closed or lifted, by who may."""

from __future__ import annotations

import csv
import io
from re import search
from typing import Any

import pytest
from django.test import Client

from storeline.aftersales.tests.factories import collected, differences, read_events, sold
from storeline.catalog import api as catalog
from storeline.fulfilment.tests.factories import all_rows
from storeline.kernel.api import SYSTEM, business_date, new_id, now, run
from storeline.office.tests.factories import GTINS, person
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make
from storeline.stock import api as stock
from storeline.web.tests.browsing import get, heavy, refused, send

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/office/recalls"


@pytest.fixture
def lot(here: Shop) -> str:
    """The first product's last ten are in one lot; three of it were sold, one of these to a member."""
    stock.adjust([stock.Goods(new_id(), 1, here.place, here.products[0], -10_000, "mistake")], actor=SYSTEM)
    goods = stock.Goods(new_id(), 1, here.place, here.products[0], 10_000, lot="B/1")
    stock.receive([goods], actor=SYSTEM)
    return "B/1"


def everything() -> Any:
    tables = ("stock_recall", "stock_take_off", "stock_lot", "aftersales_recall_notice")
    return all_rows() | {table: run(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall() for table in tables}


def page_of(here: Shop, lot: str) -> str:
    return f"{LIST}/lot?product={here.products[0]}&lot={lot.replace('/', '%2F')}"


def form_of(page: str, **more: str) -> dict[str, str]:
    found = {name: search(rf'name="{name}" value="([^"]*)"', page) for name in ("id", "product", "lot")}
    return {name: one[1] for name, one in found.items() if one is not None} | more


@pytest.fixture
def planner() -> Client:
    return person("planner")


def member(settings: Any) -> Any:
    settings.MESSAGE_TRANSPORTS = {"email": "storeline.messages.transports.Console"}
    customer = make("customers.Customer", ref="kim", kind="member", name="Kim", language="en")
    make(
        "customers.ContactPoint",
        customer_id=customer,
        kind="email",
        value="kim@example.org",
        verified_at=run("SELECT now()").fetchall()[0][0],
    )
    return customer


def test_a_lot_is_found_by_name_reference_and_bar_code(here: Shop, lot: str, planner: Client) -> None:
    assert "Nothing was recalled yet" in get(planner, LIST)
    catalog.upsert_products([{"ref": "r0", "name": "Oat bread"}], actor=SYSTEM)
    for q in ("oat bre", "r0", GTINS[0]):
        assert f"product={here.products[0]}" in get(planner, f"{LIST}?q={q}")
    assert "No product found" in get(planner, f"{LIST}?q=04006381333932")
    seen = get(planner, f"{LIST}?product={here.products[0]}")
    assert "lot=B%2F1" in seen
    assert heavy(planner, [LIST, f"{LIST}?q=r0", f"{LIST}?product={here.products[0]}"]) == {}


def test_from_the_lot_to_the_closed_recall(here: Shop, lot: str, planner: Client, settings: Any) -> None:
    sold(here, customer_id=member(settings))
    nobody = collected(here, [1])
    page = page_of(here, lot)
    assert heavy(planner, [page]) == {}
    seen = get(planner, page)
    assert all(told in seen for told in ("Lot B/1", "On shelves", "Who can be told", "By a member", "Cannot be told"))
    form = form_of(seen, reason="Glass in it", sure="yes")
    before = everything()
    assert "Tick that you mean it" in refused(planner, f"{LIST}/lot", **form | {"sure": ""})
    told = refused(planner, f"{LIST}/lot", **form | {"reason": " "})
    assert ("Say in a few words why" in told, form["id"] in told) == (True, True)
    assert "Type the lot" in refused(planner, f"{LIST}/lot", **form | {"lot": "no lot"})
    assert everything() == before
    at = send(planner, f"{LIST}/lot", **form)
    assert at == f"{LIST}/{form['id']}?said=started"
    assert send(planner, f"{LIST}/lot", **form) == at  # pressed twice: one recall
    assert send(planner, f"{LIST}/lot", **form | {"id": str(new_id())}).endswith("?said=already")
    assert send(planner, f"{LIST}/lot", **form | {"reason": "Wood"}).endswith("?said=already")
    assert planner.get(page)["Location"] == f"{LIST}/{form['id']}"
    seen = get(planner, at)
    assert all(
        told in seen for told in ("It is recalled", "Glass in it", "Under way", "Being told", "It can be closed")
    )
    read_events("aftersales.recalls")
    recall = stock.get_recall(stock.list_recalls()[0].id)
    assert send(planner, f"{LIST}/{recall.id}/end", state="closed").endswith("?said=not_done")
    asked = stock.TakenOff(new_id(), recall.id, here.place, recall.on_shelves, recall.on_shelves - 1_000)
    stock.take_off(asked, actor=SYSTEM)
    assert heavy(planner, [f"{LIST}/{recall.id}", LIST]) == {}
    seen = get(planner, f"{LIST}/{recall.id}")
    assert all(
        told in seen
        for told in ("Off the shelves", "1 not found", "Told as members", "Cannot be told", "Close the recall")
    )
    assert f"/office/orders/{nobody}" in seen
    assert send(planner, f"{LIST}/{recall.id}/end", state="closed").endswith("?said=closed")
    assert "The lot stays blocked" in get(planner, f"{LIST}/{recall.id}?said=closed")
    assert "Recall closed" in get(planner, LIST)
    assert "Recalled a lot" in get(person("service_desk"), "/office/activity")
    assert differences() == []


def test_a_mistake_is_lifted_when_it_is_meant(here: Shop, lot: str, planner: Client) -> None:
    form = form_of(get(planner, page_of(here, lot)), reason="Glass in it", sure="yes")
    send(planner, f"{LIST}/lot", **form)
    end, before = f"{LIST}/{form['id']}/end", everything()
    assert "Tick that you mean it" in refused(planner, end, state="lifted")
    assert everything() == before
    assert send(planner, end, state="lifted", sure="yes").endswith("?said=lifted")
    assert send(planner, end, state="closed").endswith("?said=ended")
    assert "Recall this lot" in get(planner, page_of(here, lot))  # it may be recalled again


def test_who_may_look_and_who_may_recall(here: Shop, lot: str, planner: Client) -> None:
    clerk, manager = person("service_desk"), person("shop_manager", place_id=here.place)
    page = page_of(here, lot)
    seen = get(clerk, page)
    assert "Recall this lot" not in seen
    form = {"id": str(new_id()), "product": str(here.products[0]), "lot": lot, "reason": "Glass", "sure": "yes"}
    before = everything()
    assert clerk.post(f"{LIST}/lot", form).status_code == 403
    assert {path: manager.get(path).status_code for path in (LIST, page)} == dict.fromkeys((LIST, page), 403)
    assert everything() == before
    assert planner.get(f"{LIST}/lot?product={new_id()}&lot=A").status_code == 404
    assert planner.get(f"{LIST}/lot?product={here.products[0]}")["Location"] == f"{LIST}?product={here.products[0]}"
    assert planner.get(f"{LIST}/{new_id()}").status_code == 404


def test_who_was_told_is_a_file_without_contacts(here: Shop, lot: str, planner: Client, settings: Any) -> None:
    kim = member(settings)
    told, unsure, guest = (
        sold(here, [(1, 100)], customer_id=kim),
        sold(here, [(1, 100)], customer_id=make("customers.Customer", ref="max", kind="member", name="Max")),
        collected(here, [2]),
    )
    send(planner, f"{LIST}/lot", **form_of(get(planner, page_of(here, lot)), reason="Glass in it", sure="yes"))
    at = f"{LIST}/{stock.list_recalls()[0].id}"
    assert f"{at}?format=csv" in get(planner, at)
    day = business_date(now(), "America/New_York").isoformat()

    def lines() -> list[list[str]]:
        answer = planner.get(f"{at}?format=csv")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    head, *rows = lines()
    assert head[:5] + head[7:10] == [
        *("number", "place", "place_name", "business_date", "quantity", "told", "how", "why_not"),
    ]
    assert [row[7] for row in rows] == ["waiting"] * 3
    read_events("aftersales.recalls")
    _, *rows = lines()
    assert {row[0]: row[1:10] for row in rows} == {
        orders.order_number(told): ["p", "Shop", day, "1", "each", "0", "told", "member", ""],
        orders.order_number(unsure): ["p", "Shop", day, "1", "each", "0", "cannot", "", "no_confirmed_address"],
        orders.order_number(guest): ["p", "Shop", day, "2", "each", "0", "cannot", "", "buyer_not_known"],
    }
    assert "kim@example.org" not in planner.get(f"{at}?format=csv").content.decode()
    assert heavy(planner, [f"{at}?format=csv"]) == {}
    assert person("shop_manager", place_id=here.place).get(f"{at}?format=csv").status_code == 403
    assert person("service_desk").get(f"{at}?format=csv").status_code == 200


def test_a_recall_is_not_closed_before_who_had_some_has_looked_unless_it_is_meant(
    here: Shop, lot: str, planner: Client
) -> None:
    gone = stock.Goods(new_id(), 1, here.place, here.products[0], -10_000, "mistake", lot=lot)
    stock.adjust([gone], actor=SYSTEM)
    send(planner, f"{LIST}/lot", **form_of(get(planner, page_of(here, lot)), reason="Glass in it", sure="yes"))
    at, before = f"{LIST}/{stock.list_recalls()[0].id}", everything()
    seen = get(planner, at)
    assert all(told in seen for told in ("Still to look, though their books have none: 1", "Close it though places"))
    assert send(planner, f"{at}/end", state="closed").endswith("?said=not_looked")
    assert "have not said that they looked" in get(planner, f"{at}?said=not_looked")
    assert everything() == before
    assert send(planner, f"{at}/end", state="closed", anyway="yes").endswith("?said=closed")
    assert stock.recalled_at(here.place) == []
