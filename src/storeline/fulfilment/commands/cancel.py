"""An order that nobody will collect: its task ends, what it holds is freed, what was taken goes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from storeline.fulfilment.commands.tasks import close_tasks
from storeline.fulfilment.commands.tell import tell_cancelled, tell_nothing
from storeline.fulfilment.domain.picking import OPEN
from storeline.fulfilment.domain.runs import DropState
from storeline.fulfilment.errors import TaskClosed
from storeline.fulfilment.events import CANCELLED, event
from storeline.fulfilment.locks import Locked, lock
from storeline.fulfilment.permissions import CANCEL
from storeline.fulfilment.queries import live_drops
from storeline.kernel.api import (
    SYSTEM,
    Actor,
    business_date,
    in_transaction,
    now,
    pipeline,
    publish,
    source_id,
    trail_many,
    transaction,
)
from storeline.ledger import api as ledger
from storeline.orders import api as orders
from storeline.payments import api as payments
from storeline.places import api as places

NOT_COLLECTED = "not_collected"
"""The reason of an order that nobody came for."""


def cancel(order_ids: Collection[UUID], *, reason: str, actor: Actor) -> None:
    """Cancel orders that have not been handed over, all or none; cancelling twice is nothing.

    Stock, slot and coupons are freed, and the money goes back: inside a caller's transaction partners are left to the
    job. Raises NoTask or TaskClosed, and changes nothing then.
    """
    ids = tuple(dict.fromkeys(order_ids))
    with transaction():
        locked = lock(ids)
        for index, order_id in enumerate(ids):
            actor.require(CANCEL, locked.tasks[order_id].place_id)
            if locked.tasks[order_id].state == "handed_over":
                raise TaskClosed("The goods were handed over: take them back as a return.", field=f"orders[{index}]")
        _cancel(ids, locked, reason, actor, tell=True)
    if not in_transaction():
        payments.perform_open(ids)


def ended(order_ids: Collection[UUID], reason: str) -> None:
    """Staff cancel these, here or elsewhere, under their locks: whoever ordered is told.

    What a van is out with is refused: the driver says first what became of it.
    """
    drops = live_drops(order_ids)
    for index, order_id in enumerate(order_ids):
        if order_id in drops and drops[order_id].state == DropState.OUT:
            raise TaskClosed("A van is out with it.", field=f"orders[{index}]")
    tell_cancelled(order_ids, unclaimed=reason == NOT_COLLECTED)


def abandon(order_ids: Collection[UUID], *, reason: str) -> None:
    """The same where picking itself found that there is nothing to sell; orders that went on meanwhile are left."""
    with transaction():
        locked = lock(order_ids)
        ids = [task.order_id for task in locked.tasks.values() if task.state in OPEN]
        tell_nothing(ids)
        _cancel(ids, locked, reason, SYSTEM, tell=False)
    payments.perform_open(ids)


def _cancel(order_ids: Collection[UUID], locked: Locked, reason: str, actor: Actor, *, tell: bool) -> None:
    live = [order_id for order_id in order_ids if locked.tasks[order_id].state in OPEN]
    if not live:
        return
    moment = now()
    orders.cancel(live, reason=reason, actor=SYSTEM, tell=tell)
    give_back(live, moment)
    with pipeline():
        close_tasks(live, moment)
        publish([event(CANCELLED, locked.tasks[order_id]) for order_id in live])
        trail_many(
            actor,
            "fulfilment.cancel",
            [(order_id, locked.tasks[order_id].place_id) for order_id in live],
            [{"reason": reason}] * len(live),
        )


def give_back(order_ids: Collection[UUID], moment: datetime) -> int:
    """Ask for what partners had taken for cancelled orders to go back; how many refunds are new. May be repeated.

    `payments.release` has let go of everything else. Belongs in the caller's transaction.
    """
    cancelled = {order.id: order for order in orders.lock(order_ids).result().values() if order.state == "cancelled"}
    paid = payments.payments_of(sorted(cancelled))
    order_of = {one.id: order_id for order_id, found in paid.items() for one in found}
    requests = [
        payments.OperationRequest(one.id, "refund", f"cancelled:{one.captured}", left)
        for found in paid.values()
        for one in found
        if (left := one.refundable) > 0
    ]
    accepted = [
        verdict.operation
        for verdict in payments.request(requests, at=moment)
        if verdict.code == "accepted" and verdict.operation
    ]
    backs: dict[UUID, tuple[int, str]] = {}
    for one in accepted:
        order_id = order_of[one.intent_id]
        backs[order_id] = (backs.get(order_id, (0, ""))[0] + one.amount, f"{order_id}:{one.key}")
    ledger.post(deposits_back(backs, cancelled, moment))
    return len(accepted)


def deposits_back(
    amounts: Mapping[UUID, tuple[int, str]], found: Mapping[UUID, orders.LockedOrder], moment: datetime
) -> list[ledger.Entry]:
    """Money on deposit that shoppers are to get back: per order the amount, and what names the occasion."""
    if not amounts:
        return []
    zones = places.gather(sorted({found[order_id].place_id for order_id in amounts})).result()
    return [
        ledger.Entry(
            source_id("deposit_back", key, moment),
            found[order_id].entity_id,
            found[order_id].place_id,
            found[order_id].currency,
            business_date(moment, zones[found[order_id].place_id].zone),
            moment,
            "deposit_back",
            order_id,
            ((ledger.CUSTOMER_DEPOSITS, amount), (ledger.REFUNDS_PAYABLE, -amount)),
        )
        for order_id, (amount, key) in amounts.items()
    ]
