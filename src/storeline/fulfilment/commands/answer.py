"""What becomes of an offer: the shopper says yes or no, the picker takes it back, or its time is over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from storeline.fulfilment.domain.picking import PICKABLE, Task
from storeline.fulfilment.domain.substitutes import OfferState
from storeline.fulfilment.errors import NoOffer, OfferClosed
from storeline.fulfilment.events import ANSWERED, event
from storeline.fulfilment.locks import lock
from storeline.fulfilment.permissions import FOLLOW, PICK
from storeline.fulfilment.queries import OfferView, offers_of
from storeline.kernel.api import SYSTEM, Actor, ids_array, now, pipeline, publish, run, trail, transaction
from storeline.orders import api as orders
from storeline.stock import api as stock

LIMIT = 200
_CLOSE = """
UPDATE fulfilment_offer SET state = %s, answered_at = %s WHERE id = ANY(%s::uuid[]) AND state = 'offered'
"""
_LINE = """
INSERT INTO fulfilment_task_line (order_id, line_no, product_id, ordered)
SELECT order_id, line_no, product_id, quantity FROM fulfilment_offer WHERE id = %s
"""
_LINED = "SELECT line FROM fulfilment_offer WHERE id = %s"
_OPEN = """
SELECT id, order_id, line_no FROM fulfilment_offer
WHERE order_id = ANY(%s::uuid[]) AND state = 'offered' ORDER BY order_id, line_no
"""
_DUE = """
SELECT DISTINCT order_id FROM (
    SELECT order_id FROM fulfilment_offer WHERE state = 'offered' AND expires_at <= %s ORDER BY expires_at LIMIT %s
) due
"""


def answer(order_id: UUID, offer_id: UUID, *, yes: bool, actor: Actor, token: str = "") -> OfferView:
    """A shopper's yes or no to what is offered for their own order; the offer after it. The same answer again is nothing.

    Raises as `orders.api.get_own`, NoOffer, OfferClosed where it was answered otherwise, taken back, or its time is
    over; nothing is changed then.
    """
    actor.require(FOLLOW)
    orders.get_own(order_id, actor=actor, token=token)
    with transaction():
        task, found = _locked(order_id, offer_id)
        wanted: OfferState = "accepted" if yes else "declined"
        if found.state == wanted:
            return found
        _check_open(found, task)
        if yes:
            accept(found, task)
        else:
            _close([found], task, "declined")
        trail(actor, "fulfilment.answer", order_id, place_id=task.place_id, detail={"offer": str(offer_id), "yes": yes})
    return _now(order_id, offer_id)


def withdraw(order_id: UUID, offer_id: UUID, *, actor: Actor) -> OfferView:
    """Take an offer back that has no answer yet: the missing goods were found. Twice is once.

    Raises NoTask, NoOffer or OfferClosed, and changes nothing then.
    """
    with transaction():
        task, found = _locked(order_id, offer_id)
        actor.require(PICK, task.place_id)
        if found.state == "withdrawn":
            return found
        _check_open(found, task, late=True)
        _close([found], task, "withdrawn")
        trail(actor, "fulfilment.withdraw", order_id, place_id=task.place_id, detail={"offer": str(offer_id)})
    return _now(order_id, offer_id)


def _locked(order_id: UUID, offer_id: UUID) -> tuple[Task, OfferView]:
    """The task under its lock, and the offer as it stands then: whoever changes one holds that lock."""
    task = lock([order_id]).tasks[order_id]
    for one in offers_of([order_id]).get(order_id, ()):
        if one.id == offer_id:
            return task, one
    raise NoOffer("This order has no such offer.")


def _now(order_id: UUID, offer_id: UUID) -> OfferView:
    return next(one for one in offers_of([order_id])[order_id] if one.id == offer_id)


def _check_open(found: OfferView, task: Task, *, late: bool = False) -> None:
    if found.state != "offered" or task.state not in PICKABLE:
        raise OfferClosed(f"The offer is {found.state}.", field="answer", state=found.state)
    if found.expires_at <= now() and not late:
        raise OfferClosed("The time to answer is over.", field="answer", state="expired")


def accept(found: OfferView, task: Task) -> None:
    """The order gets the offered line, and the picker its line to pick. Belongs in a transaction that holds the task."""
    line = orders.unpack(run(_LINED, [found.id]).fetchall()[0][0])
    wanted = orders.Instead(found.replaces, found.missing, found.product_id, found.quantity)
    orders.substitute(found.order_id, found.line_no, wanted, line, actor=SYSTEM)
    with pipeline():
        run(_LINE, [found.id])
        run(_CLOSE, ["accepted", now(), ids_array([found.id])])
        publish([event(ANSWERED, task, offer=str(found.id), state="accepted")])


def _close(offers: Sequence[OfferView], task: Task, state: OfferState) -> None:
    with pipeline():
        run(_CLOSE, [state, now(), ids_array(one.id for one in offers)])
        stock.shrink([stock.ShrinkRow(one.order_id, one.line_no, 0) for one in offers])
        publish([event(ANSWERED, task, offer=str(one.id), state=state) for one in offers])


def close_open(tasks: Collection[Task]) -> None:
    """No answer means no: picking is over. Belongs in a transaction that holds the tasks."""
    of_order = {task.order_id: task for task in tasks}
    rows = run(_OPEN, [ids_array(of_order)]).fetchall()
    if not rows:
        return
    with pipeline():
        run(_CLOSE, ["expired", now(), ids_array(row[0] for row in rows)])
        stock.shrink([stock.ShrinkRow(order_id, line_no, 0) for _, order_id, line_no in rows])
        publish([event(ANSWERED, of_order[row[1]], offer=str(row[0]), state="expired") for row in rows])


def expire_offers(moment: datetime) -> int:
    """End the offers whose time is over, and free what was held for them; of how many orders. Repeat until it gives 0."""
    order_ids = [row[0] for row in run(_DUE, [moment, LIMIT]).fetchall()]
    for order_id in order_ids:
        with transaction():
            task = lock([order_id]).tasks[order_id]
            due = [
                one for one in offers_of([order_id])[order_id] if one.state == "offered" and one.expires_at <= moment
            ]
            if due:
                _close(due, task, "expired")
    return len(order_ids)
