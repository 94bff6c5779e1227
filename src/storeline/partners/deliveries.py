"""Which event goes to whom: rows written by the event consumer, from the envelope alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from storeline.kernel.api import Envelope, ids_array, ints_array, new_id, now, run
from storeline.partners.domain import Reach, matches

_LISTENERS = """
SELECT e.id, e.patterns,
       a.events, a.entity_ids, a.place_ids, a.starts_at, a.ends_at
FROM partners_endpoint e JOIN partners_agreement a ON a.organisation_id = e.organisation_id
WHERE CASE WHEN %s::uuid IS NULL THEN e.disabled_at IS NULL ELSE e.id = %s END AND cardinality(a.events) > 0
ORDER BY e.id, a.id
"""
_INSERT = """
INSERT INTO partners_delivery (id, endpoint_id, event_id, type, at, body, next_at)
SELECT r.*, %s FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::timestamptz[], %s::text[]) AS r
ON CONFLICT (endpoint_id, event_id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class _Listener:
    endpoint_id: UUID
    patterns: tuple[str, ...]
    reaches: tuple[Reach, ...]

    def hears(self, event: Envelope) -> bool:
        return matches(self.patterns, event.type) and any(
            reach.covers(event.type, event.entity_id, event.place_id, event.at) for reach in self.reaches
        )


def _listeners(only: UUID | None) -> list[_Listener]:
    found: dict[UUID, _Listener] = {}
    for endpoint_id, patterns, events, entities, places, starts_at, ends_at in run(_LISTENERS, [only, only]).fetchall():
        reach = Reach(tuple(events), _set(entities), _set(places), starts_at, ends_at)
        earlier = found.get(endpoint_id)
        reaches = (*earlier.reaches, reach) if earlier else (reach,)
        found[endpoint_id] = _Listener(endpoint_id, tuple(patterns), reaches)
    return list(found.values())


def _set(ids: list[UUID] | None) -> frozenset[UUID] | None:
    return None if ids is None else frozenset(ids)


def plan(events: Sequence[Envelope], *, only: UUID | None = None) -> None:
    """Write a delivery for each event that an endpoint subscribed to and its agreements cover: two statements.

    A repeat writes nothing. `only` names one endpoint, which may be off.
    """
    listeners = _listeners(only)
    rows = [(listener.endpoint_id, event) for listener in listeners for event in events if listener.hears(event)]
    if not rows:
        return
    run(
        _INSERT,
        [
            now(),
            ids_array(new_id() for _ in rows),
            ids_array(endpoint_id for endpoint_id, _ in rows),
            ints_array(event.id for _, event in rows),
            [event.type for _, event in rows],
            [event.at for _, event in rows],
            [_body(event) for _, event in rows],
        ],
    )


def _body(event: Envelope) -> str:
    """What is signed and sent, in the form of Standard Webhooks: type, timestamp, data."""
    data = {
        "subject_id": event.subject_id,
        "entity_id": event.entity_id,
        "place_id": event.place_id,
        **event.payload,
    }
    return orjson.dumps({"type": event.type, "timestamp": event.at, "data": data}, option=orjson.OPT_UTC_Z).decode()
