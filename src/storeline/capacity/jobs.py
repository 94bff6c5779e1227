"""What capacity does when time passes. Each may be called at any time, by any number of workers."""

from __future__ import annotations

from datetime import date

from storeline.capacity.commands.bookings import expire
from storeline.capacity.commands.slots import generate
from storeline.kernel.api import SYSTEM, job, now

_made: list[date | None] = [None]


@job(every=5)
def expire_bookings() -> int:
    """Free bookings whose time is over; how many."""
    return expire()


@job(every=60)
def make_slots() -> int:
    """Once a day of the business clock: make the slots of the coming week; how many were made or changed."""
    today = now().date()
    if _made[0] == today:
        return 0
    made = generate(actor=SYSTEM)
    _made[0] = today
    return made
