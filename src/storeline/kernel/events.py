"""The event log: facts written with the change they tell of, read in batches by idempotent consumers.

A consumer reads only events of transactions below the oldest one still running here, in the order
(transaction, event), so nothing that commits late is ever passed over. Its checkpoint moves in the
same transaction as what it did, so a crash repeats a batch whole or not at all.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError

from storeline.kernel import db, tracing
from storeline.kernel.clock import now
from storeline.kernel.errors import Error
from storeline.kernel.pipe import Row

log = logging.getLogger(__name__)
# The server went away, or chose us to end a deadlock: the event is not to blame, and is read again later.
_PASSING = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
_FAILURES = (Error, DatabaseError, psycopg.Error, ValueError, LookupError, TypeError)
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Event:
    """A fact to publish: `type` is ``module.happened``; `payload` is public, without personal data."""

    type: str
    subject_id: UUID
    place_id: UUID | None = None
    entity_id: UUID | None = None
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A published fact as consumers see it."""

    id: int
    type: str
    subject_id: UUID
    place_id: UUID | None
    entity_id: UUID | None
    at: datetime
    payload: dict[str, Any]


Handler = Callable[[Sequence[Envelope]], None]


@dataclass(frozen=True, slots=True)
class Consumer:
    """A named reader of some types of events (globs such as ``orders.*``)."""

    name: str
    types: tuple[str, ...]
    handle: Handler
    batch: int = BATCH


CONSUMERS: dict[str, Consumer] = {}


def consumer(name: str, *, types: tuple[str, ...], batch: int = BATCH) -> Callable[[Handler], Handler]:
    """Register a batch handler. It runs inside one transaction with its checkpoint; it must be idempotent."""

    def register(handle: Handler) -> Handler:
        if name in CONSUMERS:
            raise ValueError(f"two consumers are called {name}")
        CONSUMERS[name] = Consumer(name, types, handle, batch)
        return handle

    return register


_PUBLISH = """
INSERT INTO kernel_event (type, subject_id, place_id, entity_id, at, payload)
SELECT * FROM unnest(%s::text[], %s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::jsonb[])
"""


def publish(events: Iterable[Event]) -> None:
    """Write facts into the log, in the caller's transaction; queued when a pipeline is open."""
    rows = list(events)
    if not rows:
        return
    moment = now()
    db.run(
        _PUBLISH,
        [
            db.texts_array(event.type for event in rows),
            db.ids_array(event.subject_id for event in rows),
            db.ids_array(event.place_id for event in rows),
            db.ids_array(event.entity_id for event in rows),
            db.times_array([moment] * len(rows)),
            db.texts_array(orjson.dumps(event.payload).decode() for event in rows),
        ],
    )


