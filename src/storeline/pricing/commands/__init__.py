"""Writes of pricing."""
