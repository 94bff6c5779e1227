"""The page of one order: pick it, say that it is ready, hand it over; whatever comes next."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from storeline.catalog import api as catalog
from storeline.desk.domain import PickLine
from storeline.desk.pages import words
from storeline.desk.pages.shared import as_id, lines_of, own_task, pages, render
from storeline.desk.pages.tasks import rows
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.api import HAND_OVER, PICK, VIEW
from storeline.identity.api import Request
from storeline.kernel.api import new_id, now
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.web.live import about
from storeline.web.pages import render as render_part


@pages.get("tasks/<uuid:order_id>", VIEW, name="task")
def show(request: Request, order_id: UUID) -> HttpResponse:
    """One order, with its lines as one walks."""
    task = own_task(request, order_id)
    context = _context(request, task)
    return render(request, "desk/task.html", places.get_place(task.place_id), context)


@pages.get("tasks/<uuid:order_id>/lines", VIEW, name="lines")
def follow(request: Request, order_id: UUID) -> HttpResponse:
    """The lines alone, for a page that is open while somebody else picks or the shopper answers; 204 while they stand."""
    task = own_task(request, order_id)
    context = _context(request, task)
    if context["version"] == request.GET.get("version"):
        return HttpResponse(status=204)
    place = places.get_place(task.place_id)
    return render_part(request, "desk/lines.html", context | {"place": place, "zone": place.zone, "told": True})


def _context(request: Request, task: fulfilment.TaskView) -> dict[str, Any]:
    lines = lines_of(task)
    (row,) = rows([task])
    is_open = task.state in ("to_pick", "picking")
    open_lines = [line for line in lines if line.state in ("open", "coming")]
    version = _version(task, lines)
    touched = request.GET.get("line", "")[:6]
    return {
        "tab": "hand_over" if task.state == "ready" else "list",
        "task": task,
        "row": row,
        "groups": groups(lines) if lines else [],
        "comes_late": any(line.comes is not None and line.comes.late for line in lines),
        "put_back": is_open and _spoils(task, lines),
        "left": len(open_lines),
        "done": len(lines) - len(open_lines),
        "short": [line for line in lines if line.state in ("part", "none")],
        "asked": [line for line in lines if line.state == "asked"],
        "is_open": is_open,
        "can_pick": request.actor.may(PICK, task.place_id),
        "can_hand_over": request.actor.may(HAND_OVER, task.place_id),
        "wish": orders.wishes([task.order_id])[task.order_id] if is_open else "",
        "key": new_id(),
        "undo": request.GET.get("undo", "") if request.GET.get("said") == "picked" else "",
        "touched": touched if touched.isdecimal() else "",
        "follow": about(task.order_id, "fulfilment.", "orders.cancelled", "orders.reslotted"),
        "version": version,
        "lines_url": f"{reverse('desk:lines', args=[task.order_id])}?version={version}",
    }


def _spoils(task: fulfilment.TaskView, lines: list[PickLine]) -> bool:
    """Whether some of what is picked already does not keep until the order is due."""
    picked = [line.product.temperature for line in lines if line.picked]
    until = fulfilment.waits_until(picked, now(), now())
    return until is not None and until < task.due_at


def _version(task: fulfilment.TaskView, lines: list[PickLine]) -> str:
    """What tells whether the lines look as they did."""
    offers = "".join(one.state[0] for line in lines for one in line.offers)
    ways = "".join("" if line.comes is None else str(line.comes.is_sent)[0] for line in lines)
    return f"{task.state}-{task.due_at:%m%d%H%M}-{'.'.join('' if line.picked is None else str(line.picked) for line in lines)}-{offers}{ways}"


def groups(lines: list[PickLine]) -> list[tuple[str, str, catalog.Category | None, list[PickLine]]]:
    """The walk in parts: the temperature's code and name (none for what needs no cold), the department, its lines."""
    parts: dict[tuple[str, str], list[PickLine]] = {}
    for line in lines:
        parts.setdefault((line.product.temperature, line.product.category_path.partition(".")[0]), []).append(line)
    roots = {root: found for _, root in parts if (found := as_id(root)) is not None}
    departments = catalog.gather_categories(sorted(set(roots.values()))).result() if roots else {}
    return [
        (code, words.temperature(code), departments.get(roots[root]) if root in roots else None, of_part)
        for (code, root), of_part in parts.items()
    ]
