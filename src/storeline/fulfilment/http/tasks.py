"""Picking and hand-over for a place's staff, and each shopper's own order on its way. Quantities are decimal text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema

from storeline.capacity import api as capacity
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.commands import hand_over, ready
from storeline.fulfilment.domain.picking import OPEN
from storeline.fulfilment.http.router import Key, Token, router, scope_of
from storeline.fulfilment.permissions import CANCEL, FOLLOW, HAND_OVER, PICK, VIEW
from storeline.identity.api import Request, requires
from storeline.kernel.api import Answer, Forbidden, Invalid, format_quantity, once, parse_quantity
from storeline.payments import api as payments
from storeline.web.openapi import also_refuses

StateName = Literal["to_pick", "picking", "capturing", "unpaid", "ready", "handed_over", "cancelled"]
Ids = Annotated[list[UUID], Field(min_length=1, max_length=500)]


class PickIn(Schema):
    """How much of a line was found; 0 is an answer too."""

    order: UUID
    line: Annotated[int, Field(ge=1, le=100_000)]
    quantity: Annotated[str, Field(max_length=32, examples=["2"])]


class PicksIn(Schema):
    picks: Annotated[list[PickIn], Field(min_length=1, max_length=5000)]


class OrdersIn(Schema):
    orders: Ids


class HandOverIn(Schema):
    order: UUID
    code: Annotated[str, Field(min_length=1, max_length=32)]


class HandOversIn(Schema):
    orders: Annotated[list[HandOverIn], Field(min_length=1, max_length=500)]


class TimeIn(Schema):
    slot: UUID


class TimeOut(Schema):
    """A slot in which an order is collected or brought."""

    slot: UUID
    starts_at: datetime
    ends_at: datetime


class TimesOut(Schema):
    slots: list[TimeOut]


class CancelIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=200)] = "not_collected"


class TaskLineOut(Schema):
    line: int
    product: UUID
    ordered: str
    picked: str | None
    moved: str
    coming: bool


class TaskOut(Schema):
    """One order to pick and hand over; `picked` is null until somebody looked.

    `moved` of a line comes from elsewhere and is a line of its own; one that is `coming` is taken in, not picked.
    """

    order: UUID
    place: UUID
    method: str
    state: str
    due_at: datetime
    ready_at: datetime | None
    closed_at: datetime | None
    lines: list[TaskLineOut]


class TasksOut(Schema):
    items: list[TaskOut]
    next: str | None


class StateOut(Schema):
    order: UUID
    state: str


class StatesOut(Schema):
    orders: list[StateOut]


class ProgressOut(Schema):
    """One's own order on its way. `state` is the order's until somebody can pick it; `code` is shown at hand-over."""

    order: UUID
    place: UUID
    method: str
    state: str
    due_at: datetime | None
    ready_at: datetime | None
    closed_at: datetime | None
    collect_by: datetime | None
    code: str | None


@router.get("/fulfilment/tasks", auth=requires(VIEW), response=TasksOut, summary="What is due, soonest first")
def list_tasks(
    request: Request,
    place: UUID | None = None,
    state: StateName | None = None,
    cursor: Annotated[str | None, Field(max_length=100)] = None,
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
) -> TasksOut:
    """Open tasks, or those of one state, at one place or at all that one may see."""
    actor = request.actor
    if place is not None and not actor.may(VIEW, place):
        raise Forbidden("You may not see the tasks of this place.", permission=VIEW)
    found = fulfilment.list_tasks(
        places=actor.places_for(VIEW) if place is None else [place],
        states=OPEN if state is None else [state],
        after=None if cursor is None else _cursor(cursor),
        limit=limit,
    )
    last = found[-1] if len(found) == limit else None
    return TasksOut(
        items=[_task(task) for task in found],
        next=None if last is None else f"{last.due_at.astimezone(UTC).isoformat()}_{last.order_id}",
    )


def _cursor(text: str) -> tuple[datetime, UUID]:
    due, _, order = text.partition("_")
    try:
        moment, order_id = datetime.fromisoformat(due.replace(" ", "+")), UUID(order)
    except ValueError:
        raise Invalid("Send the `next` of the page before.", field="cursor") from None
    if moment.tzinfo is None:
        raise Invalid("Send the `next` of the page before.", field="cursor")
    return moment, order_id


@router.get("/fulfilment/tasks/{order_id}", auth=requires(VIEW), response=TaskOut, summary="One order's task")
def get_task(request: Request, order_id: UUID) -> TaskOut:
    """For staff of the place that serves it."""
    task = fulfilment.get_task(order_id)
    if not request.actor.may(VIEW, task.place_id):
        raise fulfilment.NoTask("There is nothing to pick for this order.")
    return _task(task)


def _task(task: fulfilment.TaskView) -> TaskOut:
    return TaskOut(
        order=task.order_id,
        place=task.place_id,
        method=task.method,
        state=task.state,
        due_at=task.due_at,
        ready_at=task.ready_at,
        closed_at=task.closed_at,
        lines=[
            TaskLineOut(
                line=line.line_no,
                product=line.product_id,
                ordered=format_quantity(line.ordered),
                picked=None if line.picked is None else format_quantity(line.picked),
                moved=format_quantity(line.moved),
                coming=line.coming,
            )
            for line in task.lines
        ],
    )


def _states(order_ids: list[UUID], states: dict[UUID, str]) -> StatesOut:
    return StatesOut(orders=[StateOut(order=order_id, state=states[order_id]) for order_id in order_ids])


def _as_they_stand(order_ids: list[UUID]) -> StatesOut:
    return _states(order_ids, {task.order_id: task.state for task in fulfilment.tasks_of(order_ids).values()})


@router.post("/fulfilment/picks", auth=requires(PICK), response=StatesOut, summary="Say what was picked")
def pick(request: Request, body: PicksIn, key: Key = None) -> StatesOut:
    """Lines of one or many orders, all or none; a line may be picked again until its order is ready."""
    picks = [
        fulfilment.Picked(one.order, one.line, parse_quantity(one.quantity, field=f"picks[{index}].quantity"))
        for index, one in enumerate(body.picks)
    ]
    order_ids = list(dict.fromkeys(one.order for one in body.picks))

    def deed() -> Answer:
        fulfilment.pick(picks, actor=request.actor)
        return Answer(200, None)

    once(scope_of(request, "pick"), key, request.body, deed)
    return _as_they_stand(order_ids)


@router.post("/fulfilment/ready", auth=requires(PICK), response=StatesOut, summary="Say that orders are picked")
def make_ready(request: Request, body: OrdersIn, key: Key = None) -> StatesOut:
    """Takes off what was not found and captures the rest. `capturing` means that the partner has not answered yet."""
    begun: list[ready.Begun] = []

    def deed() -> Answer:
        begun.append(ready.begin(body.orders, actor=request.actor))
        return Answer(200, None)

    once(scope_of(request, "ready"), key, request.body, deed)
    # The partner is asked after the commit; the same key again finds nothing begun and tells how things stand.
    for one in begun:
        ready.conclude(one)
    return _as_they_stand(body.orders)


@router.post("/fulfilment/hand-overs", auth=requires(HAND_OVER), response=StatesOut, summary="Hand orders over")
def hand_orders_over(request: Request, body: HandOversIn, key: Key = None) -> StatesOut:
    """Each against the code that its shopper shows; all or none. A wrong code counts as a try."""
    rows = [(one.order, one.code) for one in body.orders]
    checked = hand_over.check_codes(rows, actor=request.actor)

    def deed() -> Answer:
        hand_over.complete(checked, actor=request.actor)
        return Answer(200, None)

    once(scope_of(request, "hand_over"), key, request.body, deed)
    return _as_they_stand([one.order for one in body.orders])


@router.post(
    "/fulfilment/tasks/{order_id}/cancel",
    auth=requires(CANCEL),
    response=StateOut,
    summary="Cancel an uncollected order",
)
def cancel(request: Request, order_id: UUID, body: CancelIn, key: Key = None) -> StateOut:
    """Frees the goods and gives the money back."""

    def deed() -> Answer:
        fulfilment.cancel([order_id], reason=body.reason, actor=request.actor)
        return Answer(200, None)

    once(f"{scope_of(request, 'cancel')} {order_id}", key, request.body, deed)
    payments.perform_open([order_id])
    return StateOut(order=order_id, state="cancelled")


@router.get(
    "/orders/{uuid:order_id}/fulfilment",
    auth=requires(FOLLOW, guest=True),
    response=ProgressOut,
    summary="How one's own order is getting on",
)
def get_progress(request: Request, order_id: UUID, token: Token = None) -> ProgressOut:
    """For whose it is alone, with the collection code once it is ready. Staff have its task."""
    return _progress(fulfilment.progress(order_id, actor=request.actor, token=token or ""))


@router.post(
    "/orders/{uuid:order_id}/fulfilment/code",
    auth=requires(FOLLOW, guest=True),
    response=ProgressOut,
    summary="Another collection code for one's own order",
    openapi_extra=also_refuses(429),
)
def renew_code(request: Request, order_id: UUID, token: Token = None, key: Key = None) -> ProgressOut:
    """The one before ends, and the tries made at it."""
    actor, shown = request.actor, token or ""

    def deed() -> Answer:
        fulfilment.renew_code(order_id, actor=actor, token=shown)
        return Answer(200, None)

    once(f"fulfilment.code {order_id}", key, request.body, deed)
    return _progress(fulfilment.progress(order_id, actor=actor, token=shown))


@router.get(
    "/orders/{uuid:order_id}/fulfilment/slots",
    auth=requires(FOLLOW, guest=True),
    response=TimesOut,
    summary="The times that one's own order may change to",
)
def list_times(request: Request, order_id: UUID, token: Token = None) -> TimesOut:
    """Of its place and way, no dearer, when all of it can be there and what is picked still keeps; of three days.

    None where it has no time, or has left already.
    """
    found = fulfilment.times(order_id, actor=request.actor, token=token or "")
    return TimesOut(slots=[_time(slot) for _, slots in found.days for slot in slots])


@router.put(
    "/orders/{uuid:order_id}/fulfilment/slot",
    auth=requires(FOLLOW, guest=True),
    response=TimeOut,
    summary="Another time for one's own order",
)
def put_time(request: Request, order_id: UUID, body: TimeIn, token: Token = None) -> TimeOut:
    """As long as it was not handed over, is in no van and not on its way to a point (`on_its_way`).

    `cannot_wait`: what is picked must stay cold or hot, and does not keep beyond `until`. The time that it has changes nothing.
    """
    return _time(fulfilment.choose_time(order_id, body.slot, actor=request.actor, token=token or ""))


def _time(slot: capacity.Slot) -> TimeOut:
    return TimeOut(slot=slot.id, starts_at=slot.starts_at, ends_at=slot.ends_at)


def _progress(own: fulfilment.Progress) -> ProgressOut:
    return ProgressOut(
        order=own.order_id,
        place=own.place_id,
        method=own.method,
        state=own.state,
        due_at=own.due_at,
        ready_at=own.ready_at,
        closed_at=own.closed_at,
        collect_by=own.collect_by,
        code=own.code,
    )
