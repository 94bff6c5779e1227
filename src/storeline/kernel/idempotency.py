"""Idempotency-Key: one key, one deed, one answer, kept for a day and more.

The key's row is written in the deed's own transaction: after a crash either both are there or
neither. While one request works, a second with the same key is told to come back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from storeline.kernel import db
from storeline.kernel.errors import BodyMismatch, InFlight, Invalid, MissingKey

LONGEST_KEY = 255
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
_FIND = "SELECT body_hash, status, body FROM kernel_idempotencykey WHERE scope = %s AND key = %s"
_KEEP = """
INSERT INTO kernel_idempotencykey (scope, key, body_hash, status, body)
VALUES (%s, %s, %s, %s, %s::jsonb)
"""
_FORGET = "DELETE FROM kernel_idempotencykey WHERE at < now() - interval '48 hours'"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and a JSON body."""

    status: int
    body: Any


def body_hash(body: bytes) -> bytes:
    """What two requests must share to count as the same."""
    return hashlib.sha256(body).digest()


def once(scope: str, key: str | None, body: bytes, deed: Callable[[], Answer]) -> Answer:
    """Do `deed` once for this scope and key, inside one transaction; repeat its answer after that.

    Raises MissingKey, Invalid for a key that is too long, InFlight while another request holds
    the key, BodyMismatch where the key came before with another body. Errors are not kept.
    """
    if not key:
        raise MissingKey("Send a fresh Idempotency-Key header with each new request.")
    if len(key) > LONGEST_KEY:
        raise Invalid(f"An Idempotency-Key has at most {LONGEST_KEY} characters.", field="Idempotency-Key")
    digest = body_hash(body)
    with db.transaction():
        locked = db.run(_LOCK, [f"{scope}\n{key}"]).fetchone()
        if locked is None or not locked[0]:
            raise InFlight("The first request with this key has not ended yet.", retry_after=1)
        if kept := db.run(_FIND, [scope, key]).fetchone():
            if kept[0] != digest:
                raise BodyMismatch("This Idempotency-Key was used with another body.", field="Idempotency-Key")
            return Answer(kept[1], kept[2])
        answer = deed()
        db.run(_KEEP, [scope, key, digest, answer.status, orjson.dumps(answer.body, default=str).decode()])
        return answer


def forget_old() -> int:
    """Drop keys older than two days; the number dropped."""
    return db.run(_FORGET).rowcount
