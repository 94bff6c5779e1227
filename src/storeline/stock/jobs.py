"""What stock does when time passes. It may be called at any time, by any number of workers."""

from __future__ import annotations

from storeline.kernel.api import job
from storeline.stock.commands.reservations import expire


@job(every=5)
def expire_holds() -> int:
    """Free holds whose time is over; how many."""
    return expire()
