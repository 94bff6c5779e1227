"""Short picks: what was not found is taken off the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from storeline.kernel.api import Actor, Invalid, ids_array, ints_array, now, pipeline, publish, run, transaction
from storeline.orders.commands.confirm import event
from storeline.orders.domain.shorts import OrderLine, Short, Taken, take_off
from storeline.orders.errors import WrongState
from storeline.orders.locks import lock
from storeline.orders.permissions import AMEND
from storeline.orders.queries import lines
from storeline.stock import api as stock

_AMEND = """
INSERT INTO orders_amendment (order_id, line_no, seq, kind, quantity, amount, funded, tax, at)
SELECT order_id, line_no, seq, %s, quantity, amount, funded, tax, %s
FROM unnest(%s::uuid[], %s::int[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS taken(order_id, line_no, seq, quantity, amount, funded, tax)
"""


def amend(shorts: Sequence[Short], *, actor: Actor) -> None:
    """Take what was not found off confirmed orders, and free its stock, in one transaction.

    Raises Invalid for a line that is not there or more kept than it has, WrongState for an order that
    is not confirmed; nothing is changed then.
    """
    if not shorts:
        return
    with transaction():
        ids = {short.order_id for short in shorts}
        with pipeline():
            locked, found = lock(ids), lines(ids)
        orders, by_order = locked.result(), found.result()
        for order in orders.values():
            actor.require(AMEND, order.served_by)
            if order.state != "confirmed":
                raise WrongState("Only a confirmed order can be picked short.", field="id")
        taken = [off for short in shorts if (off := _taken(short, by_order)) is not None]
        with pipeline():
            insert_amendments(taken, "short")
            stock.shrink([stock.ShrinkRow(short.order_id, short.line_no, short.kept) for short in shorts])
            publish([event(order, "amended", order.state) for order in orders.values()])


def _taken(short: Short, by_order: Mapping[UUID, Sequence[OrderLine]]) -> Taken | None:
    for line in by_order.get(short.order_id, ()):
        if line.line_no == short.line_no:
            return take_off(line, short.kept)
    raise Invalid("The order has no such line.", field=f"lines[{short.line_no}]")


def insert_amendments(taken: Sequence[Taken], kind: str) -> None:
    """Queue what is taken off lines: ``short`` of what was not found, ``substituted`` where other goods came instead."""
    run(
        _AMEND,
        [
            kind,
            now(),
            ids_array(row.order_id for row in taken),
            ints_array(row.line_no for row in taken),
            ints_array(row.seq for row in taken),
            ints_array(row.quantity for row in taken),
            ints_array(row.amount for row in taken),
            ints_array(row.funded for row in taken),
            ints_array(row.tax for row in taken),
        ],
    )
