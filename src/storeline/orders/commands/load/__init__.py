"""Orders of the past, set-based: the same rows as live orders, whole or not at all."""

from storeline.orders.commands.load.load import load_orders
from storeline.orders.commands.load.staged import LINE_DISCOUNTS_IN, ORDER_LINES_IN, ORDERS_IN, PAYMENTS_IN

__all__ = ["LINE_DISCOUNTS_IN", "ORDERS_IN", "ORDER_LINES_IN", "PAYMENTS_IN", "load_orders"]
