"""Every lock of sourcing, in the global order: an hour's counters, by place, after stock and before payments.

A row that is not there cannot be locked, so it is made, in the same statement and order as those that are. Whoever counts
(`commands/keep.py`, `commands/asks.py`) takes them in this order too.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from storeline.kernel.api import Pending, Ready, Row, ids_array, later

_LOCK = """
INSERT INTO sourcing_load AS l (place_id, hour, orders)
SELECT place_id, %s::timestamptz, 0 FROM sourcing_site WHERE place_id = ANY(%s::uuid[]) AND per_hour IS NOT NULL ORDER BY place_id
ON CONFLICT (place_id, hour) DO UPDATE SET orders = l.orders
RETURNING place_id, orders, (SELECT per_hour FROM sourcing_site s WHERE s.place_id = l.place_id)
"""


class Hour(NamedTuple):
    """So many online orders ask a place in an hour, and at most so many may."""

    orders: int
    most: int

    @property
    def left(self) -> int:
        """How many more it takes; below 0 where the cap came later."""
        return self.most - self.orders


def hour_of(moment: datetime) -> datetime:
    """The hour that an order counts in: of the universal clock, for every place alike."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def lock_hours(place_ids: Collection[UUID], hour: datetime) -> Pending[dict[UUID, Hour]]:
    """Queue the locking of an hour's counters of these places, until the transaction ends; those without a cap are absent."""
    if not place_ids:
        return Ready({})
    return later(_LOCK, [hour, ids_array(sorted(place_ids))], _hours)


def _hours(rows: list[Row]) -> dict[UUID, Hour]:
    return {place: Hour(orders, most) for place, orders, most in rows if most is not None}
