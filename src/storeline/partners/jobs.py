"""What partners do when time passes. It may be called at any time, by any number of workers."""

from __future__ import annotations

from storeline.kernel.api import job, now
from storeline.partners.sender import deliver_due


@job(every=1)
def deliver() -> int:
    """Send the webhooks that are due; how many were tried."""
    return deliver_due(now())
