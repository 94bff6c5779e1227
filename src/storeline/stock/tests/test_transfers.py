"""Transfers: what leaves one place comes to the other, is named as lost, or is under way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from storeline.identity.tests.factories import make_token
from storeline.kernel.api import SYSTEM, Actor, BodyMismatch, Forbidden, Invalid, clock_at, new_id, now, run
from storeline.stock import api as stock
from storeline.stock import audit
from storeline.stock.tests.factories import (
    assert_balanced,
    hold,
    level,
    make_place,
    make_products,
    open_exceptions,
    put,
    snapshot,
)
from storeline.stock.tests.test_http import send
from storeline.stock.tests.test_races import race


class Between:
    """Two places, and two products of which the first has ten of each."""

    def __init__(self):
        self.here, self.there = make_place("P1"), make_place("P2")
        self.one, self.two = make_products(2)
        for product in (self.one, self.two):
            put(self.here, product, 10_000)

    def draft(self, *lines):
        return stock.TransferDraft(new_id(), self.here, self.there, lines or ((self.one, 4_000), (self.two, 2_000)))

    def shipped(self, *lines, **more):
        made = stock.create_transfer(self.draft(*lines), actor=SYSTEM)
        return stock.ship_transfer(made.id, actor=SYSTEM, **more)

    def arrive(self, transfer, *lines, id=None):  # noqa: A002
        return stock.receive_transfer(stock.Arrival(id or new_id(), transfer.id, lines), actor=SYSTEM)


@pytest.fixture
def between(db):
    return Between()


def parts(transfer):
    return [(one.in_transit, one.received, one.lost, one.damaged, one.found) for one in transfer.lines]


def test_from_packing_to_the_last_piece(between):
    draft = between.draft()
    made = stock.create_transfer(draft, actor=SYSTEM)
    assert made.state == "open"
    assert stock.create_transfer(draft, actor=SYSTEM) == made
    packed = stock.put_transfer_line(made.id, between.two, 3_000, actor=SYSTEM)
    assert [line.quantity for line in packed.lines] == [4_000, 3_000]
    assert level(between.here, between.two) == (10_000, 0)
    shipped = stock.ship_transfer(made.id, actor=SYSTEM)
    assert stock.ship_transfer(made.id, actor=SYSTEM) == shipped
    assert level(between.here, between.two) == (7_000, 0)
    assert parts(shipped) == [(4_000, 0, 0, 0, 0), (3_000, 0, 0, 0, 0)]
    first = new_id()
    some = [stock.ArrivedLine(between.one, 2_500, lost=500, note="torn box"), stock.ArrivedLine(between.two, 3_000)]
    for _ in range(2):
        half = between.arrive(made, *some, id=first)
        assert (half.state, parts(half)) == ("shipped", [(1_000, 2_500, 500, 0, 0), (0, 3_000, 0, 0, 0)])
    assert level(between.there, between.one) == (2_500, 0)
    with pytest.raises(BodyMismatch):
        between.arrive(made, some[0], id=first)
    done = between.arrive(made, stock.ArrivedLine(between.one, 1_500, damaged=0, found=500))
    assert (done.state, parts(done)[0]) == ("received", (0, 4_000, 500, 0, 500))
    assert stock.list_transfers(between.there, "in") == [done]
    assert stock.list_transfers(between.here, "out", states=(stock.TransferState.SHIPPED,)) == []
    assert_balanced()


def test_what_is_promised_stays_unless_it_is_forced_with_a_reason(between):
    held = hold(between.here, between.one, 7_000)
    made = stock.create_transfer(between.draft((between.two, 1_000), (between.one, 4_000)), actor=SYSTEM)
    before = snapshot()
    with pytest.raises(stock.Reserved) as refusal:
        stock.ship_transfer(made.id, actor=SYSTEM)
    assert (refusal.value.field, refusal.value.extra["available"], snapshot()) == ("lines[1].quantity", "3", before)
    associate = Actor("user", new_id(), frozenset({stock.TRANSFER}), frozenset({between.here}))
    with pytest.raises(Forbidden):
        stock.ship_transfer(made.id, actor=associate, force="they need it")
    assert snapshot() == before
    stock.ship_transfer(made.id, actor=SYSTEM, force="they need it")
    assert open_exceptions() == [("below_reserved", 1_000, [(str(held), 1)])]
    assert run("SELECT forced FROM stock_transfer").fetchall() == [("they need it",)]
    assert_balanced()


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"received": 4_001}, "lines[0].received"),
        ({"received": 3_000, "lost": 1_000, "damaged": 1}, "lines[0].received"),
        ({"received": 3_000, "found": 1_000}, "lines[0].found"),
        ({"received": 0, "found": 1_000}, "lines[0].found"),
        ({"received": 0}, "lines[0].received"),
        ({"lost": -1}, "lines[0].lost"),
        ({"product_id": None, "received": 1}, "lines[0].product"),
    ],
)
def test_an_arrival_that_does_not_add_up_changes_nothing(between, line, field):
    sent = between.shipped()
    before = snapshot()
    row = stock.ArrivedLine(between.one)
    if "product_id" in line:
        line = line | {"product_id": new_id()}
    with pytest.raises(Invalid) as refusal:
        between.arrive(sent, replace(row, **line))
    assert (refusal.value.field, snapshot()) == (field, before)


def test_it_is_called_off_before_it_leaves_and_not_after(between):
    made = stock.create_transfer(between.draft(), actor=SYSTEM)
    for _ in range(2):
        assert stock.cancel_transfer(made.id, actor=SYSTEM).state == "cancelled"
    sent = between.shipped()
    before = snapshot()
    for deed in (
        partial(stock.ship_transfer, made.id),
        partial(stock.cancel_transfer, sent.id),
        partial(stock.put_transfer_line, sent.id, between.one, 1_000),
        partial(stock.receive_transfer, stock.Arrival(new_id(), made.id, [stock.ArrivedLine(between.one, 1)])),
    ):
        with pytest.raises(stock.WrongTransferState):
            deed(actor=SYSTEM)
    with pytest.raises(stock.NoTransfer):
        stock.ship_transfer(new_id(), actor=SYSTEM)
    assert snapshot() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda one: {"to_place": one.here}, "to_place"),
        (lambda _one: {"to_place": new_id()}, "to_place"),
        (lambda one: {"lines": [(one.one, 0)]}, "lines[0].quantity"),
        (lambda one: {"lines": [(one.one, 1), (one.one, 2)]}, "lines[1].product"),
        (lambda _one: {"lines": [(new_id(), 1)]}, "lines[0].product"),
        (lambda _one: {"note": "x" * 201}, "note"),
        (lambda _one: {"due_at": now() - timedelta(hours=1)}, "due_at"),
    ],
)
def test_a_transfer_that_makes_no_sense_is_not_begun(between, change, field):
    before = snapshot()
    with pytest.raises(Invalid) as refusal:
        stock.create_transfer(replace(between.draft(), **change(between)), actor=SYSTEM)
    assert (refusal.value.field, snapshot()) == (field, before)


def test_history_has_its_own_now_and_a_repeat_may_come_late(between):
    due = now() - timedelta(days=3)
    draft = replace(between.draft(), due_at=due)
    with clock_at(due - timedelta(hours=1)):
        made = stock.create_transfer(draft, actor=SYSTEM)
    assert stock.create_transfer(draft, actor=SYSTEM) == made
    assert made.due_at == due


def test_promises_count_on_what_is_due_in_time(between):
    due = now() + timedelta(days=1)
    sent = between.shipped((between.one, 4_000), due_at=due)
    pair = (between.there, between.one)
    ask = partial(stock.atp, [pair], channel="online")
    assert ask()[pair].quantity == 0
    assert ask(at=due - timedelta(hours=1))[pair].quantity == 0
    found = ask(at=due + timedelta(hours=1))[pair]
    assert (found.quantity, found.steps[-1].name, found.steps[-1].at) == (4_000, "inbound", due)
    between.arrive(sent, stock.ArrivedLine(between.one, 1_000, lost=1_000))
    assert ask(at=due + timedelta(hours=1))[pair].quantity == 3_000
    assert ask()[pair].quantity == 1_000


@pytest.mark.django_db(transaction=True)
def test_shipping_selling_and_receiving_at_once():
    between = Between()
    made = [stock.create_transfer(between.draft((between.one, 3_000)), actor=SYSTEM) for _ in range(6)]
    coming = [between.shipped((between.two, 1_000)) for _ in range(4)]
    arrivals = [stock.Arrival(new_id(), one.id, [stock.ArrivedLine(between.two, 1_000)]) for one in coming]

    def ship(one):
        try:
            return stock.ship_transfer(one.id, actor=SYSTEM).state.value
        except stock.Reserved:
            return "reserved"

    def buy():
        stock.reserve_many([stock.Hold(new_id(), between.here, between.one, 1_000)], actor=SYSTEM)

    tasks = [partial(ship, one) for one in made] * 2 + [buy] * 4
    tasks += [partial(stock.receive_transfer, one, actor=SYSTEM) for one in arrivals] * 2
    race(tasks)
    on_hand, reserved = level(between.here, between.one)
    assert (on_hand >= reserved, on_hand % 1_000) == (True, 0)
    assert level(between.there, between.two) == (4_000, 0)
    assert_balanced()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE stock_transfer_line SET received = received - 1000", "received is not what came in"),
        ("DELETE FROM stock_movement WHERE kind = 'transfer_out'", "shipped is not what left"),
        ("UPDATE stock_transfer SET state = 'received', ended_at = now()", "it has ended, and something is under way"),
        ("UPDATE stock_transfer_line SET lost = 500", "its parts are not the sums of its arrivals"),
        ("DELETE FROM stock_transfer_arrival", "received is not what came in"),
        ("UPDATE stock_movement SET source_id = uuidv7() WHERE kind = 'transfer_in'", "it came in by no arrival"),
    ],
)
def test_goods_that_vanish_between_two_places_are_found(between, damage, words):
    sent = between.shipped((between.one, 4_000))
    between.arrive(sent, stock.ArrivedLine(between.one, 2_000, lost=1_000))
    assert audit.transfers().ok
    run(damage)
    result = audit.transfers()
    assert not result.ok
    assert any(words in difference for difference in result.differences), result.differences


def test_transfers_over_http(between):
    manager, associate = make_token("shop_manager"), make_token("associate")
    body = {
        "id": str(new_id()),
        "from_place": str(between.here),
        "to_place": str(between.there),
        "lines": [{"product": str(between.one), "quantity": "4"}],
        "note": "shelf is empty",
    }
    for _ in range(2):
        made = send("post", "/stock/transfers", body, associate)
        assert (made.status_code, made.json()["state"]) == (201, "open")
    late = body | {"id": str(new_id()), "due_at": (now() - timedelta(hours=5)).isoformat()}
    refused = send("post", "/stock/transfers", late, associate)
    assert (refused.status_code, refused.json()["field"]) == (422, "due_at")
    address = f"/stock/transfers/{body['id']}"
    sent = send("post", f"{address}/ship", {"due_at": (now() + timedelta(hours=5)).isoformat()}, associate).json()
    assert (sent["state"], sent["lines"][0]["in_transit"]) == ("shipped", "4")
    arrival = {"id": str(new_id()), "lines": [{"product": str(between.one), "received": "3", "damaged": "1"}]}
    for _ in range(2):
        came = send("post", f"{address}/arrivals", arrival, associate)
        assert (came.status_code, came.json()["state"]) == (201, "received")
    again = send("post", f"{address}/cancel", {}, manager)
    assert (again.status_code, again.json()["code"]) == (409, "transfer_state")
    listed = send("get", f"/stock/transfers?place={between.there}", token=manager).json()["items"]
    assert [one["id"] for one in listed] == [body["id"]]
    assert send("get", address, token=make_token("shopper")).status_code == 403
    elsewhere = make_token("shop_manager", place_ids=[make_place("P3")])
    assert send("get", address, token=elsewhere).status_code == 404
    assert_balanced()
