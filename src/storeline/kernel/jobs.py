"""What the kernel does when time passes. It may be called at any time, by any number of workers."""

from __future__ import annotations

from storeline.kernel.idempotency import forget_old
from storeline.kernel.timers import job


@job(every=86400)
def tidy() -> int:
    """Drop what was kept under Idempotency-Keys longer than promised; how many. Events stay: they are the record."""
    return forget_old()
