"""Parcels: our own collected elsewhere, a partner's, and boxes that open once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment import audit
from storeline.fulfilment.commands.parcels import send_back_unclaimed
from storeline.fulfilment.domain.parcels import KEPT_FOR
from storeline.fulfilment.tests.factories import all_rows, balances, differences, point, read_events, state_of, to_pick
from storeline.identity.tests.factories import bearer, make_token
from storeline.kernel.api import SYSTEM, Actor, Conflict, Error, new_id, now, run
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, brought, delivers, shop

pytestmark = pytest.mark.django_db(transaction=True)
PARTNER = Actor("client", new_id(), permissions=frozenset({"fulfilment.announce"}))


@pytest.fixture
def here() -> Shop:
    return shop()


def travelling(here: Shop, place: UUID) -> UUID:
    """An order that is picked, and on its way to where it is collected."""
    order = to_pick(here, [2], collect_at=place)
    fulfilment.pick_all([order], actor=SYSTEM)
    assert fulfilment.ready([order], actor=SYSTEM) == {order: "ready"}
    return order


def announced(place: UUID, **changes: Any) -> fulfilment.Announced:
    wanted: dict[str, Any] = {"id": new_id(), "place_id": place, "reference": "R-1", "label": "JJD01"}
    return fulfilment.Announced(**(wanted | changes))


def code_of(parcel: UUID) -> str:
    return messages.shown_codes(messages.COLLECTION, [parcel])[parcel]


def test_an_order_is_picked_here_and_collected_there(here: Shop) -> None:
    place = point(here)
    order = travelling(here, place)
    token = orders.token_of(order)
    on_way = fulfilment.progress(order, actor=SYSTEM, token=token)
    assert (on_way.state, on_way.place_id, on_way.code) == ("travelling", place, None)
    found = fulfilment.find_parcel(place, str(order))
    assert found is not None
    assert fulfilment.arrive(found.id, actor=SYSTEM).state == "arrived"
    assert fulfilment.arrive(found.id, actor=SYSTEM).state == "arrived"  # the same again
    there = fulfilment.progress(order, actor=SYSTEM, token=token)
    assert (there.state, there.code) == ("ready", code_of(order))
    with pytest.raises(fulfilment.TaskClosed):  # not where it was picked
        fulfilment.hand_over([(order, code_of(order))], actor=SYSTEM)
    fulfilment.give(order, code_of(order), actor=SYSTEM)
    assert (state_of(order), here.level()) == (("handed_over", "completed"), (8_000, 0))
    with pytest.raises(messages.NoCode):
        fulfilment.give(order, "000000", actor=SYSTEM)
    assert differences() == []


def test_what_nobody_collects_goes_back_and_is_paid_back(here: Shop) -> None:
    order = travelling(here, point(here))
    fulfilment.arrive(order, actor=SYSTEM)
    assert send_back_unclaimed(now() + KEPT_FOR - timedelta(minutes=1)) == 0
    assert send_back_unclaimed(now() + KEPT_FOR + timedelta(minutes=1)) == 1
    with pytest.raises(fulfilment.ParcelClosed) as refused:
        fulfilment.give(order, "000000", actor=SYSTEM)
    assert refused.value.detail == "The parcel is to go back."
    assert (state_of(order), here.level()) == (("ready", "confirmed"), (10_000, 2_000))  # not back yet
    assert [one.id for one in fulfilment.returning_to(here.place)] == [order]
    fulfilment.came_back(order, actor=SYSTEM)
    fulfilment.came_back(order, actor=SYSTEM)  # the same again
    read_events()
    assert (state_of(order), here.level(), balances()) == (("cancelled", "cancelled"), (10_000, 0), {})
    assert differences() == []


def test_a_partners_parcel_is_announced_once_received_and_handed_over(here: Shop) -> None:
    place = point(here, keeps=["ambient", "chilled"])
    parcel = announced(place, contact=fulfilment.Contact(email=" A@example.org"))
    assert fulfilment.announce(parcel, actor=PARTNER).state == "announced"
    before = all_rows()
    assert fulfilment.announce(parcel, actor=PARTNER).id == parcel.id
    refusals: list[tuple[fulfilment.Announced, str, str]] = [
        (announced(place), "parcel_mismatch", "reference"),
        (announced(place, id=parcel.id, reference="R-2"), "parcel_mismatch", "reference"),
        (replace(parcel, temperature="chilled"), "parcel_mismatch", "reference"),
        (announced(place, reference="R-3", temperature="frozen"), "not_taken", "temperature"),
        (replace(parcel, contact=fulfilment.Contact(email="b@example.org")), "parcel_mismatch", "reference"),
        (announced(place, reference="R-6", contact=fulfilment.Contact(email="nobody")), "invalid", "contact.email"),
        (announced(here.place, reference="R-4", label=""), "invalid", "label"),
        (announced(point(here, "warehouse", capabilities=[]), reference="R-5"), "not_taken", "place"),
    ]
    for wanted, code, field in refusals:
        with pytest.raises(Error) as refused:
            fulfilment.announce(wanted, actor=PARTNER)
        assert (refused.value.code, refused.value.field) == (code, field)
    assert all_rows() == before
    fulfilment.arrive(parcel.id, actor=SYSTEM)
    with pytest.raises(messages.WrongCode):
        fulfilment.give(parcel.id, "nothing", actor=SYSTEM)
    fulfilment.give(parcel.id, code_of(parcel.id), actor=SYSTEM)
    kept = run("SELECT state, email FROM fulfilment_parcel").fetchall()
    assert (kept, differences()) == ([("handed_over", "")], [])


def test_a_machine_opens_each_box_once(here: Shop) -> None:
    place, other = point(here, "locker"), point(here)
    parcel = announced(place)
    fulfilment.announce(parcel, actor=PARTNER)
    fulfilment.arrive(parcel.id, actor=SYSTEM, compartment="B7")
    code, headers = code_of(parcel.id), bearer(make_token("associate"))
    gate, answers = Barrier(4), []

    def open_box(at: UUID) -> Any:
        return Client().post(
            f"/api/v1/machines/{at}/open",
            {"parcel": str(parcel.id), "code": code},
            content_type="application/json",
            headers=headers,
        )

    def want() -> None:
        gate.wait()
        try:
            answers.append(open_box(place))
        finally:
            connection.close()

    assert open_box(other).status_code == 404
    threads = [Thread(target=want) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened = [answer.json()["compartment"] for answer in answers if answer.status_code == 200]
    assert (opened, {answer.status_code for answer in answers}) == (["B7"], {200, 410})
    assert differences() == []


def test_who_lost_the_code_of_a_parcel_gets_another_and_the_tries_are_bounded(here: Shop, settings: Any) -> None:
    settings.MESSAGE_TRANSPORTS = {"email": "storeline.messages.transports.Memory"}
    place, headers = point(here, "locker"), bearer(make_token("shop_manager"))
    parcel = announced(place, contact=fulfilment.Contact(email="a@example.org"))
    token = make_token("partner")
    sent = {"place": str(place), "reference": "R-1", "contact": {"email": "a@example.org"}}
    path = f"/api/v1/parcels/{parcel.id}"
    Client().put(path, sent, content_type="application/json", headers=bearer(token))
    url = f"/api/v1/fulfilment/parcels/{parcel.id}/code"

    def another(key: str) -> int:
        return Client().post(url, headers=headers | {"Idempotency-Key": key}).status_code

    assert another("early") == 409
    fulfilment.arrive(parcel.id, actor=SYSTEM)
    first = code_of(parcel.id)
    wrong = f"{(int(first) + 1) % 10 ** len(first):0{len(first)}}"
    for _ in range(10):
        with pytest.raises(messages.WrongCode):
            fulfilment.give(parcel.id, wrong, actor=SYSTEM)
    with pytest.raises(messages.NoCode):
        fulfilment.give(parcel.id, first, actor=SYSTEM)
    assert [another("again"), another("again")] == [200, 200]
    second = code_of(parcel.id)
    assert Client().get(path, headers=bearer(token)).json()["code"] == second != first
    assert run("SELECT count(*) FROM messages_message").fetchone() == (2,)
    assert [another(str(number)) for number in range(4)] == [200, 200, 200, 429]
    fulfilment.give(parcel.id, code_of(parcel.id), actor=SYSTEM)
    assert Client().get(path, headers=bearer(token)).json()["code"] is None


def test_a_code_is_for_what_waits_and_as_long_as_it_waits(here: Shop) -> None:
    """On its way to a point an order has none, as a parcel for a carrier; at the point it is good as long as that keeps it."""
    delivers(here, method="ship")
    parcel = brought(here, None, [1], method="ship")
    orders.checkout([parcel], actor=SYSTEM)
    read_events("fulfilment.tasks")
    fulfilment.pick_all([parcel.id], actor=SYSTEM)
    fulfilment.ready([parcel.id], actor=SYSTEM)
    order = travelling(here, point(here))
    before = all_rows()
    for one in (parcel.id, order):
        with pytest.raises(fulfilment.TaskClosed):
            fulfilment.renew_code(one, actor=SYSTEM)
    assert (all_rows(), run("SELECT count(*) FROM messages_code").fetchone()) == (before, (0,))
    kept = fulfilment.arrive(order, actor=SYSTEM).keep_until
    fulfilment.renew_code(order, actor=SYSTEM)
    assert run("SELECT expires_at FROM messages_code WHERE replaced_at IS NULL").fetchall() == [(kept,)]


def test_a_cancelled_order_comes_back_from_where_it_lies(here: Shop) -> None:
    first = travelling(here, point(here))
    orders.cancel([first], reason="customer")
    read_events()
    second = travelling(here, point(here, "convenience"))
    fulfilment.arrive(second, actor=SYSTEM)
    orders.cancel([second], reason="customer")
    read_events()
    assert [fulfilment.get_parcel(one).state for one in (first, second)] == ["returned", "returning"]
    fulfilment.came_back(second, actor=SYSTEM)
    assert differences() == []


def test_the_audit_finds_a_parcel_that_its_order_does_not_know(here: Shop) -> None:
    order = travelling(here, point(here))
    assert audit.parcels().ok
    run("UPDATE fulfilment_parcel SET state = 'handed_over', closed_at = announced_at")
    assert audit.parcels().differences == (
        f"parcel {order} is handed_over, its order confirmed, its task ready",
        f"parcel {order} is handed over without its code, its order , its task ",
    )
    run("DELETE FROM fulfilment_parcel")
    assert audit.parcels().differences == (f"parcel {order} is not announced, its order confirmed, its task ready",)


def test_a_parcel_goes_to_a_carrier_once_under_its_number(here: Shop) -> None:
    delivers(here, method="ship")
    draft = brought(here, None, [1], method="ship")
    orders.checkout([draft], actor=SYSTEM)
    read_events("fulfilment.tasks")
    collected = to_pick(here, [1])
    before = all_rows()
    refusals: list[tuple[UUID, str, str, str]] = [
        (draft.id, "Post", "X1", "order"),  # not ready yet
        (collected, "Post", "X1", "order"),
        (draft.id, " ", "X1", "carrier"),
        (draft.id, "Post", "", "tracking"),
    ]
    for order, carrier, tracking, field in refusals:
        with pytest.raises(Error) as refused:
            fulfilment.ship(order, carrier, tracking, actor=SYSTEM)
        assert refused.value.field == field
    assert all_rows() == before
    fulfilment.pick_all([draft.id], actor=SYSTEM)
    fulfilment.ready([draft.id], actor=SYSTEM)
    fulfilment.ship(draft.id, "Post", "X 1", actor=SYSTEM)
    fulfilment.ship(draft.id, "Post", "X1", actor=SYSTEM)  # the same again
    with pytest.raises(Conflict):
        fulfilment.ship(draft.id, "Post", "X2", actor=SYSTEM)
    sent = fulfilment.get_shipment(draft.id)
    assert sent is not None
    assert (sent.carrier, sent.tracking, state_of(draft.id)) == ("Post", "X1", ("handed_over", "completed"))
    assert (balances()["sales"], differences()) == (-(125 + 490), [])
    run("DELETE FROM fulfilment_shipment")
    assert audit.shipments().differences == (
        f"order {draft.id}: the task is handed_over, a tracking number is there: False",
    )
