"""What payments do when time passes. It may be called at any time, by any number of workers."""

from __future__ import annotations

from storeline.kernel.api import SYSTEM, job, now
from storeline.payments.commands.resolve import resolve_unknown


@job(every=5)
def resolve() -> int:
    """Ask partners about operations without an answer, and send what was never sent; how many became known."""
    return len(resolve_unknown(now(), actor=SYSTEM))
