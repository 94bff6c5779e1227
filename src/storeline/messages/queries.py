"""Reads: what was sent about whom, without its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.kernel.api import ids_array, run


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message's fate; `state` is pending, sent or failed."""

    id: UUID
    subject_id: UUID
    channel: str
    template: str
    language: str
    state: str
    attempts: int
    error: str
    created_at: datetime
    sent_at: datetime | None


_LIST = """
SELECT id, subject_id, channel, template, language, state, attempts, error, created_at, sent_at
FROM messages_message
WHERE (%s::uuid IS NULL OR subject_id = %s) AND (%s::uuid IS NULL OR id < %s)
ORDER BY id DESC LIMIT %s
"""


def list_messages(*, subject_id: UUID | None = None, before: UUID | None = None, limit: int = 50) -> list[MessageView]:
    """Messages, newest first, of one subject or of all."""
    rows = run(_LIST, [subject_id, subject_id, before, before, limit]).fetchall()
    return [MessageView(*row) for row in rows]


def messages_of(subject_ids: Sequence[UUID]) -> list[MessageView]:
    """Every message of these subjects, newest first: part of a person's export."""
    sql = _LIST.partition("WHERE")[0] + "WHERE subject_id = ANY(%s::uuid[]) ORDER BY id DESC"
    return [MessageView(*row) for row in run(sql, [ids_array(subject_ids)]).fetchall()]
