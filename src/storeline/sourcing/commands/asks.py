"""Orders that ask a place which takes only so many online orders in an hour: counted as they are placed, whoever named the place.

Places without a cap are neither locked nor counted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from storeline.kernel.api import Pending, Ready, Row, ids_array, later, rowcounts, run, times_array, transaction
from storeline.sourcing.errors import PlaceFull
from storeline.sourcing.locks import Hour, hour_of

_BARS = """
SELECT place_id, channel, false FROM sourcing_closure
WHERE place_id = ANY(%s::uuid[]) AND starts_at <= %s AND (ends_at IS NULL OR ends_at > %s)
UNION ALL
SELECT place_id, NULL, true FROM sourcing_site WHERE place_id = ANY(%s::uuid[]) AND per_hour IS NOT NULL
"""
_TAKE = """
WITH asked AS (
    INSERT INTO sourcing_ask (order_id, place_id, hour) SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[])
    RETURNING place_id, hour
),
more AS (SELECT place_id, hour, count(*)::int AS orders FROM asked GROUP BY place_id, hour)
UPDATE sourcing_load l SET orders = l.orders + more.orders FROM more WHERE l.place_id = more.place_id AND l.hour = more.hour
"""
# A part without an hour counts in none.
_LESS = """
WITH asked AS (DELETE FROM sourcing_ask WHERE {asks} RETURNING place_id, hour),
counted AS (SELECT order_id, place_id, hour FROM sourcing_part WHERE {parts}),
freed AS (
    UPDATE sourcing_part p SET hour = NULL FROM counted c WHERE p.order_id = c.order_id AND p.place_id = c.place_id
),
less AS (
    SELECT place_id, hour, count(*)::int AS orders
    FROM (SELECT * FROM asked UNION ALL SELECT place_id, hour FROM counted) AS gone GROUP BY place_id, hour
),
held AS MATERIALIZED (
    SELECT l.place_id, l.hour FROM sourcing_load l JOIN less ON less.place_id = l.place_id AND less.hour = l.hour
    ORDER BY l.place_id, l.hour FOR UPDATE OF l
)
UPDATE sourcing_load l SET orders = l.orders - less.orders FROM less JOIN held USING (place_id, hour)
WHERE l.place_id = less.place_id AND l.hour = less.hour
"""
_FREE = _LESS.format(
    asks="order_id = ANY(%s::uuid[])", parts="order_id = ANY(%s::uuid[]) AND hour IS NOT NULL FOR UPDATE"
)
# Whoever is being freed at this very moment is left to that.
_PAST = _LESS.format(
    asks="(order_id, place_id) IN (SELECT order_id, place_id FROM sourcing_ask WHERE hour < %s LIMIT %s FOR UPDATE SKIP LOCKED)",
    parts="hour < %s LIMIT %s FOR UPDATE SKIP LOCKED",
)
_EMPTY = """
DELETE FROM sourcing_load WHERE (place_id, hour) IN (
    SELECT place_id, hour FROM sourcing_load WHERE hour < %s AND orders = 0 LIMIT %s FOR UPDATE SKIP LOCKED
)
"""
_STANDS = """
SELECT EXISTS (
    SELECT FROM sourcing_closure WHERE place_id = asked.id AND (channel IS NULL OR channel = %s)
        AND starts_at <= %s AND (ends_at IS NULL OR ends_at > %s)
), s.per_hour, coalesce(l.orders, 0)
FROM (SELECT %s::uuid AS id) AS asked
LEFT JOIN sourcing_site s ON s.place_id = asked.id
LEFT JOIN sourcing_load l ON l.place_id = asked.id AND l.hour = %s::timestamptz
"""


@dataclass(frozen=True, slots=True)
class Bars:
    """What may keep places from online orders: `closed` now, each with the channel, None for all; `capped` in every hour."""

    closed: frozenset[tuple[UUID, str | None]] = frozenset()
    capped: frozenset[UUID] = frozenset()


class Ask(NamedTuple):
    """An order that asks a place with a cap to put it together, or to give to it, and the hour that it counts in."""

    order_id: UUID
    place_id: UUID
    hour: datetime


@dataclass(frozen=True, slots=True)
class Turned:
    """Why a place takes no online order just now: it is closed to them, or full, then perhaps with when it has room again."""

    full: bool
    again_at: datetime | None = None


def gather_bars(place_ids: Collection[UUID], moment: datetime) -> Pending[Bars]:
    """Queue which of these places are closed to online orders then, and which take only so many in an hour."""
    ids = ids_array(place_ids)
    return later(_BARS, [ids, moment, moment, ids], _bars)


def _bars(rows: list[Row]) -> Bars:
    closed = frozenset((place, channel) for place, channel, capped in rows if not capped)
    return Bars(closed, frozenset(place for place, _, capped in rows if capped))


def gather_turned(place_id: UUID, channel: str, moment: datetime) -> Pending[Turned | None]:
    """Queue why a place takes no online order of this channel just now; None where it does."""
    hour = hour_of(moment)

    def turned(rows: list[Row]) -> Turned | None:
        closed, most, orders = rows[0]
        if closed:
            return Turned(full=False)
        return None if most is None or orders < most else Turned(True, again_at(most, hour))

    return later(_STANDS, [channel, moment, moment, place_id, hour], turned)


def again_at(most: int, hour: datetime) -> datetime | None:
    """When a place that is full has room again: as the next hour begins, unless it takes none at all."""
    return hour + timedelta(hours=1) if most else None


def full(place_id: UUID, found: Hour, hour: datetime, *, field: str) -> PlaceFull:
    """The refusal of an order that asks a place which is full."""
    again = again_at(found.most, hour)
    words = "This place has as many online orders as it can pick in this hour: choose another, or come back later."
    return PlaceFull(
        words, field=field, place=str(place_id), **({} if again is None else {"again_at": again.isoformat()})
    )


def take(asks: Sequence[Ask]) -> Pending[int]:
    """Queue the counting of orders under `lock_hours`; gives how many counters rose: one for each place."""
    if not asks:
        return Ready(0)
    orders, places, hours = zip(*asks, strict=True)
    return rowcounts(run(_TAKE, [ids_array(orders), ids_array(places), times_array(hours)]))


def free(source_ids: Collection[UUID]) -> None:
    """Queue that these orders, or whatever else plans were kept for, ask nobody any more: their places have room again.

    Their plans stay, and say why they were chosen. A repeat changes nothing.
    """
    if source_ids:
        sources = ids_array(sorted(source_ids))
        run(_FREE, [sources, sources])


def forget_hours(before: datetime, at_once: int = 10_000) -> int:
    """Let go of what was counted in hours that began before then, so many rows in a transaction; gives how many counters went.

    A cap is held against the hour that is: an old counter stands only against its own orders, and goes with them.
    """
    gone = 0
    while True:
        with transaction():
            counters = run(_PAST, [before, at_once, before, at_once]).rowcount
            empty = run(_EMPTY, [before, at_once]).rowcount
        gone += empty
        if not counters and not empty:
            return gone
