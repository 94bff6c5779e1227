"""One-time codes: made, shown, tried and used.

A code is derived from the installation's key, its purpose, its subject and a random nonce, so it
can be shown to its owner again and again, while a copy of the database gives away neither it nor
a hash that could be searched.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction as django_transaction

from storeline.identity.api import keyed
from storeline.kernel.api import Actor, Row, ids_array, new_id, now, run, transaction
from storeline.messages.domain import (
    CODE_TEMPLATE,
    LONGEST_WINDOW,
    PER_DESTINATION,
    PER_PURPOSE,
    PER_SUBJECT,
    code_text,
    normal_code,
    purpose_of,
    wait_for,
)
from storeline.messages.errors import NoCode, TooManyCodes, WrongCode
from storeline.messages.outbox import NewMessage, queue

NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Issued:
    """A code that is on its way to a person."""

    id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt: `code` is what a person typed for `subject_id`."""

    subject_id: UUID
    code: str


def _durable() -> AbstractContextManager[None]:
    """A transaction of its own: an attempt stays counted, whatever the caller does afterwards."""
    return django_transaction.atomic(durable=True)


def _moment(purpose: str) -> datetime:
    return now() if purpose_of(purpose).business_time else datetime.now(UTC)


def _text(purpose: str, subject_id: UUID, nonce: bytes) -> str:
    return code_text(keyed("messages.code", purpose, subject_id.bytes, nonce), purpose_of(purpose).digits)


def _hash(purpose: str, subject_id: UUID, nonce: bytes, code: str) -> bytes:
    return keyed("messages.code.hash", purpose, subject_id.bytes, nonce, code)


_INSERT = """
INSERT INTO messages_code (id, purpose, subject_id, nonce, hash, destination, created_at, expires_at)
SELECT r.id, %s, r.subject_id, r.nonce, r.hash, %s::bytea, clock_timestamp(), r.expires_at
FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[], %s::bytea[], %s::timestamptz[])
  AS r (id, subject_id, nonce, hash, expires_at)
ON CONFLICT (purpose, subject_id) WHERE used_at IS NULL AND replaced_at IS NULL DO NOTHING
"""
_REPLACE = """
UPDATE messages_code SET replaced_at = now()
WHERE purpose = %s AND subject_id = ANY(%s::uuid[]) AND used_at IS NULL AND replaced_at IS NULL
"""


def _insert(purpose: str, expires: Mapping[UUID, datetime], destination: bytes | None = None) -> list[UUID]:
    subjects = sorted(expires)
    ids = [new_id() for _ in subjects]
    nonces = [secrets.token_bytes(NONCE_BYTES) for _ in subjects]
    hashes = [
        _hash(purpose, subject, nonce, _text(purpose, subject, nonce))
        for subject, nonce in zip(subjects, nonces, strict=True)
    ]
    ends = [expires[subject] for subject in subjects]
    run(_INSERT, [purpose, destination, ids_array(ids), ids_array(subjects), nonces, hashes, ends])
    return ids


def new_codes(purpose: str, expires: Mapping[UUID, datetime], *, replace: bool = False) -> None:
    """Make a code for each subject, good until its moment: one statement for all, queued in a pipeline.

    A subject with a live code keeps it, so a repeat changes nothing; `replace` ends those first (two
    statements). Nothing is sent: `shown_codes` gives what its owner may see.
    """
    purpose_of(purpose)
    if not expires:
        return
    if replace:
        run(_REPLACE, [purpose, ids_array(sorted(expires))])
    _insert(purpose, expires)


def new_code(purpose: str, subject_id: UUID, expires_at: datetime, *, replace: bool = False) -> str:
    """The same for one subject, and its code."""
    with transaction():
        new_codes(purpose, {subject_id: expires_at}, replace=replace)
        return shown_codes(purpose, [subject_id])[subject_id]


_SHOWN = """
SELECT subject_id, nonce FROM messages_code
WHERE purpose = %s AND subject_id = ANY(%s::uuid[]) AND used_at IS NULL AND replaced_at IS NULL AND expires_at > %s
"""


def shown_codes(purpose: str, subject_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The live code of each subject that has one, for its owner's eyes; nothing is stored in clear."""
    rows = run(_SHOWN, [purpose, ids_array(subject_ids), _moment(purpose)]).fetchall()
    return {subject: _text(purpose, subject, nonce) for subject, nonce in rows}


def shown_code(purpose: str, subject_id: UUID) -> str | None:
    """One subject's live code, for its owner's eyes."""
    return shown_codes(purpose, [subject_id]).get(subject_id)


_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s::text[]) AS key"
_TIMES = """
SELECT created_at, purpose = %s AND destination = %s, destination = %s, subject_id = %s FROM messages_code
WHERE (destination = %s OR subject_id = %s) AND destination IS NOT NULL AND created_at > %s
ORDER BY created_at DESC
"""


