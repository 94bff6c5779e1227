"""What places reject, and what they send for orders that other places serve. Quantities are decimal text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.http.router import Quantity, Token, router
from storeline.fulfilment.permissions import FOLLOW, PICK, VIEW
from storeline.identity.api import Request, requires
from storeline.kernel.api import format_quantity, parse_quantity
from storeline.orders import api as orders
from storeline.web.problems import told_as

Line = Annotated[int, Field(ge=1, le=100_000)]


class RejectIn(Schema):
    """What cannot be given of a line where it stands. `id` is a fresh UUIDv7 of the client's: sending it again is safe.

    `not_found` and `damaged` correct the stock of that place; `not_sent` is said where it is waited for.
    """

    id: UUID
    reason: Literal["not_found", "damaged", "not_sent"]
    quantity: Quantity


class RejectionOut(Schema):
    """Of `quantity`, `moved` comes from elsewhere, as lines that continue this one; `corrected` left the place's books."""

    id: UUID
    order: UUID
    line: int
    place: UUID
    product: UUID
    reason: Literal["not_found", "damaged", "not_sent", "lost"]
    quantity: str
    corrected: str
    moved: str
    at: datetime
    due_at: datetime


class MissingOut(Schema):
    """What was not there of one's own order: `moved` of it comes from elsewhere, the rest is offered otherwise or left out."""

    line: int
    product: UUID
    quantity: str
    moved: str
    at: datetime


class MissingsOut(Schema):
    items: list[MissingOut]
    due_at: datetime | None


class SupplyLineOut(Schema):
    """`line` is the order's. Of `ordered`, `arrived` is at the other end, `gone` never will be."""

    line: int
    product: UUID
    ordered: str
    picked: str
    arrived: str
    gone: str


class SupplyOut(Schema):
    """What one place picks of an order and sends to the place that serves it; sent, it is the transfer of the same id.

    ``moved``: its place could not give it, and others were asked. It was due at `promised_at` at first; `late` says why it
    is due later now. It has to leave by `leave_by`.
    """

    id: UUID
    order: UUID
    from_place: UUID
    to_place: UUID
    state: Literal["to_pick", "sent", "received", "moved", "cancelled"]
    due_at: datetime
    promised_at: datetime
    leave_by: datetime
    late: Literal["not_sent", "not_arrived"] | None
    sent_at: datetime | None
    closed_at: datetime | None
    lines: list[SupplyLineOut]


class SuppliesOut(Schema):
    items: list[SupplyOut]


class PutPickedIn(Schema):
    picked: Quantity


@router.post(
    "/fulfilment/tasks/{order_id}/lines/{line}/reject",
    auth=requires(PICK),
    response=RejectionOut,
    summary="Say that a line cannot be given here",
)
def reject(request: Request, order_id: UUID, line: Line, body: RejectIn) -> RejectionOut:
    """Stock is corrected and the line sourced anew: what another place can give becomes a line of the same price, and the
    order is due when it can be there. What nobody has stays short. The shopper is told.
    """
    quantity = parse_quantity(body.quantity, field="quantity")
    asked = fulfilment.Rejected(body.id, order_id, line, quantity, fulfilment.Why(body.reason))
    row = fulfilment.reject(asked, actor=request.actor)
    return RejectionOut(
        id=row.id,
        order=row.order_id,
        line=row.line_no,
        place=row.place_id,
        product=row.product_id,
        reason=row.reason.value,
        quantity=format_quantity(row.quantity),
        corrected=format_quantity(row.corrected),
        moved=format_quantity(row.moved),
        at=row.at,
        due_at=fulfilment.get_task(order_id).due_at,
    )


@router.get(
    "/orders/{uuid:order_id}/missing",
    auth=requires(FOLLOW, guest=True),
    response=MissingsOut,
    summary="What was not there of one's own order, and what became of it",
)
def list_own_missing(request: Request, order_id: UUID, token: Token = None) -> MissingsOut:
    """For whose it is alone. `due_at` is when it can be ready."""
    orders.get_own(order_id, actor=request.actor, token=token or "")
    task = fulfilment.tasks_of([order_id]).get(order_id)
    return MissingsOut(
        items=[
            MissingOut(
                line=one.line_no,
                product=one.product_id,
                quantity=format_quantity(one.quantity),
                moved=format_quantity(one.moved),
                at=one.at,
            )
            for one in fulfilment.rejections_of([order_id]).get(order_id, ())
        ],
        due_at=None if task is None else task.due_at,
    )


@router.get(
    "/fulfilment/tasks/{order_id}/supplies",
    auth=requires(VIEW),
    response=SuppliesOut,
    summary="What other places send for an order",
)
def list_supplies_of(request: Request, order_id: UUID) -> SuppliesOut:
    """Whatever became of it, for staff of the place that serves it."""
    if not request.actor.may(VIEW, fulfilment.get_task(order_id).place_id):
        raise fulfilment.NoTask("There is nothing to pick for this order.")
    return _supplies(fulfilment.supplies_of([order_id]).get(order_id, ()))


@router.get("/fulfilment/supplies", auth=requires(VIEW), response=SuppliesOut, summary="What a place has to send")
def list_supplies(request: Request, place: UUID, limit: Annotated[int, Field(ge=1, le=200)] = 50) -> SuppliesOut:
    """What is to be picked there for orders that other places serve, what is due first first."""
    request.actor.require(VIEW, place)
    return _supplies(fulfilment.supplies_at(place, limit=limit))


@router.get("/fulfilment/supplies/{supply}", auth=requires(VIEW), response=SupplyOut, summary="One supply")
def get_supply(request: Request, supply: UUID) -> SupplyOut:
    """For staff of either end."""
    found = fulfilment.get_supply(supply)
    if not any(request.actor.may(VIEW, place) for place in (found.place_id, found.to_place)):
        raise fulfilment.NoSupply("There is nothing to send.")
    return _supply(found)


@router.put(
    "/fulfilment/supplies/{supply}/lines/{line}",
    auth=requires(PICK),
    response=SupplyOut,
    summary="Say how much of a line lies ready to be sent",
)
def put_picked(request: Request, supply: UUID, line: Line, body: PutPickedIn) -> SupplyOut:
    """Altogether. What is not there is rejected instead."""
    with told_as({"quantity": "picked"}):
        quantity = parse_quantity(body.picked)
        return _supply(fulfilment.pick_supply(supply, line, quantity, actor=request.actor))


@router.post("/fulfilment/supplies/{supply}/send", auth=requires(PICK), response=SupplyOut, summary="All of it leaves")
def send(request: Request, supply: UUID) -> SupplyOut:
    """As a transfer of the same id, which the other end takes in; its goods stay the order's."""
    return _supply(fulfilment.send(supply, actor=request.actor))


def _supplies(found: Iterable[fulfilment.Supply]) -> SuppliesOut:
    return SuppliesOut(items=[_supply(one) for one in found])


def _supply(one: fulfilment.Supply) -> SupplyOut:
    return SupplyOut(
        id=one.id,
        order=one.order_id,
        from_place=one.place_id,
        to_place=one.to_place,
        state=one.state.value,
        due_at=one.due_at,
        promised_at=one.promised_at,
        leave_by=one.leave_by,
        late=None if one.late is None else one.late.value,
        sent_at=one.sent_at,
        closed_at=one.closed_at,
        lines=[
            SupplyLineOut(
                line=line.line_no,
                product=line.product_id,
                ordered=format_quantity(line.ordered),
                picked=format_quantity(line.picked),
                arrived=format_quantity(line.arrived),
                gone=format_quantity(line.gone),
            )
            for line in one.lines
        ],
    )
