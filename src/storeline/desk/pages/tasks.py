"""What is to be picked here, soonest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse

from storeline.desk.domain import due
from storeline.desk.pages import words
from storeline.desk.pages.shared import (
    choose_first,
    pages,
    place_of,
    render,
)
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.api import VIEW
from storeline.identity.api import Request
from storeline.kernel.api import now
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.web.live import about

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Row:
    """An order in a list."""

    id: UUID
    number: str
    state: words.State
    code: str
    method: str
    due_at: datetime
    is_late: bool
    due: str
    lines: int
    looked_at: int
    parcel: str = ""
    """How the parcel stands in which it goes to a point."""


def rows(tasks: list[fulfilment.TaskView]) -> list[Row]:
    """Tasks as lists show them."""
    moment = now()
    points = sorted({task.point for task in tasks if task.point is not None})
    names = places.names_of(points) if points else {}
    return [
        Row(
            task.order_id,
            orders.order_number(task.order_id),
            words.state(task.state, task.parcel or task.method),
            task.state,
            words.method(task.method, names[task.point][1] if task.point else ""),
            task.due_at,
            task.due_at < moment,
            words.due(due(task.due_at, moment)),
            len(task.lines),
            sum(line.picked is not None for line in task.lines),
            task.parcel or "",
        )
        for task in tasks
    ]


@dataclass(frozen=True, slots=True)
class ToSend:
    """What this place gives to an order of another, in a list."""

    id: UUID
    number: str
    name: str
    leave_by: datetime
    is_late: bool
    lines: int


def to_send(place_id: UUID) -> list[ToSend]:
    """What is to be picked here for orders that other places serve, what is due first first."""
    found = fulfilment.supplies_at(place_id, limit=_SHOWN)
    names = places.names_of(sorted({one.to_place for one in found})) if found else {}
    moment = now()
    return [
        ToSend(
            one.id,
            orders.order_number(one.order_id),
            names[one.to_place][1],
            one.leave_by,
            is_late=one.late is not None or one.leave_by < moment,
            lines=len(one.lines),
        )
        for one in found
    ]


@pages.get("", VIEW, name="list")
def todo(request: Request) -> HttpResponse:
    """What to pick now, what waits for its money, and how many wait to be handed over."""
    place = place_of(request)
    if place is None:
        return choose_first()
    found = rows(fulfilment.list_tasks(places=[place.id], limit=_SHOWN))
    context = {
        "tab": "list",
        "to_pick": [row for row in found if row.code in ("to_pick", "picking")],
        "waiting": [row for row in found if row.code in ("capturing", "unpaid")],
        "to_send": to_send(place.id),
        "ready": sum(row.code == "ready" for row in found),
        "is_cut": len(found) == _SHOWN,
        "follow": about(place.id, "fulfilment.", "orders.reslotted"),
    }
    part = "desk/todo.html" if "HX-Request" in request.headers else "desk/list.html"
    return render(request, part, place, context)
