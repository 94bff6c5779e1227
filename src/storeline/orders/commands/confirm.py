"""What follows a placed order: confirmed when its money is sure, cancelled when it is not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.kernel.api import (
    SYSTEM,
    Actor,
    Event,
    ids_array,
    now,
    pipeline,
    publish,
    run,
    trail,
    transaction,
)
from storeline.loyalty import api as loyalty
from storeline.orders.commands.gathering import LARGEST_SET
from storeline.orders.errors import WrongState
from storeline.orders.locks import LockedOrder, lock
from storeline.orders.permissions import CANCEL, PLACE
from storeline.payments import api as payments
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

_CONFIRM = """
UPDATE orders_order SET state = 'confirmed', expires_at = NULL
WHERE id = ANY(%s::uuid[]) AND state = 'pending'
"""
_CANCEL = """
UPDATE orders_order SET state = 'cancelled', expires_at = NULL, reason = %s
WHERE id = ANY(%s::uuid[]) AND state IN ('pending', 'confirmed')
"""
_EXPIRED = """
SELECT id FROM orders_order WHERE state = 'pending' AND expires_at <= %s ORDER BY expires_at LIMIT 1000
"""


def event(order: LockedOrder, what: str, state: str, **more: object) -> Event:
    """What the world may know of an order's change."""
    return Event(
        f"orders.{what}",
        order.id,
        order.place_id,
        order.entity_id,
        {
            "order": str(order.id),
            "channel": order.channel,
            "method": order.method,
            "served_by": str(order.served_by),
            "state": state,
            "total": order.total,
            "currency": order.currency,
            **more,
        },
    )


def confirm(
    order_ids: Collection[UUID], authorisations: Sequence[payments.Authorisation] = (), *, actor: Actor
) -> dict[UUID, str]:
    """Record partners' answers; pending orders whose every payment is now sure become confirmed.

    Gives the state of each order after it. An order that is not pending any more stays as it is: where
    its authorisation came too late, `payments` holds money that the caller must void.
    """
    with transaction(keep_plans=len(order_ids) <= LARGEST_SET):
        with pipeline():
            locked = lock(order_ids)
            payments.record_outcomes(authorisations)
            sure = payments.sure(order_ids)
        orders, paid = locked.result(), sure.result()
        for order in orders.values():
            actor.require(PLACE, order.place_id)
        ready = [order for order in orders.values() if order.state == "pending" and order.id in paid]
        if ready:
            with pipeline():
                run(_CONFIRM, [ids_array(order.id for order in ready)])
                publish([event(order, "confirmed", "confirmed") for order in ready])
    confirmed = {order.id for order in ready}
    return {order.id: "confirmed" if order.id in confirmed else order.state for order in orders.values()}


Confirmation = tuple[Collection[UUID], Sequence[payments.Authorisation]]
"""Orders, and what the partners answered for them."""


def confirm_many(confirmations: Sequence[Confirmation]) -> list[dict[UUID, str]]:
    """Confirm for many at once, as the system: partners' answers are nobody's wish. Each gets the state of its own."""
    ids = {order_id for order_ids, _ in confirmations for order_id in order_ids}
    states = confirm(ids, [answer for _, answers in confirmations for answer in answers], actor=SYSTEM)
    return [{order_id: states[order_id] for order_id in order_ids} for order_ids, _ in confirmations]


Ended = Callable[[Collection[UUID], str], None]
_ENDED: list[Ended] = []


def register_ended(ended: Ended) -> None:
    """Let a higher module tell whoever ordered, in the transaction that cancels; what it raises, it refuses."""
    _ENDED.append(ended)


def cancel(order_ids: Collection[UUID], *, reason: str, actor: Actor = SYSTEM, tell: bool = False) -> dict[UUID, str]:
    """Cancel orders that are pending or confirmed, and free all that they hold, in one transaction.

    Gives the state of each order after it. Raises WrongState where one is completed, and changes nothing then.
    With `tell` those who ordered are told: they did not do it themselves, and see no answer. Money held by partners
    is let go afterwards by `payments`, outside any transaction.
    """
    with transaction():
        orders = lock(order_ids).result()
        for order in orders.values():
            actor.require(CANCEL, order.place_id)
            if order.state == "completed":
                raise WrongState("The goods were handed over: take them back as a return.", field="id")
        live = [order for order in orders.values() if order.state != "cancelled"]
        if live:
            _cancel(live, reason, actor)
        for ended in _ENDED if tell and live else ():
            ended([order.id for order in live], reason)
    return dict.fromkeys(orders, "cancelled")


def _cancel(orders: Sequence[LockedOrder], reason: str, actor: Actor) -> None:
    ids = [order.id for order in orders]
    with pipeline():
        capacity.release([order.id for order in orders if order.slot_id is not None])
        loyalty.release(ids)
        stock.release(ids)
        sourcing.free(ids)
        payments.release(ids, at=now())
        run(_CANCEL, [reason, ids_array(ids)])
        publish([event(order, "cancelled", "cancelled", reason=reason) for order in orders])
        for order in orders:
            trail(actor, "orders.cancel", order.id, place_id=order.place_id, detail={"reason": reason})


def expire(moment: datetime) -> int:
    """Cancel pending orders whose time is over; how many. Repeat until it gives 0."""
    due = [row[0] for row in run(_EXPIRED, [moment]).fetchall()]
    if not due:
        return 0
    with transaction():
        # What was confirmed or ended while we waited for its lock is not ours to end.
        late = [order for order in lock(due).result().values() if order.state == "pending"]
        if late:
            _cancel(late, "expired", SYSTEM)
    return len(late)
