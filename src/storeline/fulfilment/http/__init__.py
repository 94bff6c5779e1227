"""Picking, substitutes and hand-over over HTTP, one file for each part of it."""

from storeline.fulfilment.http import parcels, substitutes, tasks, vans
from storeline.fulfilment.http.router import router

__all__ = ["parcels", "router", "substitutes", "tasks", "vans"]
