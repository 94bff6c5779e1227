"""Writes of what comes after the sale, one file per verb."""
