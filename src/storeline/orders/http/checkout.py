"""Placing orders, one or many."""

from __future__ import annotations

from ninja import Status

from storeline.identity.api import Request, requires
from storeline.kernel.api import Error
from storeline.orders import api as orders
from storeline.orders.http.drafts import Buyers, draft_of
from storeline.orders.http.router import router
from storeline.orders.http.schemas import OrderIn, OrdersIn, PlacedOut, VerdictOut, VerdictsOut, placed_out
from storeline.orders.permissions import PLACE


@router.post(
    "/orders", auth=requires(PLACE, guest=True), response={201: PlacedOut, 200: PlacedOut}, summary="Place an order"
)
def place_order(request: Request, body: OrderIn) -> Status[PlacedOut]:
    """201 for a new order, 200 for the same one sent again, else a problem that names the field."""
    actor = request.actor
    checkout = orders.checkout_sourced if body.source else orders.checkout_gathered
    verdict = checkout(draft_of(body, actor, Buyers([body], actor)), actor=actor)
    if verdict.error is not None:
        raise verdict.error
    return Status(200 if verdict.again else 201, placed_out(verdict))


@router.post("/orders/batch", auth=requires(PLACE, guest=True), response=VerdictsOut, summary="Place many orders")
def place_orders(request: Request, body: OrdersIn) -> VerdictsOut:
    """Each order is taken or refused on its own; the verdicts come in the order sent."""
    actor = request.actor
    buyers = Buyers(body.orders, actor)
    verdicts: dict[int, VerdictOut] = {}
    drafts: dict[int, orders.Draft] = {}
    for index, order in enumerate(body.orders):
        try:
            drafts[index] = draft_of(order, actor, buyers)
        except Error as error:
            verdicts[index] = VerdictOut(id=order.id, status=error.status, problem=error.problem())
    sourced = [index for index in drafts if body.orders[index].source]
    for index in sourced:
        verdicts[index] = _verdict_out(orders.checkout_sourced(drafts.pop(index), actor=actor))
    placed = orders.checkout(list(drafts.values()), actor=actor) if drafts else []
    for index, verdict in zip(drafts, placed, strict=True):
        verdicts[index] = _verdict_out(verdict)
    return VerdictsOut(verdicts=[verdicts[index] for index in range(len(body.orders))])


def _verdict_out(verdict: orders.Verdict) -> VerdictOut:
    if verdict.error is not None:
        return VerdictOut(id=verdict.order_id, status=verdict.error.status, problem=verdict.error.problem())
    return VerdictOut(id=verdict.order_id, status=200 if verdict.again else 201, order=placed_out(verdict))
