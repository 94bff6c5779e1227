"""Identifiers: UUIDv7 for what happens now, UUIDv8 for what came from elsewhere (RFC 9562)."""

from __future__ import annotations

import hashlib
import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from storeline.kernel.errors import InvalidId

_V7 = 0x7 << 76
_V8 = 0x8 << 76
_VARIANT = 0x2 << 62
_RANDOM_62 = (1 << 62) - 1
_MILLISECOND = timedelta(milliseconds=1)
SKEW = timedelta(minutes=5)
AGE = timedelta(days=1)
"""How long a form may stand open whose id this is, or a request wait for a connection."""


def new_id() -> UUID:
    """A fresh UUIDv7: milliseconds, then the fraction of one (RFC 9562 §6.2 method 3), then 62 random bits."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    random = int.from_bytes(os.urandom(8)) & _RANDOM_62
    return UUID(int=milliseconds << 80 | _V7 | fraction << 64 | _VARIANT | random)


def source_id(kind: str, key: str, at: datetime | None = None) -> UUID:
    """The UUIDv8 of something known elsewhere as `key`: business time, then a hash of its source key.

    The same key and time always give the same id, so a repeated import is a no-op.
    SQL has the same function as ``kernel_source_id(kind, key, at)``.
    """
    digest = int.from_bytes(hashlib.sha256(f"{kind}:{key}".encode()).digest()[:10])
    milliseconds = 0 if at is None else max(0, _milliseconds(at))
    high, low = digest >> 68, (digest >> 4) & ((1 << 64) - 1)
    return UUID(int=milliseconds << 80 | _V8 | high << 64 | _VARIANT | low & _RANDOM_62)


def _milliseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // _MILLISECOND


def id_time(value: UUID) -> datetime:
    """The moment that a UUIDv7 or one of our UUIDv8s was made for; raises OverflowError after the year 9999."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=value.int >> 80)


def check_id(value: UUID, *, field: str = "id", skew: timedelta | None = SKEW) -> UUID:
    """Refuse an id that a client may not use: not version 7 or 8, made more than `skew` after the system's time, or long before it.

    `skew` None accepts any time (tills work offline for days).
    """
    if value.version not in {7, 8}:
        raise InvalidId("Ids are UUIDs of version 7.", field=field)
    if skew is None:
        return value
    age = time.time_ns() // 1_000_000 - (value.int >> 80)
    if age < -(skew // _MILLISECOND):
        raise InvalidId(f"The id's time is more than {skew} from now: check the clock.", field=field)
    if age > AGE // _MILLISECOND:
        raise InvalidId("The id was made more than a day ago: make another.", field=field)
    return value
