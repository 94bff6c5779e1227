"""What identity does when time passes. It may be called at any time, by any number of workers."""

from __future__ import annotations

from storeline.identity.sessions import forget_attempts
from storeline.kernel.api import job, run


@job(every=3600)
def tidy() -> None:
    """Drop counted attempts, sessions and access tokens that have ended."""
    forget_attempts()
    run("DELETE FROM django_session WHERE expire_date < clock_timestamp()")
    run("DELETE FROM oauth2_provider_accesstoken WHERE expires < clock_timestamp()")
