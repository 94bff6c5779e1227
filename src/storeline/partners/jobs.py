"""What the worker calls now and then."""

from storeline.kernel.api import now
from storeline.partners.sender import deliver_due

__all__ = ["deliver"]


def deliver() -> int:
    """Send the webhooks that are due; how many were tried."""
    return deliver_due(now())
