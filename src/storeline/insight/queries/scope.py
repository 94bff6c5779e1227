"""Whose figures: the places that somebody may see, narrowed; and what is held of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from storeline.insight.models import ALL_PLACES
from storeline.kernel.api import Actor, business_date, ids_array, now, run


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose figures: these places (None: all), of one legal entity where named, in one currency, by one channel where named."""

    places: tuple[UUID, ...] | None
    currency: str = ""
    entity_id: UUID | None = None
    channel: str | None = None

    @property
    def rows(self) -> str:
        """The `place_id` of the rows to add up, as an array: the sum of all has its own."""
        return ids_array([ALL_PLACES] if self.places is None else self.places)

    @property
    def condition(self) -> list[Any]:
        """What `_WHERE` is given."""
        return [self.currency, self.entity_id, self.entity_id, self.channel, self.channel]


@dataclass(frozen=True, slots=True)
class Held:
    """From which day to which a currency has trade; the one with the most baskets comes first."""

    currency: str
    first: date
    last: date


def reach(
    actor: Actor,
    permission: str,
    *,
    place_id: UUID | None = None,
    format_: str | None = None,
    region: str | None = None,
) -> tuple[UUID, ...] | None:
    """The places that this person may see figures of, narrowed; None for all of them."""
    own = actor.places_for(permission)
    if own is None and place_id is None and format_ is None and region is None:
        return None
    conditions, params = ["true"], list[Any]()
    for column, value in (("id", place_id), ("format", format_), ("region", region)):
        if value is not None:
            conditions.append(f"{column} = %s")
            params.append(value)
    if own is not None:
        conditions.append("id = ANY(%s::uuid[])")
        params.append(ids_array(own))
    rows = run(f"SELECT id FROM places_place WHERE {' AND '.join(conditions)} ORDER BY id", params)
    return tuple(row[0] for row in rows.fetchall())


_GROUND = """
WITH months AS (
    SELECT currency, sum(baskets + returns) AS weight, min(day) AS first, max(day) AS last FROM insight_trade_month
    WHERE place_id = ANY(%(rows)s::uuid[]) AND baskets + returns > 0
        AND (%(entity)s::uuid IS NULL OR entity_id = %(entity)s)
    GROUP BY currency
), held AS (
    SELECT m.currency, m.weight,
        (SELECT min(d.day) FROM insight_trade_day d WHERE d.place_id = ANY(%(rows)s::uuid[]) AND d.currency = m.currency
            AND d.day >= m.first AND d.day < m.first + interval '1 month' AND d.baskets + d.returns > 0) AS first,
        (SELECT max(d.day) FROM insight_trade_day d WHERE d.place_id = ANY(%(rows)s::uuid[]) AND d.currency = m.currency
            AND d.day >= m.last AND d.day < m.last + interval '1 month' AND d.baskets + d.returns > 0) AS last
    FROM months m
), own AS (SELECT format, region, zone FROM places_place WHERE %(all)s OR id = ANY(%(own)s::uuid[])),
traded AS (SELECT DISTINCT channel, entity_id FROM insight_trade_month WHERE place_id = ANY(%(own_rows)s::uuid[]))
SELECT (SELECT json_agg(json_build_array(currency, first, last) ORDER BY weight DESC, currency) FROM held),
    (SELECT array_agg(DISTINCT format ORDER BY format) FROM own),
    (SELECT array_agg(DISTINCT region ORDER BY region) FROM own WHERE region <> ''),
    (SELECT array_agg(DISTINCT channel ORDER BY channel) FROM traded),
    (SELECT json_agg(json_build_array(e.id, e.ref, e.name) ORDER BY e.ref) FROM places_entity e
        WHERE e.id IN (SELECT entity_id FROM traded)),
    (SELECT array_agg(DISTINCT zone ORDER BY zone) FROM own),
    (SELECT version FROM insight_state), (SELECT at FROM insight_state)
"""


@dataclass(frozen=True, slots=True)
class Entity:
    """A legal entity with trade."""

    id: UUID
    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What figures stand on: the currencies of a scope and since when, what a person may narrow it by, and the zones.

    `version` is another number whenever any figure changed, last `at`.
    """

    held: tuple[Held, ...]
    formats: tuple[str, ...]
    regions: tuple[str, ...]
    channels: tuple[str, ...]
    entities: tuple[Entity, ...]
    zones: tuple[str, ...]
    version: int
    at: datetime | None

    @property
    def today(self) -> date:
        """The business day of the places where it began last, so that no day is taken for over that goes on somewhere."""
        moment = now()
        return min((business_date(moment, zone) for zone in self.zones), default=moment.date())


def ground(actor: Actor, permission: str, scope: Scope) -> Ground:
    """What is held in this scope, and what this person may choose from. One statement."""
    own = actor.places_for(permission)
    row = run(
        _GROUND,
        {
            "rows": scope.rows,
            "entity": scope.entity_id,
            "all": own is None,
            "own": ids_array(own or ()),
            "own_rows": ids_array([ALL_PLACES] if own is None else own),
        },
    ).fetchall()[0]
    return Ground(
        tuple(Held(each[0], date.fromisoformat(each[1]), date.fromisoformat(each[2])) for each in row[0] or ()),
        tuple(row[1] or ()),
        tuple(row[2] or ()),
        tuple(row[3] or ()),
        tuple(Entity(UUID(each[0]), each[1], each[2]) for each in row[4] or ()),
        tuple(row[5] or ()),
        row[6] or 0,
        row[7],
    )


ENTITY_AND_CHANNEL = "AND (%s::uuid IS NULL OR d.entity_id = %s) AND (%s::text IS NULL OR d.channel = %s)"
