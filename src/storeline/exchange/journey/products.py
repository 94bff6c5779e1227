"""The catalogue: readable names, a two-level category tree, contents, in-store bar codes, placeholders."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from storeline.exchange.journey import names

NOT_FOR_SALE_ONLINE = "('FUEL', 'MISCELLANEOUS', 'COUPON', 'POSTAL CENTER', 'CHARITABLE CONT', 'CNTRL/STORE SUP')"
FROZEN = """(department = 'FROZEN GROCERY' or product_category like '%FRZN%' or product_category like '%FROZEN%'
  or product_category = 'ICE CREAM/MILK/SHERBTS' or product_type like 'FROZEN%' or product_type like '%: ICE CREAM')"""
CHILLED = """(department in ('MEAT', 'MEAT-PCKGD', 'SEAFOOD', 'SEAFOOD-PCKGD', 'DELI', 'SALAD BAR', 'CHEF SHOPPE')
  or product_category in ('CHEESE', 'CHEESES', 'EGGS', 'FLUID MILK PRODUCTS', 'MILK BY-PRODUCTS', 'YOGURT', 'REFRIGERATED',
                          'MARGARINES', 'BUTTER', 'MISC. DAIRY', 'REFRGRATD JUICES/DRNKS', 'REFRGRATD DOUGH PRODUCTS')
  or product_type like 'REFRIG%' or product_type like '% REFRIGERATED'
  or product_type in ('YOGURT', 'CAKES: CHEESECAKE', 'PIES: CREAM/MERINGUE'))"""
BAR_CODE = "'2' || lpad(p::varchar, 11, '0')"
"""GS1 prefix 2 is for numbers that a retailer gives inside its own shops: none of these exists elsewhere."""


def make_products(con: duckdb.DuckDBPyConnection) -> None:
    """Tables `out_categories` and `out_products`."""
    _words(con)
    con.execute("""create table product as
        select product_id p, manufacturer_id maker, department, brand, product_category, product_type, package_size,
               coalesce(product_type, product_category, department) kind, true known from src_products
        union all
        select p, null, null, null, null, null, null, null, false from sold anti join src_products on p = product_id""")
    con.execute("create table department (ref varchar, name varchar, zh varchar, fr varchar, es varchar)")
    con.executemany(
        "insert into department values (?, ?, ?, ?, ?)", [(ref, *each) for ref, each in names.DEPARTMENTS.items()]
    )
    con.execute("""create table out_categories as
        select ref, coalesce(called.name, found.name) "name", parent, zh "name_zh-Hans", fr "name_fr", es "name_es"
        from (select department ref, any_value(word.pretty) "name", null::varchar parent from product
              join word on text = department group by department
              union all
              select department || '/' || product_category, any_value(word.pretty), department from product
              join word on text = product_category group by department, product_category
              union all select 'unknown', null, null) found left join department called using (ref)
        order by ref""")
    con.execute(f"create table out_products as {_products()} order by ref")


def _words(con: duckdb.DuckDBPyConnection) -> None:
    texts = con.execute("""select distinct unnest([department, product_category, product_type]) t
        from src_products order by t""").fetchall()
    found = sorted(text for (text,) in texts if text is not None)
    con.register("word_arrow", pa.table({"text": found, "pretty": [names.words(text) for text in found]}))
    con.execute("create table word as from word_arrow")
    sizes = [text for (text,) in con.execute("select distinct package_size from src_products order by 1").fetchall()]
    sizes = [text for text in sizes if text is not None]
    contents = [names.content(text) for text in sizes]
    con.register(
        "size_arrow",
        pa.table(
            {
                "text": sizes,
                "pretty": [names.size(text) for text in sizes],
                "quantity": pa.array([held and held[0] for held in contents], pa.decimal128(12, 3)),
                "unit": [held and held[1] for held in contents],
            }
        ),
    )
    con.execute("create table size as from size_arrow")


def _products() -> str:
    digits = f"list_transform(range(1, 13), lambda i: substr({BAR_CODE}, i::int, 1)::int * case when i % 2 = 1 then 1 else 3 end)"
    brand = "case when product.brand = 'Private' then 'Own Label' when maker is not null then 'Brand ' || maker end"
    traded = "(select p, sum(q) q from line group by p)"
    return f"""
        select p::varchar ref,
               case when not known and coalesce(traded.q, 0) = 0 then 'Coupon or adjustment ' || p
                    when not known then 'Unknown product ' || p
                    else concat_ws(', ', word.pretty, {brand}, nullif(size.pretty, '')) end name,
               case when not known then 'unknown' when product_category is null then department
                    else department || '/' || product_category end category,
               {brand} brand,
               case when sold.gallons then 'gal' else 'each' end unit,
               case when sold.gallons then 'yes' else 'no' end by_weight,
               case when {FROZEN} then 'frozen' when {CHILLED} then 'chilled' when department = 'PRODUCE' then 'fresh'
                    else 'ambient' end temperature,
               {BAR_CODE} || ((10 - list_sum({digits}) % 10) % 10)::varchar gtins,
               case when department in ('DRUG GM', 'COSMETICS', 'SPIRITS', 'FLORAL', 'FUEL') then 'general'
                    else 'food' end tax_class,
               size.quantity content_quantity, size.unit content_unit,
               case when not known and coalesce(traded.q, 0) = 0 then 'yes'
                    when department in {NOT_FOR_SALE_ONLINE} and not coalesce(sold.gallons, false) then 'yes'
                    else 'no' end service,
               case when known and department not in {NOT_FOR_SALE_ONLINE} then 'no' else 'yes' end till_only,
               case when department = 'SPIRITS' or product_category in ('BEERS/ALES', 'DOMESTIC WINE', 'IMPORTED WINE',
                         'MISC WINE', 'LIQUOR') then 21 end age_limit
        from product left join word on word.text = kind left join size on size.text = package_size
        left join sold using (p) left join {traded} traded using (p)"""
