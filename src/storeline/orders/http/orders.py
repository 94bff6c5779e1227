"""Orders after they were placed: for staff of their places, and for whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Status

from storeline.identity.api import Request, requires
from storeline.kernel.api import Invalid, format_amount, format_quantity, pipeline
from storeline.orders import api as orders
from storeline.orders.http.router import router
from storeline.orders.http.schemas import (
    AddressIn,
    CancelIn,
    CancelledOut,
    ContactIn,
    ListedOut,
    OrderLineOut,
    OrdersOut,
    OrderViewOut,
    Token,
)
from storeline.orders.permissions import CANCEL, OWN, VIEW
from storeline.payments import api as payments

StateName = Literal["pending", "confirmed", "completed", "cancelled"]
Limit = Annotated[int, Field(ge=1, le=200)]


@router.get("/orders", auth=requires(VIEW), response=OrdersOut, summary="Orders of a place, newest first")
def list_orders(
    request: Request,
    place: UUID | None = None,
    state: StateName | None = None,
    cursor: UUID | None = None,
    limit: Limit = 50,
) -> OrdersOut:
    """Newest first. Who may see only some places must name one of them."""
    actor = request.actor
    if place is None and actor.places_for(VIEW) is not None:
        raise Invalid("Name the place.", field="place")
    actor.require(VIEW, place)
    return _page(orders.list_orders(place_id=place, state=state, before=cursor, limit=limit), limit)


@router.get("/orders/mine", auth=requires(OWN), response=OrdersOut, summary="One's own orders, newest first")
def list_own_orders(
    request: Request, state: StateName | None = None, cursor: UUID | None = None, limit: Limit = 50
) -> OrdersOut:
    """Those of whoever signed in, online and in shops. A guest keeps each order's token instead."""
    records = orders.records_of_actor(request.actor)
    return _page(orders.list_orders(customer_ids=records, state=state, before=cursor, limit=limit), limit)


def _page(heads: Sequence[orders.OrderHead], limit: int) -> OrdersOut:
    return OrdersOut(items=[_listed(head) for head in heads], next=heads[-1].id if len(heads) == limit else None)


def _listed(head: orders.OrderHead) -> ListedOut:
    return ListedOut(
        id=head.id,
        state=head.state,
        currency=head.currency,
        total=format_amount(head.total, head.currency),
        payable=format_amount(head.payable, head.currency),
        place=head.place_id,
        channel=head.channel,
        method=head.method,
        placed_at=head.placed_at,
    )


@router.get(
    "/orders/{uuid:order_id}", auth=requires(OWN, guest=True), response=OrderViewOut, summary="One order with its lines"
)
def get_order(request: Request, order_id: UUID, token: Token = None) -> OrderViewOut:
    """For staff of the places that sell or serve it, for the shopper whose it is, and for whoever has its token."""
    view = orders.get_for(order_id, actor=request.actor, token=token or "")
    with pipeline():
        going, reached = orders.destinations([order_id]), orders.contacts([order_id])
    head, to, contact = view.head, going.result().get(order_id), reached.result().get(order_id)

    def money(amount: int) -> str:
        return format_amount(amount, head.currency)

    moved = view.moved
    return OrderViewOut(
        id=head.id,
        state=head.state,
        currency=head.currency,
        total=money(head.total),
        payable=money(head.payable),
        ref=head.ref,
        place=head.place_id,
        served_by=head.served_by,
        channel=head.channel,
        method=head.method,
        customer=head.customer_id,
        placed_at=head.placed_at,
        business_date=head.business_date.isoformat(),
        reason=head.reason,
        collect_at=None if to is None else to.point,
        address=None if to is None or to.address is None else AddressIn(**asdict(to.address)),
        contact=None if contact is None else ContactIn(**asdict(contact)),
        fee_line=None if to is None else to.fee_line,
        lines=[
            OrderLineOut(
                line=line.line_no,
                product=line.product_id,
                quantity=format_quantity(line.quantity),
                gross=money(line.gross),
                discount=money(line.discount),
                amount=money(line.amount),
                funded=money(line.funded),
                tax=money(line.tax),
                not_found=format_quantity(line.taken_quantity - moved.get(line.line_no, 0)),
                moved=format_quantity(moved.get(line.line_no, 0)),
                continues=line.continues,
                from_place=line.from_place,
            )
            for line in view.lines
        ],
    )


@router.delete(
    "/orders/{uuid:order_id}/contact",
    auth=requires(OWN, guest=True),
    response={204: None},
    summary="Forget how to reach whoever ordered",
)
def forget_contact(request: Request, order_id: UUID, token: Token = None) -> Status[None]:
    """At once, as they ask; where it was brought follows once the goods are there. A repeat changes nothing."""
    orders.forget_buyer(order_id, actor=request.actor, token=token or "")
    return Status(204, None)


@router.post(
    "/orders/{uuid:order_id}/cancel",
    auth=requires(OWN, guest=True),
    response=CancelledOut,
    summary="Cancel an order, or call one's own off",
)
def cancel_order(request: Request, order_id: UUID, body: CancelIn, token: Token = None) -> CancelledOut:
    """Frees all that the order holds and lets its payments go; a repeat gives the same answer.

    Shoppers call their own off while nothing is picked (`picking_begun` after that); staff say a reason.
    """
    actor, shown = request.actor, token or ""
    head = orders.get_for(order_id, actor=actor, token=shown).head
    if orders.is_own(head, actor=actor, token=shown) and not actor.may(CANCEL, head.place_id):
        if body.reason is not None:
            raise Invalid("Only staff say a reason.", field="reason")
        state = orders.call_off(order_id, actor=actor, token=shown)
    else:
        state = orders.cancel([order_id], reason=body.reason or "customer", actor=actor, tell=True)[order_id]
    payments.perform_open([order_id])
    return CancelledOut(id=order_id, state=state)
