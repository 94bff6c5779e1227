"""The outbox: messages are rows of the deed's own transaction, and leave through a transport afterwards."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from storeline.identity.api import keyed
from storeline.kernel.api import Actor, Invalid, Refused, Row, ids_array, new_id, run, span, trail, transaction
from storeline.messages.domain import CHANNELS, RETRIES, code_text, is_template, purpose_of, render
from storeline.messages.permissions import RESEND
from storeline.messages.transports import Outgoing, TransportError, transport_for

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)
"""How long a sender may take before another tries the same message."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What to tell whom: `destination` is an address or an E.164 number, `values` fill the template's words."""

    subject_id: UUID
    channel: str
    destination: str = field(repr=False)
    template: str
    language: str = "en"
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    code_id: UUID | None = None


_QUEUE = """
INSERT INTO messages_message (id, subject_id, channel, destination, template, language, values, code_id, next_at)
SELECT r.*, clock_timestamp()
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::uuid[]) AS r
"""


def queue(messages: Sequence[NewMessage]) -> None:
    """Put messages into the outbox, in the caller's transaction, in one statement."""
    for each in messages:
        if each.channel not in CHANNELS:
            raise Invalid(f"{each.channel!r} is no channel.", field="channel")
        if not is_template(each.template):
            raise Invalid(f"{each.template!r} is no template.", field="template")
    if not messages:
        return
    run(
        _QUEUE,
        [
            ids_array(new_id() for _ in messages),
            ids_array(each.subject_id for each in messages),
            [each.channel for each in messages],
            [each.destination for each in messages],
            [each.template for each in messages],
            [each.language for each in messages],
            [orjson.dumps(dict(each.values)).decode() for each in messages],
            ids_array(each.code_id for each in messages),
        ],
    )


_CLAIM = """
WITH due AS (
  SELECT id FROM messages_message WHERE state = 'pending' AND next_at <= %s
  ORDER BY next_at, id LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE messages_message m SET attempts = m.attempts + 1, next_at = %s
FROM due WHERE m.id = due.id
RETURNING m.id, m.channel, m.destination, m.template, m.language, m.values, m.code_id, m.attempts
"""
_CODES = """
SELECT id, purpose, subject_id, nonce FROM messages_code
WHERE id = ANY(%s::uuid[]) AND used_at IS NULL AND replaced_at IS NULL
"""
_SENT = """
UPDATE messages_message
SET state = 'sent', sent_at = %s, destination = NULL, values = NULL, next_at = NULL, error = ''
WHERE id = %s AND state = 'pending'
"""
_FAILED = """
UPDATE messages_message
SET state = 'failed', destination = NULL, values = NULL, next_at = NULL, error = %s
WHERE id = %s AND state = 'pending'
"""
_AGAIN = "UPDATE messages_message SET next_at = %s, error = %s WHERE id = %s AND state = 'pending'"


def send_due(at: datetime | None = None, *, limit: int = 100) -> int:
    """Send what is due: claimed under a lease, sent outside any transaction, recorded one by one; how many tried.

    A sender that dies leaves its messages to be sent again when the lease ends, so a person may, rarely,
    get one twice.
    """
    moment = at or datetime.now(UTC)
    rows = run(_CLAIM, [moment, limit, moment + LEASE]).fetchall()
    codes = {row[0]: row for row in run(_CODES, [ids_array(row[6] for row in rows if row[6])]).fetchall()}
    for row in rows:
        _send(row, codes.get(row[6]), moment)
    return len(rows)


def _send(row: Row, code: Row | None, moment: datetime) -> None:
    message_id, channel, destination, template, language, values, code_id, attempts = row
    if code_id is not None and code is None:
        run(_FAILED, ["the code ended before it was sent", message_id])
        return
    if code is not None:
        _, purpose, subject_id, nonce = code
        secret = keyed("messages.code", purpose, subject_id.bytes, nonce)
        values = {**values, "code": code_text(secret, purpose_of(purpose).digits)}
    try:
        subject, body = render(template, language, values)
        with span(f"transport {channel}"):
            transport_for(channel).send(Outgoing(message_id, channel, destination, subject, body))
    except TransportError as error:
        _record_failure(message_id, attempts, error, moment)
    except Exception as error:  # noqa: BLE001  # one message's fault must not hold up the others
        log.error("message %s failed with %s", message_id, type(error).__name__)  # noqa: TRY400  # the text may hold personal data
        _record_failure(message_id, attempts, TransportError("transport fault"), moment)
    else:
        run(_SENT, [moment, message_id])


def _record_failure(message_id: UUID, attempts: int, error: TransportError, moment: datetime) -> None:
    if error.final or attempts > len(RETRIES):
        run(_FAILED, [error.reason, message_id])
    else:
        run(_AGAIN, [moment + RETRIES[attempts - 1], error.reason, message_id])


def forget_person(subject_ids: Sequence[UUID]) -> int:
    """Take destinations and words of people's messages away, unsent ones with them; how many rows changed."""
    sql = """
UPDATE messages_message SET state = 'failed', destination = NULL, values = NULL, next_at = NULL, error = 'erased'
WHERE subject_id = ANY(%s::uuid[]) AND state = 'pending'
"""
    return run(sql, [ids_array(subject_ids)]).rowcount


_RETRY = "UPDATE messages_message SET next_at = %s WHERE id = %s AND state = 'pending'"


def send_now(message_id: UUID, *, actor: Actor) -> None:
    """Let a message that waits for its next attempt be tried at once. What has left or failed has lost its words."""
    actor.require(RESEND)
    with transaction():
        if run(_RETRY, [datetime.now(UTC), message_id]).rowcount != 1:
            raise Refused("Only a message that waits can be sent.", field="message_id")
        trail(actor, "messages.send_now", message_id)
