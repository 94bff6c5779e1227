"""Cells and rows: what is taken, what is refused, and with which words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from storeline.exchange.format import FILES
from storeline.exchange.reading import Found, find, open_folder, read, typed


class Reader:
    """Reads one file of a folder and shows its rows and errors."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.con: duckdb.DuckDBPyConnection = open_folder(folder / "work")

    def csv(self, name: str, content: str | bytes) -> Reader:
        path = self.folder / f"{name}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self.take(Found(FILES[name], path))

    def parquet(self, table: str, **columns: pa.Array) -> Reader:
        path = self.folder / f"{table}.parquet"
        parquet.write_table(pa.table(columns), path)
        return self.take(Found(FILES[table], path))

    def take(self, found: Found) -> Reader:
        header = read(self.con, found)
        if header is not None:
            typed(self.con, found.file, header)
        return self

    def rows(self, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return self.con.execute(f"select {columns} from typed_{name} order by row").fetchall()

    def errors(self) -> list[tuple[Any, ...]]:
        return self.con.execute(
            'select "row", "column", reason, "value" from error where severe order by 1, 2'
        ).fetchall()

    def warnings(self) -> list[tuple[Any, ...]]:
        return self.con.execute('select "row", "column", reason from error where not severe order by 1, 2').fetchall()


@pytest.fixture
def reader(tmp_path):
    return Reader(tmp_path)


def categories(reader: Reader, content: str | bytes) -> list[tuple[Any, ...]]:
    return reader.csv("categories", content).rows("categories")


def test_mark_carriage_returns_quotes_and_newlines_inside_cells(reader):
    found = categories(reader, b'\xef\xbb\xbfref,name\r\n"a","A ""b"", c"\r\nb,"two\r\nlines"\r\n')
    assert found == [(2, "a", 'A "b", c'), (3, "b", "two\r\nlines")]
    assert reader.errors() == []


def test_header_is_trimmed_and_case_does_not_matter(reader):
    assert categories(reader, "NAME, Ref \nX,a\n") == [(2, "a", "X")]


def test_refs_keep_leading_zeros_and_lose_outer_blanks(reader):
    assert categories(reader, "ref,name\n 0000000012\t,X\n") == [(2, "0000000012", "X")]


def test_text_in_any_script_and_direction_is_kept_as_it_is(reader):
    assert categories(reader, "ref,name\nحليب,خبز 🍞\u200f\n") == [(2, "حليب", "خبز 🍞\u200f")]
    assert reader.con.execute("select count(*) from error").fetchone() == (0,)


def test_what_looks_like_a_formula_is_text(reader):
    assert categories(reader, "ref,name\na,=1+1\n") == [(2, "a", "=1+1")]


def test_bad_bytes_and_nul_cost_only_their_rows(reader):
    found = categories(reader, b"ref,name\na,A\nb,\xff\nc,x\x00y\nd,D\n")
    assert found == [(2, "a", "A"), (5, "d", "D")]
    reason = "not UTF-8 text, or with a NUL character"
    assert reader.errors() == [(3, None, reason, "b"), (4, None, reason, "c")]


def test_ragged_rows_are_refused_and_blank_lines_skipped(reader):
    assert categories(reader, "ref,name\na\n\nb,B,more\nc,C\n") == [(5, "c", "C")]
    reason = "the row does not have the header's 2 columns"
    assert reader.errors() == [(2, None, reason, "a"), (4, None, reason, "b")]


def test_missing_column_refuses_the_file_and_unknown_is_only_told(reader):
    reader.csv("categories", "ref,colour\na,red\n")
    assert reader.errors() == [(None, "name", "the column is missing", None)]
    assert reader.warnings() == [(None, "colour", "the format has no such column; it was not read")]


def test_column_that_is_there_twice_refuses_the_file(reader):
    reader.csv("categories", "ref,name,REF\na,A,b\n")
    assert reader.errors() == [(None, "ref", "the column is there twice", None)]


def test_semicolons_are_named(reader):
    reader.csv("categories", "ref;name\na;A\n")
    assert reader.errors() == [(None, "ref;name", "columns must be separated by commas", None)]


def test_empty_file_has_no_columns(reader):
    reader.csv("categories", "")
    assert reader.errors() == [
        (None, "name", "the column is missing", None),
        (None, "ref", "the column is missing", None),
    ]


def test_names_in_other_languages_become_one_map(reader):
    found = categories(reader, "ref,name,name_de,name_zh-Hans\na,Milk,Milch,牛奶\nb,Bread,,\n")
    assert found == [(2, "a", "Milk", '{"de":"Milch","zh-Hans":"牛奶"}'), (3, "b", "Bread", "{}")]


def test_required_cells_and_long_text(reader):
    categories(reader, f"ref,name\n,A\nb,\n{'r' * 201},C\nd,{'n' * 1001}\n")
    assert [error[:3] for error in reader.errors()] == [
        (2, "ref", "required"),
        (3, "name", "required"),
        (4, "ref", "longer than 200 characters"),
        (5, "name", "longer than 1000 characters"),
    ]


HEADS = (
    "ref,place,ordered_at,currency\nu,s,2017-01-01T10:00Z,USD\nj,s,2017-01-01T10:00Z,JPY\nk,s,2017-01-01T10:00Z,KWD\n"
)


AMOUNTS = {
    ("u", "12.34"): 1234,
    ("u", "12.3"): 1230,
    ("u", "12"): 1200,
    ("u", "12.3400"): 1234,
    ("u", "0012.34"): 1234,
    ("j", "1234"): 1234,
    ("j", "1234.0"): 1234,
    ("k", "1.234"): 1234,
    ("u", "-0"): 0,
    ("u", "9999999999999.99"): 999999999999999,
    ("u", " 7 "): 700,
}
BAD_AMOUNTS = {
    ("u", "12.345"): "more decimals than the currency has",
    ("j", "1.5"): "more decimals than the currency has",
    ("k", "1.2345"): "more decimals than the currency has",
    ("u", '"12,34"'): "a decimal comma: write 12.34",
    ("u", '"1,234.56"'): "a decimal comma: write 12.34",
    ("u", "-1"): "negative",
    ("u", "1e3"): "not a decimal number such as 12.34",
    ("u", "$5"): "not a decimal number such as 12.34",
    ("u", "NaN"): "not a decimal number such as 12.34",
    ("u", "٣"): "not a decimal number such as 12.34",
    ("u", "10000000000000"): "too large",
    ("u", "1" * 30): "not a decimal number such as 12.34",
    ("u", ""): "required",
}


def lines(reader: Reader, cells: list[str]) -> Reader:
    return reader.csv("orders", HEADS).csv(
        "order_lines", "\n".join(["order,product,amount,quantity,line", *(f"{cell},1" for cell in cells)])
    )


def test_amounts_in_the_orders_currency(reader):
    lines(reader, [f"{order},p,{amount},1" for order, amount in AMOUNTS])
    assert [minor for (minor,) in reader.rows("order_lines", "amount")] == list(AMOUNTS.values())
    assert reader.errors() == []


def test_amounts_that_are_refused(reader):
    lines(reader, [f"{order},p,{amount},1" for order, amount in BAD_AMOUNTS])
    assert reader.rows("order_lines") == []
    assert [(column, reason) for _, column, reason, _ in reader.errors()] == [
        ("amount", reason) for reason in BAD_AMOUNTS.values()
    ]


def test_quantities(reader):
    quantities = {"1": 1000, "0.125": 125, "0": 0, "89.638": 89638, "1.5000": 1500}
    lines(reader, [f"u,p,1,{quantity}" for quantity in quantities])
    assert [thousandths for (thousandths,) in reader.rows("order_lines", "quantity")] == list(quantities.values())


def test_quantities_that_are_refused(reader):
    bad = {"0.0001": "more than three decimals", "-1": "negative", "1000000000": "too large"}
    lines(reader, [f"u,p,1,{quantity}" for quantity in bad])
    assert [(column, reason) for _, column, reason, _ in reader.errors()] == [
        ("quantity", reason) for reason in bad.values()
    ]


NEW_YORK, TOKYO, LORD_HOWE = "new-york", "tokyo", "lord-howe"


MOMENTS = {
    (NEW_YORK, "2017-07-01T10:00:00+02:00"): datetime(2017, 7, 1, 8, tzinfo=UTC),
    (NEW_YORK, "2017-07-01 10:00+0530"): datetime(2017, 7, 1, 4, 30, tzinfo=UTC),
    (NEW_YORK, "2017-07-01T10:00:00.25Z"): datetime(2017, 7, 1, 10, 0, 0, 250000, tzinfo=UTC),
    (NEW_YORK, "2017-07-01T10:00"): datetime(2017, 7, 1, 14, tzinfo=UTC),
    (TOKYO, "2017-07-01 10:00:00"): datetime(2017, 7, 1, 1, tzinfo=UTC),
    (TOKYO, "2017-07-01"): datetime(2017, 6, 30, 15, tzinfo=UTC),
    ("elsewhere", "2017-07-01T10:00"): datetime(2017, 7, 1, 10, tzinfo=UTC),
}
TWICE, NEVER = (
    "this local time came twice; the first was taken",
    "there was no such local time; the clock had gone forward",
)
ODD_MOMENTS = {
    (NEW_YORK, "2017-11-05T01:30"): (datetime(2017, 11, 5, 5, 30, tzinfo=UTC), TWICE),
    (LORD_HOWE, "2017-04-02T01:45"): (datetime(2017, 4, 1, 14, 45, tzinfo=UTC), TWICE),
    (NEW_YORK, "2017-03-12T02:30"): (datetime(2017, 3, 12, 7, 30, tzinfo=UTC), NEVER),
}
NO_MOMENT = "not a moment such as 2026-07-31T18:05:00+02:00"
BAD_MOMENTS = {
    "2017-02-30T10:00Z": NO_MOMENT,
    "01/02/2017 10:00": NO_MOMENT,
    "20170101T1000Z": NO_MOMENT,
    "2017-01-01T24:30Z": NO_MOMENT,
    "1900-01-01T00:00Z": "not between 1970 and 2199",
    "2017-01-01T10:00 Europe/Rome": NO_MOMENT,
}


def orders_at(reader: Reader, written: Iterable[tuple[str, str]]) -> list[datetime]:
    reader.con.execute(
        "insert into place_zone values ('new-york', 'America/New_York'), ('tokyo', 'Asia/Tokyo'), "
        "('lord-howe', 'Australia/Lord_Howe')"
    )
    orders = [f"a,{place},{moment},USD" for place, moment in written]
    reader.csv("orders", "\n".join(["ref,place,ordered_at,currency", *orders]))
    rows = reader.rows("orders", "epoch_us(ordered_at)")
    return [datetime.fromtimestamp(0, UTC) + timedelta(microseconds=us) for (us,) in rows]


def test_moments_with_and_without_an_offset(reader):
    assert orders_at(reader, MOMENTS) == list(MOMENTS.values())
    assert reader.warnings() == []


def test_local_times_that_came_twice_or_never(reader):
    assert orders_at(reader, ODD_MOMENTS) == [moment for moment, _ in ODD_MOMENTS.values()]
    assert [warning for *_, warning in reader.warnings()] == [warning for _, warning in ODD_MOMENTS.values()]


def test_moments_that_are_refused(reader):
    assert orders_at(reader, [(NEW_YORK, moment) for moment in BAD_MOMENTS]) == []
    assert [(column, reason) for _, column, reason, _ in reader.errors()] == [
        ("ordered_at", reason) for reason in BAD_MOMENTS.values()
    ]


def test_yes_and_no(reader):
    flags = {"yes": True, "NO": False, "True": True, "0": False, "t": True}
    reader.csv("products", "\n".join(["ref,name,by_weight", *(f"a,A,{flag}" for flag in flags)]))
    assert [flag for (flag,) in reader.rows("products", "by_weight")] == list(flags.values())


def test_lists_become_arrays_and_their_values_are_checked(reader):
    reader.csv("products", 'ref,name,allergens,gtins\na,A,milk|gluten,"0123|""x\\"\nb,B,milk|stone,\nc,C,,\n')
    assert reader.rows("products", "ref, allergens, gtins") == [
        ("a", '{"milk","gluten"}', '{"0123","\\"x\\\\"}'),
        ("c", None, None),
    ]
    assert [error[:2] for error in reader.errors()] == [(3, "allergens")]


def test_codes_numbers_and_dates_that_are_refused(reader):
    reader.csv(
        "tax_rates", "regime,tax_class,valid_from,rate\na,b,2017-13-01,5\na,b,2017-01-01,5%\na,b,2017-01-01,8.875\n"
    )
    assert reader.rows("tax_rates") == [(4, "a", "b", date(2017, 1, 1), Decimal("8.875"))]
    assert [error[:3] for error in reader.errors()] == [
        (2, "valid_from", "not a date such as 2026-07-31"),
        (3, "rate", "not a decimal number such as 12.34"),
    ]


def test_every_bad_cell_of_a_row_is_named(reader):
    reader.csv("orders", "ref,place,ordered_at,currency,status\n,s,yesterday,EURO,done\n")
    assert reader.errors() == [
        (2, "currency", "not an ISO 4217 code", "EURO"),
        (2, "ordered_at", "not a moment such as 2026-07-31T18:05:00+02:00", "yesterday"),
        (2, "ref", "required", None),
        (2, "status", "not one of: completed cancelled", "done"),
    ]


def test_parquet_of_any_sensible_type(reader):
    reader.parquet(
        "orders",
        ref=pa.array([7, 8], pa.int64()),
        place=pa.array(["s", "s"]),
        ordered_at=pa.array([datetime(2017, 1, 1, 10, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
        currency=pa.array(["USD", "USD"]),
        total=pa.array([Decimal("1.50"), Decimal("2.00")], pa.decimal128(9, 2)),
        tax_included=pa.array([True, False]),
    )
    assert reader.rows("orders", "ref, total, tax_included") == [("7", 150, True)]
    assert reader.errors() == [(2, "ordered_at", "required", None)]


def test_parquet_floats_are_taken_where_they_are_exact_as_written(reader):
    reader.parquet(
        "order_lines",
        order=pa.array(["u"] * 3),
        line=pa.array([1.0, 2.0, 3.0]),
        product=pa.array(["p"] * 3),
        quantity=pa.array([1.0, 0.125, 2.0]),
        amount=pa.array([12.34, 0.1 + 0.2, 1e16]),
    )
    assert reader.rows("order_lines", "line, quantity, amount") == [(1, 1000, 1234)]
    assert [error[1:] for error in reader.errors()] == [
        ("amount", "not a decimal number such as 12.34", "0.30000000000000004"),
        ("amount", "not a decimal number such as 12.34", "1e+16"),
    ]


def test_parquet_that_is_none_and_types_that_are_none_of_ours(reader, tmp_path):
    path = tmp_path / "places.parquet"
    path.write_bytes(b"PAR1 no")
    reader.take(Found(FILES["places"], path))
    assert reader.errors()[0][2].startswith("cannot be read: ")
    reader.parquet("categories", ref=pa.array(["a"]), name=pa.array([{"en": "A"}]))
    assert reader.errors()[0][:3] == (None, "name", "a column of type STRUCT(en VARCHAR) cannot be read")


def test_what_a_folder_has(tmp_path):
    for name in ("orders.csv", "places.csv", "places.parquet", "sales.csv", "readme.txt"):
        (tmp_path / name).touch()
    found, troubles = find(tmp_path)
    assert [one.file.name for one in found] == ["orders"]
    assert [(trouble.file, trouble.severe) for trouble in troubles] == [("sales.csv", False), ("places", True)]


def test_whole_numbers_of_parquet_are_scaled_however_narrow_their_type(reader):
    thousands = pa.array([3_000_000, 999_999_999, 2_000_000_000], pa.int32())
    days = pa.array([date(2026, 1, 1)] * 3)
    reader.parquet("stock", place=["p", "p", "p"], product=["a", "b", "c"], as_of=days, quantity=thousands)
    assert [row[0] for row in reader.rows("stock", "quantity")] == [3_000_000_000, 999_999_999_000]
    assert reader.errors() == [(3, "quantity", "too large", "2000000000")]
