"""What the event log says since a position, for those who only want to know that something changed.

Unlike a consumer such a reader keeps no checkpoint and does nothing in the database: it reads below the same horizon,
so that nothing which commits late is passed over, and each server process reads for all who listen to it.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from storeline.kernel import db
from storeline.kernel.events import HORIZON


class Position(NamedTuple):
    """How far somebody has read: up to and with this event of this transaction. Positions hold in every process."""

    xid: int
    event_id: int


class News(NamedTuple):
    """That something happened, without what it was about in full."""

    position: Position
    type: str
    subject_id: UUID
    place_id: UUID | None


_END = f"SELECT ({HORIZON})::text::bigint"
_SINCE = f"""
SELECT xid::text::bigint, id, type, subject_id, place_id FROM kernel_event
WHERE (xid, id) > (%s::text::xid8, %s::bigint) AND xid < ({HORIZON})
ORDER BY xid, id LIMIT %s
"""


def news_end() -> Position:
    """Where the log ends now: all that can be read is before it, whatever comes is after it."""
    row = db.run(_END).fetchone()
    return Position(int(row[0]) if row else 0, 0)


def news_since(position: Position, *, limit: int) -> list[News]:
    """What happened after `position`, oldest first."""
    rows = db.run(_SINCE, [str(position.xid), position.event_id, limit]).fetchall()
    return [News(Position(xid, event_id), *rest) for xid, event_id, *rest in rows]
