"""Picking, substitutes and hand-over over HTTP, one file for each part of it."""

from storeline.fulfilment.http import parcels, substitutes, supplies, tasks, vans
from storeline.fulfilment.http.router import router

__all__ = ["parcels", "router", "substitutes", "supplies", "tasks", "vans"]
