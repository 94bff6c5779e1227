"""What sourcing does when time passes. Each may be called at any time, by any number of workers."""

from __future__ import annotations

from datetime import timedelta

from storeline.kernel.api import job, now, run
from storeline.sourcing.commands.asks import forget_hours
from storeline.sourcing.commands.groups import follow_positions
from storeline.sourcing.commands.values import make_values

FACTS_KEPT = timedelta(days=90)
HOURS_KEPT = timedelta(days=7)
"""Caps ask for the hour that is, and a cancelled order gives room back to its own hour. The days are for whoever looks into it."""
_FORGET = "UPDATE sourcing_plan SET facts = NULL WHERE made_at < %s AND facts IS NOT NULL"


@job(every=6 * 3600)
def values() -> int:
    """What units are worth where they stand, made anew from movements; how many changed."""
    return make_values()


@job(every=300)
def positions() -> int:
    """Groups follow places that moved; how many."""
    return follow_positions()


@job(every=3600)
def forget() -> int:
    """Drop what old plans were chosen from, since nobody asks what-if of last year, and which orders asked a place in hours long over."""
    return run(_FORGET, [now() - FACTS_KEPT]).rowcount + forget_hours(now() - HOURS_KEPT)
