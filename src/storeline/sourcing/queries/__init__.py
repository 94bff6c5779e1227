"""Reads of sourcing: which places can serve, what can be promised, the cheapest plan, and what was kept."""
