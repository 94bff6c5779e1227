"""What plans of some days come to: how many orders from one place or several, at what cost, and from where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.kernel.api import run
from storeline.sourcing.domain.costs import Costs

_FIGURES = """
SELECT count(*), count(*) FILTER (WHERE parts = 1), count(*) FILTER (WHERE parts > 1), count(*) FILTER (WHERE p.refused > 0),
    coalesce(sum(visit), 0)::bigint, coalesce(sum(lines), 0)::bigint, coalesce(sum(shipping), 0)::bigint,
    coalesce(sum(weight), 0)::bigint, coalesce(sum(p.split), 0)::bigint, coalesce(sum(keep), 0)::bigint,
    coalesce(sum(waste), 0)::bigint, coalesce(sum(p.refused), 0)::bigint, coalesce(sum(parcels), 0)::bigint,
    count(next_cost), coalesce(sum(next_cost - cost), 0)::bigint
FROM sourcing_plan p CROSS JOIN LATERAL (
    SELECT count(*) AS parts, sum(visit) AS visit, sum(lines) AS lines, sum(shipping) AS shipping, sum(weight) AS weight,
        sum(keep) AS keep, sum(waste) AS waste, sum(parcels) AS parcels
    FROM sourcing_part WHERE order_id = p.order_id
) AS s
WHERE p.made_at >= %s AND p.made_at < %s AND (%s::text IS NULL OR p.channel = %s)
"""
_ORIGINS = """
SELECT count(*) OVER (), l.id, l.ref, l.name, s.orders, s.quantity
FROM (
    SELECT k.place_id, count(DISTINCT k.order_id) AS orders, sum(k.quantity)::bigint AS quantity
    FROM sourcing_plan p JOIN sourcing_pick k ON k.order_id = p.order_id
    WHERE p.made_at >= %s AND p.made_at < %s AND (%s::text IS NULL OR p.channel = %s)
    GROUP BY k.place_id
) AS s JOIN places_place l ON l.id = s.place_id
ORDER BY s.quantity DESC, l.ref LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Plans that were kept: orders that come from one place, from several, and those of which something is refused; their
    costs. Of `compared` there is a next best, and those would have cost `dearer` more.
    """

    orders: int
    alone: int
    split: int
    refused: int
    costs: Costs
    parcels: int
    compared: int
    dearer: int


@dataclass(frozen=True, slots=True)
class Origin:
    """How many orders a place gives something to, and how many thousandths in all."""

    place_id: UUID
    ref: str
    name: str
    orders: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Origins:
    """The places that give most, and how many places give anything."""

    places: int
    first: Sequence[Origin]


def figures(since: datetime, until: datetime, *, channel: str | None = None) -> Figures:
    """What the plans made in that time come to. One query."""
    row = run(_FIGURES, [since, until, channel, channel]).fetchall()[0]
    orders, alone, split, refused, *sums, parcels, compared, dearer = row
    return Figures(orders, alone, split, refused, Costs(*sums), parcels, compared, dearer)


def origins(since: datetime, until: datetime, *, channel: str | None = None, limit: int = 12) -> Origins:
    """From where goods come by these plans, most first. One query."""
    rows = run(_ORIGINS, [since, until, channel, channel, limit]).fetchall()
    return Origins(rows[0][0] if rows else 0, tuple(Origin(*row[1:]) for row in rows))