def issue_code(
    purpose: str,
    subject_id: UUID,
    destination: str,
    *,
    channel: str,
    language: str = "en",
    template: str = CODE_TEMPLATE,
    actor: Actor,  # noqa: ARG001  # every write names who does it; guests may ask for a code
) -> Issued:
    """Send a fresh code to `destination` (an address or E.164 number); an earlier one for the subject ends.

    Without a channel nothing leaves, and all else is as if it did: so nobody learns which addresses are known.

    Counted exactly, by destination and purpose, by destination and by subject: raises TooManyCodes
    with `retry_after`, and then nothing has changed.
    """
    rules = purpose_of(purpose)
    mark = keyed("messages.destination", channel, destination.strip().lower())
    with transaction():
        run(_LOCK, [sorted([f"messages.code {mark.hex()}", f"messages.code {subject_id}"])]).fetchall()
        moment = run("SELECT clock_timestamp()").fetchall()[0][0]
        oldest = moment - LONGEST_WINDOW
        _throttle(run(_TIMES, [purpose, mark, mark, subject_id, mark, subject_id, oldest]).fetchall(), moment)
        expires_at = _moment(purpose) + rules.lifetime
        run(_REPLACE, [purpose, ids_array([subject_id])])
        (code_id,) = _insert(purpose, {subject_id: expires_at}, mark)
        if channel:
            queue([NewMessage(subject_id, channel, destination.strip(), template, language, code_id=code_id)])
    return Issued(code_id, expires_at)


def _throttle(rows: Sequence[Row], moment: datetime) -> None:
    """Rows are when, same purpose and destination, same destination, same subject; newest first."""
    wait = max(
        wait_for(limits, [row[0] for row in rows if row[which]], moment)
        for which, limits in ((1, PER_PURPOSE), (2, PER_DESTINATION), (3, PER_SUBJECT))
    )
    if wait.total_seconds() > 0:
        raise TooManyCodes(
            "A code was sent already: wait before asking for another.", retry_after=-int(-wait.total_seconds() // 1)
        )


_ATTEMPT = """
UPDATE messages_code SET attempts = attempts + 1
WHERE purpose = %s AND subject_id = ANY(%s::uuid[]) AND used_at IS NULL AND replaced_at IS NULL
  AND expires_at > %s AND attempts < %s
RETURNING subject_id, id, nonce, hash, attempts
"""


def try_codes(purpose: str, tries: Sequence[Try]) -> dict[UUID, UUID | WrongCode | NoCode]:
    """Count an attempt at each subject's code and say how it went: the code's id where it was right.

    What has not as many digits as a code is no guess at it, such as goods that were scanned into its field: that is not counted.
    Runs in a transaction of its own and refuses to run in another, since a caller's rollback would
    give the guesser the attempt back. A right code is not used up by this: that is `use_codes`, in
    the transaction of what it opens.
    """
    rules, moment = purpose_of(purpose), _moment(purpose)
    guesses = [each for each in tries if len(normal_code(each.code)) == rules.digits]
    verdicts: dict[UUID, UUID | WrongCode | NoCode] = {
        each.subject_id: WrongCode(f"That is not a code: it has {rules.digits} digits.", field="code") for each in tries
    }
    subjects = sorted({each.subject_id for each in guesses})
    with _durable():
        rows = run(_ATTEMPT, [purpose, ids_array(subjects), moment, rules.attempts]).fetchall() if guesses else []
    found = {row[0]: row for row in rows}
    return verdicts | {
        each.subject_id: _judge(purpose, each, found.get(each.subject_id), rules.attempts) for each in guesses
    }


def _judge(purpose: str, attempt: Try, row: Row | None, limit: int) -> UUID | WrongCode | NoCode:
    if row is None:
        return NoCode("There is no such code any more: ask for another.", field="code")
    subject_id, code_id, nonce, stored, attempts = row
    given = _hash(purpose, subject_id, nonce, normal_code(attempt.code))
    if hmac.compare_digest(given, bytes(stored)):
        checked: UUID = code_id
        return checked
    return WrongCode("That is not the code.", field="code", attempts_left=limit - attempts)


def try_code(purpose: str, subject_id: UUID, code: str) -> UUID:
    """The same for one; raises WrongCode or NoCode."""
    outcome = try_codes(purpose, [Try(subject_id, code)])[subject_id]
    if isinstance(outcome, UUID):
        return outcome
    raise outcome


_USE = """
UPDATE messages_code SET used_at = %s
WHERE id = ANY(%s::uuid[]) AND used_at IS NULL AND replaced_at IS NULL RETURNING id
"""


def use_codes(code_ids: Sequence[UUID]) -> set[UUID]:
    """Use up codes that were tried and right, in the caller's transaction: those that nobody used before."""
    return {row[0] for row in run(_USE, [now(), ids_array(sorted(code_ids))]).fetchall()}


def check_code(
    purpose: str,
    subject_id: UUID,
    code: str,
    *,
    actor: Actor,  # noqa: ARG001  # every write names who does it
) -> None:
    """Try a code and use it up. Of many at once exactly one gets through. Raises WrongCode or NoCode."""
    code_id = try_code(purpose, subject_id, code)
    if not use_codes([code_id]):
        raise NoCode("The code was used already: ask for another.", field="code")


_FORGET = """
DELETE FROM messages_code
WHERE created_at < now() - interval '30 days' AND (used_at IS NOT NULL OR replaced_at IS NOT NULL OR expires_at < %s)
"""


def forget_old_codes() -> int:
    """Drop codes of the last month and before that can do nothing any more; the number dropped."""
    return run(_FORGET, [now()]).rowcount
