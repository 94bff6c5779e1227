"""Every lock of the shop, in order: a line for a hot product (`shop_queue`), in a transaction that takes no other."""

from __future__ import annotations

from uuid import UUID

from storeline.kernel.api import run

_MAKE = "INSERT INTO shop_queue (product_id, place_id, given) VALUES (%s, %s, 0) ON CONFLICT DO NOTHING"
LOCK = "SELECT given FROM shop_queue WHERE product_id = %s AND place_id = %s FOR UPDATE"
LOCK_IF_FREE = f"{LOCK} SKIP LOCKED"


def lock_queue(product_id: UUID, place_id: UUID) -> None:
    """Lock a line, made if need be, until the transaction ends: numbers are given one after the other."""
    if run(LOCK, [product_id, place_id]).fetchone() is None:
        run(_MAKE, [product_id, place_id])
        run(LOCK, [product_id, place_id])


def lock_queue_if_free(product_id: UUID, place_id: UUID) -> bool:
    """The same, unless somebody else has it: they do what was to be done."""
    return run(LOCK_IF_FREE, [product_id, place_id]).fetchone() is not None
