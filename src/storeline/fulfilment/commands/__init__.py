"""Writes of what follows an order, one file per verb. Each takes many orders at once."""
