"""Returns of the past, set-based: the same rows as live returns, whole or not at all."""

from storeline.aftersales.commands.load.load import load_returns
from storeline.aftersales.commands.load.staged import REFUNDS_IN, RETURN_LINES_IN, RETURNS_IN

__all__ = ["REFUNDS_IN", "RETURNS_IN", "RETURN_LINES_IN", "load_returns"]
