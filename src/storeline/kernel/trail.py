"""The audit trail: who did what, in the same transaction as the deed."""

from __future__ import annotations

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
