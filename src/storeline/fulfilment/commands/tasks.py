"""Tasks come and go with their orders."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from storeline.fulfilment.commands.supply import open_supplies
from storeline.fulfilment.domain.picking import DUE_WITHOUT_SLOT
from storeline.fulfilment.events import opened
from storeline.kernel.api import ids_array, publish, run, transaction

# An order that was cancelled meanwhile gets no task; one that is cancelled at this very moment loses it by its event.
_OPEN = """
WITH opened AS (
    INSERT INTO fulfilment_task (order_id, place_id, method, state, due_at, created_at, attempt)
    SELECT o.id, o.served_by_id, o.method, 'to_pick', coalesce(s.starts_at, %s), %s, 0
    FROM orders_order o LEFT JOIN capacity_slot s ON s.id = o.slot_id
    WHERE o.id = ANY(%s::uuid[]) AND o.state = 'confirmed' AND o.method <> 'carry_out'
    ORDER BY o.id
    ON CONFLICT (order_id) DO NOTHING
    RETURNING order_id, place_id, method
),
wanted AS (
    SELECT l.order_id, l.line_no, l.product_id, l.quantity, l.from_place_id
    FROM orders_line l JOIN opened ON opened.order_id = l.order_id WHERE l.goods
),
lined AS (
    INSERT INTO fulfilment_task_line (order_id, line_no, product_id, ordered)
    SELECT order_id, line_no, product_id, quantity FROM wanted ORDER BY order_id, line_no
)
SELECT t.order_id, t.place_id, t.method, t.order_id IN (SELECT order_id FROM wanted WHERE from_place_id IS NOT NULL)
FROM opened t
"""
_CLOSE = """
UPDATE fulfilment_task SET state = 'cancelled', closed_at = %s
WHERE order_id IN (SELECT id FROM orders_order WHERE id = ANY(%s::uuid[]) AND state = 'cancelled')
    AND state NOT IN ('handed_over', 'cancelled')
"""
_WITHDRAW = """
UPDATE fulfilment_offer SET state = 'withdrawn', answered_at = %s
WHERE order_id IN (SELECT id FROM orders_order WHERE id = ANY(%s::uuid[]) AND state = 'cancelled') AND state = 'offered'
"""

# What lies at a point goes back, what has not come yet will not.
_WITHDRAW_PARCELS = """
UPDATE fulfilment_parcel SET state = CASE state WHEN 'arrived' THEN 'returning' ELSE 'returned' END,
    closed_at = CASE state WHEN 'arrived' THEN NULL ELSE %s::timestamptz END
WHERE order_id IN (SELECT id FROM orders_order WHERE id = ANY(%s::uuid[]) AND state = 'cancelled')
    AND state IN ('announced', 'arrived')
"""
# What is under way arrives as the place's own.
_SUPPLIES = """
UPDATE fulfilment_supply SET state = 'cancelled', closed_at = %s
WHERE order_id IN (SELECT id FROM orders_order WHERE id = ANY(%s::uuid[]) AND state = 'cancelled')
    AND state IN ('to_pick', 'sent')
"""
_UNLOAD = """
DELETE FROM fulfilment_drop WHERE order_id IN (
    SELECT id FROM orders_order WHERE id = ANY(%s::uuid[]) AND state = 'cancelled'
) AND state = 'loaded'
"""


def open_tasks(order_ids: Collection[UUID], at: datetime) -> int:
    """Give each confirmed order that is not carried out its task, once; how many are new. A repeat changes nothing."""
    if not order_ids:
        return 0
    ids = ids_array(sorted(order_ids))
    with transaction():
        fresh = run(_OPEN, [at + DUE_WITHOUT_SLOT, at, ids]).fetchall()
        publish([opened(*row[:3]) for row in fresh])
        if elsewhere := [row[0] for row in fresh if row[3]]:
            open_supplies(elsewhere, at)
    return len(fresh)


def close_tasks(order_ids: Collection[UUID], at: datetime) -> None:
    """Close the tasks of those of these orders that are cancelled, and their open offers.

    What was held for an offer was freed with all that the order held.
    """
    if not order_ids:
        return
    ids = ids_array(sorted(order_ids))
    run(_WITHDRAW, [at, ids])
    run(_CLOSE, [at, ids])
    run(_SUPPLIES, [at, ids])
    run(_UNLOAD, [ids])
    run(_WITHDRAW_PARCELS, [at, ids])
