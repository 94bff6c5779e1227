"""What a place cannot give comes from another: lines that continue the one that they moved off, and their way here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from storeline.kernel.api import Actor, Invalid, ids_array, ints_array, pipeline, publish, run, transaction
from storeline.orders.commands.amend import insert_amendments
from storeline.orders.commands.confirm import event
from storeline.orders.commands.rows import insert_discounts, insert_lines
from storeline.orders.domain.drafts import LineDiscount
from storeline.orders.domain.moves import Moved, Part, moves
from storeline.orders.domain.shorts import OrderLine
from storeline.orders.errors import WrongState
from storeline.orders.locks import LockedOrder, lock
from storeline.orders.permissions import AMEND
from storeline.orders.queries import whole
from storeline.stock import api as stock

MOVED = "moved"
_FROM = """
UPDATE orders_line l SET from_place_id = nullif(m.place_id, %s), continues = %s
FROM unnest(%s::int[], %s::uuid[]) AS m(line_no, place_id) WHERE l.order_id = %s AND l.line_no = m.line_no
"""
_GROW = """
UPDATE orders_order SET amount = amount + %s, tax = tax + %s, total = total + %s, funded = funded + %s,
    payable = payable + %s
WHERE id = %s AND state = 'confirmed'
"""
_LEFT = "UPDATE orders_line SET from_place_id = NULL WHERE order_id = %s AND line_no = ANY(%s::int[])"


def move(order_id: UUID, line_no: int, held: int, parts: Sequence[Part], *, actor: Actor) -> None:
    """Take what cannot come off a line of a confirmed order, and let `parts` of it come from elsewhere; one transaction.

    Each part becomes a line at the very amounts that go off, held at its place; of the line itself `held` thousandths
    stay held where they stand. The shopper's total is what it was. Raises WrongState, Invalid, or SoldOut where a part
    was promised to others meanwhile; nothing is changed then.
    """
    with transaction():
        order = _confirmed(order_id, actor)
        view, details = whole(order_id)
        line = next((one for one in view.lines if one.line_no == line_no and one.goods), None)
        if line is None:
            raise Invalid("The order has no such line.", field="line")
        detail = details[line_no]
        discounts = [LineDiscount(*one[:5]) for one in detail.discounts]
        moved = moves(line, (detail.unit_amount, detail.unit_base), discounts, parts)
        _check_held(order, line, parts)
        with pipeline():
            if moved:
                _write(order, line_no, moved)
            stock.shrink([stock.ShrinkRow(order_id, line_no, held)])
            written = stock.reserve(
                [stock.ReserveRow(order_id, one.line_no, one.place_id, line.product_id, one.quantity) for one in parts]
            )
            publish([event(order, "amended", order.state)])
        if written.result() != len(parts):
            raise stock.SoldOut("It was promised to somebody else meanwhile.", field="quantity")


def _confirmed(order_id: UUID, actor: Actor) -> LockedOrder:
    order = lock([order_id]).result().get(order_id)
    if order is None or order.state != "confirmed":
        raise WrongState("Only a confirmed order can be served from elsewhere.", field="id")
    actor.require(AMEND, order.served_by)
    return order


def _check_held(order: LockedOrder, line: OrderLine, parts: Sequence[Part]) -> None:
    """Refuse parts that their places cannot promise to the order's channel, under their lock."""
    here = {(line.from_place or order.served_by, line.product_id)}
    levels = stock.lock(here | {(part.place_id, line.product_id) for part in parts}).result()
    for part in parts:
        level = levels.get((part.place_id, line.product_id), stock.Level(0, 0))
        if part.quantity > level.promisable_on(order.channel):
            raise stock.SoldOut("It was promised to somebody else meanwhile.", field="quantity")


def _write(order: LockedOrder, line_no: int, moved: Sequence[Moved]) -> None:
    rows = [(order.id, one.part.line_no, one.line) for one in moved]
    insert_lines(rows)
    insert_discounts(rows)
    numbers, places = ints_array(one.part.line_no for one in moved), ids_array(one.part.place_id for one in moved)
    run(_FROM, [order.served_by, line_no, numbers, places, order.id])
    insert_amendments([one.taken for one in moved], MOVED)
    amount, tax, funded = (sum(getattr(one.line, name) for one in moved) for name in ("amount", "tax", "funded"))
    total = amount if order.tax_included else amount + tax
    run(_GROW, [amount, tax, total, funded, total - funded, order.id])


def leave(order_id: UUID, line_nos: Collection[int], *, actor: Actor) -> None:
    """The goods of these lines leave the place where they stood for the one that serves: nothing is held for them on the way.

    Belongs in the transaction that sends them. Raises WrongState.
    """
    with transaction():
        _confirmed(order_id, actor)
        with pipeline():
            run(_LEFT, [order_id, ints_array(line_nos)])
            left = stock.shrink([stock.ShrinkRow(order_id, line_no, 0) for line_no in line_nos])
        if left.result() != len(line_nos):
            raise WrongState("These goods are not held for the order any more.", field="lines")
