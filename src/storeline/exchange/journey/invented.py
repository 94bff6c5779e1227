"""What the data does not say and the demo needs: points to collect at, bringing, partners' goods, lots, and some goods of kinds
that the data does not have. All invented.

Each time the same. It comes in the same folder as the data's own, so that it goes through the same door.
"""

from __future__ import annotations

from datetime import date

import duckdb

from storeline.exchange.journey.shops import CAPABILITIES
from storeline.exchange.journey.source import FIRST_DAY, ZONE

FILES = (
    *("areas", "slot_rules", "slot_peaks", "partners", "agreements", "owned_goods", "lots"),
    *("cards", "contact_points"),
)
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
MEMBER = "h1142"
"""The household of the demo's shopper: the only one with a card and a telephone number (of those that are nobody's)."""
CARD, PHONE = "9826001142", "+12025550142"
_COUNTER = """
    ('demo-bananas', 'Bananas, loose', '散装香蕉', 'Bananes en vrac', 'Plátanos a granel', 'PRODUCE/TROPICAL FRUIT',
        'kg', 'yes', 'no', 'fresh', 5, null, '2500001000002', null, null, null, 1.69),
    ('demo-tomatoes', 'Vine tomatoes, loose', '散装串番茄', 'Tomates en grappe en vrac', 'Tomates en rama a granel', 'PRODUCE/TOMATOES',
        'kg', 'yes', 'no', 'fresh', 5, null, '2500002000001', null, null, null, 3.98),
    ('demo-cheddar', 'Farmhouse cheddar, cut piece', '农家切达干酪（切块）', 'Cheddar fermier, à la coupe',
        'Cheddar de granja al corte', 'DELI/CHEESES', 'kg', 'yes', 'yes', 'chilled', 30, 'milk', '2500003000000', null, null, null, 15.90),
    ('demo-water', 'Sparkling water, returnable bottle, 0.75 l', '气泡水，可退瓶，0.75 升', 'Eau gazeuse, bouteille consignée, 0,75 l',
        'Agua con gas, botella retornable, 0,75 l', 'GROCERY/WATER - CARBONATED/FLVRD DRINK', 'each', 'no', 'no', 'ambient', null, null,
        '2990000000040', 'demo-deposit', 0.75, 'l', 1.29),
    ('demo-loaf', 'Country loaf, 500 g', '乡村面包，500 克', 'Pain de campagne, 500 g', 'Hogaza de pueblo, 500 g', 'PASTRY/BREAD',
        'each', 'no', 'no', 'fresh', 3, 'gluten|sesame', '2990000000057', null, 500, 'g', 3.49),
    ('demo-spread', 'Hazelnut cocoa spread, 400 g', '榛子可可酱，400 克', 'Pâte à tartiner aux noisettes, 400 g',
        'Crema de cacao con avellanas, 400 g', 'GROCERY/PNT BTR/JELLY/JAMS', 'each', 'no', 'no', 'ambient', 365, 'milk|nuts|soybeans',
        '2990000000064', null, 400, 'g', 4.29)
"""
"""Goods by weight, a cut piece with its weight in its bar code, a bottle with a deposit, goods with allergens; the last is a price."""
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
    _make_counter(con)
    _make_member(con)


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


def _make_counter(con: duckdb.DuckDBPyConnection) -> None:
    """Goods that the data has none of, on the shelves of the shops that have a collection point near them; nobody bought them in its year."""
    for column in ("shelf_life_days integer", "allergens varchar", "catch_weight varchar", "deposit_product varchar"):
        con.execute(f"alter table out_products add column {column}")
    con.execute(f"""create table counter as select * from (values {_COUNTER}) t(ref, "name", "name_zh-Hans", "name_fr", "name_es", category,
        unit, by_weight, catch_weight, temperature, shelf_life_days, allergens, gtins, deposit_product, content_quantity, content_unit, price)""")
    con.execute("""insert into out_products by name
        select * exclude (price), 'food' tax_class, 'no' service, 'no' till_only from counter
        where category in (select ref from out_categories)""")
    con.execute("""insert into out_products by name
        select 'demo-deposit' ref, 'Bottle deposit' "name", '瓶押金' "name_zh-Hans", 'Consigne' "name_fr", 'Depósito del envase' "name_es",
               'each' unit, 'no' by_weight, 'ambient' temperature, 'general' tax_class, 'yes' service, 'yes' till_only""")
    con.execute(f"""insert into out_prices by name
        select ref product, 'USD' currency, timezone('{ZONE}', timestamp '{FIRST_DAY}') valid_from, price amount, 1 per
        from (select ref, price from counter semi join out_products using (ref) union all select 'demo-deposit', 0.25) order by ref""")
    con.execute(f"""insert into out_stock by name
        select s::varchar place, ref product, timezone('{ZONE}', timestamp '{FIRST_DAY}') as_of,
               case by_weight when 'yes' then 40 else 60 end quantity
        from near, counter semi join out_products using (ref) order by place, product""")


def _make_member(con: duckdb.DuckDBPyConnection) -> None:
    """A card and a telephone number to be known by at a till."""
    joined = f"timezone('{ZONE}', timestamp '{FIRST_DAY}')"
    con.execute(f"""create table out_cards as
        select '{CARD}' number, ref customer, {joined} issued_at from out_customers where ref = '{MEMBER}'""")
    con.execute(f"""create table out_contact_points as
        select ref customer, 'phone' kind, '{PHONE}' "value", {joined} verified_at, 'yes' preferred
        from out_customers where ref = '{MEMBER}'""")
