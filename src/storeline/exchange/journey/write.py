"""Write the demo retailer as a folder of the import format."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from storeline.exchange.journey.prices import make_prices, reproduced
from storeline.exchange.journey.products import make_products
from storeline.exchange.journey.shops import make_places
from storeline.exchange.journey.source import open_source
from storeline.exchange.journey.trade import make_coupons, make_people, make_stock, make_trade

FIRST, END = date(2017, 1, 1), date(2018, 1, 1)
MASTER = (
    "entities",
    "places",
    "place_hours",
    "categories",
    "products",
    "tax_rates",
    "prices",
    "promotions",
    "promotion_items",
    "coupons",
    "coupon_products",
    "customers",
    "stock",
)
TRADE = ("orders", "order_lines", "line_discounts", "payments", "receipts", "coupon_redemptions")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: rows by file, and the share of lines that the inferred prices give back to the cent."""

    rows: dict[str, int]
    reproduced: float


def write_folder(
    target: Path,
    *,
    since: date = FIRST,
    until: date = END,
    shops: int | None = None,
    master: bool = True,
    trade: bool = True,
) -> Written:
    """Write the demo retailer to `target` as Parquet, the same bytes each time.

    Trade is that from local day `since` until just before `until`; prices and opening stock are always of the whole
    year. `shops` keeps only the largest so many. `master` False leaves out everything but the trade.
    """
    target.mkdir(parents=True, exist_ok=True)
    con = open_source(shops)
    try:
        return _write(con, target, since, until, master=master, trade=trade)
    finally:
        con.close()


def _write(
    con: duckdb.DuckDBPyConnection, target: Path, since: date, until: date, *, master: bool, trade: bool
) -> Written:
    make_products(con)
    make_prices(con)
    make_coupons(con)
    files: list[str] = []
    if master:
        make_places(con)
        make_people(con)
        make_stock(con)
        con.execute("""create table out_tax_rates as select 'us-untaxed' regime, tax_class, '2000-01-01' valid_from,
            '0' rate, 'no' included from (values ('food'), ('general')) classes(tax_class)""")
        files.extend(MASTER)
    if trade:
        make_trade(con, since.isoformat(), until.isoformat())
        files.extend(TRADE)
    rows = {name: _copy(con, name, target / f"{name}.parquet") for name in files}
    return Written(rows, reproduced(con))


def _copy(con: duckdb.DuckDBPyConnection, name: str, path: Path) -> int:
    written = path.with_suffix(".writing")
    (count,) = con.execute(f"copy out_{name} to '{written}' (format parquet, compression zstd)").fetchone() or (0,)
    written.replace(path)
    return int(count)
