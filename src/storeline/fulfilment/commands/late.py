"""What another place sends for an order is late: the order gets the earliest honest time, and its shopper is told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from storeline.fulfilment.commands.later import keep_promise, put_off
from storeline.fulfilment.commands.tell import tell_late
from storeline.fulfilment.domain.picking import PICKABLE
from storeline.fulfilment.domain.supplies import LIVE_SUPPLIES, postponed
from storeline.fulfilment.events import SUPPLY_LATE, supply_event
from storeline.fulfilment.locks import lock
from storeline.fulfilment.queries import due_at, supplies_of
from storeline.kernel.api import publish, run, transaction

_LIMIT = 200
_LATE = f"""
SELECT DISTINCT s.order_id FROM fulfilment_supply s
JOIN fulfilment_task t ON t.order_id = s.order_id AND t.state IN ('to_pick', 'picking')
WHERE s.state IN {LIVE_SUPPLIES} AND (s.state = 'to_pick' AND s.due_at - s.way < %s OR s.state = 'sent' AND s.due_at < %s)
LIMIT %s
"""
# Every time was taken when it became late: one may be free by now. In no order, so that none holds the others up.
_TOO_EARLY = f"""
SELECT order_id FROM (
    SELECT DISTINCT s.order_id FROM fulfilment_supply s
    JOIN fulfilment_task t ON t.order_id = s.order_id AND t.state IN ('to_pick', 'picking')
    JOIN orders_order o ON o.id = s.order_id JOIN capacity_slot c ON c.id = o.slot_id
    WHERE s.state IN {LIVE_SUPPLIES} AND c.starts_at < s.due_at
) waiting ORDER BY random() LIMIT %s
"""
_PUT_OFF = "UPDATE fulfilment_supply SET due_at = %s, late = %s WHERE id = %s"


def put_off_all(moment: datetime) -> int:
    """Give every order a later time whose supplies cannot be there in time any more; how many were changed."""
    late = [row[0] for row in run(_LATE, [moment, moment, _LIMIT]).fetchall()]
    waiting = [row[0] for row in run(_TOO_EARLY, [_LIMIT]).fetchall()]
    return sum(put_off_late(order_id, moment) for order_id in dict.fromkeys([*late, *waiting]))


def put_off_late(order_id: UUID, moment: datetime) -> bool:
    """Let an order's late supplies be due when they can be there at the earliest, and the order with them, in its next
    slot with room; one transaction. Whether anything changed: said again, nothing does.
    """
    with transaction():
        locked = lock([order_id])
        task, order = locked.tasks[order_id], locked.orders[order_id]
        if task.state not in PICKABLE or order.state != "confirmed":
            return False
        live = [one for one in supplies_of([order_id]).get(order_id, ()) if one.state in LIVE_SUPPLIES]
        if not live:
            return False
        found = {one.id: later for one in live if (later := postponed(one, moment)) is not None}
        until = max(found[one.id][1] if one.id in found else one.due_at for one in live)
        before = due_at(order_id)
        moved = put_off(order, before, until, max(one.way for one in live))
        for supply_id, (why, due) in found.items():
            run(_PUT_OFF, [due, why.value, supply_id])
        if not found and not moved.is_later:
            return False
        publish([supply_event(SUPPLY_LATE, one.id, order_id, one.to_place) for one in live])
        if moved.is_later:
            keep_promise(order_id, before)
            tell_late(order_id, moved)
    return True
