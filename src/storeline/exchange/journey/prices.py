"""Shelf prices and offers, inferred from the trade: no line's own price is stored.

A shelf price is what `sv + rd + cm` came to per unit, an offer's what `sv + cm` did. Both are fractions: three for
five dollars stays 500 cents per 3. A price counts only where at least two lines of the product paid it (a product
never sold twice keeps its one price), and a week takes the one that most lines paid.
"""

from __future__ import annotations

import duckdb

from storeline.exchange.journey.source import WEEK_START, ZONE

FIRST_WEEK, LAST_WEEK = 1, 53
OFFERS_GO_ON = 28
"""Days that the last week's offers go on after it, since the year after it was not published."""
OWN_PRICE_LINES = 3
"""A shop has its own price of a product where at least so many lines paid it, more than paid the chain's."""


def make_prices(con: duckdb.DuckDBPyConnection) -> None:
    """Tables `out_prices`, `out_promotions`, `out_promotion_items`; and `chain`, `own`, `offer` to compare with."""
    con.execute("""create table paid as
        select p, s, w, rd > 0 offered, gross // gcd(gross, q) gn, q // gcd(gross, q) gd,
               member // gcd(member, q) mn, q // gcd(member, q) md
        from (select p, s, w, rd, q // 1000 q, sv + rd + cm gross, sv + cm member from line
              join sold using (p) where not gallons and q > 0 and sv + cm > 0)""")
    _weekly(con, "shelf", "select p, w, gn num, gd den from paid")
    _weekly(con, "member", "select p, w, mn num, md den from paid where offered")
    _chain(con)
    _own(con)
    _fuel(con)
    _offers(con)
    con.execute(f"""create table out_prices as
        select p::varchar product, s::varchar place, 'USD' currency, timezone('{ZONE}', day::timestamp) valid_from,
               (num / 100.0)::decimal(12, 3) amount, den per
        from (select p, null s, w0 w, num, den from chain union all select p, s, {FIRST_WEEK}, num, den from own
              union all select p, null, w, num, den from fuel), lateral (select {WEEK_START} "day")
        order by product, place nulls first, valid_from""")


def _weekly(con: duckdb.DuckDBPyConnection, name: str, paid: str) -> None:
    con.execute(f"""create table {name}_week as
        with seen as (select p, num, den, w, count(*) lines from ({paid}) group by all),
             total as (select *, sum(lines) over (partition by p, num, den) whole from seen),
             best as (select p, max(whole) whole from total group by p)
        select p, w, max_by(struct_pack(num := num, den := den), (lines, total.whole, -num / den)) price, sum(lines) lines
        from total join best using (p) where total.whole >= 2 or best.whole = 1 group by p, w""")


def _runs(table: str, *, adjacent: bool) -> str:
    """Successive weeks of `table` with the same price as one row; `adjacent` breaks a run at a week without a sale."""
    gap = " or w > lag(w) over product + 1" if adjacent else ""
    return f"""
        select p, price.num num, price.den den, min(w) w0, max(w) w1
        from (select *, count(*) filter (new) over (partition by p order by w) run
              from (select *, coalesce(price is distinct from lag(price) over product{gap}, false) new from {table}
                    window product as (partition by p order by w)))
        group by p, price, run"""


def _chain(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(f"""create table chain as
        select p, num, den, case when row_number() over product = 1 then {FIRST_WEEK} else w0 end w0,
               coalesce(lead(w0) over product, {LAST_WEEK + 1}) w1
        from ({_runs("shelf_week", adjacent=False)}) window product as (partition by p order by w0)""")


def _own(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(f"""create table own as
        with seen as (select p, s, gn, gd, count(*) lines, count(*) filter (gn = num and gd = den) agreed
                      from paid join chain using (p) where w >= w0 and w < w1 group by all)
        select p, s, price.num num, price.den den
        from (select p, s, max_by(struct_pack(num := gn, den := gd), (lines, -gn / gd)) price, max(lines) most, sum(agreed) agreed
              from seen group by p, s)
        where most >= {OWN_PRICE_LINES} and most > agreed""")


def _fuel(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""create table fuel as
        select p, w, max_by(tenths, (lines, -tenths)) / 10 num, 1 den
        from (select p, w, round((sv + rd) * 10000 / q)::int tenths, count(*) lines
              from line join sold using (p) where gallons and q > 3000 group by all) group by p, w""")


_WEEKS = {
    "name": ("Member prices, week {w0}", "Member prices, weeks {w0} to {w1}"),
    "name_zh-Hans": ("第 {w0} 周会员价", "第 {w0} 至 {w1} 周会员价"),
    "name_fr": ("Prix membres, semaine {w0}", "Prix membres, semaines {w0} à {w1}"),
    "name_es": ("Precios de socio, semana {w0}", "Precios de socio, semanas {w0} a {w1}"),
}
"""What an offer of one week or several is called, in each language of the pages."""


def _names() -> str:
    def text(words: str) -> str:
        return "'" + words.replace("{w0}", "' || w0 || '").replace("{w1}", "' || w1 || '") + "'"

    return ", ".join(
        f'case when w0 = w1 then {text(one)} else {text(several)} end "{column}"'
        for column, (one, several) in _WEEKS.items()
    )


def _offers(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""create table offer_week as
        select p, w, price from member_week join (select p, w, avg(offered::int) share from paid group by p, w)
        using (p, w) join chain using (p)
        where share >= 0.5 and w >= w0 and w < w1 and price.num * den < num * price.den""")
    con.execute(f"create table offer as {_runs('offer_week', adjacent=True)}")
    con.execute("alter table offer add column ref varchar")
    con.execute("update offer set ref = printf('offer-2017-%02d-%02d', w0, w1)")
    con.execute(f"""create table out_promotions as
        select ref, {_names()}, 'member_price' kind,
               'USD' currency, 'yes' members_only, timezone('{ZONE}', start_day::timestamp) starts_at,
               timezone('{ZONE}', (end_day + if(w1 = {LAST_WEEK}, {OFFERS_GO_ON}, 0)::int)::timestamp) ends_at
        from (select distinct ref, w0, w1 from offer),
             lateral (select {WEEK_START.replace(" w ", " w0 ").replace("(w ", "(w0 ")} start_day),
             lateral (select {WEEK_START.replace(" w ", " w1 + 1 ").replace("(w ", "(w1 + 1 ")} end_day)
        order by ref""")
    con.execute("""create table out_promotion_items as
        select ref promotion, p::varchar product, (num / 100.0)::decimal(12, 2) "value", den per from offer
        order by ref, product""")


def reproduced(con: duckdb.DuckDBPyConnection) -> float:
    """The share of all lines whose shelf amount and offer amount the inferred prices give back to the cent."""
    row = con.execute("""
        with line_price as (
            select sv + rd + cm gross, sv + cm member, q,
                   coalesce(own.num, chain.num) num, case when own.p is null then chain.den else own.den end den,
                   offer.num offer_num, offer.den offer_den
            from line left join own on own.p = line.p and own.s = line.s
            left join chain on chain.p = line.p and w >= chain.w0 and w < chain.w1
            left join offer on offer.p = line.p and w between offer.w0 and offer.w1),
        reckoned as (
            select gross, member, round(q / 1000 * num / den) shelf, round(q / 1000 * offer_num / offer_den) offered
            from line_price)
        select avg((coalesce(gross = shelf and member = least(shelf, coalesce(offered, shelf)), false))::int)
        from reckoned""").fetchone()
    assert row is not None
    return float(row[0])
