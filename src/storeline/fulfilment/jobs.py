"""What the worker calls now and then."""

from storeline.fulfilment.commands.finish import resume

__all__ = ["resume"]
