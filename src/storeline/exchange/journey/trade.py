"""The year's baskets, coupons, households and the stock that they need, as rows of the import format."""

from __future__ import annotations

import duckdb

from storeline.exchange.journey.source import FIRST_DAY, ZONE

MARGIN_EACH, MARGIN_GALLONS = 12_000, 500_000
"""Thousandths that are in a shop beyond what the year sells there (and at least a fifth of that)."""
COUPON = "coupon_upc || '-' || campaign_id"


def make_people(con: duckdb.DuckDBPyConnection) -> None:
    """Table `out_customers`: households, without names, since the source has none."""
    con.execute("""create table out_customers as
        select 'h' || h ref, 'member' kind, 'Household ' || h "name", 'en' "language", 'US' country
        from (select distinct h from line) order by ref""")


_NAMES = """'第 ' || campaign_id || ' 期活动优惠券 ' || coupon_upc "name_zh-Hans",
               'Bon ' || coupon_upc || ' de la campagne ' || campaign_id "name_fr",
               'Cupón ' || coupon_upc || ' de la campaña ' || campaign_id "name_es" """


def make_coupons(con: duckdb.DuckDBPyConnection) -> None:
    """Tables `out_coupons`, `out_coupon_products`, and `redemption` with the line that each one lowered."""
    con.execute(f"""create table redemption as
        select household_id || '-' || {COUPON} || '-' || strftime(redemption_date, '%Y%m%d') ref, {COUPON} coupon,
               household_id h, redemption_date::date d, b, n, moment, cd, q
        from src_coupon_redemptions r left join (
            select h, d, p, b, n, moment, cd, q, {COUPON} coupon from (select * from line where cd > 0)
            join (select distinct * from src_coupons) on product_id = p) l
          on l.h = household_id and l.d = redemption_date::date and l.coupon = {COUPON}
        semi join (select distinct h from line) known on known.h = household_id
        qualify row_number() over (partition by household_id, {COUPON}, redemption_date order by b, n) = 1""")
    con.execute(f"""create table out_coupons as
        with seen as (select coupon, cd // greatest(q // 1000, 1) cents, count(*) times from redemption
                      where cd > 0 group by all),
             worth as (select coupon, max_by(cents, (times, -cents)) cents from seen group by coupon)
        select distinct {COUPON} ref, 'Coupon ' || coupon_upc || ' of campaign ' || campaign_id "name",
               {_NAMES},
               'amount' kind, (cents / 100.0)::decimal(12, 2) "value", 'USD' currency, 'manufacturer' funder,
               timezone('{ZONE}', start_date) valid_from,
               timezone('{ZONE}', end_date + interval 1 day) valid_to
        from src_coupons join src_campaign_descriptions using (campaign_id)
        left join worth on worth.coupon = {COUPON} order by ref""")
    con.execute(f"""create table out_coupon_products as
        select distinct {COUPON} coupon, product_id::varchar product from src_coupons
        semi join product on p = product_id order by coupon, product""")


def make_stock(con: duckdb.DuckDBPyConnection) -> None:
    """Table `out_stock`: at each shop what the year sells there and a margin, so that no basket finds a shelf empty."""
    con.execute(f"""create table out_stock as
        select s::varchar place, p::varchar product, timezone('{ZONE}', timestamp '{FIRST_DAY}') as_of,
               ((sum(q) + greatest(case when unit = 'gal' then {MARGIN_GALLONS} else {MARGIN_EACH} end,
                                   sum(q) // 5000 * 1000)) / 1000)::decimal(15, 3) quantity
        from line join (select ref::bigint p, unit from out_products where service = 'no') using (p)
        group by s, p, unit order by place, product""")


def make_trade(con: duckdb.DuckDBPyConnection, since: str, until: str) -> None:
    """Tables of the baskets from local day `since` until just before `until`, in time order."""
    con.execute(
        """create or replace table traded as select line.*, row_number() over (order by moment, b, n) nr from line
           where d >= $since::date and d < $until::date order by moment, b, n""",
        {"since": since, "until": until},
    )
    con.execute("""create or replace table out_orders as
        select b::varchar ref, s::varchar place, 'store' channel, 'h' || h customer, moment ordered_at, 'USD' currency
        from traded where n = 1 order by nr""")
    con.execute("""create or replace table out_order_lines as
        select b::varchar "order", n line, p::varchar product, (q / 1000)::decimal(12, 3) quantity,
               (sv / 100)::decimal(12, 2) amount, ((sv + rd + cm) / 100)::decimal(12, 2) gross
        from traded order by nr""")
    con.execute("""create or replace table out_line_discounts as
        select b::varchar "order", n line, seq, kind, funder, (cents / 100)::decimal(12, 2) amount, promotion, coupon
        from (select nr, b, n, 1 seq, 'member_price' kind, 'retailer' funder, rd cents, offer.ref promotion,
                     null coupon
              from traded left join offer on offer.p = traded.p and w between w0 and w1 where rd > 0
              union all
              select nr, b, n, 2, 'coupon', 'manufacturer', cd, null, redeemed.coupon from traded
              left join (select b, n, min(coupon) coupon from redemption group by b, n) redeemed using (b, n)
              where cd > 0
              union all select nr, b, n, 3, 'coupon_match', 'retailer', cm, null, null from traded where cm > 0)
        order by nr, seq""")
    con.execute("""create or replace table out_payments as
        select b::varchar "order", 1 seq, 'unspecified' tender, (sum(sv - cd) / 100)::decimal(12, 2) amount
        from traded group by b having sum(sv - cd) <> 0 order by min(nr)""")
    con.execute("""create or replace table out_receipts as
        select b::varchar "order", s::varchar series, b::varchar number, moment issued_at
        from traded where n = 1 order by nr""")
    con.execute(
        f"""create or replace table out_coupon_redemptions as
           select ref, coupon, 'h' || h customer, b::varchar "order",
                  coalesce(moment, timezone('{ZONE}', d + interval 12 hour)) redeemed_at, (cd / 100)::decimal(12, 2) amount, 'USD' currency
           from redemption where d >= $since::date and d < $until::date order by redeemed_at, ref""",
        {"since": since, "until": until},
    )
