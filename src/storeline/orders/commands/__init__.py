"""Writes of an order, one verb a file."""
