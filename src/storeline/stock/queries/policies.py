"""Reads of what is kept back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from storeline.kernel.api import run

_NOWHERE = UUID(int=0)
_POLICIES = """
SELECT t.id, t.product_id, c.ref, t.place_id, p.ref, t.channel, t.quantity
FROM stock_policy t JOIN catalog_product c ON c.id = t.product_id LEFT JOIN places_place p ON p.id = t.place_id
WHERE t.id > %s AND (%s::uuid IS NULL OR t.product_id = %s) AND (%s::uuid IS NULL OR t.place_id = %s)
ORDER BY t.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """How much is kept back of a product, in thousandths: everywhere where it has no place, from every channel online
    where it has no channel. `product` and `place` are the retailer's own codes.
    """

    id: UUID
    product_id: UUID
    product: str
    place_id: UUID | None
    place: str | None
    channel: str
    quantity: int


def list_policies(
    *, product_id: UUID | None = None, place_id: UUID | None = None, after: UUID | None = None, limit: int = 100
) -> list[PolicyRow]:
    """Policies of a product, of a place's own, of both or all, in the order in which they were made, after one of them."""
    rows = run(_POLICIES, [after or _NOWHERE, product_id, product_id, place_id, place_id, limit])
    return [PolicyRow(*row) for row in rows]
