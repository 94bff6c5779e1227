"""Where a channel may sell from, nearest first: the beginning of each statement about candidates.

The nearest of a group are found by one index over group and position, the nearest of all places by that of `places`: how many
places there are does not matter. `%(most)s` bounds how many of each group are looked at.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.kernel.api import Invalid
from storeline.places import api as places
from storeline.sourcing.domain import AMBIENT_ONLY
from storeline.stock import api as stock

# Said outright: of a parameter the planner would not know how few places it leaves, and read them all.
IS_POINT = f"format IN ({', '.join(repr(one) for one in AMBIENT_ONLY)})"
"""Formats that keep nothing of their own to send: goods come to them."""
# Twice the Earth's mean radius, as in places: the chord between two points of the unit sphere is what the index orders by.
KM = "12742.0176 * asin(least(1, (p.position <-> (SELECT point FROM here)) / 2))"
REACH = """
here AS MATERIALIZED (
    SELECT coalesce(
        places_position(%(latitude)s::float8, %(longitude)s::float8),
        (SELECT position FROM places_place WHERE id = %(near_place)s::uuid)
    ) AS point
),
reach AS MATERIALIZED (
    SELECT place_id, min(priority) AS priority, min(away) AS away FROM (
        SELECT m.place_id, s.priority, m.away
        FROM sourcing_channel s CROSS JOIN LATERAL (
            SELECT place_id, position <-> (SELECT point FROM here) AS away FROM sourcing_member WHERE group_id = s.group_id
            ORDER BY position <-> (SELECT point FROM here) LIMIT %(most)s
        ) AS m
        WHERE s.channel = %(channel)s
        UNION ALL (
            SELECT id, 0, position <-> (SELECT point FROM here) FROM places_place
            WHERE NOT EXISTS (SELECT FROM sourcing_channel WHERE channel = %(channel)s)
                AND capabilities && '{collect,deliver,ship}'::text[] AND NOT (IS_POINT)
            ORDER BY position <-> (SELECT point FROM here) LIMIT %(most)s
        )
    ) AS own GROUP BY place_id
)
""".replace("IS_POINT", IS_POINT)
# As `stock` says what a channel may promise: from people who stand before the shelf only what is recalled is kept back.
PROMISABLE = """on_hand - reserved - CASE WHEN %(online)s
    THEN safety + expired + coalesce((buffers ->> %(channel)s)::bigint, 0) ELSE recalled END"""
CLOSED = """EXISTS (
    SELECT FROM sourcing_closure x WHERE x.place_id = p.id AND x.starts_at <= %(at)s
        AND (x.ends_at IS NULL OR x.ends_at > %(at)s) AND (x.channel IS NULL OR x.channel = %(channel)s)
)"""
TRADING = """coalesce(p.opens_on <= (%(at)s AT TIME ZONE p.zone)::date, true)
    AND coalesce(p.closes_on >= (%(at)s AT TIME ZONE p.zone)::date, true)"""
ROOM = """(
    SELECT s.per_hour - coalesce((
        SELECT l.orders FROM sourcing_load l WHERE l.place_id = p.id AND l.hour = date_trunc('hour', %(at)s::timestamptz)
    ), 0) FROM sourcing_site s WHERE s.place_id = p.id
)"""
HEAVIEST = 50_000
GRAMS = f"""(SELECT CASE WHEN weighs > {HEAVIEST} THEN 500 ELSE weighs END FROM (SELECT CASE
    WHEN c.unit = 'kg' THEN 1000 WHEN c.unit = 'g' THEN 1 WHEN c.unit = 'lb' THEN 454 WHEN c.unit = 'oz' THEN 28
    WHEN c.content_unit IN ('kg', 'l') THEN c.content_quantity WHEN c.content_unit IN ('g', 'ml') THEN c.content_quantity / 1000
    WHEN c.content_unit = 'cl' THEN c.content_quantity / 100 WHEN c.content_unit = 'lb' THEN c.content_quantity * 454 / 1000
    WHEN c.content_unit IN ('oz', 'fl_oz') THEN c.content_quantity * 28 / 1000 WHEN c.content_unit = 'gal' THEN c.content_quantity * 3785 / 1000
    ELSE 500 END AS weighs) AS by_contents)"""
"""What a unit weighs, by its contents where they are known: a packer's estimate, not a scale's. What would hold more than anybody
carries (bags by the volume that they take) weighs like any other."""


Where = places.Position | UUID | capacity.Destination
"""A position, an address, or the place near which it is."""


def where_params(where: Where) -> dict[str, Any]:
    """What `REACH` needs of it. An address must say its position."""
    if isinstance(where, capacity.Destination):
        if where.position is None:
            raise Invalid("The address has no position to look for places near.", field="where")
        where = where.position
    if isinstance(where, places.Position):
        places.check_position(where.latitude, where.longitude, field="where")
        return {"latitude": where.latitude, "longitude": where.longitude, "near_place": None}
    return {"latitude": None, "longitude": None, "near_place": where}


def reach_params(where: Where, channel: str, at: datetime, most: int) -> dict[str, Any]:
    """What `REACH` and the parts beside it ask for."""
    if not channel:
        raise Invalid("Say by which channel it is ordered.", field="channel")
    return where_params(where) | {
        "channel": channel,
        "at": at,
        "most": most,
        "online": channel not in stock.IN_SHOPS,
    }
