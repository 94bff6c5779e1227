"""Transfers between places."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Query, Schema, Status

from storeline.identity.api import Request, requires
from storeline.kernel.api import Forbidden, Invalid, check_id, format_quantity, parse_quantity
from storeline.stock.commands import transfers
from storeline.stock.domain.goods import LONGEST_NOTE
from storeline.stock.domain.transfers import Arrival, ArrivedLine, Transfer, TransferDraft, TransferState
from storeline.stock.errors import NoTransfer
from storeline.stock.http.router import router
from storeline.stock.permissions import READ, RECEIVE, TRANSFER
from storeline.stock.queries import transfers as queries
from storeline.web.fields import Moment, Quantity

Limit = Annotated[int, Query(ge=1, le=200)]
Note = Annotated[str, Field(max_length=LONGEST_NOTE)]


class TransferLineIn(Schema):
    """A product, and how much of it goes."""

    product: UUID
    quantity: Quantity


class TransferIn(Schema):
    """Goods for another place. The client makes the `id` (UUIDv7): the same again changes nothing."""

    id: UUID
    from_place: UUID
    to_place: UUID
    lines: Annotated[list[TransferLineIn], Field(max_length=transfers.MOST_LINES)] = []
    due_at: Moment | None = None
    note: Note = ""


class ShipIn(Schema):
    """When it should arrive, and the reason where it goes although promises hold some of it."""

    due_at: Moment | None = None
    force: Note = ""


class ArrivedLineIn(Schema):
    """What became of a product: `received` in good order (what was `found` beyond what was sent included), `lost`,
    `damaged`. What is not named stays under way.
    """

    product: UUID
    received: Quantity = "0"
    lost: Quantity = "0"
    damaged: Quantity = "0"
    found: Quantity = "0"
    note: Note = ""


class ArrivalIn(Schema):
    """Some or all of a transfer arrived. The client makes the `id` (UUIDv7): the same again changes nothing."""

    id: UUID
    lines: Annotated[list[ArrivedLineIn], Field(min_length=1, max_length=transfers.MOST_LINES)]


class TransferLineOut(Schema):
    """A product of a transfer; `in_transit` is what left and is not accounted for yet."""

    line: int
    product: UUID
    quantity: str
    shipped: str
    received: str
    lost: str
    damaged: str
    found: str
    in_transit: str


class TransferOut(Schema):
    """A transfer as it stands."""

    id: UUID
    from_place: UUID
    to_place: UUID
    state: Literal["open", "shipped", "received", "cancelled"]
    due_at: datetime | None
    note: str
    created_at: datetime
    shipped_at: datetime | None
    ended_at: datetime | None
    lines: list[TransferLineOut]


class TransfersOut(Schema):
    """A page of transfers, the latest first."""

    items: list[TransferOut]
    next: UUID | None


@router.post("/stock/transfers", auth=requires(TRANSFER), response={201: TransferOut})
def create(request: Request, body: TransferIn) -> Status[TransferOut]:
    """Begin a transfer; nothing moves yet."""
    check_id(body.id)
    lines = [
        (line.product, parse_quantity(line.quantity, field=f"lines[{index}].quantity"))
        for index, line in enumerate(body.lines)
    ]
    draft = TransferDraft(body.id, body.from_place, body.to_place, lines, body.due_at, body.note)
    return Status(201, _transfer(transfers.create_transfer(draft, actor=request.actor)))


@router.get("/stock/transfers", auth=requires(READ), response=TransfersOut)
def get_list(
    request: Request,
    place: UUID | None = None,
    side: Literal["in", "out"] = "in",
    state: TransferState | None = None,
    cursor: UUID | None = None,
    limit: Limit = 50,
) -> TransfersOut:
    """Transfers that come to a place or go out of it, the latest first."""
    if place is None and request.actor.places_for(READ) is not None:
        raise Invalid("Name a place of yours.", field="place")
    if place is not None and not request.actor.may(READ, place):
        raise Forbidden("You may not see the stock of this place.", permission=READ)
    states = () if state is None else (state,)
    found = queries.list_transfers(place, side, states=states, before=cursor, limit=limit)
    return TransfersOut(items=[_transfer(one) for one in found], next=found[-1].id if len(found) == limit else None)


@router.get("/stock/transfers/{transfer_id}", auth=requires(READ), response=TransferOut)
def get_one(request: Request, transfer_id: UUID) -> TransferOut:
    """A transfer, for either of its places."""
    found = queries.get_transfer(transfer_id)
    if not any(request.actor.may(READ, place) for place in (found.from_place, found.to_place)):
        raise NoTransfer("There is no such transfer.")
    return _transfer(found)


@router.post("/stock/transfers/{transfer_id}/ship", auth=requires(TRANSFER), response=TransferOut)
def ship(request: Request, transfer_id: UUID, body: ShipIn) -> TransferOut:
    """The goods leave. What is promised stays, unless it is forced with a reason. Shipped twice is once."""
    return _transfer(transfers.ship_transfer(transfer_id, actor=request.actor, due_at=body.due_at, force=body.force))


@router.post("/stock/transfers/{transfer_id}/arrivals", auth=requires(RECEIVE), response={201: TransferOut})
def receive(request: Request, transfer_id: UUID, body: ArrivalIn) -> Status[TransferOut]:
    """Some or all of it arrived, with every difference named."""
    check_id(body.id)
    lines = [
        ArrivedLine(line.product, *_parts(line, f"lines[{index}]"), line.note) for index, line in enumerate(body.lines)
    ]
    return Status(201, _transfer(transfers.receive_transfer(Arrival(body.id, transfer_id, lines), actor=request.actor)))


@router.post("/stock/transfers/{transfer_id}/cancel", auth=requires(TRANSFER), response=TransferOut)
def cancel(request: Request, transfer_id: UUID) -> TransferOut:
    """Call it off before it leaves. Twice is once."""
    return _transfer(transfers.cancel_transfer(transfer_id, actor=request.actor))


def _parts(line: ArrivedLineIn, field: str) -> tuple[int, int, int, int]:
    return (
        parse_quantity(line.received, field=f"{field}.received"),
        parse_quantity(line.lost, field=f"{field}.lost"),
        parse_quantity(line.damaged, field=f"{field}.damaged"),
        parse_quantity(line.found, field=f"{field}.found"),
    )


def _transfer(one: Transfer) -> TransferOut:
    return TransferOut(
        id=one.id,
        from_place=one.from_place,
        to_place=one.to_place,
        state=one.state.value,
        due_at=one.due_at,
        note=one.note,
        created_at=one.created_at,
        shipped_at=one.shipped_at,
        ended_at=one.ended_at,
        lines=[
            TransferLineOut(
                line=line.line_no,
                product=line.product_id,
                quantity=format_quantity(line.quantity),
                shipped=format_quantity(line.shipped),
                received=format_quantity(line.received),
                lost=format_quantity(line.lost),
                damaged=format_quantity(line.damaged),
                found=format_quantity(line.found),
                in_transit=format_quantity(line.in_transit),
            )
            for line in one.lines
        ],
    )
