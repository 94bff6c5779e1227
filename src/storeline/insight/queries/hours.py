"""The hours of a day by the places' own clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from storeline.insight.domain import IN_SHOP, minutes_gone
from storeline.insight.queries.scope import ENTITY_AND_CHANNEL, Scope
from storeline.kernel.api import Pending, Row, dates_array, later, now


@dataclass(frozen=True, slots=True)
class Hour:
    """What an hour of the day brought, by the places' own clocks; `so_far` is the part of it that has come on every day compared."""

    hour: int
    sales: int
    baskets: int
    so_far: SoFar


@dataclass(frozen=True, slots=True)
class SoFar:
    """Of an earlier day: what had come by this time of it; an hour under way counts in proportion."""

    sales: int = 0
    baskets: int = 0
    online_sales: int = 0


_HOURS = f"""
SELECT d.day, d.hour, sum(d.net - d.returned_net)::bigint, sum(d.baskets)::bigint,
    (sum((d.net - d.returned_net) * v.part) / 60)::bigint, (sum(d.baskets * v.part) / 60)::bigint,
    coalesce((sum((d.net - d.returned_net) * v.part) FILTER (WHERE d.channel <> ALL(%s::text[])) / 60)::bigint, 0)
FROM insight_trade_hour d
LEFT JOIN places_place p ON p.id = d.place_id
LEFT JOIN unnest(%s::text[], %s::int[]) AS z (zone, minutes) ON z.zone = p.zone
CROSS JOIN LATERAL (SELECT least(60, greatest(0, coalesce(z.minutes, 1440) - d.hour * 60)) AS part) v
WHERE d.day = ANY(%s::date[]) AND (%s OR d.place_id = ANY(%s::uuid[])) AND d.currency = %s {ENTITY_AND_CHANNEL}
GROUP BY d.day, d.hour ORDER BY d.day, d.hour
"""


def hours(
    scope: Scope, days: Sequence[date], zones: Sequence[str], today: date
) -> Pending[dict[date, tuple[Hour, ...]]]:
    """Each day's hours with trade. `so_far` is what had come of an hour by the time of day that it is now, `today`."""
    moment = now()
    return later(
        _HOURS,
        [
            list(IN_SHOP),
            list(zones),
            [minutes_gone(today, moment, zone) for zone in zones],
            dates_array(days),
            scope.places is None,
            scope.rows,
            *scope.condition,
        ],
        _hours,
    )


def _hours(rows: list[Row]) -> dict[date, tuple[Hour, ...]]:
    found: dict[date, list[Hour]] = {}
    for day, hour, sales, baskets, *so_far in rows:
        found.setdefault(day, []).append(Hour(hour, sales, baskets, SoFar(*so_far)))
    return {day: tuple(of_day) for day, of_day in found.items()}


def so_far(of_day: Sequence[Hour]) -> SoFar:
    """What a day had brought by this time of it."""
    return SoFar(
        sum(hour.so_far.sales for hour in of_day),
        sum(hour.so_far.baskets for hour in of_day),
        sum(hour.so_far.online_sales for hour in of_day),
    )
