"""Reads of vans, their turns and what they bring."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from storeline.fulfilment.domain.picking import OPEN
from storeline.fulfilment.domain.runs import LIVE_DROPS, Drop, Run, Van
from storeline.fulfilment.errors import NoRun
from storeline.kernel.api import Row, ids_array, run
from storeline.messages import api as messages

DEPARTURE = "departure"
messages.register_purpose(DEPARTURE, messages.Purpose(attempts=10, business_time=True))

_RUN = """
SELECT r.id, r.van_id, v.name, r.place_id, r.day, r.state, r.left_at, r.back_at
FROM fulfilment_run r JOIN fulfilment_van v ON v.id = r.van_id
"""
_DROPS = """
SELECT d.run_id, d.order_id, d.position, d.state FROM fulfilment_drop d
WHERE d.run_id = ANY(%s::uuid[]) ORDER BY d.run_id, d.position, d.order_id
"""
_OPEN = f"t.place_id = %s AND t.method = 'deliver' AND t.state IN {tuple(sorted(OPEN))}"
_TO_BRING = f"""
SELECT t.order_id, t.state, t.due_at, d.run_id, d.state FROM fulfilment_task t
LEFT JOIN fulfilment_drop d ON d.order_id = t.order_id AND d.state = ANY(%s::text[])
WHERE {_OPEN} AND (%s::timestamptz IS NULL OR t.due_at < %s) ORDER BY t.due_at, t.order_id LIMIT %s
"""
_LATER = f"""
SELECT count(*), min(t.due_at) FROM fulfilment_task t WHERE {_OPEN} AND (t.due_at, t.order_id) > (%s, %s)
    AND NOT EXISTS (SELECT FROM fulfilment_drop d WHERE d.order_id = t.order_id AND d.state = ANY(%s::text[]))
"""


@dataclass(frozen=True, slots=True)
class Bring:
    """An order that is to be brought; `run_id` is the turn that it is in, `drop` how it stands there."""

    order_id: UUID
    state: str
    due_at: datetime
    run_id: UUID | None
    drop: str | None


def vans_of(place_id: UUID) -> list[Van]:
    """A place's vans by name."""
    rows = run("SELECT id, place_id, name FROM fulfilment_van WHERE place_id = %s AND active ORDER BY name", [place_id])
    return [Van(*row) for row in rows.fetchall()]


def runs_of(place_id: UUID, day: date) -> list[Run]:
    """The turns of a place on a day of its calendar, and those that are not back yet, with what they bring."""
    where = "WHERE r.place_id = %s AND (r.day = %s OR r.state <> 'back') ORDER BY r.created_at, r.id"
    return _with_drops(run(f"{_RUN} {where}", [place_id, day]).fetchall())


def get_run(run_id: UUID) -> Run:
    """One turn; raises NoRun."""
    found = _with_drops(run(f"{_RUN} WHERE r.id = %s", [run_id]).fetchall())
    if not found:
        raise NoRun("There is no such turn of a van.")
    return found[0]


def _with_drops(rows: list[Row]) -> list[Run]:
    drops: dict[UUID, list[Drop]] = {}
    if rows:
        for row in run(_DROPS, [ids_array(row[0] for row in rows)]).fetchall():
            drops.setdefault(row[0], []).append(Drop(*row))
    return [replace(Run(*row), drops=tuple(drops.get(row[0], ()))) for row in rows]


@dataclass(frozen=True, slots=True)
class ToBring:
    """What a place is to bring to shoppers, soonest first; of what is neither among it nor in a van how many orders, and from when."""

    first: tuple[Bring, ...]
    later: int = 0
    later_from: datetime | None = None


def to_bring(place_id: UUID, until: datetime | None, *, limit: int = 300) -> ToBring:
    """What this place is to bring to shoppers, what is due before a moment (None: whenever), at most so many orders."""
    rows = run(_TO_BRING, [list(LIVE_DROPS), place_id, until, until, limit]).fetchall()
    found = tuple(Bring(*row) for row in rows)
    since = (found[-1].due_at, found[-1].order_id) if found else (datetime.min.replace(tzinfo=UTC), UUID(int=0))
    return ToBring(found, *run(_LATER, [place_id, *since, list(LIVE_DROPS)]).fetchall()[0])


def live_drops(order_ids: Collection[UUID]) -> dict[UUID, Drop]:
    """The turn that each of these orders is in now, if any."""
    sql = """
SELECT run_id, order_id, position, state FROM fulfilment_drop WHERE order_id = ANY(%s::uuid[]) AND state = ANY(%s::text[])
"""
    rows = run(sql, [ids_array(order_ids), list(LIVE_DROPS)]).fetchall()
    return {row[1]: Drop(*row) for row in rows}


def departure_code(run_id: UUID) -> str | None:
    """The code that lets a turn leave, for the eyes of the place that loads it."""
    return messages.shown_code(DEPARTURE, run_id)


@dataclass(frozen=True, slots=True)
class ProofView:
    """That goods changed hands: from the place to a van, or to their shopper."""

    subject_id: UUID
    kind: str
    how: str
    name: str
    drawing: str
    at: datetime


_PROOFS = """
SELECT subject_id, kind, how, name, drawing, at FROM fulfilment_proof WHERE subject_id = ANY(%s::uuid[]) ORDER BY at
"""


def proofs_of(subject_ids: Collection[UUID]) -> dict[UUID, ProofView]:
    """The last proof about each of these turns, orders or parcels."""
    return {row[0]: ProofView(*row) for row in run(_PROOFS, [ids_array(subject_ids)]).fetchall()}
