"""The audit trail: who did what, in the same transaction as the deed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from storeline.kernel import db
from storeline.kernel.actors import Actor, permission
from storeline.kernel.clock import now
from storeline.kernel.ids import new_id

VIEW = permission("kernel.view_trail", "See who did what", roles=("shop_manager", "finance", "service_desk"))
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


@dataclass(frozen=True, slots=True)
class Deed:
    """One row of the trail; `action` is ``module.verb``."""

    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    action: str
    subject_id: UUID
    place_id: UUID | None
    detail: dict[str, Any]


_DEEDS = "SELECT id, at, actor_kind, actor_id, action, subject_id, place_id, detail FROM kernel_trail"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deeds: by whom, which action (``module.verb``, or ``module.`` for all of a module's), to what, at which
    places (None: everywhere, also what belongs to none), from `since` and before `until`.
    """

    actor_id: UUID | None = None
    actor_kind: str | None = None
    action: str | None = None
    subject_ids: Collection[UUID] | None = None
    places: Collection[UUID] | None = None
    since: datetime | None = None
    until: datetime | None = None

    def sql(self) -> tuple[list[str], list[Any]]:
        """Conditions and their parameters."""
        found: list[tuple[str, Any]] = [
            ("actor_id = %s", self.actor_id),
            ("actor_kind = %s", self.actor_kind),
            ("subject_id = ANY(%s::uuid[])", None if self.subject_ids is None else db.ids_array(self.subject_ids)),
            ("place_id = ANY(%s::uuid[])", None if self.places is None else db.ids_array(self.places)),
            ("at >= %s", self.since),
            ("at < %s", self.until),
        ]
        if self.action is not None and self.action.endswith("."):
            found += [("action >= %s", self.action), ("action < %s", f"{self.action[:-1]}/")]
        elif self.action is not None:
            found.append(("action = %s", self.action))
        given = [(condition, value) for condition, value in found if value is not None]
        return [condition for condition, _ in given], [value for _, value in given]


EVERYTHING = Wanted()


def list_deeds(
    only: Wanted = EVERYTHING, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[Deed]:
    """What was done, the latest first, after the last one seen (`before`). One statement."""
    conditions, params = only.sql()
    if before is not None:
        conditions.append("(at, id) < (%s, %s)")
        params += before
    where = " AND ".join(conditions) or "true"
    rows = db.run(f"{_DEEDS} WHERE {where} ORDER BY at DESC, id DESC LIMIT %s", [*params, limit])
    return [Deed(*row) for row in rows.fetchall()]


def known_actions() -> list[str]:
    """Every action that the trail has, in order: a hop along their index for each, however long the trail."""
    sql = """
WITH RECURSIVE known AS (
  (SELECT action FROM kernel_trail ORDER BY action LIMIT 1)
  UNION ALL
  SELECT (SELECT t.action FROM kernel_trail t WHERE t.action > k.action ORDER BY t.action LIMIT 1)
  FROM known k WHERE k.action IS NOT NULL
) SELECT action FROM known WHERE action IS NOT NULL
"""
    return [row[0] for row in db.run(sql).fetchall()]
