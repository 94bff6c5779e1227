"""Something is missing: offer the shopper other goods for it, which are held until they answer."""

from __future__ import annotations

import orjson

from storeline.catalog import api as catalog
from storeline.fulfilment.commands.answer import accept
from storeline.fulfilment.commands.tell import tell
from storeline.fulfilment.domain.picking import Task, TaskLine, check_pickable
from storeline.fulfilment.domain.substitutes import (
    HOLD_BEYOND,
    Asked,
    answer_until,
    check_missing,
    check_offered,
    next_line,
)
from storeline.fulfilment.errors import NotOffered
from storeline.fulfilment.events import OFFERED, event
from storeline.fulfilment.locks import lock
from storeline.fulfilment.permissions import PICK
from storeline.fulfilment.queries import OfferView, due_at, offers_of
from storeline.kernel.api import Actor, BodyMismatch, Error, check_id, now, pipeline, publish, run, trail, transaction
from storeline.orders import api as orders
from storeline.stock import api as stock

_INSERT = """
INSERT INTO fulfilment_offer (id, order_id, line_no, replaces, product_id, missing, quantity, price, payable, line, state,
    offered_at, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, 'offered', %s, %s)
"""


def offer(asked: Asked, *, actor: Actor) -> OfferView:
    """Offer goods instead of missing ones, and hold them, in one transaction; the offer as it stands after it.

    The shopper never pays more for them than for what is missing. Who wants whatever the picker finds best has agreed
    at once. A repeat of the same id and contents gives the same answer, another raises BodyMismatch. Raises NoTask,
    TaskClosed, NotOffered, PickedTooMuch, orders' refusals (not sold there) and stock's SoldOut; nothing is changed then.
    """
    with transaction():
        locked = lock([asked.order_id], lines="all")
        task, lines = locked.tasks[asked.order_id], locked.lines.get(asked.order_id, ())
        actor.require(PICK, task.place_id)
        known = {one.id: one for one in offers_of([asked.order_id]).get(asked.order_id, ())}
        if asked.id in known:
            return _again(asked, known[asked.id])
        check_id(asked.id)
        check_pickable(task, "order")
        wish = orders.wishes([asked.order_id])[asked.order_id]
        if wish == "never":
            raise NotOffered("This shopper wants no substitutes.", field="order")
        _check(asked, lines, {one.line_no for one in known.values()})
        line = _priced(asked)
        numbers = [row.line_no for row in orders.lines([asked.order_id]).result()[asked.order_id]]
        line_no = next_line([*numbers, *(one.line_no for one in known.values())])
        _hold(asked, task, line_no, line, included=locked.orders[asked.order_id].tax_included)
        trail(
            actor,
            "fulfilment.offer",
            asked.order_id,
            place_id=task.place_id,
            detail={"line": asked.replaces, "product": str(asked.product_id)},
        )
        publish([event(OFFERED, task, offer=str(asked.id))])
        made = _made(asked)
        if wish == "accept":
            accept(made, task)
            return _made(asked)
        tell(made)
        return made


def _made(asked: Asked) -> OfferView:
    return next(one for one in offers_of([asked.order_id])[asked.order_id] if one.id == asked.id)


def _again(asked: Asked, known: OfferView) -> OfferView:
    same = (known.replaces, known.product_id, known.missing, known.quantity)
    if same != (asked.replaces, asked.product_id, asked.missing, asked.quantity):
        raise BodyMismatch("This id was used for another offer.", field="id")
    return known


def _check(asked: Asked, lines: tuple[TaskLine, ...], substitutes: set[int]) -> None:
    line = next((line for line in lines if line.line_no == asked.replaces), None)
    if line is None:
        raise NotOffered("The order has no such line to pick.", field="line")
    if line.line_no in substitutes:
        raise NotOffered("This is a substitute itself: the shopper agreed to nothing else.", field="line")
    products = catalog.gather([line.product_id, asked.product_id]).result()
    if asked.product_id not in products:
        raise NotOffered("There is no such product.", field="product")
    other = products[asked.product_id]
    check_offered(products[line.product_id], other)
    check_missing(asked, line.ordered, line.picked, line.substituted, other.by_weight)


def _priced(asked: Asked) -> orders.PricedLine:
    wanted = orders.Instead(asked.replaces, asked.missing, asked.product_id, asked.quantity)
    (line,) = orders.price_substitutes(asked.order_id, [wanted])
    if isinstance(line, Error):
        raise line
    return line


def _hold(asked: Asked, task: Task, line_no: int, line: orders.PricedLine, *, included: bool) -> None:
    """Reserve the goods under the order and the line that they would become, and write the offer."""
    moment = now()
    until = answer_until(moment, due_at(asked.order_id))
    pair = (task.place_id, asked.product_id)
    left = stock.lock({pair}).result().get(pair, stock.Level(0, 0)).available
    if asked.quantity > left:
        raise stock.SoldOut("There is not so much of it that nobody else was promised.", field="quantity")
    row = stock.ReserveRow(asked.order_id, line_no, *pair, asked.quantity, until + HOLD_BEYOND)
    with pipeline():
        held = stock.reserve([row])
        run(
            _INSERT,
            [
                asked.id,
                asked.order_id,
                line_no,
                asked.replaces,
                asked.product_id,
                asked.missing,
                asked.quantity,
                line.amount - line.funded,
                orders.payable(line, tax_included=included),
                orjson.dumps(orders.pack(line)).decode(),
                moment,
                until,
            ],
        )
    if held.result() != 1:
        raise RuntimeError("a reservation failed its guard under the lock: nothing was written")
