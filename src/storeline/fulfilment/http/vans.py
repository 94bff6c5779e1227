"""Vans of a place, their turns, and what is brought to the door."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.http.router import router
from storeline.fulfilment.permissions import DISPATCH, HAND_OVER
from storeline.identity.api import Request, requires
from storeline.places import api as places
from storeline.web.problems import told_as


class VanIn(Schema):
    id: UUID
    place: UUID
    name: Annotated[str, Field(min_length=1, max_length=40)]


class VanOut(Schema):
    id: UUID
    place: UUID
    name: str


class VansOut(Schema):
    items: list[VanOut]
    next: None = None


class RunIn(Schema):
    """`day` is one of the place's own calendar."""

    id: UUID
    van: UUID
    day: date


class LoadIn(Schema):
    orders: Annotated[list[UUID], Field(min_length=1, max_length=200)]


class DropOut(Schema):
    order: UUID
    position: int
    state: str


class RunOut(Schema):
    """A van's turn; `code` lets it leave, until it has left."""

    id: UUID
    van: UUID
    place: UUID
    day: date
    state: str
    left_at: datetime | None
    back_at: datetime | None
    drops: list[DropOut]
    code: str | None


class RunsOut(Schema):
    items: list[RunOut]
    next: None = None


class ProofIn(Schema):
    """What shows that goods changed hands: a code, or a name and a signature drawn in a field of 600 by 200.

    `id` is a fresh UUIDv7 of the client's: sending it again is safe.
    """

    id: UUID
    how: Literal["code", "signature"]
    code: Annotated[str, Field(max_length=32)] = ""
    name: Annotated[str, Field(max_length=100)] = ""
    drawing: Annotated[str, Field(max_length=20_000, examples=["M10 90L40 30L70 90"])] = ""


class DeliveredOut(Schema):
    order: UUID
    state: str
    due_at: datetime


@router.get("/fulfilment/vans", auth=requires(DISPATCH), response=VansOut, summary="A place's vans")
def list_vans(request: Request, place: UUID) -> VansOut:
    """By name."""
    request.actor.require(DISPATCH, place)
    return VansOut(items=[VanOut(id=van.id, place=van.place_id, name=van.name) for van in fulfilment.vans_of(place)])


@router.post("/fulfilment/vans", auth=requires(DISPATCH), response=VanOut, summary="Add a van")
def post_van(request: Request, body: VanIn) -> VanOut:
    """Known by its name at its place: the same name again answers with the van that is there."""
    places.get_place(body.place)
    van_id = fulfilment.add_van(body.id, body.place, body.name, actor=request.actor)
    return VanOut(id=van_id, place=body.place, name=body.name.strip())


@router.get("/fulfilment/runs", auth=requires(DISPATCH), response=RunsOut, summary="A day's turns of a place's vans")
def list_runs(request: Request, place: UUID, day: date) -> RunsOut:
    """Those of the day, and those that are not back yet."""
    request.actor.require(DISPATCH, place)
    return RunsOut(items=[_run(run) for run in fulfilment.runs_of(place, day)])


@router.post("/fulfilment/runs", auth=requires(DISPATCH), response=RunOut, summary="Begin to load a van")
def post_run(request: Request, body: RunIn) -> RunOut:
    """The same id again changes nothing."""
    return _run(fulfilment.start_run(body.id, body.van, body.day, actor=request.actor))


@router.post("/fulfilment/runs/{uuid:run}/orders", auth=requires(DISPATCH), response=RunOut, summary="Load orders")
def post_orders(request: Request, run: UUID, body: LoadIn) -> RunOut:
    """Behind those that the van has; one that it has already stays where it is."""
    fulfilment.assign(run, body.orders, actor=request.actor)
    return _run(fulfilment.get_run(run))


@router.delete(
    "/fulfilment/runs/{uuid:run}/orders/{uuid:order}",
    auth=requires(DISPATCH),
    response=RunOut,
    summary="Take an order off a van",
)
def delete_order(request: Request, run: UUID, order: UUID) -> RunOut:
    """While it is being loaded."""
    fulfilment.take_off(run, order, actor=request.actor)
    return _run(fulfilment.get_run(run))


@router.post("/fulfilment/runs/{uuid:run}/departure", auth=requires(DISPATCH), response=RunOut, summary="Leave")
def post_departure(request: Request, run: UUID, body: ProofIn) -> RunOut:
    """The driver takes the goods over, against the turn's code or a signature."""
    return _run(fulfilment.leave(run, _proof(body), actor=request.actor))


@router.post("/fulfilment/runs/{uuid:run}/return", auth=requires(DISPATCH), response=RunOut, summary="The van is home")
def post_return(request: Request, run: UUID) -> RunOut:
    """Once it is said what became of each order."""
    return _run(fulfilment.come_back(run, actor=request.actor))


@router.post(
    "/fulfilment/tasks/{uuid:order}/delivery",
    auth=requires(DISPATCH),
    response=DeliveredOut,
    summary="Hand an order over at its door",
)
def post_delivery(request: Request, order: UUID, body: ProofIn) -> DeliveredOut:
    """Against the shopper's code, or a signature that is kept."""
    with told_as({"orders[0].": "", "orders[0]": "order"}):
        fulfilment.deliver(order, _proof(body), actor=request.actor)
    return _delivered(order)


@router.post(
    "/fulfilment/tasks/{uuid:order}/missed", auth=requires(DISPATCH), response=DeliveredOut, summary="Nobody was there"
)
def post_missed(request: Request, order: UUID) -> DeliveredOut:
    """The order goes back to its place, and gets the next slot that has room."""
    fulfilment.missed(order, actor=request.actor)
    return _delivered(order)


class ShipmentIn(Schema):
    """`tracking` is the number that the carrier knows the parcel by."""

    carrier: Annotated[str, Field(min_length=1, max_length=64)]
    tracking: Annotated[str, Field(min_length=1, max_length=64)]


@router.post(
    "/fulfilment/tasks/{uuid:order}/shipment", auth=requires(HAND_OVER), response=DeliveredOut, summary="Send a parcel"
)
def post_shipment(request: Request, order: UUID, body: ShipmentIn) -> DeliveredOut:
    """It goes to the carrier under its tracking number; the shopper sees it."""
    fulfilment.ship(order, body.carrier, body.tracking, actor=request.actor)
    return _delivered(order)


def _delivered(order_id: UUID) -> DeliveredOut:
    task = fulfilment.get_task(order_id)
    return DeliveredOut(order=order_id, state=task.state, due_at=task.due_at)


def _proof(body: ProofIn) -> fulfilment.Proof:
    return fulfilment.Proof(body.id, body.how, body.code, body.name, body.drawing)


def _run(run: fulfilment.Run) -> RunOut:
    return RunOut(
        id=run.id,
        van=run.van_id,
        place=run.place_id,
        day=run.day,
        state=run.state,
        left_at=run.left_at,
        back_at=run.back_at,
        drops=[DropOut(order=drop.order_id, position=drop.position, state=drop.state) for drop in run.drops],
        code=fulfilment.departure_code(run.id) if run.state == "loading" else None,
    )
