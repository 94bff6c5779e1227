"""Picking, substitutes and hand-over over HTTP, one file for each part of it."""

from storeline.fulfilment.http import substitutes, tasks
from storeline.fulfilment.http.router import router

__all__ = ["router", "substitutes", "tasks"]
