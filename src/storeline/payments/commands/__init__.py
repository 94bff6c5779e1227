"""Writes of payments, one file per verb."""
