"""What can be promised, asked of one table of 10 million stock rows, by channels of 10, 100 and 1,000 places."""

from __future__ import annotations

import argparse
import gc
import random
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bench.tools.harness import percentile, private_database
from storeline.kernel import api as kernel
from storeline.places import api as places

if TYPE_CHECKING:
    from storeline.sourcing import api as sourcing  # itself only once there is a database: it reads the settings

PLACES, PRODUCTS, RARE = 1_000, 10_000, 100
WARM = 60
GROUPS = (10, 100, 1_000)
POINTS = 50
_UNITS = [0] * 60 + [1_000, 2_000, 3_000] * 40 + [1_000 * many for many in range(4, 64) for _ in range(7)]
_SCARCE = [5_000] + [0] * 99
SOUTH, NORTH, WEST, EAST = 38.0, 42.0, -85.0, -75.0
NOTES = (
    f"places, positions, stock, sales and slots are invented: {PLACES:,} shops at random over four by ten degrees, all with every one of "
    f"{PRODUCTS:,} products (a tenth of the rows empty, a fifth with one to three units), {POINTS} lockers, hours, a week of slots, what "
    "sells at a tenth of the rows; a channel sells from a random 10, 100 or all 1,000 of them; baskets of 1 to 8 products, one in 50 with a "
    "product that one place in a hundred has; each asked from a random position through sourcing.api, one client; plans on the same data"
)
_PLACES = """
INSERT INTO places_place (id, ref, entity_id, name, names, format, zone, country, region, city, postal_code, address, phone,
    price_zone, tax_region, capabilities, latitude, longitude)
SELECT uuidv7(), 'b' || n, (SELECT id FROM places_entity), 'Place ' || n, '{}',
    CASE WHEN n <= %(places)s THEN 'supermarket' ELSE 'locker' END, 'America/New_York', 'US', '', '', '', '', '', '', '',
    CASE WHEN n <= %(places)s THEN ARRAY['sell', 'collect', 'deliver', 'ship'] ELSE ARRAY['collect'] END,
    %(south)s + random() * (%(north)s - %(south)s), %(west)s + random() * (%(east)s - %(west)s)
FROM generate_series(1, %(places)s + %(points)s) AS n
"""
_SQL = (
    "SELECT setseed(0.4)",
    """
INSERT INTO places_entity (id, ref, name, country, currency, tax_regime, inclusive, zone, tax_number, receipt_series)
VALUES (uuidv7(), 'bench', 'Bench', 'US', 'USD', 'bench', false, 'UTC', '', '')
""",
    _PLACES,
    "INSERT INTO places_hours (place_id, weekday, opens, closes) SELECT id, d, 420, 1320 FROM places_place, generate_series(1, 7) d",
    """
INSERT INTO catalog_product (id, ref, name, names, description, descriptions, brand, manufacturer, unit, by_weight, catch_weight,
    temperature, allergens, tax_class, pictures, service, status, online)
SELECT uuidv7(), 'p' || n, 'Product ' || n, '{}', '', '{}', '', '', 'each', false, false,
    CASE WHEN mod(n, 10) = 0 THEN 'chilled' ELSE 'ambient' END, '{}', 'standard', '[]', false, 'active', true
FROM generate_series(1, %(products)s) AS n
""",
    """
INSERT INTO capacity_area (id, place_id, method, name, country, postal_codes, radius_km, fee, days, product_id)
SELECT uuidv7(), p.id, m.method, m.method, 'US', '{}', m.radius, m.fee, m.days, (SELECT min(id::text)::uuid FROM catalog_product)
FROM places_place p, (VALUES ('deliver', 60.0, 699, 0), ('ship', NULL, 499, 2)) AS m(method, radius, fee, days)
WHERE p.format = 'supermarket'
""",
    "INSERT INTO sourcing_group (id, ref, name) SELECT uuidv7(), 'g' || n, 'Group of ' || n FROM unnest(%(groups)s::int[]) AS n",
    """
INSERT INTO sourcing_member (group_id, place_id, position)
SELECT g.id, p.id, p.position FROM sourcing_group g CROSS JOIN LATERAL (
    SELECT id, position FROM places_place WHERE format = 'supermarket' ORDER BY md5(id::text) LIMIT substr(g.ref, 2)::int
) AS p
""",
    "INSERT INTO sourcing_channel (channel, group_id, priority) SELECT 'web' || substr(ref, 2), id, 0 FROM sourcing_group",
    # A week of slots of every opening hour, a third of them full.
    """
INSERT INTO capacity_slot (id, place_id, method, starts_at, ends_at, cutoff_at, capacity, held)
SELECT uuidv7(), p.id, m.method, at, at + interval '1 hour', at - interval '2 hours', 12,
    CASE WHEN random() < 0.3 THEN 12 ELSE floor(random() * 12) END
FROM places_place p CROSS JOIN unnest(p.capabilities) AS m(method)
CROSS JOIN generate_series(0, 6) AS d CROSS JOIN generate_series(7, 21) AS h
CROSS JOIN LATERAL (SELECT ((now() AT TIME ZONE p.zone)::date + d + make_interval(hours => h)) AT TIME ZONE p.zone AS at) AS t
WHERE m.method IN ('collect', 'deliver')
""",
)
_BARE = (
    "ALTER TABLE stock_balance DROP CONSTRAINT stock_balance_pkey",
    "DROP INDEX stock_balance_product",
    "ALTER TABLE sourcing_value DROP CONSTRAINT sourcing_value_pkey",
)
_INDEXED = (
    "SET maintenance_work_mem = '1GB'",
    "ALTER TABLE stock_balance ADD PRIMARY KEY (place_id, product_id)",
    "CREATE INDEX stock_balance_product ON stock_balance (product_id, place_id)",
    "ALTER TABLE sourcing_value ADD PRIMARY KEY (place_id, product_id)",
    "RESET maintenance_work_mem",
)


