"""Vans: loaded, sent out against a proof, each order given at its door or brought back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils.translation import override

from storeline.capacity import api as capacity
from storeline.customers.api import NewContact, NewCustomer, register
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment import audit
from storeline.fulfilment.tests.factories import (
    DRAWN,
    all_rows,
    balances,
    differences,
    loading,
    read_events,
    ready_to_bring,
    signed,
    state_of,
)
from storeline.kernel.api import SYSTEM, BodyMismatch, Error, business_date, new_id, now, run
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.orders.tests.factories import ADDRESS, Shop, brought, delivers, make, shop
from storeline.web import formats

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    return shop()


def coded(code: str) -> fulfilment.Proof:
    return fulfilment.Proof(new_id(), "code", code=code)


def states(turn: UUID) -> tuple[str, list[str]]:
    found = fulfilment.get_run(turn)
    return found.state, [drop.state for drop in found.drops]


def test_a_van_is_known_by_its_name(here: Shop) -> None:
    first = new_id()
    assert fulfilment.add_van(first, here.place, "Van 1", actor=SYSTEM) == first
    assert fulfilment.add_van(new_id(), here.place, " Van 1", actor=SYSTEM) == first
    with pytest.raises(BodyMismatch) as refused:
        fulfilment.add_van(first, here.place, "Van 2", actor=SYSTEM)
    assert refused.value.field == "id"
    assert [van.name for van in fulfilment.vans_of(here.place)] == ["Van 1"]


def test_a_member_whom_nobody_found_at_home_is_told_when_we_come_again(here: Shop, settings: Any) -> None:
    settings.MESSAGE_TRANSPORTS = {"email": "storeline.messages.transports.Memory"}
    member = new_id()
    contacts = (NewContact("email", "kim@example.org", verified=True),)
    register(NewCustomer(member, language="fr", contacts=contacts), actor=SYSTEM)
    away = ready_to_bring(here, delivers(here, room=2), customer_id=member)
    turn = loading(here, away)
    code = fulfilment.departure_code(turn)
    assert code is not None
    fulfilment.leave(turn, coded(code), actor=SYSTEM)
    starts = now() + timedelta(days=2)
    make(
        "capacity.Slot",
        place_id=here.place,
        method="deliver",
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        cutoff_at=now() + timedelta(days=1),
        capacity=1,
    )
    for _ in range(2):
        assert fulfilment.missed(away, actor=SYSTEM) == starts
    ((template, language, params),) = run(
        "SELECT template, language, values FROM messages_message WHERE template LIKE 'fulfilment.missed%%'"
    ).fetchall()
    with override("fr"):
        there = formats.weekday(business_date(starts, "America/New_York")), formats.clock(starts, "America/New_York")
    assert (template, language) == ("fulfilment.missed", "fr")
    assert (params["place"], params["day"], params["start"]) == ("Shop", *there)


def test_a_guest_is_told_at_the_number_that_they_gave_with_the_address(here: Shop, settings: Any) -> None:
    settings.MESSAGE_TRANSPORTS = {"sms": "storeline.messages.transports.Memory"}
    slot = delivers(here, room=3)
    for phone, told in (("(614) 555-0123", 1), ("at the back door", 1), ("", 1)):
        order_id = ready_to_bring(here, slot, address=replace(ADDRESS, phone=phone))
        turn = loading(here, order_id, name=f"Van {phone}")
        code = fulfilment.departure_code(turn)
        assert code is not None
        fulfilment.leave(turn, coded(code), actor=SYSTEM)
        fulfilment.missed(order_id, actor=SYSTEM)
        rows = run("SELECT channel, destination, template, language FROM messages_message").fetchall()
        assert rows == [("sms", "+16145550123", "fulfilment.missed_waits", "en")] * told


def test_a_day_of_a_van(here: Shop) -> None:
    slot = delivers(here, room=3)
    by_code, by_sign, away = (ready_to_bring(here, slot) for _ in range(3))
    later = make(
        "capacity.Slot",
        place_id=here.place,
        method="deliver",
        starts_at=now() + timedelta(days=2),
        ends_at=now() + timedelta(days=2, hours=1),
        cutoff_at=now() + timedelta(days=1),
        capacity=1,
    )
    turn = loading(here, by_code, by_sign, away)
    code = fulfilment.departure_code(turn)
    assert code is not None
    leaving = coded(code)
    assert fulfilment.leave(turn, leaving, actor=SYSTEM).state == "out"
    assert fulfilment.leave(turn, leaving, actor=SYSTEM).state == "out"  # the same again
    assert states(turn) == ("out", ["out", "out", "out"])
    with pytest.raises(fulfilment.RunClosed):  # at the desk it is not there
        fulfilment.hand_over([(by_code, fulfilment.codes([by_code])[by_code])], actor=SYSTEM)
    with pytest.raises(fulfilment.TaskClosed):
        fulfilment.cancel([by_code], reason="customer", actor=SYSTEM)
    fulfilment.deliver(by_code, coded(fulfilment.codes([by_code])[by_code]), actor=SYSTEM)
    signature = signed()
    fulfilment.deliver(by_sign, signature, actor=SYSTEM)
    fulfilment.deliver(by_sign, signature, actor=SYSTEM)  # the same again
    with pytest.raises(fulfilment.RunClosed):
        fulfilment.come_back(turn, actor=SYSTEM)
    assert fulfilment.missed(away, actor=SYSTEM) == capacity.get_slot(later).starts_at
    assert fulfilment.missed(away, actor=SYSTEM) == capacity.get_slot(later).starts_at  # the same again
    assert fulfilment.come_back(turn, actor=SYSTEM).state == "back"
    assert states(turn) == ("back", ["given", "given", "back"])
    assert [state_of(one) for one in (by_code, by_sign, away)] == [
        ("handed_over", "completed"),
        ("handed_over", "completed"),
        ("ready", "confirmed"),
    ]
    proof = fulfilment.proofs_of([by_sign])[by_sign]
    assert (proof.kind, proof.how, proof.name, proof.drawing) == ("shopper", "signature", "D. River", DRAWN)
    assert (capacity.get_slot(slot).held, capacity.get_slot(later).held) == (2, 1)
    assert balances()["sales"] == -2 * (125 + 490)
    again = loading(here, away)
    fulfilment.leave(again, signed(), actor=SYSTEM)
    fulfilment.deliver(away, signed(), actor=SYSTEM)
    fulfilment.come_back(again, actor=SYSTEM)
    assert differences() == []


def test_a_van_leaves_with_what_is_ready_and_with_a_proof_only(here: Shop) -> None:
    slot = delivers(here, room=2)
    done = ready_to_bring(here, slot)
    open_draft = brought(here, slot, [1])
    orders.checkout([open_draft], actor=SYSTEM)
    read_events("fulfilment.tasks")
    turn = loading(here, done, open_draft.id)
    empty = loading(here, name="Van 2")
    before = all_rows()
    refusals: list[tuple[UUID, fulfilment.Proof, type[Error], str]] = [
        (turn, signed(), fulfilment.TaskClosed, "orders"),
        (empty, signed(), fulfilment.RunClosed, "orders"),
        (turn, signed(name=" "), Error, "name"),
        (turn, signed(drawing=""), Error, "drawing"),
        (turn, signed(drawing="M1 1L2 2"), Error, "drawing"),
        (turn, signed(drawing="M1 1<script>"), Error, "drawing"),
        (turn, coded(""), Error, "code"),
        (turn, coded("nothing"), messages.WrongCode, "code"),
        (turn, fulfilment.Proof(new_id(), "word"), Error, "how"),
    ]
    for which, proof, kind, field in refusals:
        with pytest.raises(kind) as refused:
            fulfilment.leave(which, proof, actor=SYSTEM)
        assert refused.value.field == field
    assert all_rows() == before
    fulfilment.take_off(turn, open_draft.id, actor=SYSTEM)
    fulfilment.leave(turn, signed(), actor=SYSTEM)
    with pytest.raises(fulfilment.RunClosed):
        fulfilment.assign(turn, [open_draft.id], actor=SYSTEM)
    assert (states(turn), differences()) == (("out", ["out"]), [])


def test_an_order_is_in_one_van_and_a_van_in_one_turn(here: Shop) -> None:
    slot = delivers(here)
    one, other = ready_to_bring(here, slot), ready_to_bring(here, slot)
    turn = loading(here, one)
    second = loading(here, other, name="Van 2")
    before = all_rows()
    with pytest.raises(fulfilment.InAnotherRun):
        fulfilment.assign(second, [one], actor=SYSTEM)
    van, day = fulfilment.get_run(turn).van_id, now().date()
    for again, on in ((new_id(), day), (turn, day + timedelta(days=1))):
        with pytest.raises(fulfilment.RunClosed):
            fulfilment.start_run(again, van, on, actor=SYSTEM)
    assert all_rows() == before
    orders.cancel([one], reason="customer")
    read_events("fulfilment.tasks")
    assert (states(turn), differences()) == (("loading", []), [])


def test_one_of_two_hands_gives_an_order(here: Shop) -> None:
    order = ready_to_bring(here, delivers(here))
    turn = loading(here, order)
    fulfilment.leave(turn, signed(), actor=SYSTEM)
    gate, done = Barrier(4), []

    def act(number: int) -> None:
        gate.wait()
        try:
            if number % 2:
                fulfilment.deliver(order, signed(), actor=SYSTEM)
            else:
                fulfilment.missed(order, actor=SYSTEM)
            done.append(number % 2)
        except fulfilment.RunClosed:
            pass
        except fulfilment.TaskClosed:
            pass
        finally:
            connection.close()

    threads = [Thread(target=act, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    given = sum(done)
    assert given <= 1
    assert states(turn)[1] == (["given"] if given else ["back"])
    assert run("SELECT count(*) FROM fulfilment_proof WHERE kind = 'shopper'").fetchall() == [(given,)]
    assert differences() == []


def test_the_audit_finds_what_no_proof_shows(here: Shop) -> None:
    order = ready_to_bring(here, delivers(here))
    turn = loading(here, order)
    fulfilment.leave(turn, signed(), actor=SYSTEM)
    fulfilment.deliver(order, signed(), actor=SYSTEM)
    assert audit.drops().ok
    run("DELETE FROM fulfilment_proof WHERE kind = 'shopper'")
    assert audit.drops().differences == (f"{order} is given, its turn out, its task handed_over",)


def test_the_way_is_told_to_whose_it_is(here: Shop) -> None:
    order = ready_to_bring(here, delivers(here))
    token = orders.token_of(order)
    seen: list[Any] = [fulfilment.progress(order, actor=SYSTEM, token=token).state]
    fulfilment.leave(loading(here, order), signed(), actor=SYSTEM)
    seen.append(fulfilment.progress(order, actor=SYSTEM, token=token).state)
    fulfilment.deliver(order, signed(), actor=SYSTEM)
    seen.append(fulfilment.progress(order, actor=SYSTEM, token=token).state)
    assert seen == ["ready", "out", "handed_over"]
