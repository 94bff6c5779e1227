"""What messages do when time passes. Each may be called at any time, by any number of workers."""

from __future__ import annotations

from storeline.kernel.api import job
from storeline.messages.codes import forget_old_codes
from storeline.messages.outbox import send_due


@job(every=1)
def send() -> int:
    """Send what is due; how many were tried."""
    return send_due()


@job(every=3600)
def tidy() -> int:
    """Drop codes that can do nothing any more; how many."""
    return forget_old_codes()
