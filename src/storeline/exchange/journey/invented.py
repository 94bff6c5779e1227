"""What the data does not say and the demo needs: points to collect at, bringing, partners' goods, lots. All invented.

Each time the same. It comes in the same folder as the data's own, so that it goes through the same door.
"""

from __future__ import annotations

from datetime import date

import duckdb

from storeline.exchange.journey.shops import CAPABILITIES
from storeline.exchange.journey.source import FIRST_DAY, ZONE

FILES = ("areas", "slot_rules", "slot_peaks", "partners", "agreements", "owned_goods", "lots")
NEAR_SHOPS = 8
"""So many of the largest shops have a collection point and lockers near them, and partners' corners inside."""
LOTTED = 3
"""So many of the largest shops know the lots of what spoils."""
KNOWN_LOTS = 40
"""Of so many products in each of them: those that sell most."""
DESK = 335
"""The shop in which the demo's visitors meet: it has all of it too."""
TERMS = {
    "bakery": ("Golden Crust Bakery (demo)", 20, "retailer"),
    "flora": ("Bloom & Stem (demo)", 25, "partner"),
    "sushi": ("Kumo Sushi Bar (demo)", 30, "retailer"),
}
"""Partners by ref: the name, the retailer's share in percent, who bears what is missing."""
GOODS = "case department when 'PASTRY' then 'bakery' when 'FLORAL' then 'flora' end"
SUSHI = "case when product_category like '%SUSHI%' then 'sushi' end"


def make_invented(con: duckdb.DuckDBPyConnection, until: date, end: date) -> None:
    """Tables `out_…` of `FILES`, and rows more in those of places, hours and products; lots are as of `until`."""
    con.execute(f"""create table near as select s, row_number() over (order by sales desc, s) rank
        from shop qualify rank <= {NEAR_SHOPS} or s = {DESK}""")
    con.execute(f"create table lotted as select s from near where rank <= {LOTTED} or s = {DESK}")
    _make_points(con)
    _make_bringing(con)
    _make_partners(con)
    _make_lots(con, until, end)


def _make_points(con: duckdb.DuckDBPyConnection) -> None:
    """A collection point and lockers a kilometre or so from a shop. Both keep chilled goods, neither frozen ones."""
    con.execute("alter table out_places add column keeps varchar")
    con.execute("""insert into out_places by name
        select kind || '-' || ref ref, entity, name || what "name", kind format, zone, country, region, city,
               round(latitude + north, 5) latitude, round(longitude + 0.011, 5) longitude, tax_region,
               'collect' capabilities, keeps
        from (select * exclude (format, capabilities, keeps) from out_places semi join near on ref = s::varchar),
             (values ('collection_point', ', collection point', 0.009, 'ambient|fresh|chilled'),
                     ('locker', ', lockers', -0.012, 'ambient|fresh|chilled')) kinds(kind, what, north, keeps)
        order by ref""")
    con.execute("""insert into out_place_hours
        select ref, day::varchar, case format when 'locker' then '00:00' else '07:00' end,
               case format when 'locker' then '24:00' else '21:00' end
        from out_places, range(1, 8) days(day) where format in ('collection_point', 'locker') order by ref, day""")


def _make_bringing(con: duckdb.DuckDBPyConnection) -> None:
    """The visitors' shop does all that the largest do. By van within 20 km of each shop that delivers, dearer in the evening; by parcel anywhere in the country."""
    for tag in ("zh-Hans", "fr", "es"):
        con.execute(f'alter table out_products add column "name_{tag}" varchar')
    con.execute("""insert into out_products by name
        select 'delivery-fee' ref, 'Delivery fee' "name", '送货费' "name_zh-Hans", 'Frais de livraison' "name_fr",
               'Gastos de envío' "name_es", 'each' unit, 'no' by_weight, 'ambient' temperature,
               'general' tax_class, 'yes' service, 'yes' till_only""")
    con.execute("update out_places set capabilities = ? where ref = ?", [CAPABILITIES["hypermarket"], str(DESK)])
    con.execute("""create table out_areas as
        select ref place, method, area "name", 'US' country, radius_km, 'USD' currency, fee, free_from, days,
               'delivery-fee' product
        from out_places, (values ('deliver', '20 km', 20, 4.90, 60.00, 0), ('ship', 'US', null, 6.90, 80.00, 3))
            ways(method, area, radius_km, fee, free_from, days)
        where list_contains(string_split(capabilities, '|'), method) order by place, method""")
    con.execute("""create table out_slot_rules as
        select place, method, 120 "minutes", 8 capacity, 120 lead_minutes from out_areas where method = 'deliver'""")
    con.execute("""create table out_slot_peaks as
        select place, method, weekday, '17:00' from_time, '20:00' to_time, 'USD' currency, 1.50 fee
        from out_slot_rules, range(1, 8) days(weekday) order by place, weekday""")


def _make_partners(con: duckdb.DuckDBPyConnection) -> None:
    """A bakery's, a florist's and a sushi bar's corners: the data's own goods of those kinds, sold for them since the first day."""
    con.execute("create table terms (ref varchar, name varchar, share integer, losses varchar)")
    con.executemany("insert into terms values (?, ?, ?, ?)", [(ref, *terms) for ref, terms in TERMS.items()])
    con.execute("""create table out_partners as
        select ref, "name", 'brand' kind, 'US' country from terms
        union all select 'parcels', 'Parcelbay Marketplace (demo)', 'marketplace', 'US'""")
    con.execute(f"""create table out_agreements as
        select ref, ref partner, share commission, losses,
               (select string_agg(s::varchar, '|' order by s) from near) places,
               timezone('{ZONE}', timestamp '{FIRST_DAY}') starts_at from terms""")
    con.execute(f"""create table out_owned_goods as
        select s::varchar place, p::varchar product, agreement, 'USD' currency,
               (greatest(sum(sv) * 600 // sum(q), 1) / 100)::decimal(12, 2) "value",
               timezone('{ZONE}', timestamp '{FIRST_DAY}') since
        from line semi join near using (s) join (select p, coalesce({SUSHI}, {GOODS}) agreement from product) using (p)
        where agreement is not null group by s, p, agreement having sum(q) > 0 order by s, p""")


def _make_lots(con: duckdb.DuckDBPyConnection, until: date, end: date) -> None:
    """Three lots each of what spoils: the first enough for the days until `end`, the others from what is left then."""
    con.execute(
        f"""create table out_lots as
        with spoils as (
            select s, p, (sum(q) filter (d >= $until::date)) traded, greatest(sum(q) // 5000 * 1000, 12000) rest
            from line semi join lotted using (s)
            join (select ref::bigint p from out_products where temperature in ('fresh', 'chilled') and service = 'no')
                using (p)
            group by s, p qualify row_number() over (partition by s order by sum(sv) desc, p) <= {KNOWN_LOTS}
        )
        select s::varchar place, p::varchar product, strftime(last_day, 'L%y%m%d') lot, last_day::date expires_on,
               (quantity // 1000)::decimal(12, 3) quantity
        from (
            select s, p, $last::date - case when p % 3 = 0 then 1 else 0 end last_day, coalesce(traded, 0) + rest // 6 quantity
            from spoils
            union all select s, p, $last::date + 1, rest // 4 from spoils
            union all select s, p, $last::date + 4, rest // 3 from spoils
        ) order by s, p, last_day""",
        {"until": until.isoformat(), "last": end.isoformat()},
    )
