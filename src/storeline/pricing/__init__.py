"""Prices, taxes and promotions; the price of a basket with every step shown."""
