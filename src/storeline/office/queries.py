"""What waits for somebody: counted over the modules below, in one statement, at the places that this person may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from storeline.fulfilment import api as fulfilment
from storeline.kernel.api import Actor, Pending, ids_array, later, now, run
from storeline.orders import api as orders
from storeline.partners import api as partners
from storeline.payments import api as payments
from storeline.stock import api as stock

STUCK_AFTER = timedelta(minutes=15)
"""A partner who has not answered by then does not answer soon."""
_PLACE = "(%s OR {} = ANY(%s::uuid[]))"
_LATE = f"""
SELECT 'late', count(*) FROM fulfilment_task t
WHERE t.state IN ('to_pick', 'picking') AND t.due_at < %s AND {_PLACE.format("t.place_id")}
"""
_UNPAID = f"""
SELECT 'unpaid', count(*) FROM fulfilment_task t WHERE t.state = 'unpaid' AND {_PLACE.format("t.place_id")}
"""
_STUCK = f"""
SELECT 'payments', count(DISTINCT o.intent_id) FROM payments_operation o JOIN payments_intent i ON i.id = o.intent_id
WHERE o.state IN ('pending', 'unknown') AND o.at < %s AND {_PLACE.format("i.place_id")}
"""
_OWED = f"""
SELECT 'refunds', count(*) FROM payments_operation o JOIN payments_intent i ON i.id = o.intent_id
WHERE o.kind = 'refund' AND o.state = 'failed' AND {_PLACE.format("i.place_id")}
    AND NOT EXISTS (SELECT FROM payments_repayment r WHERE r.intent_id = o.intent_id AND r.key = o.key)
"""
_SHORT = f"""
SELECT 'stock', count(*) FROM stock_exception e WHERE e.closed_at IS NULL AND {_PLACE.format("e.place_id")}
"""
_WEBHOOKS = """
SELECT 'webhooks', count(*) FROM partners_endpoint e WHERE e.failing_since IS NOT NULL OR e.disabled_reason <> ''
"""
_PARKED = "SELECT 'events', count(*) FROM kernel_parked"


_TAKEN_OFF = """
SELECT a.order_id, sum(a.amount - a.funded + CASE WHEN o.tax_included THEN 0 ELSE a.tax END)::bigint
FROM orders_amendment a JOIN orders_order o ON o.id = a.order_id
WHERE a.order_id = ANY(%s::uuid[])
GROUP BY a.order_id
"""


def taken_off(order_ids: Collection[UUID]) -> dict[UUID, int]:
    """What the shopper need not pay of orders since something of them was not there, or came as another line: minor units."""
    return dict(run(_TAKEN_OFF, [ids_array(order_ids)]).fetchall())


@dataclass(frozen=True, slots=True)
class Need:
    """How many of a kind wait: late, unpaid, payments, refunds, stock, webhooks or events."""

    kind: str
    count: int


def needs(actor: Actor, place_id: UUID | None = None) -> Pending[tuple[Need, ...]]:
    """What waits for somebody, here or at all places that this person may see; nothing that there is none of."""
    parts: list[str] = []
    params: list[Any] = []

    def ask(sql: str, permission: str, *more: object) -> None:
        if actor.may(permission):
            own = actor.places_for(permission)
            if place_id is not None:
                own = frozenset((place_id,)) if own is None else own & {place_id}
            parts.append(sql)
            params.extend([*more, own is None, ids_array(own or ())])

    moment = now()
    ask(_LATE, fulfilment.VIEW if actor.may(fulfilment.VIEW) else orders.VIEW, moment)
    ask(_UNPAID, fulfilment.VIEW if actor.may(fulfilment.VIEW) else orders.VIEW)
    ask(_STUCK, payments.VIEW, moment - STUCK_AFTER)
    ask(_OWED, payments.VIEW)
    ask(_SHORT, stock.READ)
    for sql, permission in ((_WEBHOOKS, partners.READ), (_PARKED, partners.MANAGE)):
        if place_id is None and actor.may(permission) and actor.places_for(permission) is None:
            parts.append(sql)
    return later(" UNION ALL ".join(parts) or "SELECT '', 0", params, _needs)


def _needs(rows: list[tuple[Any, ...]]) -> tuple[Need, ...]:
    return tuple(Need(kind, count) for kind, count in rows if count)
