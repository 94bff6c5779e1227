"""What orders do when time passes. Each may be called at any time, by any number of workers."""

from __future__ import annotations

from datetime import timedelta

from storeline.kernel.api import job, now, run
from storeline.orders.commands.checkout import finish
from storeline.orders.commands.confirm import expire
from storeline.orders.personal import forget_addresses

_LEFT_BEHIND = timedelta(seconds=30)
# In no order, so that those that cannot be finished for long hold no others up.
_CARRIED = """
SELECT id FROM orders_order
WHERE state = 'confirmed' AND method = 'carry_out' AND placed_at <= %s ORDER BY random() LIMIT 200
"""


@job(every=600)
def forget_old_addresses() -> int:
    """Forget where orders were brought that ended long ago, or whose customer was erased, and how to reach whoever ordered, in time."""
    return forget_addresses(now())


@job(every=5)
def expire_pending() -> int:
    """Cancel pending orders whose time is over; how many."""
    total = 0
    while ended := expire(now()):
        total += ended
    return total


@job(every=10)
def finish_carried_out() -> int:
    """Complete sales whose till went away between the card's yes and the end; how many."""
    left = [row[0] for row in run(_CARRIED, [now() - _LEFT_BEHIND]).fetchall()]
    return len(finish(left)) if left else 0
