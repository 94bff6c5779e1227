"""Storeline: one customer, one catalogue, one stock, one order, one wallet, over shops and online channels."""

__version__ = "0.1.0"
