"""A changed row updates what may change, and is refused where it may not: every file, column by column."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from storeline.exchange.format import FILES
from storeline.exchange.importing import Report, import_folder
from storeline.exchange.importing.kept import KEPT
from storeline.exchange.tests.folders import EXAMPLE, RICH, unbalanced, write
from storeline.kernel.api import SYSTEM, run

pytestmark = pytest.mark.django_db(transaction=True)
NOTHING_MORE = {"sourcing_group_places", "promotion_places", "coupon_products"}
"""Files whose rows are nothing but their key."""
MAY = {
    "entities": ("name", "Au Coin"),
    "places": ("city", "Agde"),
    "categories": ("position", "4"),
    "products": ("name", "Dry cider"),
    "listings": ("ends_on", "2025-10-01"),
    "tax_rates": ("rate", "20.5"),
    "prices": ("valid_to", "2026-02-01"),
    "costs": ("amount", "1.2"),
    "promotions": ("weekdays", "5|6|7"),
    "promotion_items": ("value", "1.05"),
    "coupons": ("max_uses", "200"),
    "customers": ("name", "Zoë"),
    "contact_points": ("preferred", "no"),
    "cards": ("blocked_at", "2025-07-01"),
    "merges": ("undone_at", "2025-06-05"),
    "purposes": ("valid_days", "30"),
    "place_hours": ("closes", "19:30"),
    "stock_policies": ("quantity", "7"),
    "areas": ("fee", "5.10"),
    "partners": ("name", "Les Pommes"),
    "slot_rules": ("minutes", "45"),
    "slot_peaks": ("fee", "0.75"),
    "sourcing_groups": ("name", "Midi"),
    "sourcing_channels": ("priority", "3"),
    "sourcing_policies": ("keep_share", "70.5"),
    "sourcing_limits": ("visit", "99"),
    "sourcing_closures": ("ends_at", "2025-07-16T00:00"),
}
MAY_NOT = [
    ("entities", "currency", "USD", ("entities", "currency")),
    ("places", "entity", "us", ("places", "entity")),
    ("places", "zone", "UTC", ("places", "zone")),
    ("products", "unit", "l", ("products", "unit")),
    ("prices", "amount", "2.3", ("prices", "amount")),
    ("cards", "customer", "0000000042", ("cards", "customer")),
    ("merges", "survivor", "0000000043", ("merges", "survivor")),
    ("consents", "granted", "no", ("consents", "granted")),
    ("consents", "text", "Autre chose", ("consents", "text")),
    ("stock", "quantity", "3", ("stock", "quantity")),
    ("stock", "as_of", "2025-06-02", ("stock", "as_of")),
    ("stock", "lot", "L2", ("stock", "lot")),
    ("agreements", "commission", "13", ("agreements", "commission")),
    ("agreements", "losses", "partner", ("agreements", "losses")),
    ("agreements", "ends_at", "2034-06-01", ("agreements", "ends_at")),
    ("owned_goods", "value", "0.90", ("owned_goods", "value")),
    ("owned_goods", "since", "2025-06-02", ("owned_goods", "since")),
    ("recalls", "reason", "Du bois", ("recalls", "reason")),
    ("recalls", "started_at", "2025-06-04", ("recalls", "started_at")),
    ("lots", "expires_on", "2026-01-01", ("lots", "expires_on")),
    ("lots", "quantity", "12", ("lots", "quantity")),
    ("orders", "till", "T2", ("orders", "ref")),
    ("order_lines", "quantity", "3", ("orders", "ref")),
    ("line_discounts", "label", "Trois", ("orders", "ref")),
    ("payments", "tender", "cash", ("orders", "ref")),
    ("receipts", "number", "70", ("receipts", "number")),
    ("coupon_redemptions", "amount", "0.20", ("coupon_redemptions", "ref")),
    ("returns", "reason", "Warm", ("returns", "ref")),
    ("return_lines", "reason", "Warm", ("returns", "ref")),
    ("refunds", "tender", "cash", ("returns", "ref")),
    ("return_receipts", "number", "70", ("return_receipts", "number")),
]
EXTRA = {
    "categories": "ref,name,parent,position\ncider,Cider,food,3\n",
    "place_hours": "place,day,opens,closes\nFR01,1,09:00,19:00\n",
}


@pytest.fixture
def folder(tmp_path):
    for one in (EXAMPLE, write(tmp_path / "rich", RICH | EXTRA)):
        assert take(one, tmp_path).errors == 0
    return tmp_path / "rich"


def take(folder: Path, tmp_path: Path) -> Report:
    return import_folder(folder, actor=SYSTEM, errors=tmp_path / "errors.csv")


def change(folder: Path, file: str, column: str, value: str) -> None:
    """Change a cell of the file's first row."""
    path = folder / f"{file}.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert rows[0][column] != value
    rows[0][column] = value
    with path.open("w", newline="") as to:
        writer = csv.DictWriter(to, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def everything() -> dict[str, list[tuple[object, ...]]]:
    sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^(kernel_|exchange_import)'"
    return {name: run(f"SELECT x::text FROM {name} x ORDER BY 1").fetchall() for (name,) in run(sql).fetchall()}


def test_every_file_is_told_here():
    told = set(MAY) | {file for file, *_ in MAY_NOT} | NOTHING_MORE
    assert told == set(FILES)


def test_what_may_change_changes_and_what_may_not_is_refused(folder, tmp_path):
    what_may_not_is_refused_with_its_reason(tmp_path)  # and leaves all as it was
    what_may_changes_and_what_the_file_lacks_stays(folder, tmp_path)


def what_may_changes_and_what_the_file_lacks_stays(folder, tmp_path):
    for file, (column, value) in MAY.items():
        change(folder, file, column, value)
    report = take(folder, tmp_path)
    assert report.errors == 0, (tmp_path / "errors.csv").read_text()
    counts = {name: (one.inserted, one.updated, one.refused) for name, one in report.files.items()}
    assert counts == {name: (0, 1 if name in MAY else 0, 0) for name in report.files}
    before = everything()
    keys_only = tmp_path / "keys"
    keys_only.mkdir()
    for file in MAY.keys() - {"place_hours"}:  # a day's rows replace that day's
        needed = [column.name for column in FILES[file].columns if column.key or column.required]
        needed += ["per"] if file in ("prices", "costs") else []  # an amount means nothing without it
        rows = list(csv.DictReader((folder / f"{file}.csv").read_text().splitlines()))
        lines = [",".join(f'"{row.get(name, "")}"' for name in needed) for row in rows]
        (keys_only / f"{file}.csv").write_text("\n".join([",".join(needed), *lines]) + "\n")
    report = take(keys_only, tmp_path)
    assert {name for name, one in report.files.items() if one.updated or one.refused} == set()
    assert everything() == before
    assert unbalanced() == []


@pytest.mark.usefixtures("folder")
def test_what_a_file_of_things_that_never_change_lacks_stays(tmp_path):
    before = everything()
    bare = tmp_path / "bare"
    bare.mkdir()
    never = [name for name in RICH if FILES[name].immutable]
    assert set(never) - set(KEPT) == {"stock", "consents"}  # whose own rules say so
    for name in never:
        needed = [column.name for column in FILES[name].columns if column.key or column.required]
        needed += ["status"] if name == "orders" else []
        rows = list(csv.DictReader(RICH[name].splitlines()))
        lines = [",".join(f'"{row[column]}"' for column in needed) for row in rows]
        (bare / f"{name}.csv").write_text("\n".join([",".join(needed), *lines]) + "\n")
    report = take(bare, tmp_path)
    assert report.errors == 0, (tmp_path / "errors.csv").read_text()
    assert {name for name, one in report.files.items() if one.inserted or one.updated or one.refused} == set()
    assert everything() == before
    assert unbalanced() == []


def rounds() -> list[list[tuple[str, str, str, tuple[str, str]]]]:
    """Master data's changes a file at a time, all files together; those of trade one by one: each refuses its order."""
    master: dict[int, list[tuple[str, str, str, tuple[str, str]]]] = {}
    for one in MAY_NOT:
        if not FILES[one[0]].parent:
            time = sum(other[0] == one[0] for other in MAY_NOT[: MAY_NOT.index(one)])
            master.setdefault(time, []).append(one)
    return [*master.values(), *([one] for one in MAY_NOT if FILES[one[0]].parent)]


def what_may_not_is_refused_with_its_reason(tmp_path):
    before = everything()
    for number, changes in enumerate(rounds()):
        parents = {FILES[file].parent for file, *_ in changes}
        files = {name: RICH[name] for name in RICH if FILES[name].parent in parents}
        changed = write(tmp_path / str(number), files)
        for file, column, value, _ in changes:
            change(changed, file, column, value)
        take(changed, tmp_path)
        with (tmp_path / "errors.csv").open() as errors:
            found = [(row["file"], row["column"], row["reason"]) for row in csv.DictReader(errors)]
        assert sorted((file, column) for file, column, _ in found) == sorted(told for *_, told in changes)
        assert {reason[:9] for *_, reason in found} == {"immutable"}
        assert everything() == before, changes
    assert unbalanced() == []
