"""Prices, tax rates and promotions that come as a set, from a file or a bulk upsert."""
