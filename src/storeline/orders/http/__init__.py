"""Orders over HTTP."""

from storeline.orders.http import checkout, orders, quotes
from storeline.orders.http.router import router

__all__ = ["checkout", "orders", "quotes", "router"]
