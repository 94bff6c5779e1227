"""Recalls: started and ended at head office, followed, and taken off each shelf."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Query, Schema, Status

from storeline.identity.api import Request, requires
from storeline.kernel.api import Forbidden, check_id, format_quantity, parse_quantity
from storeline.stock.commands import recalls
from storeline.stock.domain.recalls import (
    LONGEST_WHY,
    OnShelf,
    RecallDraft,
    RecallRow,
    RecallState,
    TakenOff,
    TakenOffRow,
)
from storeline.stock.http.goods import LotCode
from storeline.stock.http.router import router
from storeline.stock.permissions import READ, RECALL, START_RECALL, WASTE
from storeline.stock.queries import recalls as queries
from storeline.web.fields import Quantity
from storeline.web.problems import told_as

Limit = Annotated[int, Query(ge=1, le=1000)]
State = Literal["open", "closed", "lifted"]


class RecallIn(Schema):
    """A lot to recall, and why: shoppers are told so. The client makes the `id` (UUIDv7): the same again changes nothing."""

    id: UUID
    product: UUID
    lot: LotCode
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_WHY)]


class RecalledOut(Schema):
    """A recall as it stands: what is still on shelves by the books, what was taken off, what nobody found."""

    id: UUID
    product: UUID
    lot: str
    reason: str
    state: State
    started_at: datetime
    started_by: UUID | None
    ended_at: datetime | None
    ended_by: UUID | None
    on_shelves: str
    taken_off: str
    missing: str


class RecalledListOut(Schema):
    """A page of recalls, the latest first."""

    items: list[RecalledOut]
    next: UUID | None


class EndIn(Schema):
    """`closed`: all of it is off the shelves, and it stays blocked. `lifted`: it was a mistake, and may be sold again.

    `anyway`: close it though places that were asked to look have not said that they did.
    """

    state: Literal["closed", "lifted"]
    anyway: bool = False


class TakenOffIn(Schema):
    """What a place found of the lot and threw away. `expected` is what its books said; with `all_of_it` what is beyond
    that is missing. Where they have none, `found` 0 says that it was looked for. The client makes the `id` (UUIDv7): the same again changes nothing.
    """

    id: UUID
    place: UUID
    expected: Quantity
    found: Quantity
    all_of_it: bool = True


class TakenOffOut(Schema):
    """What was taken off a shelf, and by whom; with `all_of_it` nothing more was there."""

    id: UUID
    recall: UUID
    place: UUID
    expected: str
    found: str
    missing: str
    at: datetime
    actor: UUID | None
    all_of_it: bool


class TakenOffListOut(Schema):
    """A page of what was taken off."""

    items: list[TakenOffOut]
    next: UUID | None


class ToLookOut(Schema):
    """Places that once had the lot, have none by their books, and have not said that they looked."""

    places: list[UUID]


class OnShelfOut(Schema):
    """A recalled lot, and how much of it a place has by its books; "0": look for it all the same."""

    recall: RecalledOut
    quantity: str


class OnShelvesOut(Schema):
    """What one place has to take off its shelves."""

    items: list[OnShelfOut]


@router.post("/recalls", auth=requires(START_RECALL), response={201: RecalledOut})
def post_recall(request: Request, body: RecallIn) -> Status[RecalledOut]:
    """Recall a lot: nobody is promised any of it from now on, shops take it off, and who bought it is told."""
    check_id(body.id)
    draft = RecallDraft(body.id, body.product, body.lot, body.reason)
    return Status(201, _recall(recalls.start_recall(draft, actor=request.actor)))


@router.get("/recalls", auth=requires(RECALL), response=RecalledListOut, summary="Recalls that were started")
def get_recalls(
    request: Request,  # ninja gives it
    state: RecallState | None = None,
    cursor: UUID | None = None,
    limit: Limit = 50,
) -> RecalledListOut:
    """Recalls, the latest first. Where a lot is, recalled or not, is `/stock/recalls`."""
    found = queries.list_recalls(state=state, before=cursor, limit=limit)
    return RecalledListOut(items=[_recall(one) for one in found], next=found[-1].id if len(found) == limit else None)


@router.get("/recalls/shelves", auth=requires(READ), response=OnShelvesOut, summary="What a place has to take off")
def get_shelves(request: Request, place: UUID) -> OnShelvesOut:
    """Recalled lots of which a place's books have some; and those that it once had, until it says that it looked."""
    if not request.actor.may(READ, place):
        raise Forbidden("You may not see the stock of this place.", permission=READ)
    return OnShelvesOut(items=[_on_shelf(one) for one in queries.recalled_at(place)])


