"""Writes of stock, one file per group of verbs."""
