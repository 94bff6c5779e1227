"""Openings, and trade of the past that moves them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storeline.kernel.api import (
    ERRORS_IN,
    SYSTEM,
    LoadResult,
    run,
    transaction,
)
from storeline.stock import api as stock
from storeline.stock.tests.factories import (
    AT,
    assert_balanced,
    level,
    make_products,
    move,
    movements,
    open_exceptions,
    post,
    refs,
    snapshot,
)

pytestmark = pytest.mark.django_db


def stage(*rows: tuple[object, ...]) -> None:
    run("DROP TABLE IF EXISTS pg_temp.in_stock, pg_temp.in_error")
    run(f"CREATE TEMP TABLE in_stock ({stock.STOCK_IN})")
    run(f"CREATE TEMP TABLE in_error ({ERRORS_IN})")
    for number, row in enumerate(rows, 2):
        run("INSERT INTO in_stock VALUES (%s, %s, %s, %s, %s, NULL)", [number, *row])


def record(*rows: stock.MoveRow) -> int:
    run("DROP TABLE IF EXISTS pg_temp.rec_movements")
    run(f"CREATE TEMP TABLE rec_movements ({stock.RECORDED})")
    for row in rows:
        run(
            "INSERT INTO rec_movements VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                row.source_id,
                row.line_no,
                row.kind,
                row.place_id,
                row.product_id,
                row.quantity,
                row.at,
                row.business_date,
            ],
        )
    with transaction():
        return stock.record_from_temp()


def test_an_opening_loads_once_and_cannot_change(place, product):
    [code] = refs("catalog_product", [product])
    stage(("P1", code, AT, 8_000))
    assert stock.load_stock(actor=SYSTEM) == LoadResult(inserted=1)
    assert level(place, product) == (8_000, 0)
    before = snapshot()
    assert stock.load_stock(actor=SYSTEM) == LoadResult(unchanged=1)
    stage(("P1", code, AT, 9_000))
    assert stock.load_stock(actor=SYSTEM) == LoadResult(refused=1)
    stage(("P1", code, AT + timedelta(days=1), 8_000))
    assert stock.load_stock(actor=SYSTEM) == LoadResult(refused=1)
    assert run("SELECT * FROM in_error").fetchall() == [("stock", 2, "as_of", "immutable")]
    assert snapshot() == before


def test_bad_rows_do_not_lose_the_good_ones(place):
    first, second = make_products(2)
    codes = refs("catalog_product", [first, second])
    stage(
        ("P1", codes[0], AT, 1_000),
        ("P1", "no such", AT, 1_000),
        ("nowhere", codes[0], AT, 1_000),
        ("P1", codes[0], AT, 3_000),
        ("P1", codes[1], AT, None),
        ("P1", codes[1], AT, 0),
    )
    run("DELETE FROM in_stock WHERE row = 6")
    assert stock.load_stock(actor=SYSTEM) == LoadResult(inserted=2, refused=3)
    assert run("SELECT row, col, reason FROM in_error ORDER BY row").fetchall() == [
        (3, "product", "unknown"),
        (4, "place", "unknown"),
        (5, "product", "duplicate"),
    ]
    assert [one.level.on_hand for one in stock.list_levels(place_id=place)[0]] == [1_000, 0]
    assert_balanced()


@pytest.mark.parametrize("opening_first", [True, False])
def test_trade_from_the_opening_on_moves_it_and_earlier_trade_does_not(place, product, opening_first):
    [code] = refs("catalog_product", [product])
    earlier = move(place, product, -3_000)._replace(at=AT - timedelta(microseconds=1))
    at_once = move(place, product, -1_000)
    stage(("P1", code, AT, 8_000))
    if opening_first:
        stock.load_stock(actor=SYSTEM)
    assert record(earlier, at_once) == 2
    if not opening_first:
        stock.load_stock(actor=SYSTEM)
    assert level(place, product) == (7_000, 0)
    taken_out: list[tuple[str, int, str | None]] = [("adjustment", 3_000, "before the opening count")]
    if not opening_first:
        taken_out = [("uncounted", 4_000, None), ("adjustment", -1_000, "before the opening count")]
    trade: list[tuple[str, int, str | None]] = [
        ("sale", -3_000, None),
        ("opening", 8_000, None),
        ("sale", -1_000, None),
    ]
    assert sorted(movements(), key=str) == sorted(trade + taken_out, key=str)
    assert open_exceptions() == []
    assert_balanced()


def test_recorded_history_is_a_no_op_the_second_time(place, product):
    rows = [move(place, product, quantity, line=line) for line, quantity in enumerate((-1_000, -500, 0, -250))]
    assert record(*rows) == 3
    before = snapshot()
    assert record(*rows) == 0
    assert snapshot() == before
    more = move(place, product, 4_000, "return")
    assert record(*rows, more) == 1
    assert level(place, product) == (0, 0)
    assert_balanced()


def test_history_moves_no_stock_that_was_never_counted(place, product):
    post(move(place, product, -1_000))
    assert record(move(place, product, -5_000), move(place, product, 2_000, "return")) == 2
    assert (level(place, product), open_exceptions()) == ((-1_000, 0), [("below_zero", 1_000, [])])
    assert ("uncounted", 3_000, None) in movements()
    assert_balanced()


def test_history_below_zero_opens_exceptions_and_returns_close_them(place):
    first, second = make_products(2)
    stage(*(("P1", code, AT, 0) for code in refs("catalog_product", [first, second])))
    assert stock.load_stock(actor=SYSTEM) == LoadResult(inserted=2)
    assert record(move(place, first, -1_000), move(place, second, -2_000)) == 2
    assert sorted(open_exceptions()) == [("below_zero", 1_000, []), ("below_zero", 2_000, [])]
    assert record(move(place, second, 2_000, "return")) == 1
    assert open_exceptions() == [("below_zero", 1_000, [])]
    assert_balanced()


def test_an_opening_cures_what_was_sold_before_it_was_known(place, product):
    post(move(place, product, -1_000))
    [code] = refs("catalog_product", [product])
    stage(("P1", code, AT - timedelta(days=1), 1_000))
    assert stock.load_stock(actor=SYSTEM) == LoadResult(inserted=1)
    assert (level(place, product), open_exceptions()) == ((0, 0), [])
    assert_balanced()
