"""Sourcing over HTTP."""

from storeline.sourcing.http import options, plans, promise, settings
from storeline.sourcing.http.router import router

__all__ = ["options", "plans", "promise", "router", "settings"]