@router.get("/recalls/{recall_id}", auth=requires(RECALL), response=RecalledOut, summary="How far a recall is")
def get_started(request: Request, recall_id: UUID) -> RecalledOut:  # ninja gives it
    """A recall as it stands."""
    return _recall(queries.get_recall(recall_id))


@router.post("/recalls/{recall_id}/end", auth=requires(START_RECALL), response=RecalledOut)
def post_end(request: Request, recall_id: UUID, body: EndIn) -> RecalledOut:
    """Close it once all of it is off the shelves, or lift it. The same again changes nothing."""
    lifted = body.state == "lifted"
    return _recall(recalls.end_recall(recall_id, lifted=lifted, anyway=body.anyway, actor=request.actor))


@router.get("/recalls/{recall_id}/to-look", auth=requires(RECALL), response=ToLookOut, summary="Who has still to look")
def get_to_look(request: Request, recall_id: UUID) -> ToLookOut:  # ninja gives it
    """Of a recall that is open. Places whose books have some are `/stock/recalls`."""
    return ToLookOut(places=queries.to_look(queries.get_recall(recall_id).id).result())


@router.post("/recalls/{recall_id}/taken-off", auth=requires(WASTE), response={201: TakenOffOut})
def post_taken_off(request: Request, recall_id: UUID, body: TakenOffIn) -> Status[TakenOffOut]:
    """A place took it off its shelf: what was found is waste, what nobody found is missing."""
    check_id(body.id)
    expected, found = parse_quantity(body.expected, field="expected"), parse_quantity(body.found, field="found")
    asked = TakenOff(body.id, recall_id, body.place, expected, found, body.all_of_it)
    with told_as({"lines[0].place": "place"}):
        return Status(201, _taken_off(recalls.take_off(asked, actor=request.actor)))


@router.get("/recalls/{recall_id}/taken-off", auth=requires(RECALL), response=TakenOffListOut)
def get_taken_off(
    request: Request,  # ninja gives it
    recall_id: UUID,
    cursor: UUID | None = None,
    limit: Limit = 200,
) -> TakenOffListOut:
    """What places took off their shelves, the oldest first."""
    found = queries.taken_off(recall_id, after=cursor, limit=limit)
    return TakenOffListOut(items=[_taken_off(one) for one in found], next=found[-1].id if len(found) == limit else None)


def _recall(one: RecallRow) -> RecalledOut:
    return RecalledOut(
        id=one.id,
        product=one.product_id,
        lot=one.lot,
        reason=one.reason,
        state=one.state.value,
        started_at=one.started_at,
        started_by=one.started_by,
        ended_at=one.ended_at,
        ended_by=one.ended_by,
        on_shelves=format_quantity(one.on_shelves),
        taken_off=format_quantity(one.taken_off),
        missing=format_quantity(one.missing),
    )


def _taken_off(one: TakenOffRow) -> TakenOffOut:
    return TakenOffOut(
        id=one.id,
        recall=one.recall_id,
        place=one.place_id,
        expected=format_quantity(one.expected),
        found=format_quantity(one.found),
        missing=format_quantity(one.missing),
        at=one.at,
        actor=one.actor_id,
        all_of_it=one.all_of_it,
    )


def _on_shelf(one: OnShelf) -> OnShelfOut:
    return OnShelfOut(recall=_recall(one.recall), quantity=format_quantity(one.quantity))
