"""The second reader, by itself."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from storeline.exchange import totals as module
from storeline.exchange.totals import Cell, Document, documents, sha256, totals

PLACES = "ref,zone\nny,America/New_York\nto,Asia/Tokyo\n"
ORDERS = """ref,place,ordered_at,currency,status
a,ny,2017-01-02T03:30:00Z,USD,completed
b,ny,2017-01-02,USD,
c,to,2017-01-01T15:30:00Z,JPY,
d,ny,2017-01-02T12:00,USD,cancelled
e,ny,some day,USD,
"""
LINES = "order,amount\na,1.10\nb,2.20\nb,3.30\nc,100\nd,9\ne,5\n"


def write(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content)
    return folder


def test_sales_by_place_and_the_week_of_the_places_own_date(tmp_path):
    found = totals(write(tmp_path, places=PLACES, orders=ORDERS, order_lines=LINES))
    assert found.sales == {
        Cell("ny", "2016-W52", "USD"): Decimal("1.10"),
        Cell("ny", "2017-W01", "USD"): Decimal("5.50"),
        Cell("to", "2017-W01", "JPY"): Decimal(100),
    }
    assert found.orders == {
        Cell("ny", "2016-W52", "USD"): 1,
        Cell("ny", "2017-W01", "USD"): 1,
        Cell("to", "2017-W01", "JPY"): 1,
    }
    assert found.unreadable == {"e"}
    assert found.hashes["places.csv"] == sha256(tmp_path / "places.csv")


def test_refused_orders_are_left_out(tmp_path):
    write(tmp_path, places=PLACES, orders=ORDERS, order_lines=LINES)
    assert totals(tmp_path, without={"a", "c", "e"}).sales == {Cell("ny", "2017-W01", "USD"): Decimal("5.50")}
    assert totals(tmp_path, without={"a", "c", "e"}).unreadable == frozenset()


def test_one_cell_that_is_no_number_makes_its_order_unreadable_and_no_other(tmp_path):
    write(tmp_path, places=PLACES, orders=ORDERS, order_lines=LINES.replace("3.30", '"3,30"'))
    assert {(one.ref, one.amount) for one in documents(tmp_path)} == {("a", Decimal("1.10")), ("c", Decimal(100))}
    assert totals(tmp_path).unreadable == {"b", "e"}


def test_quotes_newlines_marks_and_bad_rows(tmp_path):
    (tmp_path / "places.csv").write_text(PLACES)
    (tmp_path / "orders.csv").write_bytes(
        b"\xef\xbb\xbfREF , place,ordered_at,currency,note\r\n"
        b'a,ny,2017-01-02,USD,"two\r\nlines, ""quoted"""\r\nragged\r\nb,ny,2017-01-02,USD,\xff\r\n'
    )
    (tmp_path / "order_lines.csv").write_text("order,amount\n a ,1\nb,2\n")
    assert [(one.ref, one.amount) for one in documents(tmp_path)] == [("a", Decimal(1)), ("b", Decimal(2))]


def test_parquet_and_zones_from_outside(tmp_path):
    parquet.write_table(
        pa.table(
            {
                "ref": [1, 2],
                "place": ["ny", "ny"],
                "returned_at": pa.array([datetime(2017, 1, 2, 3, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
                "currency": ["USD", "USD"],
            }
        ),
        tmp_path / "returns.parquet",
    )
    parquet.write_table(
        pa.table({"return": ["1", "1", "2"], "amount": pa.array([Decimal("1.5"), Decimal("2.25"), None])}),
        tmp_path / "return_lines.parquet",
    )
    assert documents(tmp_path, zones={"ny": "America/New_York"}) == [
        Document("return", "1", "ny", "2016-W52", "USD", Decimal("3.75"))
    ]
    assert totals(tmp_path).unreadable == {"1", "2"}


def test_file_that_cannot_be_read_holds_nothing(tmp_path):
    write(tmp_path, places=PLACES, order_lines=LINES)
    (tmp_path / "orders.parquet").write_bytes(b"PAR1 no")
    assert documents(tmp_path) == []


def test_it_shares_no_code_with_the_importer():
    tree = ast.parse(Path(module.__file__).read_text())
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    assert not [name for name in imported if name.startswith(("storeline", "duckdb"))]
