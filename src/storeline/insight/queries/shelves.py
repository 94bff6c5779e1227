"""How much of their range places have to sell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from storeline.insight.queries.scope import Scope
from storeline.kernel.api import Pending, later


@dataclass(frozen=True, slots=True)
class Shelves:
    """How many products the places' ranges hold, and how many of them they have; `at` is the oldest look."""

    places: int
    listed: int
    available: int
    at: datetime


_SHELVES = """
SELECT count(*)::int, coalesce(sum(a.listed), 0)::bigint, coalesce(sum(a.available), 0)::bigint, min(a.at)
FROM (
    SELECT DISTINCT ON (place_id) listed, available, at FROM insight_availability
    WHERE day BETWEEN %s::date - 1 AND %s AND (%s OR place_id = ANY(%s::uuid[])) ORDER BY place_id, day DESC
) a WHERE a.listed > 0
"""


def shelves(scope: Scope, day: date) -> Pending[Shelves | None]:
    """What the places had of their range when last looked, on `day` or the day before; None where nobody looked."""
    return later(
        _SHELVES,
        [day, day, scope.places is None, scope.rows],
        lambda rows: Shelves(*rows[0]) if rows[0][0] else None,
    )
