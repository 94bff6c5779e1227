"""What is to be picked here, soonest first, and the page of one order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse

from storeline.desk.domain import PickLine
from storeline.desk.pages import words
from storeline.desk.pages.shared import (
    choose_first,
    lines_of,
    own_task,
    pages,
    place_of,
    render,
)
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.api import HAND_OVER, PICK, VIEW
from storeline.identity.api import Request
from storeline.kernel.api import new_id, now
from storeline.orders import api as orders
from storeline.places import api as places

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
    lines: int
    looked_at: int


def rows(tasks: list[fulfilment.TaskView]) -> list[Row]:
    """Tasks as lists show them."""
    moment = now()
    return [
        Row(
            task.order_id,
            orders.order_number(task.order_id),
            words.state(task.state),
            task.state,
            words.method(task.method),
            task.due_at,
            task.due_at < moment,
            len(task.lines),
            sum(line.picked is not None for line in task.lines),
        )
        for task in tasks
    ]


@pages.get("", VIEW, name="list")
def todo(request: Request) -> HttpResponse:
    """What to pick now, what waits for its money, and how many wait for their shopper."""
    place = place_of(request)
    if place is None:
        return choose_first()
    found = rows(fulfilment.list_tasks(places=[place.id], limit=_SHOWN))
    context = {
        "tab": "list",
        "to_pick": [row for row in found if row.code in ("to_pick", "picking")],
        "waiting": [row for row in found if row.code in ("capturing", "unpaid")],
        "ready": sum(row.code == "ready" for row in found),
        "is_cut": len(found) == _SHOWN,
    }
    return render(request, "desk/list.html", place, context)


@pages.get("tasks/<uuid:order_id>", VIEW, name="task")
def show(request: Request, order_id: UUID) -> HttpResponse:
    """One order: pick it, say that it is ready, hand it over; whatever comes next."""
    task = own_task(request, order_id)
    lines = lines_of(task)
    (row,) = rows([task])
    open_lines = [line for line in lines if line.state == "open"]
    context = {
        "tab": "hand_over" if task.state == "ready" else "list",
        "task": task,
        "row": row,
        "groups": groups(lines),
        "left": len(open_lines),
        "done": len(lines) - len(open_lines),
        "short": [line for line in lines if line.state in ("part", "none")],
        "is_open": task.state in ("to_pick", "picking"),
        "can_pick": request.actor.may(PICK, task.place_id),
        "can_hand_over": request.actor.may(HAND_OVER, task.place_id),
        "key": new_id(),
        "touched": request.GET.get("line", ""),
    }
    return render(request, "desk/task.html", places.get_place(task.place_id), context)


def groups(lines: list[PickLine]) -> list[tuple[str, str, list[PickLine]]]:
    """The walk in parts by temperature: its code, its name (none for what needs no cold), and its lines."""
    parts: dict[str, list[PickLine]] = {}
    for line in lines:
        parts.setdefault(line.product.temperature, []).append(line)
    return [(code, words.temperature(code), of_part) for code, of_part in parts.items()]
