"""What aftersales do when time passes. It may be called at any time, by any number of workers."""

from __future__ import annotations

from storeline.aftersales.commands.recall import tell_open
from storeline.aftersales.commands.request import lapse_requests
from storeline.kernel.api import job, now


@job(every=60)
def lapse() -> int:
    """End requests whose goods did not come in time; how many."""
    total = 0
    while ended := lapse_requests(now()):
        total += ended
    return total


@job(every=60)
def tell_recalls() -> int:
    """Tell those whose orders of a recalled lot were found after its recall started; how many."""
    return tell_open()
