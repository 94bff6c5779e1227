"""What insight does when time passes. Each may be called at any time, by any number of workers."""

from __future__ import annotations

from time import monotonic

from storeline.insight import availability, commands
from storeline.kernel.api import job

REST = 9
"""After folding we rest so many times as long as it took, so that figures never cost more than a tenth of one core."""


class _Rest:
    until = 0.0


@job(every=2)
def fold() -> int:
    """Make the days anew whose trade changed, the newest first; how many. Far behind, it goes on without a rest."""
    if monotonic() < _Rest.until:
        return 0
    started = monotonic()
    done = commands.fold()
    total = done
    while done == commands.CELLS_AT_ONCE:  # an import: whoever waits for its figures waits less
        done = commands.fold()
        total += done
        started = monotonic()
    _Rest.until = monotonic() + REST * (monotonic() - started)
    return total


@job(every=60)
def look_at_shelves() -> int:
    """Count what places have of their range, those first that were looked at longest ago; how many places."""
    return availability.look()
