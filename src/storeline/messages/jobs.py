"""What the worker calls now and then."""

from storeline.messages.codes import forget_old_codes
from storeline.messages.outbox import send_due

__all__ = ["forget_old_codes", "send_due"]
