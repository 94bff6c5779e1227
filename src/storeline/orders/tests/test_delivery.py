"""Orders that are brought: their address, their fee, their slot, and what each refusal leaves behind: nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from storeline.capacity import api as capacity
from storeline.kernel.api import CHECKS, GUEST, SYSTEM, Error, clock_at, new_id, now, run, transaction
from storeline.orders import api as orders
from storeline.orders import audit
from storeline.orders.personal import KEPT_FOR, forget_addresses
from storeline.orders.tests.factories import ADDRESS, Shop, brought, delivers, everything, make, shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    return shop()


def differences() -> list[str]:
    return [
        f"{name}: {difference}"
        for name, check in CHECKS.items()
        if name.partition(".")[0] in {"orders", "stock", "payments", "ledger", "capacity"}
        for difference in check.run().differences
    ]


def test_a_delivered_order_has_its_address_its_fee_and_its_slot(here: Shop) -> None:
    slot = delivers(here)
    draft = brought(here, slot)
    (verdict,) = orders.checkout([draft], actor=GUEST)
    assert (verdict.state, verdict.total, verdict.error) == ("confirmed", 799, None)
    view, to = orders.get(draft.id), orders.destinations([draft.id]).result()[draft.id]
    assert [(line.amount, line.tax, line.goods) for line in view.lines] == [(250, 20, True), (490, 39, False)]
    assert (to.address, to.fee_line, to.point) == (ADDRESS, 2, None)
    assert capacity.get_slot(slot).held == 1
    assert (here.level(), differences()) == ((10_000, 2_000), [])
    orders.cancel([draft.id], reason="customer")
    assert (capacity.get_slot(slot).held, here.level(), differences()) == (0, (10_000, 0), [])


def test_the_fee_is_in_the_quote_waived_from_its_amount_on_and_raised_by_the_slot(here: Shop) -> None:
    slot = delivers(here, slot_fee=150)
    quotes = [
        orders.quote(brought(here, slot, [units], expected_total=None), actor=GUEST).lines[-1] for units in (15, 16)
    ]
    assert [(line.kind, line.amount, line.tax) for line in quotes] == [("delivery", 640, 51), ("delivery", 150, 12)]
    assert [line.steps[0].code for line in quotes] == ["delivery", "delivery"]


REFUSALS: list[tuple[str, str, dict[str, Any]]] = [
    ("not_served", "address.postal_code", {"address": replace(ADDRESS, postal_code="10001")}),
    ("not_served", "address.postal_code", {"address": replace(ADDRESS, country="CA")}),
    ("invalid", "address", {"address": None}),
    ("invalid", "address.name", {"address": replace(ADDRESS, name=" ")}),
    ("invalid", "address.lines", {"address": replace(ADDRESS, lines=())}),
    ("invalid", "slot", {"slot_id": None}),
    ("slot_full", "slot", {"slot_id": new_id()}),
    ("invalid", "address", {"method": "collect"}),
    ("invalid", "collect_at", {"collect_at": new_id()}),
    ("price_changed", "expected_total", {"expected_total": 798}),
    ("slot_full", "slot", {"method": "ship"}),
]


@pytest.mark.parametrize(("code", "field", "changes"), REFUSALS)
def test_what_cannot_be_brought_is_refused_and_changes_nothing(
    here: Shop, code: str, field: str, changes: dict[str, Any]
) -> None:
    slot = delivers(here)
    delivers(here, method="ship")
    before = everything()
    (verdict,) = orders.checkout([brought(here, slot, **changes)], actor=GUEST)
    assert verdict.error is not None
    assert (verdict.error.code, verdict.error.field) == (code, field)
    assert everything() == before


def test_a_parcel_needs_no_slot_and_takes_no_cold_goods(here: Shop) -> None:
    delivers(here, method="ship")
    run("UPDATE catalog_product SET temperature = 'frozen' WHERE id = %s", [here.products[1]])
    parcel: dict[str, Any] = {"method": "ship"}
    sent, cold = brought(here, None, **parcel), brought(here, None, [1, 1], **parcel)
    verdicts = orders.checkout([sent, cold], actor=GUEST)
    assert verdicts[0].state == "confirmed"
    refused = verdicts[1].error
    assert refused is not None
    assert (refused.code, refused.field) == ("not_kept_cold", "lines[1].product")
    assert differences() == []


def test_what_needs_cold_is_collected_only_where_it_is_kept(here: Shop) -> None:
    run("UPDATE catalog_product SET temperature = 'chilled' WHERE id = %s", [here.products[0]])
    points = {
        name: make(
            "places.Place",
            ref=name,
            entity_id=here.entity,
            name=name,
            format=place_format,
            zone="UTC",
            country="US",
            capabilities=["collect"],
            keeps=keeps,
        )
        for name, place_format, keeps in (
            ("locker", "locker", []),
            ("cold locker", "locker", ["ambient", "chilled"]),
            ("corner shop", "convenience", []),
        )
    }
    answers = {
        name: orders.checkout([here.draft([1], collect_at=point)], actor=GUEST)[0] for name, point in points.items()
    }
    assert {name: answer.state or getattr(answer.error, "code", "") for name, answer in answers.items()} == {
        "locker": "not_kept_cold",
        "cold locker": "confirmed",
        "corner shop": "confirmed",
    }
    assert differences() == []


def test_a_basket_that_holds_its_slot_gets_it_and_may_choose_another(here: Shop) -> None:
    slot = delivers(here, room=1)
    draft, late = brought(here, slot), brought(here, slot)
    capacity.hold(draft.id, slot, actor=GUEST)
    refused = orders.checkout([late], actor=GUEST)[0].error
    assert refused is not None
    assert refused.code == "slot_full"
    (verdict,) = orders.checkout([draft], actor=GUEST)
    assert verdict.state == "confirmed"
    assert capacity.hold_of(draft.id) == capacity.Hold(draft.id, slot, None)
    other = make(
        "capacity.Slot",
        place_id=here.place,
        method="deliver",
        starts_at=now() + timedelta(days=2),
        ends_at=now() + timedelta(days=2, hours=1),
        cutoff_at=now() + timedelta(days=1),
        capacity=1,
    )
    moving = brought(here, other)
    orders.reslot(draft.id, other, actor=SYSTEM)
    capacity.hold(moving.id, slot, actor=GUEST)
    refused = orders.checkout([moving], actor=GUEST)[0].error  # the other one is full now
    assert refused is not None
    assert refused.code == "slot_full"
    orders.reslot(draft.id, other, actor=SYSTEM)
    orders.cancel([draft.id], reason="customer")
    (verdict,) = orders.checkout([moving], actor=GUEST)
    assert verdict.state == "confirmed"
    assert (capacity.get_slot(slot).held, capacity.get_slot(other).held) == (0, 1)
    assert differences() == []


def test_the_last_slot_is_sold_once(here: Shop) -> None:
    slot = delivers(here, room=1)
    drafts, states, gate = [brought(here, slot, [1]) for _ in range(6)], [], Barrier(6)

    def buy(draft: orders.Draft) -> None:
        gate.wait()
        try:
            states.append(orders.checkout([draft], actor=GUEST)[0].state)
        finally:
            connection.close()

    threads = [Thread(target=buy, args=[draft]) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(state or "refused" for state in states) == ["confirmed", *["refused"] * 5]
    assert (capacity.get_slot(slot).held, differences()) == (1, [])


def test_an_address_is_exported_and_forgotten_in_time(here: Shop) -> None:
    from storeline.orders.personal import unlink  # noqa: PLC0415  # a handler
    from storeline.orders.queries import orders_of  # noqa: PLC0415  # what an export is made of

    slot = delivers(here)
    customer = make("customers.Customer", ref="c1")
    draft, other = brought(here, slot, customer_id=customer), brought(here, slot)
    assert [one.state for one in orders.checkout([draft, other], actor=SYSTEM)] == ["confirmed", "confirmed"]
    assert orders.last_address([customer]) == ADDRESS
    assert orders_of([customer])[0]["address"]["postal_code"] == "43215"
    unlink([_erased(customer)])
    assert orders.destinations([draft.id]).result()[draft.id].address == ADDRESS  # it is still to be brought
    orders.cancel([draft.id, other.id], reason="customer")
    assert forget_addresses(now()) == 1
    assert forget_addresses(now() + KEPT_FOR + timedelta(minutes=1)) == 1
    kept = run("SELECT name || lines || postal_code || city || phone || note FROM orders_destination").fetchall()
    assert kept == [("",), ("",)]
    assert orders.destinations([draft.id]).result()[draft.id].address is None
    assert "43215" not in repr(draft)
    assert differences() == []


def _erased(customer: Any) -> Any:
    from storeline.kernel.api import Envelope  # noqa: PLC0415

    return Envelope(1, "customers.erased", customer, None, None, now(), {})


def test_the_audit_finds_an_order_without_its_address(here: Shop) -> None:
    slot = delivers(here)
    draft = brought(here, slot)
    orders.checkout([draft], actor=GUEST)
    assert audit.destinations().ok
    run("UPDATE orders_destination SET fee_line = 1")
    assert audit.destinations().differences == (f"order {draft.id} names another fee, or a way that it does not go",)
    run("DELETE FROM orders_destination")
    assert audit.destinations().differences == (f"order {draft.id} names no address",)


def test_it_is_quoted_and_placed_over_http_and_shown_to_whose_it_is(here: Shop) -> None:
    slot = delivers(here)
    body: dict[str, Any] = {
        "place": str(here.place),
        "currency": "USD",
        "lines": [{"product": str(here.products[0]), "quantity": "2"}],
        "method": "deliver",
        "slot": str(slot),
        "address": {"country": "US", "postal_code": "43215"},
    }
    quote = _send("quotes", body).json()
    assert (quote["total"], quote["lines"][-1]["kind"], quote["lines"][-1]["amount"]) == ("7.99", "delivery", "4.90")
    address = body["address"] | {"name": "A. Reader", "lines": ["1 High Street"], "city": "Columbus"}
    more = {"id": str(new_id()), "payments": [{"tender": "sandbox_card", "token": "tok_approve"}], "address": address}
    placed = _send("orders", body | more | {"expected_total": quote["total"]})
    assert (placed.status_code, placed.json()["state"]) == (201, "confirmed")
    shown = (
        Client().get(f"/api/v1/orders/{placed.json()['id']}", headers={"Order-Token": placed.json()["token"]}).json()
    )
    assert (shown["address"]["lines"], shown["fee_line"], shown["collect_at"]) == (["1 High Street"], 2, None)
    assert _send("orders", body | more | {"id": str(new_id()), "expected_total": "7.98"}).json()["total"] == "7.99"


def _send(path: str, body: dict[str, Any]) -> Any:
    return Client().post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")


def test_another_slot_is_taken_whole_or_not_at_all(here: Shop) -> None:
    slot = delivers(here, room=1)
    draft = brought(here, slot)
    orders.checkout([draft], actor=GUEST)
    full = make(
        "capacity.Slot",
        place_id=here.place,
        method="deliver",
        starts_at=now() + timedelta(days=2),
        ends_at=now() + timedelta(days=2, hours=1),
        cutoff_at=now() + timedelta(days=1),
        capacity=0,
    )
    before = everything()
    with pytest.raises(Error) as refused, transaction():
        orders.reslot(draft.id, full, actor=SYSTEM)
    assert refused.value.field == "slot"
    assert everything() == before
    with clock_at(now()):
        assert orders.reslot(draft.id, slot, actor=SYSTEM).id == slot
    assert everything() == before
