"""Writes of capacity, one file per group of verbs."""
