"""Lots: first out is what expires first; what is past its day is promised to nobody; a recall finds all of it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from storeline.identity.tests.factories import make_token
from storeline.kernel.api import SYSTEM, BodyMismatch, Invalid, clock_at, new_id, now, pipeline, run, transaction
from storeline.stock import api as stock
from storeline.stock.domain.lots import share
from storeline.stock.tests.factories import (
    AT,
    assert_balanced,
    level,
    make_place,
    make_products,
    move,
    post,
    put,
    snapshot,
)
from storeline.stock.tests.test_http import send
from storeline.stock.tests.test_races import race

SOON, LATE = date(2017, 6, 3), date(2017, 6, 20)


@pytest.fixture(autouse=True)
def _then():
    with clock_at(AT):
        yield


def came(place, product, quantity, lot=None, until=None, source=None):
    stock.receive(
        [stock.Goods(source or new_id(), 1, place, product, quantity, lot=lot, expires_on=until)], actor=SYSTEM
    )


def lots(place, product):
    return [(lot.lot, lot.on_hand) for lot in stock.lots_at([(place, product)]).get((place, product), [])]


def balance(place, product):
    return run(
        "SELECT on_hand, lotted, expired FROM stock_balance WHERE place_id = %s AND product_id = %s", [place, product]
    ).fetchone()


def test_a_share_is_taken_in_order():
    assert share(5, [("A", 3), ("B", 0), ("C", 4)]) == [("A", 3), ("C", 2)]
    assert share(9, [("A", 3)]) == [("A", 3)]


def test_what_expires_first_leaves_first_and_what_is_in_no_lot_last(place, product):
    put(place, product, 2_000)
    came(place, product, 3_000, "LATE", LATE)
    came(place, product, 4_000, "SOON", SOON)
    came(place, product, 1_000, "NEVER")
    first, second = new_id(), new_id()
    post(move(place, product, -1_000, source=first), move(place, product, -4_500, source=first, line=2))
    assert lots(place, product) == [("LATE", 1_500), ("NEVER", 1_000)]
    post(move(place, product, -3_500, source=second))
    assert (lots(place, product), balance(place, product)) == ([], (1_000, 0, 0))
    taken = run("SELECT source_id, line_no, lot, quantity FROM stock_lot_move WHERE kind = 'sale' ORDER BY 1, 2, 3")
    assert taken.fetchall() == [
        (first, 1, "SOON", -1_000),
        (first, 2, "LATE", -1_500),
        (first, 2, "SOON", -3_000),
        (second, 1, "LATE", -1_500),
        (second, 1, "NEVER", -1_000),
    ]
    post(move(place, product, -3_000))
    assert level(place, product) == (-2_000, 0)
    came(place, product, 5_000, "NEXT", LATE)
    assert (lots(place, product), balance(place, product)) == ([("NEXT", 3_000)], (3_000, 3_000, 0))
    assert_balanced()


def test_handing_over_takes_lots_as_a_sale_does(place, product):
    came(place, product, 5_000, "A", SOON)
    source = new_id()
    with transaction():
        stock.lock([(place, product)]).result()
        assert stock.reserve([stock.ReserveRow(source, 1, place, product, 2_000)]).result() == 1
    with transaction():
        stock.lock([(place, product)]).result()
        assert stock.settle([source], [move(place, product, -2_000, source=source)]).result() == 1
    assert lots(place, product) == [("A", 3_000)]
    assert stock.recall(product, "A").orders == {source}
    assert_balanced()


def test_a_lot_past_its_day_is_kept_back_and_leaves_last(place, product):
    came(place, product, 3_000, "OVER", SOON)
    came(place, product, 2_000, "GOOD", LATE)
    after = AT + timedelta(days=3)
    assert stock.atp([(place, product)], channel="online", at=after)[place, product].quantity == 2_000
    assert stock.atp([(place, product)], channel="online")[place, product].quantity == 5_000
    with clock_at(AT + timedelta(days=2)):
        assert stock.expire_lots() == 0  # its last day
    with clock_at(after):
        [step] = [
            s for s in stock.atp([(place, product)], channel="online")[place, product].steps if s.name == "expired"
        ]
        assert (step.quantity, "2017-06-03" in step.reason) == (-3_000, True)
        assert (stock.expire_lots(), stock.expire_lots()) == (1, 0)
        assert stock.levels(place, [product])[product].promisable == 2_000
        post(move(place, product, -2_500))
        assert (lots(place, product), balance(place, product)) == ([("OVER", 2_500)], (2_500, 2_500, 2_500))
        assert [(lot.lot, lot.expired) for lot in stock.expiring(place, LATE)] == [("OVER", True)]
        stock.adjust(
            [stock.Goods(new_id(), 1, place, product, -2_500, "expired", lot="OVER")],
            actor=SYSTEM,
            kind=stock.Kind.WASTE,
        )
    assert balance(place, product) == (0, 0, 0)
    assert_balanced()


def test_days_are_the_places_own(product):
    place = make_place("tokyo", zone="Asia/Tokyo")
    came(place, product, 1_000, "A", AT.date())
    with clock_at(AT + timedelta(hours=2)):
        assert stock.expire_lots() == 0
    with clock_at(AT + timedelta(hours=3)):
        assert stock.expire_lots() == 1


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"lot": "A", "expires_on": LATE}, stock.WrongLot, "lines[0].expires_on"),
        ({"lot": None, "expires_on": LATE}, Invalid, "lines[0].lot"),
        ({"lot": "with space"}, Invalid, "lines[0].lot"),
        ({"lot": "X" * 21}, Invalid, "lines[0].lot"),
    ],
)
def test_a_lot_that_cannot_be_changes_nothing(place, product, change, error, field):
    came(place, product, 1_000, "A", SOON)
    before = snapshot()
    with pytest.raises(error) as refusal:
        stock.receive([replace(stock.Goods(new_id(), 1, place, product, 1_000), **change)], actor=SYSTEM)
    assert (refusal.value.field, snapshot()) == (field, before)


def test_no_more_of_a_lot_is_wasted_than_is_there(place, product):
    put(place, product, 9_000)
    came(place, product, 1_000, "A", SOON)
    before = snapshot()
    row = stock.Goods(new_id(), 1, place, product, -1_001, "damaged", lot="A")
    with pytest.raises(stock.WrongLot) as refusal:
        stock.adjust([row], actor=SYSTEM, kind=stock.Kind.WASTE)
    assert (refusal.value.field, snapshot()) == ("lines[0].lot", before)


def test_lots_are_counted_by_themselves_or_all_together(place, product):
    put(place, product, 2_000)
    came(place, product, 3_000, "A", SOON)
    came(place, product, 3_000, "B", LATE)
    source = new_id()
    rows = [
        stock.Counted(source, 1, place, product, 1_000, lot="A"),
        stock.Counted(source, 2, place, product, 4_000, lot="B", expected=3_000),
    ]
    stock.count(rows, actor=SYSTEM)
    assert (lots(place, product), balance(place, product)) == ([("A", 1_000), ("B", 4_000)], (7_000, 5_000, 0))
    assert run("SELECT lot, counted, expected FROM stock_count ORDER BY line_no").fetchall() == [
        ("A", 1_000, 3_000),
        ("B", 4_000, 3_000),
    ]
    stock.count([stock.Counted(new_id(), 1, place, product, 4_500)], actor=SYSTEM)
    assert (lots(place, product), balance(place, product)) == ([("B", 2_500)], (4_500, 2_500, 0))
    with pytest.raises(Invalid) as refusal:
        stock.count([rows[0], replace(rows[1], lot=None)], actor=SYSTEM)
    assert refusal.value.field == "lines[1].product"
    with pytest.raises(stock.CountMismatch):
        stock.count([stock.Counted(new_id(), 1, place, product, 1, lot="B", expected=3_000)], actor=SYSTEM)
    assert_balanced()


def test_the_same_deed_again_says_the_same_of_lot_reason_and_note(place, product):
    """A repeat that names another lot, day or reason would be lost if it were taken for the first."""
    receipt = stock.Goods(new_id(), 1, place, product, 4_000, "slip 7", lot="A", expires_on=SOON)
    damaged = stock.Goods(new_id(), 1, place, product, -1_000, "damaged", "wet", "A")
    counted = stock.Counted(new_id(), 1, place, product, 2_000, "x", 3_000, "A")
    deeds: tuple[tuple[Any, Any, tuple[dict[str, Any], ...]], ...] = (
        (
            stock.receive,
            receipt,
            ({"lot": "B"}, {"lot": None, "expires_on": None}, {"expires_on": LATE}, {"reason": "8"}),
        ),
        (stock.adjust, damaged, ({"reason": "stolen"}, {"note": ""}, {"lot": None})),
        (stock.count, counted, ({"reason": None}, {"lot": None}, {"expected": 4_000})),
    )
    for deed, row, _ in deeds:
        deed([row], actor=SYSTEM)
    before = snapshot()
    for deed, row, others in deeds:
        assert deed([row], actor=SYSTEM).repeated
        for other in others:
            with pytest.raises(BodyMismatch):
                deed([replace(row, **other)], actor=SYSTEM)
    assert snapshot() == before
    # What only makes good what was sold before it came is in no lot, and is known again all the same.
    post(move(place, product, -6_000))
    late = new_id()
    for _ in range(2):
        came(place, product, 1_000, "C", LATE, late)
    assert lots(place, product) == []


def test_a_receipt_that_is_taken_back_takes_what_is_left_of_its_lot(place, product):
    source = new_id()
    came(place, product, 5_000, "A", SOON, source)
    came(place, product, 2_000, "B", LATE)
    post(move(place, product, -4_000))
    stock.undo_receipt(source, actor=SYSTEM)
    assert (lots(place, product), balance(place, product)) == ([], (-2_000, 0, 0))
    with pytest.raises(BodyMismatch):
        came(place, product, 5_000, "A", SOON, source)
    assert_balanced()


def test_what_comes_back_goes_into_the_lots_that_it_left_in(place, product):
    elsewhere, sold = make_place("P2"), new_id()
    came(place, product, 2_000, "SOON", SOON)
    came(place, product, 2_000, "LATE", LATE)
    came(place, product, 1_000)
    post(move(place, product, -5_000, source=sold))
    for where, quantity, before, order in (
        (place, 1_000, 0, sold),
        (elsewhere, 2_000, 1_000, sold),
        (place, 2_000, 3_000, sold),
        (place, 1_000, 0, new_id()),
    ):
        back = move(where, product, quantity, kind="return")
        with transaction():
            found = stock.lock_returns([stock.Returned(back, order, 1, before)])
            with pipeline():
                stock.post_returns(found)
    assert (lots(place, product), balance(place, product)) == ([("SOON", 1_000), ("LATE", 1_000)], (4_000, 2_000, 0))
    assert lots(elsewhere, product) == [("SOON", 1_000), ("LATE", 1_000)]
    recalled = stock.recall(product, "SOON")
    assert recalled.orders == {sold}
    assert [lot.on_hand for lot in recalled.shelves] == [1_000, 1_000]
    assert_balanced()


def test_a_recall_finds_every_shelf_every_transfer_and_every_order(product):
    here, there = make_place("P1"), make_place("P2")
    came(here, product, 9_000, "BAD", SOON)
    came(here, product, 9_000, "FINE", LATE)
    sold, sold_there = new_id(), new_id()
    post(move(here, product, -2_000, source=sold))
    sent = stock.create_transfer(stock.TransferDraft(new_id(), here, there, [(product, 4_000)]), actor=SYSTEM)
    stock.ship_transfer(sent.id, actor=SYSTEM)
    stock.receive_transfer(stock.Arrival(new_id(), sent.id, [stock.ArrivedLine(product, 3_000)]), actor=SYSTEM)
    post(move(there, product, -1_000, source=sold_there))
    found = stock.recall(product, "BAD")
    assert found.orders == {sold, sold_there}
    assert [(lot.place_id, lot.on_hand) for lot in found.shelves] == sorted([(here, 3_000), (there, 2_000)])
    assert [(one.transfer_id, one.quantity) for one in found.in_transit] == [(sent.id, 1_000)]
    assert sum(one.quantity for one in found.taken) == 5_000
    assert stock.recall(product, "NONE").taken == ()
    assert_balanced()


@pytest.mark.django_db(transaction=True)
def test_sales_counts_and_receipts_of_lots_at_once_keep_the_books():
    place, products = make_place(), make_products(2)
    for product in products:
        for lot, until in (("A", SOON), ("B", LATE)):
            came(place, product, 20_000, lot, until)
    chance = random.Random(5)

    def sell():
        some = chance.sample(products, 2)
        post(*[move(place, product, -1_500, line=line) for line, product in enumerate(some)])

    def receive():
        came(place, chance.choice(products), 2_000, chance.choice("AB"))

    def waste():
        row = stock.Goods(new_id(), 1, place, chance.choice(products), -500, "damaged", lot="B")
        try:
            stock.adjust([row], actor=SYSTEM, kind=stock.Kind.WASTE)
        except stock.WrongLot:
            return

    def over():
        stock.expire_lots(AT + timedelta(days=chance.choice((1, 5))))

    tasks = [sell] * 40 + [receive] * 12 + [waste] * 12 + [over] * 4
    chance.shuffle(tasks)
    race(tasks)
    assert_balanced()


def test_lots_and_recalls_over_http(place, product):
    manager, planner = make_token("shop_manager"), make_token("planner")
    body = {
        "id": str(new_id()),
        "place": str(place),
        "lines": [{"product": str(product), "quantity": "2", "lot": "A", "expires_on": "2017-06-03"}],
    }
    assert send("post", "/stock/receipts", body, manager).status_code == 201
    for path in (
        f"/stock/lots?place={place}&product={product}",
        f"/stock/lots/expiring?place={place}&until=2017-06-03",
    ):
        [lot] = send("get", path, token=manager).json()["items"]
        assert (lot["lot"], lot["expires_on"], lot["on_hand"], lot["expired"]) == ("A", "2017-06-03", "2", False)
    waste = {
        "id": str(new_id()),
        "place": str(place),
        "kind": "waste",
        "lines": [{"product": str(product), "quantity": "-0.5", "reason": "other", "note": "dropped", "lot": "A"}],
    }
    assert send("post", "/stock/adjustments", waste, manager).status_code == 201
    [told] = send("get", f"/stock/adjustments?place={place}&limit=1", token=manager).json()["items"]
    assert (told["reason"], told["note"], told["lot"], told["quantity"]) == ("other", "dropped", "A", "-0.5")
    assert told["actor"] is not None
    assert now() == AT
    path = f"/stock/recalls?product={product}&lot=A"
    assert send("get", path, token=manager).status_code == 403
    found = send("get", path, token=planner).json()
    assert ([lot["on_hand"] for lot in found["shelves"]], [one["kind"] for one in found["moves"]]) == (
        ["1.5"],
        ["receipt", "waste"],
    )
