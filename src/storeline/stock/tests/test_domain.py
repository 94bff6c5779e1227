"""Stock's pure rules."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storeline.kernel.api import new_id
from storeline.stock.domain.goods import (
    Answer,
    Band,
    Hold,
    KnownHold,
    Level,
    ReserveRow,
    Shortfall,
    band,
    decide_holds,
    shortfalls,
    wanted,
)

PLACE, PRODUCT = new_id(), new_id()


def test_bands_begin_where_they_say():
    assert [band(quantity) for quantity in (-1, 0, 1, 5_000, 5_001)] == [
        Band.OUT,
        Band.OUT,
        Band.FEW,
        Band.FEW,
        Band.STOCK,
    ]


def test_a_balance_is_short_of_its_promises_and_of_zero_separately():
    assert shortfalls(Level(3, 3)) == {}
    assert shortfalls(Level(2, 3)) == {Shortfall.BELOW_RESERVED: 1}
    assert shortfalls(Level(-2, 0)) == {Shortfall.BELOW_ZERO: 2}
    assert shortfalls(Level(-2, 3)) == {Shortfall.BELOW_RESERVED: 3, Shortfall.BELOW_ZERO: 2}


def test_lines_of_one_product_add_up():
    rows = [ReserveRow(new_id(), line, PLACE, PRODUCT, quantity) for line, quantity in enumerate((1, 2, 4))]
    assert wanted(rows) == {(PLACE, PRODUCT): 7}


def holds(*quantities: int) -> list[Hold]:
    return [Hold(new_id(), PLACE, PRODUCT, quantity) for quantity in quantities]


def test_holds_are_answered_in_the_order_of_arrival():
    verdicts = decide_holds(holds(6, 5, 4, 1), {(PLACE, PRODUCT): Level(12, 2)}, {})
    assert [(verdict.answer, verdict.left) for verdict in verdicts] == [
        (Answer.HELD, 4),
        (Answer.SOLD_OUT, 4),
        (Answer.HELD, 0),
        (Answer.SOLD_OUT, 0),
    ]


def test_what_the_place_never_kept_is_sold_out():
    assert decide_holds(holds(1), {}, {})[0].answer is Answer.SOLD_OUT


def test_an_id_that_came_before_gets_its_first_answer():
    first, second = holds(2, 3)
    other = Hold(first.id, PLACE, PRODUCT, 5)
    known = {second.id: KnownHold(second.asked, "released")}
    verdicts = decide_holds([first, first, other, second], {(PLACE, PRODUCT): Level(10, 0)}, known)
    assert [(verdict.answer, verdict.state, verdict.left) for verdict in verdicts] == [
        (Answer.HELD, "held", 8),
        (Answer.REPEATED, "held", 8),
        (Answer.MISMATCH, None, 8),
        (Answer.REPEATED, "released", 8),
    ]


def test_an_id_that_names_an_orders_goods_does_not_match():
    [asked] = holds(1)
    [verdict] = decide_holds([asked], {(PLACE, PRODUCT): Level(10, 0)}, {asked.id: KnownHold(None, "held")})
    assert (verdict.answer, verdict.granted) == (Answer.MISMATCH, False)


@given(
    on_hand=st.integers(0, 50),
    reserved=st.integers(0, 50),
    quantities=st.lists(st.integers(1, 20), max_size=30),
)
def test_holds_never_promise_more_than_there_is_and_refuse_only_what_does_not_fit(on_hand, reserved, quantities):
    left = on_hand - reserved
    for asked, verdict in zip(
        quantities,
        decide_holds(holds(*quantities), {(PLACE, PRODUCT): Level(on_hand, reserved)}, {}),
        strict=True,
    ):
        assert verdict.granted == (asked <= left)
        left -= asked if verdict.granted else 0
        assert verdict.left == left
    assert left >= min(0, on_hand - reserved)
