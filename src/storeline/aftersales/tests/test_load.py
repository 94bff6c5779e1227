"""Returns of the past: taken in whole, refused whole, never twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from storeline.aftersales import api as aftersales
from storeline.aftersales.api import ReturnLine
from storeline.aftersales.tests.factories import (
    another_entity,
    another_place,
    balances,
    by_entity,
    differences,
    every_row,
    sold,
    taken,
)
from storeline.kernel.api import GUEST, SYSTEM, Forbidden, LoadResult, make_error_table, run, source_id, transaction
from storeline.orders.tests.factories import Shop, shop

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2017, 5, 6, 18, 30, tzinfo=UTC)
FILES = {
    "returns": (aftersales.RETURNS_IN, "returns"),
    "return_lines": (aftersales.RETURN_LINES_IN, "return_lines"),
    "refunds": (aftersales.REFUNDS_IN, "refunds"),
}
Row = dict[str, Any]


@pytest.fixture
def here() -> Shop:
    """A shop that had counted its goods before any of this: what came back then is in stock now."""
    made = shop()
    run("UPDATE stock_movement SET kind = 'opening', at = %s", [AT - timedelta(days=1)])
    run("DELETE FROM stock_adjustment")  # what was there at the opening is no correction
    return made


@pytest.fixture
def order(here: Shop) -> UUID:
    """Two products: 3 units for 10.00, 1 unit for 2.50, both paid in cash."""
    return sold(here, [(3, 1000), (1, 250)], ref="sale-1")


def head(ref: str = "R1", **changes: Any) -> Row:
    return {"ref": ref, "order": "sale-1", "place": "p", "returned_at": AT, "currency": "USD"} | changes


def line(ref: str = "R1", number: int = 1, **changes: Any) -> Row:
    whole = {"return": ref, "line": number, "order_line": 1, "product": "r0", "quantity": 1000, "amount": 333}
    return whole | changes


def refund(ref: str = "R1", seq: int = 1, **changes: Any) -> Row:
    return {"return": ref, "seq": seq, "tender": "cash", "amount": 333} | changes


def load(
    returns: Sequence[Row], lines: Sequence[Row], refunds: Sequence[Row] = ()
) -> tuple[LoadResult, list[tuple[str, int, str, str]]]:
    """Stage and load; the result and the errors. Rows are numbered from 1 in each file."""
    with transaction():
        make_error_table()
        for file, rows in (("returns", returns), ("return_lines", lines), ("refunds", refunds)):
            run(f"DROP TABLE IF EXISTS pg_temp.in_{file}")
            run(f"CREATE TEMP TABLE in_{file} ({FILES[file][0]}) ON COMMIT DROP")
            for number, row in enumerate(rows, 1):
                names = ", ".join(f'"{name}"' for name in row)
                marks = ", ".join(["%s"] * len(row))
                run(f"INSERT INTO in_{file} (row, {names}) VALUES ({number}, {marks})", list(row.values()))
        result = aftersales.load_returns(actor=SYSTEM)
        errors = run("SELECT file, row, col, reason FROM pg_temp.in_error ORDER BY 1, 2, 3").fetchall()
        run("DROP TABLE pg_temp.in_error")
    return result, [tuple(error) for error in errors]


def test_a_return_comes_in_with_its_goods_money_and_books(here, order):
    result, errors = load([head(reason="too many")], [line()], [refund(reference="slip 4")])
    assert (result, errors) == (LoadResult(inserted=1), [])
    view = aftersales.get_return(source_id("return", "R1", AT))
    assert (view.head.ref, view.head.source, view.head.order_id, view.head.place_id) == (
        "R1",
        "import",
        order,
        here.place,
    )
    assert (view.head.total, view.head.refunded, view.head.reason) == (333, 333, "too many")
    assert view.head.business_date.isoformat() == "2017-05-06"
    assert [(one.tender, one.amount, one.state, one.reference) for one in view.refunds] == [
        ("cash", 333, "settled", "slip 4")
    ]
    assert here.level(0) == (8000, 0)
    assert balances() == {"cash": 917, "sales": -917}
    assert differences() == []


def test_a_repeat_changes_nothing_and_a_changed_row_is_immutable(here, order):
    rows = ([head()], [line()], [refund()])
    load(*rows)
    before = every_row()
    assert load(*rows) == (LoadResult(unchanged=1), [])
    immutable = ("returns", 1, "ref", "immutable: a known return differs")
    for changed in (
        ([head(reason="x")], [line()], [refund()]),
        ([head()], [line(quantity=2000)], [refund()]),
        ([head()], [line(), line(number=2, order_line=2, product="r1", amount=0)], [refund()]),
        ([head()], [line()], [refund(tender="card")]),
        ([head()], [line()], []),
    ):
        assert load(*changed) == (LoadResult(refused=1), [immutable])
    assert every_row() == before


def test_any_tender_comes_in_and_without_refunds_there_was_one(here, order):
    result, _ = load(
        [head(), head("R2")],
        [line(), line("R2", order_line=2, product="r1", amount=250, restock=False)],
        [refund(amount=300, tender="shells"), refund(seq=2, amount=33)],
    )
    assert result == LoadResult(inserted=2)
    (one,) = aftersales.get_return(source_id("return", "R2", AT)).refunds
    assert (one.tender, one.amount) == ("unspecified", 250)
    assert balances() == {"cash": 1217, "imported_tender": -550, "sales": -667}
    assert here.level(1) == (9000, 0)
    assert differences() == []


def test_a_return_without_its_sale(here):
    result, errors = load(
        [head(order=None, original_reference="1234", tax_included=True)],
        [line(order_line=None, amount=400, tax=30, tax_rate=80_000)],
        [refund(amount=400)],
    )
    assert (result, errors) == (LoadResult(inserted=1), [])
    assert balances() == {"cash": -400, "sales": 370, "tax_payable": 30}
    assert here.level() == (11_000, 0)
    assert differences() == []


def test_a_part_that_somebody_else_had_paid_is_not_refunded(here):
    load(
        [head(order=None)],
        [line(order_line=None, amount=400, funded=150, tax=32, tax_rate=80_000)],
        [refund(amount=282)],
    )
    assert balances() == {"cash": -282, "sales": 400, "tax_payable": 32, "manufacturer_receivable": -150}
    assert differences() == []


def test_a_return_at_another_entity_balances_in_both_books(here, order):
    sister = another_entity()
    another_place(here, entity=sister)
    load([head(place="p2")], [line()], [refund()])
    assert by_entity() == {
        (here.entity, "cash"): 1250,
        (here.entity, "sales"): -917,
        (here.entity, "intercompany"): -333,
        (sister, "intercompany"): 333,
        (sister, "cash"): -333,
    }
    assert differences() == []


def test_several_returns_of_one_line_up_to_what_was_sold(here, order):
    """3 units at 10.00: two of 1 unit fit, one of 2 does not, the last one fits again without it."""
    returns = [head(f"R{number}") for number in range(1, 5)]
    lines = [
        line("R1"),
        line("R2"),
        line("R3", quantity=2000, amount=334),
        line("R4", amount=334),
    ]
    result, errors = load(returns, lines)
    assert result == LoadResult(inserted=3, refused=1)
    assert errors == [("return_lines", 3, "quantity", "more would come back than was sold")]
    assert here.level() == (10_000, 0)
    assert load([head("R5")], [line("R5", amount=0)])[1] == [
        ("return_lines", 1, "quantity", "more would come back than was sold")
    ]
    assert differences() == []


def test_what_came_back_live_counts_too(here, order):
    aftersales.return_goods(taken(here, order, ReturnLine(3000, 1)), actor=SYSTEM)
    assert load([head()], [line()], [refund()])[0] == LoadResult(refused=1)
    load([head("R2")], [line("R2", order_line=2, product="r1", amount=250)])
    with pytest.raises(aftersales.TooMuchReturned):
        aftersales.return_goods(taken(here, order, ReturnLine(1000, 2)), actor=SYSTEM)
    assert differences() == []


REFUSALS: dict[str, tuple[list[Row], list[Row], list[Row], tuple[str, int, str, str]]] = {
    "no place": ([head(place="x")], [line()], [refund()], ("returns", 1, "place", "unknown")),
    "no customer": ([head(customer="x")], [line()], [refund()], ("returns", 1, "customer", "unknown")),
    "no order": ([head(order="x")], [line()], [refund()], ("returns", 1, "order", "unknown")),
    "currency": ([head(currency="EUR")], [line()], [refund()], ("returns", 1, "currency", "not the order's currency")),
    "tax": ([head(tax_included=True)], [line()], [refund()], ("returns", 1, "tax_included", "not as in the order")),
    "no lines": ([head()], [], [], ("returns", 1, "ref", "no lines")),
    "total": ([head(total=334)], [line()], [refund()], ("returns", 1, "total", "not what the lines come to")),
    "refunds": (
        [head()],
        [line()],
        [refund(amount=332)],
        ("returns", 1, "total", "the refunds are not what the shopper gets back"),
    ),
    "no product": ([head()], [line(product="x")], [refund()], ("return_lines", 1, "product", "unknown")),
    "other product": (
        [head()],
        [line(product="r1")],
        [refund()],
        ("return_lines", 1, "product", "not the product of that line"),
    ),
    "line required": ([head()], [line(order_line=None)], [refund()], ("return_lines", 1, "order_line", "required")),
    "line unknown": ([head()], [line(order_line=9)], [refund()], ("return_lines", 1, "order_line", "unknown")),
    "line without order": (
        [head(order=None)],
        [line()],
        [refund()],
        ("return_lines", 1, "order_line", "unknown"),
    ),
    "negative": (
        [head()],
        [line(quantity=-1)],
        [refund()],
        ("return_lines", 1, "amount", "negative: returns are positive"),
    ),
    "amount": (
        [head()],
        [line(amount=1001)],
        [refund(amount=1001)],
        ("return_lines", 1, "amount", "more would come back than was sold"),
    ),
    "no return": ([], [line("R9")], [], ("return_lines", 1, "return", "unknown")),
    "refund of no return": ([], [], [refund("R9")], ("refunds", 1, "return", "unknown")),
    "refund currency": (
        [head()],
        [line()],
        [refund(currency="EUR")],
        ("refunds", 1, "currency", "not the return's currency"),
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_does_not_hold_is_refused_whole(here, order, case):
    *rows, error = REFUSALS[case]
    before = every_row()
    result, errors = load(*rows)
    assert errors == [error]
    assert result == LoadResult(refused=len(rows[0]))
    assert every_row() == before


def test_good_returns_are_not_lost_to_bad_ones(here, order):
    result, errors = load(
        [head("R1", place="x"), head("R2"), head("R3"), head("R3")],
        [line("R1"), line("R2"), line("R2", amount=0), line("R3")],
        [refund("R2")],
    )
    assert result == LoadResult(refused=4)
    assert {error[1:3] for error in errors if error[0] == "returns"} == {(1, "place"), (3, "ref"), (4, "ref")}
    assert [error for error in errors if error[0] == "return_lines"] == [
        ("return_lines", 2, "line", "duplicate"),
        ("return_lines", 3, "line", "duplicate"),
    ]
    assert load([head("R1", place="x"), head("R2")], [line("R1"), line("R2")])[0] == LoadResult(inserted=1, refused=1)


def test_only_who_may_record():
    with pytest.raises(Forbidden):
        aftersales.load_returns(actor=GUEST)
