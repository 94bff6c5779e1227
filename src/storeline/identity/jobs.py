"""What the worker calls now and then."""

import time

from storeline.identity.sessions import forget_attempts
from storeline.kernel.api import run

__all__ = ["tidy"]
_HOUR = 3600.0
_next = [0.0]


def tidy() -> None:
    """Once an hour: drop counted attempts, sessions and access tokens that have ended."""
    if time.monotonic() < _next[0]:
        return
    _next[0] = time.monotonic() + _HOUR
    forget_attempts()
    run("DELETE FROM django_session WHERE expire_date < clock_timestamp()")
    run("DELETE FROM oauth2_provider_accesstoken WHERE expires < clock_timestamp()")
