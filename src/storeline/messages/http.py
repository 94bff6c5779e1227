"""HTTP: what was sent, for the service desk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router, Schema, Status

from storeline.identity.api import Request, requires
from storeline.messages import outbox, queries
from storeline.messages.permissions import READ, RESEND
from storeline.web.idempotent import idempotent

router = Router()


class MessageOut(Schema):
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


class Messages(Schema):
    items: list[MessageOut]
    next: UUID | None


@router.get("/messages", auth=requires(READ), response=Messages)
def messages(
    request: Request,
    subject_id: UUID | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Messages, newest first: to whom by id, when, and how it went; never their words."""
    found = queries.list_messages(subject_id=subject_id, before=cursor, limit=limit)
    return {"items": found, "next": found[-1].id if len(found) == limit else None}


@router.post("/messages/{message_id}/send", auth=requires(RESEND), response={202: None})
@idempotent
def send_now(request: Request, message_id: UUID) -> Status[None]:
    """Try a waiting message at once."""
    outbox.send_now(message_id, actor=request.actor)
    return Status(202, None)
