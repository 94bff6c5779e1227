"""Keyed hashes under the installation's secret, one separate key for each purpose.

What is derived here (webhook secrets, one-time codes) is stored nowhere, so a copy of the database
gives none of it away. The key is the setting DATA_KEY where it is set, otherwise SECRET_KEY: keep
DATA_KEY when sessions' SECRET_KEY is changed, or partners' webhook secrets change with it.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings


@lru_cache(maxsize=64)
def _key(master: str, purpose: str) -> bytes:
    return hmac.digest(master.encode(), b"storeline\x00" + purpose.encode(), hashlib.sha256)


def keyed(purpose: str, *parts: str | bytes) -> bytes:
    """32 bytes from `parts` (HMAC-SHA256, RFC 2104), under a key that only `purpose` uses.

    Each part goes in with its length, so that no two lists of parts meet.
    """
    master = getattr(settings, "DATA_KEY", "") or settings.SECRET_KEY
    message = b""
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        message += len(data).to_bytes(4) + data
    return hmac.digest(_key(master, purpose), message, hashlib.sha256)
