"""A shopper asks to bring goods back; the shop's return of them, the shopper's second thought or time ends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation

from storeline.aftersales.commands.gather import counter_of, no_pay_out, paid_of, sale_of, sold_of
from storeline.aftersales.domain.decide import decide, returnable
from storeline.aftersales.domain.requests import (
    RequestLine,
    ReturnRequest,
    check_left,
    check_request,
    lapses_at,
    left_of,
)
from storeline.aftersales.domain.terms import Gathered, Return, ReturnLine
from storeline.aftersales.errors import NotReturnable, RequestClosed, ReturnMismatch
from storeline.aftersales.events import REQUEST_CLOSED, REQUESTED
from storeline.aftersales.permissions import ASK
from storeline.aftersales.queries import RequestView, back_of, get_request, open_units_of
from storeline.kernel.api import (
    Actor,
    Conflict,
    Event,
    Row,
    check_id,
    ints_array,
    now,
    pipeline,
    publish,
    run,
    trail,
    transaction,
)
from storeline.orders import api as orders
from storeline.places import api as places

_INSERT = """
INSERT INTO aftersales_request (id, order_id, place_id, customer_id, code, state, requested_at, lapses_at, digest)
VALUES (%s, %s, %s, %s, %s, 'requested', %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
_LINES = """
INSERT INTO aftersales_request_line (request_id, order_line, quantity, reason)
SELECT %s, * FROM unnest(%s::int[], %s::bigint[], %s::text[])
"""
_DIGEST = "SELECT digest FROM aftersales_request WHERE id = %s"
_CLOSE = """
UPDATE aftersales_request SET state = %s, closed_at = %s, return_id = %s
WHERE id = %s AND state = 'requested' AND order_id = %s
"""
_LAPSE = """
UPDATE aftersales_request SET state = 'lapsed', closed_at = %s
WHERE id IN (SELECT id FROM aftersales_request WHERE state = 'requested' AND lapses_at <= %s ORDER BY lapses_at, id
    LIMIT 500 FOR UPDATE SKIP LOCKED)
RETURNING id, place_id, order_id
"""


@dataclass(frozen=True, slots=True)
class Refundable:
    """What would go back by one tender, in minor units."""

    tender: str
    amount: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What goods would bring: in all, and by which tenders."""

    currency: str
    refunded: int
    refunds: tuple[Refundable, ...]


def ask_return(asked: ReturnRequest, *, actor: Actor, token: str = "") -> RequestView:
    """Ask to bring back goods of one's own order, to any shop; the request as it stands after it.

    Nothing moves before the shop has the goods. A repeat of the same id and contents gives the same answer, another
    under that id raises ReturnMismatch. Raises BadReturn, NotReturnable, TooMuchReturned (of what was asked for
    already, too), as `orders.api.get_own` for another's order, and changes nothing then.
    """
    actor.require(ASK)
    check_id(asked.id)
    check_request(asked)
    head = orders.get_own(asked.order_id, actor=actor, token=token).head
    with transaction():
        with pipeline():
            locked = orders.lock([asked.order_id])
            lines = orders.lines([asked.order_id])
            back = back_of(asked.order_id)
            waiting = open_units_of(asked.order_id)
            to = orders.destinations([asked.order_id])
        if _is_known(asked):
            return get_request(asked.id)
        returnable(sale_of(locked.result().get(asked.order_id)))
        sold = sold_of(lines.result().get(asked.order_id, ()), to.result().get(asked.order_id))
        check_left(asked.lines, sold, back.result(), waiting.result())
        _insert(asked, head)
        publish([Event(REQUESTED, asked.id, head.place_id, head.entity_id, {"order": str(asked.order_id)})])
        trail(actor, "aftersales.ask", asked.id, place_id=head.place_id, detail={"order": str(asked.order_id)})
    return get_request(asked.id)


def _is_known(asked: ReturnRequest) -> bool:
    """Whether this very request is there; read under the order's lock."""
    row = run(_DIGEST, [asked.id]).fetchone()
    if row is not None and bytes(row[0]) != asked.digest:
        raise ReturnMismatch("A request with this id and other contents is already there.", field="id")
    return row is not None


def _insert(asked: ReturnRequest, head: orders.OrderHead) -> None:
    moment = now()
    words = [asked.id, asked.order_id, head.place_id, head.customer_id, asked.code, moment, lapses_at(moment)]
    try:
        with transaction():
            if run(_INSERT, [*words, asked.digest]).rowcount != 1:
                raise ReturnMismatch("A request with this id and other contents is already there.", field="id")
    except UniqueViolation as error:
        raise Conflict("Another request has this code: send it with another id.", field="id") from error
    run(
        _LINES,
        [
            asked.id,
            ints_array(line.order_line for line in asked.lines),
            ints_array(line.quantity for line in asked.lines),
            [line.reason for line in asked.lines],
        ],
    )


def withdraw_request(request_id: UUID, *, actor: Actor, token: str = "") -> RequestView:
    """Think better of it; a repeat changes nothing. Raises RequestNotFound for another's, RequestClosed once it ended."""
    actor.require(ASK)
    found = get_request(request_id)
    head = orders.get_own(found.order_id, actor=actor, token=token).head
    with transaction():
        if run(_CLOSE, ["withdrawn", now(), None, request_id, found.order_id]).rowcount == 1:
            publish([_closed((request_id, head.place_id, found.order_id), "withdrawn")])
            trail(actor, "aftersales.withdraw", request_id, place_id=head.place_id)
    after = get_request(request_id)
    if after.state != "withdrawn":
        raise RequestClosed(f"The request is {after.state}.", field="id")
    return after


def accept_request(request_id: UUID, asked: Return) -> None:
    """Within a return's transaction: the request that it answers becomes that return, once.

    Raises RequestNotFound, RequestClosed, NotReturnable where it is of another order.
    """
    found = get_request(request_id)
    if found.state == "accepted" and found.return_id == asked.id:
        return
    if found.order_id != asked.order_id:
        raise NotReturnable("The request is of another order.", field="request")
    if run(_CLOSE, ["accepted", now(), asked.id, request_id, found.order_id]).rowcount != 1:
        raise RequestClosed(f"The request is {get_request(request_id).state}.", field="request")
    publish([_closed((request_id, asked.place_id, found.order_id), "accepted")])


def lapse_requests(moment: datetime) -> int:
    """End requests whose goods did not come in time, at most 500; how many."""
    with transaction():
        rows = run(_LAPSE, [moment, moment]).fetchall()
        publish([_closed(row, "lapsed") for row in rows])
    return len(rows)


def _closed(row: Row, state: str) -> Event:
    request_id, place_id, order_id = row
    return Event(REQUEST_CLOSED, request_id, place_id, None, {"order": str(order_id), "state": state})


def left_to_return(order_id: UUID) -> dict[int, int]:
    """How much of each line of an order can still be asked for, in thousandths; lines without any are absent."""
    with pipeline():
        lines = orders.lines([order_id])
        back = back_of(order_id)
        waiting = open_units_of(order_id)
        to = orders.destinations([order_id])
    sold = sold_of(lines.result().get(order_id, ()), to.result().get(order_id))
    returned, asked = back.result(), waiting.result()
    left = {number: left_of(line, returned, asked) for number, line in sold.items() if not line.fee}
    return {number: quantity for number, quantity in left.items() if quantity}


def preview(order: orders.OrderView, lines: tuple[RequestLine, ...]) -> Preview:
    """What these goods would bring if they came back now: the same decision as the return's. Raises as `return_goods`."""
    head = order.head
    asked = Return(
        UUID(int=0), head.place_id, tuple(ReturnLine(line.quantity, line.order_line) for line in lines), head.id
    )
    with pipeline():
        back = back_of(head.id)
        found = places.gather([head.place_id])
        to = orders.destinations([head.id])
    seen = Gathered(
        now=now(),
        counter=counter_of(found.result().get(head.place_id)),
        sale=sale_of(head),
        sold=sold_of(order.lines, to.result().get(head.id)),
        back=back.result(),
        payments=paid_of(head.id),
        products={},
    )
    decided = decide(asked, seen, no_pay_out)
    return Preview(
        decided.currency, decided.refunded, tuple(Refundable(one.tender, one.amount) for one in decided.refunds)
    )
