"""Receiving, correcting and counting."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storeline.kernel.api import (
    SYSTEM,
    Actor,
    BodyMismatch,
    Forbidden,
    Invalid,
    NotFound,
    clock_at,
    new_id,
    now,
    run,
)
from storeline.stock import api as stock
from storeline.stock.tests.factories import (
    AT,
    assert_balanced,
    hold,
    level,
    make_place,
    make_products,
    move,
    movements,
    open_exceptions,
    post,
    put,
    refs,
    snapshot,
)

pytestmark = pytest.mark.django_db


def test_a_receipt_comes_in_once(place, product):
    row = stock.Goods(new_id(), 1, place, product, 4_000)
    first = stock.receive([row], actor=SYSTEM)
    assert (first.levels, first.repeated) == ({(place, product): stock.Level(4_000, 0)}, False)
    before = snapshot()
    again = stock.receive([row], actor=SYSTEM)
    assert (again.levels, again.repeated) == (first.levels, True)
    with pytest.raises(BodyMismatch):
        stock.receive([replace(row, quantity=5_000)], actor=SYSTEM)
    with pytest.raises(BodyMismatch):
        stock.receive([row, replace(row, line_no=2)], actor=SYSTEM)
    assert snapshot() == before


def test_a_receipt_leaves_a_trail_and_an_event(place, product):
    source = new_id()
    stock.receive([stock.Goods(source, 1, place, product, 4_000)], actor=SYSTEM)
    assert run("SELECT action, subject_id, place_id FROM kernel_trail").fetchall() == [("stock.receipt", source, place)]
    assert run("SELECT type, subject_id, place_id FROM kernel_event").fetchall() == [("stock.receipt", source, place)]


def test_the_day_of_a_movement_is_the_places_own():
    place, product = make_place("tokyo", zone="Asia/Tokyo"), make_products(1)[0]
    with clock_at(datetime(2017, 6, 1, 20, tzinfo=UTC)):
        stock.receive([stock.Goods(new_id(), 1, place, product, 1_000)], actor=SYSTEM)
    [(day,)] = run("SELECT business_date FROM stock_movement").fetchall()
    assert day.isoformat() == "2017-06-02"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": 0}, "lines[0].quantity"),
        ({"quantity": -1}, "lines[0].quantity"),
        ({"place_id": new_id()}, "lines[0].place"),
        ({"product_id": new_id()}, "lines[0].product"),
    ],
)
def test_a_receipt_that_makes_no_sense_changes_nothing(place, product, change, field):
    before = snapshot()
    with pytest.raises(Invalid) as refusal:
        stock.receive([replace(stock.Goods(new_id(), 1, place, product, 1_000), **change)], actor=SYSTEM)
    assert refusal.value.field == field
    assert snapshot() == before


def test_an_associate_receives_in_their_own_shop_only(place, product):
    actor = Actor("user", new_id(), frozenset({stock.RECEIVE}), frozenset({place}))
    elsewhere = make_place("P2")
    before = snapshot()
    rows = [stock.Goods(new_id(), line, at, product, 1_000) for line, at in enumerate((place, elsewhere))]
    with pytest.raises(Forbidden):
        stock.receive(rows, actor=actor)
    assert snapshot() == before
    stock.receive(rows[:1], actor=actor)
    assert level(place, product) == (1_000, 0)


def test_a_correction_needs_its_reason_and_a_fitting_sign(place, product):
    row = stock.Goods(new_id(), 1, place, product, -1_000, "damaged")
    for wrong, kind, field in (
        (replace(row, reason=" "), stock.Kind.ADJUSTMENT, "lines[0].reason"),
        (replace(row, reason="broken"), stock.Kind.ADJUSTMENT, "lines[0].reason"),
        (replace(row, reason="other"), stock.Kind.ADJUSTMENT, "lines[0].note"),
        (replace(row, note="x" * 201), stock.Kind.ADJUSTMENT, "lines[0].note"),
        (replace(row, quantity=0), stock.Kind.ADJUSTMENT, "lines[0].quantity"),
        (replace(row, quantity=1), stock.Kind.WASTE, "lines[0].quantity"),
        (row, stock.Kind.TRANSFER_IN, "kind"),
        (row, stock.Kind.SALE, "kind"),
    ):
        with pytest.raises(Invalid) as refusal:
            stock.adjust([wrong], actor=SYSTEM, kind=kind)
        assert refusal.value.field == field
    assert movements() == []
    stock.adjust([row], actor=SYSTEM, kind=stock.Kind.WASTE)
    assert movements() == [("waste", -1_000, "damaged")]
    [told] = stock.corrections(place)
    assert (told.reason, told.note, told.quantity, told.actor_id) == ("damaged", "", -1_000, None)
    assert open_exceptions() == [("below_zero", 1_000, [])]


def test_a_count_becomes_what_is_on_hand(place):
    more, fewer, same = make_products(3)
    for product in (more, fewer, same):
        put(place, product, 5_000)
    source = new_id()
    rows = [
        stock.Counted(source, line, place, product, quantity)
        for line, (product, quantity) in enumerate([(more, 7_000), (fewer, 0), (same, 5_000)])
    ]
    done = stock.count(rows, actor=SYSTEM)
    assert [done.levels[place, product].on_hand for product in (more, fewer, same)] == [7_000, 0, 5_000]
    assert [level(place, product)[0] for product in (more, fewer, same)] == [7_000, 0, 5_000]
    assert run("SELECT line_no, counted, expected FROM stock_count ORDER BY 1").fetchall() == [
        (0, 7_000, 5_000),
        (1, 0, 5_000),
        (2, 5_000, 5_000),
    ]
    before = snapshot()
    assert stock.count(rows, actor=SYSTEM).repeated
    with pytest.raises(BodyMismatch):
        stock.count([replace(rows[0], quantity=1)], actor=SYSTEM)
    assert snapshot() == before
    assert_balanced()


def test_a_count_opens_and_closes_exceptions(place, product):
    put(place, product, 5_000)
    source = hold(place, product, 3_000)
    stock.count([stock.Counted(new_id(), 1, place, product, 2_000)], actor=SYSTEM)
    assert open_exceptions() == [("below_reserved", 1_000, [(str(source), 1)])]
    stock.count([stock.Counted(new_id(), 1, place, product, 3_000)], actor=SYSTEM)
    assert open_exceptions() == []
    assert_balanced()


def test_a_product_is_counted_once_in_a_document(place, product):
    rows = [stock.Counted(new_id(), line, place, product, 1_000) for line in (1, 2)]
    with pytest.raises(Invalid) as refusal:
        stock.count(rows, actor=SYSTEM)
    assert refusal.value.field == "lines[1].product"


def test_bulk_counts_are_answered_row_by_row(place):
    first, second, third = make_products(3)
    put(place, second, 2_000)
    codes = refs("catalog_product", [first, second, third])
    asked = [
        stock.CountByRef("P1", codes[0], 4_000),
        stock.CountByRef("P1", codes[1], 2_000),
        stock.CountByRef("P1", "no such", 1),
        stock.CountByRef("nowhere", codes[2], 1),
        stock.CountByRef("P1", codes[2], -1),
        stock.CountByRef("P1", codes[0], 9_000),
    ]
    verdicts = stock.set_counts(asked, actor=SYSTEM)
    assert [verdict.outcome for verdict in verdicts] == [
        "updated",
        "unchanged",
        "refused",
        "refused",
        "refused",
        "refused",
    ]
    assert [verdict.errors[0][0] for verdict in verdicts[2:]] == ["product", "place", "quantity", "product"]
    assert [level(place, product)[0] for product in (first, second, third)] == [4_000, 2_000, 0]
    assert stock.set_counts(asked[:1], actor=SYSTEM)[0].outcome == "unchanged"
    assert_balanced()


@pytest.mark.parametrize(
    ("counted", "expected", "explain", "large"),
    [
        (10_000, 10_000, False, False),
        (8_000, 10_000, False, False),
        (7_000, 10_000, True, False),
        (97_000, 100_000, False, False),
        (89_000, 100_000, True, False),
        (74_000, 100_000, True, True),
        (0, 3_000, True, False),
        (3_000, 0, True, False),
        (11_000, 0, True, True),
        (1_000, -2_000, True, False),
    ],
)
def test_which_differences_need_a_reason_and_another_look(
    counted: int, expected: int, *, explain: bool, large: bool
) -> None:
    assert (stock.must_explain(counted, expected), stock.is_large(counted, expected)) == (explain, large)


def test_a_receipt_is_taken_back_once(place, product):
    receipt = new_id()
    stock.receive([stock.Goods(receipt, 1, place, product, 12_000, "slip 7")], actor=SYSTEM)
    put(place, product, 3_000)
    done = stock.undo_receipt(receipt, actor=SYSTEM)
    assert (done.levels, done.repeated) == ({(place, product): stock.Level(3_000, 0)}, False)
    before = snapshot()
    assert stock.undo_receipt(receipt, actor=SYSTEM).repeated
    assert snapshot() == before
    (row,) = stock.last_receipts(place, AT)
    assert (row.source_id, row.quantity, row.reason) == (receipt, 12_000, stock.UNDONE)
    assert ("adjustment", -12_000, "undone") in movements()
    assert_balanced()


def test_what_never_came_is_taken_back_even_where_it_was_sold(place, product):
    receipt = new_id()
    stock.receive([stock.Goods(receipt, 1, place, product, 5_000)], actor=SYSTEM)
    post(move(place, product, -2_000))
    stock.undo_receipt(receipt, actor=SYSTEM)
    assert level(place, product) == (-2_000, 0)
    assert_balanced()


def test_a_receipt_that_cannot_be_taken_back(place, product):
    receipt = new_id()
    stock.receive([stock.Goods(receipt, 1, place, product, 5_000)], actor=SYSTEM)
    before = snapshot()
    with pytest.raises(NotFound):
        stock.undo_receipt(new_id(), actor=SYSTEM)
    with pytest.raises(Forbidden):
        stock.undo_receipt(receipt, actor=Actor("user", new_id(), frozenset()))
    with clock_at(now() + timedelta(days=1, minutes=1)), pytest.raises(stock.CannotUndo):
        stock.undo_receipt(receipt, actor=SYSTEM)
    assert snapshot() == before


def test_a_count_holds_only_while_the_books_say_what_it_was_explained_by(place, product):
    put(place, product, 10_000)
    before = snapshot()
    with pytest.raises(stock.CountMismatch):
        stock.count([stock.Counted(new_id(), 0, place, product, 7_000, "damaged", 9_000)], actor=SYSTEM)
    assert snapshot() == before
    stock.count([stock.Counted(new_id(), 0, place, product, 7_000, "damaged", 10_000)], actor=SYSTEM)
    assert level(place, product) == (7_000, 0)
    assert movements()[-1] == ("count", -3_000, "damaged")
    last = stock.last_counts(place, [product])[product]
    assert (last.counted, last.expected, last.reason, last.is_large) == (7_000, 10_000, "damaged", False)


def test_a_count_that_is_far_off_waits_for_somebody_else(place, product):
    def counted(quantity: int, who: Actor) -> None:
        stock.count([stock.Counted(new_id(), 0, place, product, quantity)], actor=who)

    kim, lee = (Actor("user", new_id(), frozenset({stock.COUNT}), None) for _ in range(2))
    put(place, product, 100_000)
    counted(20_000, kim)
    assert [row.actor_id for row in stock.to_recount(place)] == [kim.id]
    counted(21_000, kim)
    assert [row.counted for row in stock.to_recount(place)] == [20_000]
    counted(60_000, kim)
    assert [row.counted for row in stock.to_recount(place)] == [60_000]
    counted(61_000, lee)
    assert stock.to_recount(place) == []
    assert [row.quantity for row in stock.last_deeds(place, product, limit=2)] == [1_000, 39_000]