def main(options: argparse.Namespace) -> dict[str, Any]:
    """Build, warm up, ask."""
    asked = options.rounds or 500
    with private_database("promise"):
        started = time.perf_counter()
        _build()
        built = time.perf_counter() - started
        rows = kernel.run("SELECT count(*) FROM stock_balance").fetchall()[0][0]
        products = [row[0] for row in kernel.run("SELECT id FROM catalog_product ORDER BY id")]
        gc.collect()
        gc.freeze()  # as a server does once it has started
        took: dict[int, list[float]] = {}
        planned: dict[int, list[float]] = {}
        possible = asks = waits = 0
        for size in GROUPS:
            chance = random.Random(size)
            _ask(size, products, chance, WARM)
            took[size], answered, waited = _ask(size, products, chance, asked)
            possible, asks, waits = possible + answered, asks + asked, max(waits, waited)
            _plan(size, products, chance, WARM)
            planned[size] = _plan(size, products, chance, asked)
        every = [one for some in took.values() for one in some]
        return {
            "stock_rows": rows,
            "places": PLACES,
            "p50_ms": _ms(every, 0.5),
            "p99_ms": _ms(every, 0.99),
            "p50_ms_by_places": {size: _ms(some, 0.5) for size, some in took.items()},
            "p99_ms_by_places": {size: _ms(some, 0.99) for size, some in took.items()},
            "plan_p50_ms_by_places": {size: _ms(some, 0.5) for size, some in planned.items()},
            "plan_p99_ms_by_places": {size: _ms(some, 0.99) for size, some in planned.items()},
            "asked": asks,
            "some_way_possible": possible,
            "most_waits": waits,
            "build_s": round(built, 1),
            "notes": NOTES,
        }


