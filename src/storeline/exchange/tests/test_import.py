"""Whole folders: taken in, refused in part, repeated, cut off, tried, given back."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path
from unittest import mock

import psycopg
import pytest
from django.core.management import call_command

from storeline.exchange.audit import totals
from storeline.exchange.errors import FolderNotEmpty, ImportRunning, NoFolder
from storeline.exchange.exporting import export_folder
from storeline.exchange.importing import Counts, Report, finished, history, import_folder
from storeline.exchange.importing.run import LOCK
from storeline.exchange.models import Document, Import
from storeline.exchange.tests.folders import EXAMPLE, unbalanced
from storeline.kernel.api import GUEST, SYSTEM, Forbidden, raw, run

pytestmark = pytest.mark.django_db(transaction=True)


def take(folder: Path, **options) -> Report:
    return import_folder(folder, actor=SYSTEM, errors=folder.parent / "errors.csv", **options)


def errors(folder: Path) -> list[tuple[str, ...]]:
    with (folder.parent / "errors.csv").open() as file:
        return [tuple(row.values()) for row in csv.DictReader(file)]


def books() -> Counter[str]:
    """Rows of every table that an import may write to."""
    tables = [
        name
        for (name,) in run(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ "
            "'^(places|catalog|pricing|loyalty|customers|stock|orders|payments|ledger|fiscal|aftersales|exchange)_'"
        ).fetchall()
    ]
    return Counter({name: run(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in tables})


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(EXAMPLE, tmp_path / "small"))


def test_example_is_taken_whole_and_a_repeat_changes_nothing(folder):
    report = take(folder)
    assert (report.errors, report.warnings) == (0, 1)
    assert errors(folder) == [
        (
            "warning",
            "orders",
            "5",
            "ordered_at",
            "this local time came twice; the first was taken",
            "2025-11-02T01:30:00",
        )
    ]
    assert report.files["orders"] == Counts(rows=6, inserted=6)
    assert report.files["stock"] == Counts(rows=10, inserted=10)
    assert unbalanced() == []
    assert totals().checked == 5
    assert finished(folder)
    before = books()

    again = take(folder)

    assert {name: (one.inserted, one.updated, one.refused) for name, one in again.files.items()} == dict.fromkeys(
        again.files, (0, 0, 0)
    )
    assert books() - before == Counter(exchange_import=1)
    amounts_of_the_example_are_in_the_books()
    what_came_into_an_order_later_is_not_the_sources()
    audit_sees_a_document_that_differs_from_the_books()


def amounts_of_the_example_are_in_the_books():
    sold = run("""SELECT o.ref, o.total, o.funded, o.payable, o.business_date::text FROM orders_order o
        WHERE o.state = 'completed' ORDER BY o.ref""").fetchall()
    assert sold == [
        ("JP01-77120", 509, 0, 509, "2025-11-01"),
        ("KW01-000981", 1269, 0, 1269, "2025-11-01"),
        ("US01-5530", 1632, 100, 1532, "2025-11-01"),
        ("US01-5531", 136, 0, 136, "2025-11-02"),
        ("W-10007", 2838, 0, 2838, "2025-11-02"),
    ]
    assert [row for row in balances() if row[1] == "000020"] == [
        ("JP01", "000020", 95000),
        ("KW01", "000020", 120000),
        ("US01", "000020", 196000),
        ("US02", "000020", 1984000),
    ]


def balances() -> list[tuple[str, str, int]]:
    return run("""SELECT p.ref, c.ref, b.on_hand FROM stock_balance b JOIN places_place p ON p.id = b.place_id
        JOIN catalog_product c ON c.id = b.product_id WHERE b.on_hand <> 0 ORDER BY 1, 2""").fetchall()


def what_came_into_an_order_later_is_not_the_sources():
    """A line that continues another grows its order; without such a line the growth is a difference."""
    grow = "UPDATE orders_order SET amount = amount + 100, total = total + 100, payable = payable + 100 WHERE ref = 'W-10007'"
    run(grow)
    assert len(totals().differences) == 1
    run("""INSERT INTO orders_line (order_id, line_no, product_id, quantity, gross, discount, amount, funded, tax, tax_rate, goods,
            continues)
        SELECT order_id, 99, product_id, 1000, 100, 0, 100, 0, 0, 0, true, line_no FROM orders_line
        WHERE order_id = (SELECT id FROM orders_order WHERE ref = 'W-10007') AND line_no = 1""")
    assert totals().differences == ()


def audit_sees_a_document_that_differs_from_the_books():
    Document.objects.filter(ref="JP01-77120").update(amount=510)
    found = totals()
    assert found.differences == (
        "orders of JP01 in 2025-W44: the source has 1 worth 510.000000 JPY, the books 1 worth 509.0000000000000000",
    )
    Document.objects.filter(ref="JP01-77120").delete()
    assert totals().differences == ("1 imported orders were never read a second time",)


def test_trade_without_opening_stock_moves_none_until_the_opening_comes(folder, tmp_path):
    stock = folder / "stock.csv"
    kept = stock.rename(tmp_path / "stock.csv")
    (folder / "lots.csv").unlink()  # they are told only of what was counted
    report = take(folder)
    assert (report.errors, report.files["orders"]) == (0, Counts(rows=6, inserted=6))
    assert (balances(), run("SELECT count(*) FROM stock_exception").fetchall()) == ([], [(0,)])
    assert unbalanced() == []
    export_folder(tmp_path / "out", actor=SYSTEM)
    assert not (tmp_path / "out/stock.csv").exists()

    kept.rename(stock)
    assert take(folder).files["stock"] == Counts(rows=10, inserted=10)
    assert unbalanced() == []
    late = balances()
    call_command("flush", interactive=False, verbosity=0)
    take(folder)
    assert balances() == late


def test_dry_run_says_the_same_and_keeps_nothing(folder):
    before = books()
    report = take(folder, dry_run=True)
    assert books() == before
    assert report.dry_run
    assert report.files["orders"] == Counts(rows=6, inserted=6)
    assert not finished(folder)


MESS = {
    "places": "XX01,nowhere,No entity,,,supermarket,UTC,,,,,,\n",
    "products": "000012,Milk again,,,,,each,no,no,ambient,,,,,,,,no,no\n"
    "000015,Bad code,,,,,each,no,no,ambient,,,4006381333932,reduced,,,,no,no\n",
    "orders": "M-1,US01,,store,,2025-11-05T10:00,USD,,\n"
    "M-2,US01,,store,,2025-11-05T11:00,USD,,\n"
    "M-3,ZZ99,,store,,2025-11-05T12:00,USD,,\n"
    "M-4,US01,,store,,2025-11-05T13:00,USD,,\n"
    "M-5,US01,,store,,2025-11-05T14:00,USD,,\n"
    "M-6,US01,,store,,2025-11-05T15:00,USD,,\n"
    "M-6,US01,,store,,2025-12-05T15:00,USD,,\n"
    "M-7,US01,,store,,2025-11-05T16:00,USD,,\n",
    "order_lines": "M-1,1,000012,1,3.49,,,\n"
    "M-2,1,000012,1,-3.49,,,\n"
    "M-2,2,000012,1,3.49,,,\n"
    "M-3,1,000012,1,3.49,,,\n"
    "M-5,1,000012,1,3.49,,,\n"
    "M-6,1,000012,1,3.49,,,\n"
    "M-7,1,000012,1,3.49,,,,too many\n"
    "M-8,1,000012,1,3.49,,,\n",
    "payments": "M-5,1,cash,3.00,USD,\nM-1,1,cash,3.49,USD,\n",
}


def test_bad_rows_cost_no_good_ones_and_every_error_has_its_row(folder):
    for name, rows in MESS.items():
        with (folder / f"{name}.csv").open("a") as file:
            file.write(rows)

    report = take(folder)

    assert report.refused_orders == ("M-2", "M-3", "M-4", "M-5", "M-6", "M-7", "M-8")
    assert report.files["orders"] == Counts(rows=14, inserted=7, refused=7)
    found = {
        (file, row, column): reason for severity, file, row, column, reason, _ in errors(folder) if severity == "error"
    }
    assert found == {
        ("order_lines", "16", "amount"): "negative",
        ("order_lines", "21", ""): "the row does not have the header's 8 columns",
        ("order_lines", "22", "order"): "unknown: there is no such row in orders of this folder",
        ("orders", "10", "place"): "unknown",
        ("orders", "11", "ref"): "no lines",
        ("orders", "12", "total"): "the payments are not what the shopper had to pay",
        ("orders", "13", "ref"): "the same ref is there twice",
        ("orders", "14", "ref"): "the same ref is there twice",
        ("places", "8", "entity"): "there is no entity with this ref",
        ("products", "8", "ref"): "the same ref came before in this file",
        ("products", "9", "gtins"): "4006381333932 is not a GTIN: 8, 12, 13 or 14 digits with their check digit",
    }
    assert unbalanced() == []
    assert run("SELECT name FROM catalog_product WHERE ref = '000012'").fetchall() == [("Whole milk 1 l",)]


def test_what_may_change_changes_and_what_may_not_is_refused(folder):
    take(folder)
    edit(folder, "products", "Bananas", "Ripe bananas")
    edit(folder, "products", "dairy,Meadow,each", "dairy,Meadow,kg")
    edit(folder, "order_lines", "US01-5531,1,000020,1,1.25,1.25", "US01-5531,1,000020,1,1.20,1.20")
    edit(folder, "stock", ",40,", ",41,")

    report = take(folder)

    assert report.files["products"] == Counts(rows=6, updated=1, unchanged=4, refused=1)
    assert report.refused_orders == ("US01-5531",)
    assert {(file, row, column) for severity, file, row, column, *_ in errors(folder) if severity == "error"} == {
        ("products", "2", "unit"),
        ("orders", "5", "ref"),
        ("stock", "2", "quantity"),
    }
    assert run("SELECT name FROM catalog_product WHERE ref = '000013'").fetchall() == [("Ripe bananas",)]
    assert run("SELECT total FROM orders_order WHERE ref = 'US01-5531'").fetchall() == [(136,)]
    assert unbalanced() == []


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / f"{name}.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_file_of_parts_that_cannot_be_read_refuses_all_that_it_belongs_to(folder):
    edit(folder, "line_discounts", "amount", "worth")
    report = take(folder)
    assert len(report.refused_orders) == 6
    assert run("SELECT count(*) FROM orders_order").fetchall() == [(0,)]
    assert ("error", "orders", "", "", "none was taken, since line_discounts could not be read", "") in errors(folder)
    assert unbalanced() == []


def test_import_that_was_cut_off_is_finished_by_the_next(folder):
    with mock.patch.object(history, "BATCH", 2):
        batches = iter(range(2))
        whole = history._load_batch

        def cut_off(*args):
            if next(batches, None) is None:
                raise KeyboardInterrupt
            return whole(*args)

        with mock.patch.object(history, "_load_batch", cut_off), pytest.raises(KeyboardInterrupt):
            take(folder)
        assert run("SELECT count(*) FROM orders_order").fetchall() == [(4,)]
        assert unbalanced() == []
        assert totals().facts == {"unfinished_imports": 1, "documents": 0}

        report = take(folder)

    assert report.files["orders"] == Counts(rows=6, inserted=2, unchanged=4)
    assert Document.objects.count() == 7
    assert [one.finished_at is None for one in Import.objects.all()] == [False]
    assert unbalanced() == []


def test_export_imported_into_an_empty_database_exports_the_same(folder, tmp_path):
    take(folder)
    rows = export_folder(tmp_path / "first", actor=SYSTEM)
    assert (rows["orders"], rows["returns"], rows["refunds"]) == (6, 2, 2)
    for name in ("orders_order", "places_entity"):
        assert run(f"SELECT count(*) > 0 FROM {name}").fetchall() == [(True,)]
    call_command("flush", interactive=False, verbosity=0)
    assert run("SELECT count(*) FROM orders_order").fetchall() == [(0,)]

    report = take(tmp_path / "first")

    assert report.errors == 0
    export_folder(tmp_path / "second", actor=SYSTEM)
    first, second = (
        {path.name: path.read_text() for path in (tmp_path / name).iterdir()} for name in ("first", "second")
    )
    assert first == second
    assert unbalanced() == []


def test_refusals_change_nothing(folder, tmp_path):
    before = books()
    (tmp_path / "empty").mkdir()
    for nothing in (tmp_path / "empty", tmp_path / "missing"):
        with pytest.raises(NoFolder):
            take(nothing)
    with pytest.raises(Forbidden):
        import_folder(folder, actor=GUEST)
    with pytest.raises(Forbidden):
        export_folder(tmp_path / "out", actor=GUEST)
    with pytest.raises(FolderNotEmpty):
        export_folder(folder, actor=SYSTEM)
    assert books() == before


def test_one_import_at_a_time(folder):
    with psycopg.connect(raw().info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(ImportRunning):
            take(folder)
    assert run("SELECT count(*) FROM places_entity").fetchall() == [(0,)]
