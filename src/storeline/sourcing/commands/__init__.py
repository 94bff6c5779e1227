"""Writes of sourcing, one subject a file."""
