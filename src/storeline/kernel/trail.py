"""The audit trail: who did what, in the same transaction as the deed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from storeline.kernel import db
from storeline.kernel.actors import Actor
from storeline.kernel.clock import now
from storeline.kernel.ids import new_id

_INSERT = """
INSERT INTO kernel_trail (id, at, actor_kind, actor_id, action, subject_id, place_id, detail)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb)
"""


def trail(
    actor: Actor,
    action: str,
    subject_id: UUID,
    *,
    place_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write that `actor` did `action` (``module.verb``) to `subject_id`; no personal data in `detail`."""
    payload = orjson.dumps(detail or {}).decode()
    db.run(_INSERT, [new_id(), now(), actor.kind, actor.id, action, subject_id, place_id, payload])


_INSERT_MANY = """
INSERT INTO kernel_trail (id, at, actor_kind, actor_id, action, subject_id, place_id, detail)
SELECT id, %s, %s, %s, %s, subject_id, place_id, detail
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::jsonb[]) AS deed(id, subject_id, place_id, detail)
"""


def trail_many(
    actor: Actor, action: str, deeds: Sequence[tuple[UUID, UUID | None]], details: Sequence[dict[str, Any]] = ()
) -> None:
    """The same for many subjects, each with its place (and its detail, in the same order): one statement."""
    if not deeds:
        return
    texts = [orjson.dumps(detail).decode() for detail in details] or ["{}"] * len(deeds)
    db.run(
        _INSERT_MANY,
        [
            now(),
            actor.kind,
            actor.id,
            action,
            db.ids_array(new_id() for _ in deeds),
            db.ids_array(subject for subject, _ in deeds),
            db.ids_array(place for _, place in deeds),
            texts,
        ],
    )
