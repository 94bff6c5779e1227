"""What stock does when time passes. It may be called at any time, by any number of workers."""

from __future__ import annotations

from storeline.kernel.api import job
from storeline.stock.commands import lots
from storeline.stock.commands.reservations import expire


@job(every=1)
def expire_holds() -> int:
    """Free holds whose time is over; how many. Whoever locks their balances before it comes by frees them too."""
    return expire()


@job(every=15)
def expire_lots() -> int:
    """Keep lots back whose last day is over, as each place reckons days; how many."""
    return lots.expire_lots()
