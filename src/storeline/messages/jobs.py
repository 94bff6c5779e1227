"""What the worker calls now and then."""

import time

from storeline.messages.codes import forget_old_codes
from storeline.messages.outbox import send_due

__all__ = ["send", "tidy"]
_HOUR = 3600.0
_next = [0.0]


def send() -> int:
    """Send what is due; how many were tried."""
    return send_due()


def tidy() -> None:
    """Once an hour: drop codes that can do nothing any more."""
    if time.monotonic() < _next[0]:
        return
    _next[0] = time.monotonic() + _HOUR
    forget_old_codes()