def _build() -> None:
    sizes = {"places": PLACES, "points": POINTS, "products": PRODUCTS, "groups": list(GROUPS)}
    corners = {"south": SOUTH, "north": NORTH, "west": WEST, "east": EAST}
    for statement in _SQL:
        kernel.run(statement, sizes | corners)
    stocked = [row[0].hex for row in kernel.run("SELECT id FROM places_place WHERE format = 'supermarket' ORDER BY id")]
    goods = [row[0].hex for row in kernel.run("SELECT id FROM catalog_product ORDER BY id")]
    for statement in _BARE:
        kernel.run(statement)
    chance = random.Random(4)
    _copy("stock_balance (place_id, product_id, on_hand)", (_stock(place, goods, chance) for place in stocked))
    columns = "sourcing_value (place_id, product_id, rate, loss, counted_at, wrong)"
    _copy(columns, (_values(place, goods, chance) for place in stocked))
    for statement in _INDEXED:
        kernel.run(statement)
    kernel.run("VACUUM ANALYZE")


def _copy(columns: str, parts: Iterable[str]) -> None:
    """Fill a table; its rows are frozen as they come, so that nothing has to go over them again."""
    with kernel.transaction():
        kernel.run(f"TRUNCATE {columns.split(maxsplit=1)[0]}")
        with kernel.raw().cursor() as cursor, cursor.copy(f"COPY {columns} FROM STDIN (FREEZE)") as copy:
            for part in parts:
                copy.write(part)


def _stock(place: str, goods: Sequence[str], chance: random.Random) -> str:
    """A tenth of the rows empty, a fifth with one to three units; the last products are scarce."""
    units = chance.choices(_UNITS, k=len(goods) - RARE) + chance.choices(_SCARCE, k=RARE)
    return "".join([f"{place}\t{product}\t{many}\n" for product, many in zip(goods, units, strict=True)])


def _values(place: str, goods: Sequence[str], chance: random.Random) -> str:
    """What sells, at a tenth of the rows."""
    some = sorted(chance.sample(goods, len(goods) // 10))
    today = kernel.now()
    rows = []
    for product in some:
        counted = (today - timedelta(days=chance.uniform(0, 60))).isoformat()
        rows.append(
            f"{place}\t{product}\t{chance.randrange(3_000_000)}\t{chance.randrange(100_000, 500_000)}\t{counted}\t100\n"
        )
    return "".join(rows)


def _ask(size: int, products: Sequence[UUID], chance: random.Random, many: int) -> tuple[list[float], int, int]:
    from storeline.sourcing import api as sourcing

    took, possible, waits = [], 0, 0
    for _ in range(many):
        basket, where = _basket(products, chance), _where(chance)
        with kernel.waits() as count:
            start = time.perf_counter()
            found = sourcing.promise(basket, where, channel=f"web{size}")
            took.append(time.perf_counter() - start)
        waits = max(waits, count.waits)
        possible += any(way.possible for way in found.ways)
    return took, possible, waits


def _plan(size: int, products: Sequence[UUID], chance: random.Random, many: int) -> list[float]:
    from storeline.sourcing import api as sourcing

    took = []
    for _ in range(many):
        basket, where = _basket(products, chance), _where(chance)
        start = time.perf_counter()
        sourcing.plan(basket, where, channel=f"web{size}")
        took.append(time.perf_counter() - start)
    return took


def _basket(products: Sequence[UUID], chance: random.Random) -> list[sourcing.WantedLine]:
    from storeline.sourcing import api as sourcing

    some = chance.sample(products[:-RARE], chance.randint(1, 8))
    if chance.random() < 0.02:
        some[0] = chance.choice(products[-RARE:])
    return [sourcing.WantedLine(product, 1_000 * chance.choice((1, 1, 1, 2, 3))) for product in some]


def _where(chance: random.Random) -> places.Position:
    return places.Position(chance.uniform(SOUTH, NORTH), chance.uniform(WEST, EAST))


def _ms(took: Sequence[float], share: float) -> float:
    return round(percentile(took, share) * 1_000, 2)
