"""Every lock that an order takes, in the one order that all of Storeline keeps.

1. orders, by id (only where an order that is there changes state)
2. slots, by id                 `capacity.api.lock`
3. coupons, by id               `loyalty.api.gather`
4. stock, by (place, product)   `stock.api.lock`
5. an hour's counters, by place `sourcing.api.lock_hours`
6. payments, by id              `payments.api`

Within one transaction nobody takes a lock of a lower number after one of a higher.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from storeline.kernel.api import Pending, Row, ids_array, later

_LOCK = """
SELECT id, entity_id, place_id, served_by_id, channel, currency, state, method, tax_included, amount, tax, total, funded,
       payable, placed_at, business_date, expires_at, slot_id
FROM orders_order WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE
"""


@dataclass(frozen=True, slots=True)
class LockedOrder:
    """An order that nobody else can change until this transaction ends."""

    id: UUID
    entity_id: UUID
    place_id: UUID
    served_by: UUID
    channel: str
    currency: str
    state: str
    method: str
    tax_included: bool
    amount: int
    tax: int
    total: int
    funded: int
    payable: int
    placed_at: datetime
    business_date: date
    expires_at: datetime | None
    slot_id: UUID | None


def lock(order_ids: Collection[UUID]) -> Pending[dict[UUID, LockedOrder]]:
    """Queue the locking of orders, in the order of their ids."""
    return later(_LOCK, [ids_array(sorted(order_ids))], _by_id)


def _by_id(rows: list[Row]) -> dict[UUID, LockedOrder]:
    return {row[0]: LockedOrder(*row) for row in rows}
