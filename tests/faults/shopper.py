"""Guests who order over HTTP, one or many at once."""

from __future__ import annotations

import contextlib
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import UUID

import orjson

from storeline.kernel.api import new_id


def post(port: int, body: bytes) -> int:
    """The status that the order is answered with."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/orders", body, {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as refusal:
        with contextlib.closing(refusal):
            return refusal.code


def post_all(port: int, bodies: Sequence[bytes], threads: int = 12) -> Counter[int]:
    """How often each status was answered to bodies sent at once."""
    with ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(partial(post, port), bodies))


def order(place: UUID, product: UUID, **changes: Any) -> bytes:
    """One unit to be collected, paid by card."""
    return orjson.dumps(
        {
            "id": str(new_id()),
            "place": str(place),
            "channel": "web",
            "currency": "EUR",
            "method": "collect",
            "lines": [{"product": str(product), "quantity": "1"}],
            "payments": [{"tender": "sandbox_card", "token": "tok_approve"}],
            "expected_total": "2.50",
        }
        | changes
    )
