"""Orders of the past: taken in whole, refused whole with every reason told once, never twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from storeline.kernel.api import GUEST, SYSTEM, Forbidden, LoadResult, make_error_table, run, transaction
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, everything, shop

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2017, 5, 6, 18, 30, tzinfo=UTC)
FILES = {
    "orders": orders.ORDERS_IN,
    "order_lines": orders.ORDER_LINES_IN,
    "line_discounts": orders.LINE_DISCOUNTS_IN,
    "payments": orders.PAYMENTS_IN,
}
Row = dict[str, Any]
Found = list[tuple[str, int, str, str]]
HEAD = {"ref": "A", "place": "p", "ordered_at": AT, "currency": "USD"}
LINE = {"order": "A", "line": 1, "product": "r0", "quantity": 2000, "amount": 250, "tax": 20, "tax_rate": 80_000}
DISCOUNT = {"order": "A", "line": 1, "seq": 1, "kind": "promotion", "funder": "retailer", "amount": 30}
PAYMENT = {"order": "A", "seq": 1, "tender": "cash", "amount": 270}
WHOLE: dict[str, list[Row]] = {
    "orders": [HEAD],
    "order_lines": [LINE],
    "line_discounts": [DISCOUNT],
    "payments": [PAYMENT],
}


@pytest.fixture(autouse=True)
def here() -> Shop:
    return shop()


def load(files: dict[str, list[Row]]) -> tuple[LoadResult, Found]:
    """Stage and load; the result and all errors, each as often as it was told. Rows are numbered from 1."""
    with transaction():
        make_error_table()
        for file, declared in FILES.items():
            run(f"DROP TABLE IF EXISTS pg_temp.in_{file}")
            run(f"CREATE TEMP TABLE in_{file} ({declared}) ON COMMIT DROP")
            for number, row in enumerate(files.get(file, []), 1):
                names = ", ".join(f'"{name}"' for name in row)
                marks = ", ".join(["%s"] * len(row))
                run(f"INSERT INTO in_{file} (row, {names}) VALUES ({number}, {marks})", list(row.values()))
        result = orders.load_orders(actor=SYSTEM)
        errors = run("SELECT file, row, col, reason FROM pg_temp.in_error ORDER BY 1, 2, 3, 4").fetchall()
        run("DROP TABLE pg_temp.in_error")
    return result, [tuple(error) for error in errors]


def but(file: str, *rows: Row, **changes: Any) -> dict[str, list[Row]]:
    """The whole order, with its row of `file` changed and more rows behind it."""
    return WHOLE | {file: [WHOLE[file][0] | changes, *rows]}


def test_an_order_comes_in_whole_and_a_repeat_changes_nothing():
    assert load(WHOLE) == (LoadResult(inserted=1), [])
    row = run(
        "SELECT source, state, method, amount, tax, total, payable, till, completed_at FROM orders_order"
    ).fetchone()
    assert row == ("import", "completed", "carry_out", 250, 20, 270, 270, None, AT)
    before = everything()
    assert load(WHOLE) == (LoadResult(unchanged=1), [])
    assert everything() == before


TWICE = [("orders", 1, "ref", "duplicate"), ("orders", 2, "ref", "duplicate")]
REFUSED = [
    (but("orders", HEAD), TWICE),
    (but("orders", place="x"), [("orders", 1, "place", "unknown")]),
    (but("orders", served_by="x"), [("orders", 1, "served_by", "unknown")]),
    (but("orders", customer="x"), [("orders", 1, "customer", "unknown")]),
    (but("orders", total=1), [("orders", 1, "total", "not what the lines come to")]),
    (
        but("orders", status="cancelled"),
        [("orders", 1, "total", "the payments are not what the shopper had to pay")],
    ),
    (WHOLE | {"order_lines": [], "line_discounts": [], "payments": []}, [("orders", 1, "ref", "no lines")]),
    (but("order_lines", product="x"), [("order_lines", 1, "product", "unknown")]),
    (but("order_lines", gross=1), [("order_lines", 1, "gross", "gross is not amount plus the retailer's discounts")]),
    (but("order_lines", LINE | {"order": "B"}), [("order_lines", 2, "order", "unknown")]),
    (but("line_discounts", promotion="x"), [("line_discounts", 1, "promotion", "unknown")]),
    (but("line_discounts", coupon="x"), [("line_discounts", 1, "coupon", "unknown")]),
    (but("line_discounts", line=2), [("line_discounts", 1, "order", "unknown")]),
    (
        but("line_discounts", DISCOUNT),
        [("line_discounts", 1, "seq", "duplicate"), ("line_discounts", 2, "seq", "duplicate")],
    ),
    (but("payments", PAYMENT | {"order": "B"}), [("payments", 2, "order", "unknown")]),
    (
        but("payments", PAYMENT | {"amount": 170}, amount=100),
        [("payments", 1, "seq", "duplicate"), ("payments", 2, "seq", "duplicate")],
    ),
    (but("payments", currency="EUR"), [("payments", 1, "currency", "not the order's currency")]),
    (but("payments", amount=1), [("orders", 1, "total", "the payments are not what the shopper had to pay")]),
]


@pytest.mark.parametrize(("files", "errors"), REFUSED, ids=lambda given: given[0][2] if isinstance(given, list) else "")
def test_a_refusal_is_told_once_and_changes_nothing(files: dict[str, list[Row]], errors: Found):
    before = everything()
    result, found = load(files)
    assert found == errors
    assert result.inserted + result.unchanged == int(errors[0][1:] == (2, "order", "unknown"))
    if not result.inserted:
        assert everything() == before


CHANGED = [
    but("orders", channel="kiosk"),
    but("orders", till="T2"),
    but("orders", method="collect"),
    but("orders", completed_at=AT.replace(hour=20)),
    but("orders", reason="late"),
    but("order_lines", quantity=3000),
    but("order_lines", tax_rate=90_000),
    but("order_lines", LINE | {"line": 2, "amount": 0, "tax": 0}),
    but("line_discounts", kind="manual"),
    but("line_discounts", label="Autumn"),
    but("line_discounts", funder="partner") | {"payments": [PAYMENT | {"amount": 240}]},
    but("payments", tender="card"),
    but("payments", reference="slip 4"),
    but("payments", PAYMENT | {"seq": 2, "amount": 70}, amount=200),
    WHOLE | {"payments": []},
]


@pytest.mark.parametrize("files", CHANGED)
def test_a_known_order_never_changes(files: dict[str, list[Row]]):
    load(WHOLE)
    before = everything()
    result, errors = load(files)
    assert errors == [("orders", 1, "ref", "immutable: a known order differs")]
    assert result == LoadResult(refused=1)
    assert everything() == before


def test_only_who_may_record_loads_orders():
    with pytest.raises(Forbidden):
        orders.load_orders(actor=GUEST)