_CLAIM = """
INSERT INTO kernel_checkpoint (name, xid, event_id) VALUES (%s, '0', 0)
ON CONFLICT (name) DO NOTHING
"""
_LOCK = "SELECT xid::text, event_id FROM kernel_checkpoint WHERE name = %s FOR UPDATE SKIP LOCKED"
# Events are safe to read below the oldest transaction still running that could write one: pg_snapshot_xmin,
# but for transactions of other databases on the server, which cannot. One that is not to be told apart counts.
HORIZON = """
SELECT coalesce(min(running), pg_snapshot_xmax(pg_current_snapshot()))
FROM pg_snapshot_xip(pg_current_snapshot()) AS running
WHERE NOT EXISTS (
    SELECT FROM pg_stat_activity a WHERE a.backend_xid = running::xid AND a.datname <> current_database()
)
"""
# Most events are not for most readers: only what is, and where the batch ends, leaves the server.
_READ = f"""
WITH batch AS MATERIALIZED (
    SELECT *, row_number() OVER (ORDER BY xid, id) AS passed FROM kernel_event
    WHERE (xid, id) > (%s::text::xid8, %s::bigint) AND xid < ({HORIZON})
    ORDER BY xid, id LIMIT %s
)
SELECT passed, xid::text, id, type, subject_id, place_id, entity_id, at, payload, type LIKE ANY(%s::text[]) FROM batch
WHERE type LIKE ANY(%s::text[]) OR passed = (SELECT count(*) FROM batch)
ORDER BY passed
"""
_MOVE = "UPDATE kernel_checkpoint SET xid = %s::text::xid8, event_id = %s WHERE name = %s"
_PARK = """
INSERT INTO kernel_parked (consumer, event_id, error) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""


def _read(reader: Consumer, position: Row, size: int) -> list[Row]:
    patterns = [_like(glob) for glob in reader.types]
    return db.run(_READ, [*position, size, patterns, patterns]).fetchall()


def _like(glob: str) -> str:
    r"""The same pattern in SQL's own language; ``*`` is the only sign that types are chosen by.

    >>> print(_like("stock.sold_*"))
    stock.sold\_%
    """
    return glob.replace("_", r"\_").replace("*", "%")


def _take(reader: Consumer, size: int) -> int:
    """Read and handle one batch; the number of events passed."""
    with db.transaction():
        db.run(_CLAIM, [reader.name])
        position = db.run(_LOCK, [reader.name]).fetchone()
        if position is None:
            return 0
        rows = _read(reader, position, size)
        if not rows:
            return 0
        if wanted := [Envelope(*row[2:-1]) for row in rows if row[-1]]:
            with tracing.span(f"consumer {reader.name}", {"storeline.events": len(wanted)}):
                reader.handle(wanted)
        passed, xid, event_id = rows[-1][:3]
        db.run(_MOVE, [xid, event_id, reader.name])
        return int(passed)


def _park(reader: Consumer, error: Exception) -> None:
    """Step over the one event that cannot be taken, and keep it where the audit sees it."""
    with db.transaction():
        position = db.run(_LOCK, [reader.name]).fetchone()
        rows = _read(reader, position, 1) if position else []
        if not rows:
            return
        _, xid, event_id = rows[0][:3]
        db.run(_PARK, [reader.name, event_id, f"{type(error).__name__}: {error}"[:500]])
        db.run(_MOVE, [xid, event_id, reader.name])


def _drain(reader: Consumer) -> int:
    total = 0
    while True:
        try:
            taken = _take(reader, reader.batch)
        except _PASSING:
            raise
        except _FAILURES as failure:
            log.exception("consumer %s failed on a batch; going on one by one", reader.name)
            taken = _one_by_one(reader, failure)
        total += taken
        if not taken:
            return total


def _one_by_one(reader: Consumer, failure: Exception) -> int:
    for passed in range(reader.batch):
        try:
            if not _take(reader, 1):
                return passed
        except _PASSING:
            raise
        except _FAILURES as single:
            _park(reader, single)
            return passed + 1
    log.warning("consumer %s passed the whole batch one by one after %s", reader.name, failure)
    return reader.batch


_WAITING = f"SELECT EXISTS (SELECT FROM kernel_event WHERE xid >= ({HORIZON}))"
_PAUSE = 0.01


def pump(names: Iterable[str] | None = None, *, patience: float = 2.0) -> int:
    """Let every consumer (or those named) read until nothing is left; the number of events passed.

    Committed events stay unread while an older transaction runs, a vacuum's included; for these it waits
    up to `patience` seconds. An event that its consumer cannot take is parked; where the server itself fails
    its error is raised, and nothing is parked.
    """
    chosen = list(CONSUMERS.values()) if names is None else [CONSUMERS[name] for name in names]
    deadline = time.monotonic() + patience
    total = 0
    while True:
        total += sum(_drain(reader) for reader in chosen)
        row = db.run(_WAITING).fetchone()
        if not (row and row[0]) or db.in_transaction() or time.monotonic() >= deadline:
            return total
        time.sleep(_PAUSE)
