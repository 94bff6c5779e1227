"""Sourcing: which places can serve a basket, and when. The only file that other modules import."""

from storeline.sourcing.domain import Code, Method, Option, Reason, WantedLine
from storeline.sourcing.permissions import OPTIONS
from storeline.sourcing.queries import options

__all__ = ["OPTIONS", "Code", "Method", "Option", "Reason", "WantedLine", "options"]
