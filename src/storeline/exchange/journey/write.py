"""Write the demo retailer as a folder of the import format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from storeline.exchange.journey import invented
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
    *invented.FILES,
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
    rest: Path | None = None,
) -> Written:
    """Write the demo retailer to `target` as Parquet, the same bytes each time.

    Trade is that from local day `since` until just before `until`; prices and opening stock are always of the whole
    year. `shops` keeps only the largest so many. `master` False leaves out everything but the trade. `rest` gets the
    trade from `until` on: to prepare two folders takes little longer than one.
    """
    con = open_source(shops)
    try:
        make_products(con)
        make_prices(con)
        make_coupons(con)
        rows = _write_master(con, target, until) if master else {}
        if trade:
            rows |= _write_trade(con, target, since, until)
        if rest is not None:
            _write_trade(con, rest, until, END)
        return Written(rows, reproduced(con))
    finally:
        con.close()


def prepare(root: Path, *, days: int = 0, shops: int | None = None) -> tuple[Path, Written | None]:
    """The folder of everything but the last `days`, and what was written, if it was not there already.

    The trade of those days is written beside it, for the replay, unless only some shops are wanted.
    """
    until = END - timedelta(days=days)
    history = root / (f"history-{until}" if shops is None else f"history-{until}-{shops}-shops")
    rest = trade_folder(root, until, END) if days and shops is None else None
    if is_written(history, (*MASTER, *TRADE)) and (rest is None or is_written(rest)):
        return history, None
    return history, write_folder(history, until=until, shops=shops, rest=rest)


def trade_folder(root: Path, since: date, until: date) -> Path:
    """Where the trade of these days is written."""
    return root / f"trade-{since}-{until}"


def is_written(folder: Path, names: Sequence[str] = TRADE) -> bool:
    """Whether a folder is there to its last file."""
    return all((folder / f"{name}.parquet").exists() for name in names)


def _write_master(con: duckdb.DuckDBPyConnection, target: Path, until: date) -> dict[str, int]:
    make_places(con)
    make_people(con)
    make_stock(con)
    invented.make_invented(con, until, END)
    con.execute("""create table out_tax_rates as select 'us-untaxed' regime, tax_class, '2000-01-01' valid_from,
        '0' rate, 'no' included from (values ('food'), ('general')) classes(tax_class)""")
    return _copy_all(con, MASTER, target)


def _write_trade(con: duckdb.DuckDBPyConnection, target: Path, since: date, until: date) -> dict[str, int]:
    make_trade(con, since.isoformat(), until.isoformat())
    return _copy_all(con, TRADE, target)


def _copy_all(con: duckdb.DuckDBPyConnection, names: Sequence[str], target: Path) -> dict[str, int]:
    target.mkdir(parents=True, exist_ok=True)
    return {name: _copy(con, name, target / f"{name}.parquet") for name in names}


def _copy(con: duckdb.DuckDBPyConnection, name: str, path: Path) -> int:
    written = path.with_suffix(".writing")
    (count,) = con.execute(f"copy out_{name} to '{written}' (format parquet, compression zstd)").fetchone() or (0,)
    written.replace(path)
    return int(count)
