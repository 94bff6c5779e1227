"""What people call an order."""

from __future__ import annotations

from uuid import UUID

_LENGTH = 6


def order_number(order_id: UUID) -> str:
    """The end of an order's id, which is random: short enough to read out, unlike enough within a place."""
    return order_id.hex[-_LENGTH:].upper()
