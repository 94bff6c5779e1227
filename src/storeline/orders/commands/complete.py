"""Hand-over: the goods leave, the sale is earned."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.kernel.api import Actor, business_date, ids_array, now, pipeline, publish, run, transaction
from storeline.ledger import api as ledger
from storeline.orders.commands.confirm import event
from storeline.orders.domain.postings import Sums, completion_entry
from storeline.orders.domain.shorts import OrderLine
from storeline.orders.errors import WrongState
from storeline.orders.locks import LockedOrder, lock
from storeline.orders.permissions import COMPLETE
from storeline.orders.queries import lines
from storeline.payments import api as payments
from storeline.places import api as places
from storeline.stock import api as stock

_COMPLETE = """
UPDATE orders_order SET state = 'completed', completed_at = %s
WHERE id = ANY(%s::uuid[]) AND state = 'confirmed'
"""


def complete(order_ids: Collection[UUID], *, actor: Actor, at: datetime | None = None) -> None:
    """Complete confirmed orders: reservations become sales, deposits become earned; all or none.

    What is kept of each must have been captured. Raises WrongState otherwise, and changes nothing.
    """
    if not order_ids:
        return
    moment = at or now()
    with transaction():
        with pipeline():
            locked, found = lock(order_ids), lines(order_ids)
            captured = payments.captured(order_ids)
        orders, by_order, paid = locked.result(), found.result(), captured.result()
        zones = places.gather([order.served_by for order in orders.values()]).result()
        for order_id in order_ids:
            _check(orders.get(order_id), by_order.get(order_id, ()), paid.get(order_id, 0), actor)
        moves = [
            _move(order, line, moment, zones[order.served_by].zone)
            for order in orders.values()
            for line in by_order.get(order.id, ())
            if line.kept_quantity and line.goods
        ]
        levels = stock.lock(sorted({(move.place_id, move.product_id) for move in moves})).result()
        with pipeline():
            stock.settle([order.id for order in orders.values() if order.method != "carry_out"], moves, levels)
            _write(orders, by_order, moment, {place: facts.zone for place, facts in zones.items()})


def _check(order: LockedOrder | None, order_lines: Sequence[OrderLine], paid: int, actor: Actor) -> None:
    if order is None:
        raise WrongState("There is no such order.", field="id")
    actor.require(COMPLETE, order.served_by)
    if order.state != "confirmed":
        raise WrongState(f"The order is {order.state}: only a confirmed one can be handed over.", field="id")
    owed = sums(order, order_lines)
    if paid != owed.total - owed.funded:
        raise WrongState("What was taken from the shopper is not what the goods cost.", field="payments")


def _write(
    orders: Mapping[UUID, LockedOrder],
    by_order: Mapping[UUID, Sequence[OrderLine]],
    moment: datetime,
    zones: Mapping[UUID, str],
) -> None:
    ids = list(orders)
    capacity.settle([order.id for order in orders.values() if order.slot_id is not None])
    entries = [
        completion_entry(
            order_id=order.id,
            entity_id=order.entity_id,
            place_id=order.place_id,
            currency=order.currency,
            business_date=business_date(moment, zones[order.served_by]),
            at=moment,
            sums=sums(order, by_order.get(order.id, ())),
        )
        for order in orders.values()
    ]
    ledger.post([entry for entry in entries if any(amount for _, amount in entry.postings)])
    run(_COMPLETE, [moment, ids_array(ids)])
    publish([event(order, "completed", "completed") for order in orders.values()])


def sums(order: LockedOrder, order_lines: Sequence[OrderLine]) -> Sums:
    """What is kept of the order."""
    taken_tax = sum(line.taken_tax for line in order_lines)
    taken = sum(line.taken_amount for line in order_lines) + (0 if order.tax_included else taken_tax)
    return Sums(
        order.total - taken, order.tax - taken_tax, order.funded - sum(line.taken_funded for line in order_lines)
    )


def _move(order: LockedOrder, line: OrderLine, moment: datetime, zone: str) -> stock.MoveRow:
    return stock.MoveRow(
        order.id,
        line.line_no,
        stock.Kind.SALE,
        order.served_by,
        line.product_id,
        -line.kept_quantity,
        moment,
        business_date(moment, zone),
    )
