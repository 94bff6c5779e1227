"""What the shop does when time passes. Each may be called at any time, by any number of workers."""

from __future__ import annotations

from time import monotonic

from storeline.kernel.api import job
from storeline.shop import hot, offers

_AT_ONCE = 20
_REST = 4
"""After ranking we rest so many times as long as it took: it never costs more than a fifth of one core."""


class _Rest:
    until = 0.0


@job(every=5)
def rank_offers() -> int:
    """Rank the offers of shops that people look at; how many rankings were made."""
    if monotonic() < _Rest.until:
        return 0
    started = monotonic()
    done = offers.rank_due(_AT_ONCE)
    _Rest.until = monotonic() + _REST * (monotonic() - started)
    return done


@job(every=3600)
def forget_tickets() -> int:
    """Delete the tickets of days before; how many."""
    return hot.forget_old()
