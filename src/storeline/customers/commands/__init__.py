"""Writes of customers, one subject a file. Each function is one transaction."""
