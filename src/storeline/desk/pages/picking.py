"""Picking: by scanning, by the plus, by saying how much was there; then ready."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _

from storeline.catalog import api as catalog
from storeline.desk.domain import PickLine, nearly, target
from storeline.desk.pages.shared import (
    back_to,
    back_to_line,
    lines_of,
    own_task,
    pages,
    read_code,
    render,
    where_it_went,
)
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.api import PICK
from storeline.identity.api import Request
from storeline.kernel.api import QUANTITY_ONE, Answer, Invalid, NotFound, format_quantity, new_id, once, parse_quantity
from storeline.orders import api as orders
from storeline.places import api as places


def _line(lines: list[PickLine], line_no: int) -> PickLine:
    for line in lines:
        if line.line_no == line_no:
            return line
    raise NotFound("The order has no such line to pick.")


def _pick(request: Request, order_id: UUID, line_no: int, quantity: int, *, told: str) -> HttpResponse:
    try:
        fulfilment.pick([fulfilment.Picked(order_id, line_no, quantity)], actor=request.actor)
    except fulfilment.TaskClosed:
        return back_to("desk:task", order_id, said="closed")
    if told == "noted" and _may_offer(fulfilment.short_line(order_id, line_no)):
        return back_to("desk:instead", order_id, line_no)
    return back_to_line(order_id, line_no, said=told)


def _may_offer(short: fulfilment.ShortLine) -> bool:
    """Whether something is to be offered for what is missing; of weighed goods a little less is not missing."""
    if not short.may_offer:
        return False
    product = catalog.gather([short.product_id]).result()[short.product_id]
    return not nearly(product, short.ordered, short.missing)


@pages.post("tasks/<uuid:order_id>/scan", PICK, name="scan")
def scan(request: Request, order_id: UUID) -> HttpResponse:
    """One more of what was scanned, or the weight that its code holds. The same form again adds nothing."""
    task = own_task(request, order_id, PICK)
    lines = lines_of(task)
    code = request.POST.get("code", "").strip()[:100]
    scanned = read_code(lines, code)
    if isinstance(scanned, str):
        return back_to("desk:task", order_id, said=scanned)
    wanted = target(lines, scanned.product.id)
    if isinstance(wanted, str):
        return back_to("desk:task", order_id, said=wanted)
    # A plain code of weighed goods says one unit, and a code with a price says nothing of the weight: ask for it.
    if scanned.quantity is None or (scanned.product.by_weight and scanned.quantity == QUANTITY_ONE):
        return back_to("desk:line", order_id, wanted.line_no)
    return _scanned_once(request, order_id, code, fulfilment.Picked(order_id, wanted.line_no, scanned.quantity))


def _scanned_once(request: Request, order_id: UUID, code: str, found: fulfilment.Picked) -> HttpResponse:
    fresh: list[int] = []

    def deed() -> Answer:
        fulfilment.pick_more(found, actor=request.actor)
        fresh.append(found.line_no)
        return Answer(200, None)

    key = request.POST.get("key", "")[:40]
    try:
        once(f"desk.scan {request.actor.id}", key and f"{key} {code}", f"{order_id} {code}".encode(), deed)
    except fulfilment.TaskClosed:
        return back_to("desk:task", order_id, said="closed")
    except fulfilment.PickedTooMuch:
        return back_to_line(order_id, found.line_no, said="too_much")
    if not fresh:
        return back_to_line(order_id, found.line_no, said="again")
    return back_to_line(order_id, found.line_no, said="picked", undo=format_quantity(found.quantity))


@pages.post("tasks/<uuid:order_id>/lines/<int:line_no>/undo", PICK, name="undo")
def undo(request: Request, order_id: UUID, line_no: int) -> HttpResponse:
    """Take the last scan back. The same form again takes nothing more."""
    own_task(request, order_id, PICK)
    typed = request.POST.get("quantity", "")[:20]
    less = fulfilment.Picked(order_id, line_no, parse_quantity(typed))

    def deed() -> Answer:
        fulfilment.pick_less(less, actor=request.actor)
        return Answer(200, None)

    try:
        body = f"{order_id} {line_no} {typed}".encode()
        once(f"desk.undo {request.actor.id}", request.POST.get("key", "")[:40], body, deed)
    except fulfilment.TaskClosed:
        return back_to("desk:task", order_id, said="closed")
    except fulfilment.PickedTooMuch:
        return back_to_line(order_id, line_no)
    return back_to_line(order_id, line_no, said="undone")


@pages.get("tasks/<uuid:order_id>/lines/<int:line_no>", PICK, name="line")
def ask(request: Request, order_id: UUID, line_no: int) -> HttpResponse:
    """How much of this product is there: all, none, or so much; where it went, if another shop gives it now."""
    return where_it_went(own_task(request, order_id, PICK), line_no) or _ask(request, order_id, line_no)


def _ask(request: Request, order_id: UUID, line_no: int, *, typed: str | None = None, error: str = "") -> HttpResponse:
    task = own_task(request, order_id, PICK)
    line = _line(lines_of(task), line_no)
    if typed is None:
        typed = "" if line.picked is None else format_quantity(line.picked)
    context = {
        "tab": "list",
        "task": task,
        "number": orders.order_number(order_id),
        "line": line,
        "typed": typed,
        "error": error,
        "all": format_quantity(line.ordered),
        "picked": format_quantity(line.picked) if line.picked else "",
        "key": new_id(),
    }
    place = places.get_place(task.place_id)
    return render(request, "desk/line.html", place, context, 422 if error else 200)


@pages.post("tasks/<uuid:order_id>/lines/<int:line_no>", PICK)
def say(request: Request, order_id: UUID, line_no: int) -> HttpResponse:
    """So much of a line is there, altogether: said twice it is the same."""
    own_task(request, order_id, PICK)
    typed = request.POST.get("quantity", "").strip()[:20]
    try:
        quantity = parse_quantity(typed.replace(",", "."))
        return _pick(request, order_id, line_no, quantity, told=request.POST.get("told", "noted"))
    except fulfilment.PickedTooMuch:
        error = _("From nothing to what was ordered can be picked. Put the rest back, or take an offer back first.")
    except Invalid:
        error = _("Type a number, such as 2 or 0.75.")
    return _ask(request, order_id, line_no, typed=typed, error=error)


@pages.post("tasks/<uuid:order_id>/ready", PICK, name="ready")
def ready(request: Request, order_id: UUID) -> HttpResponse:
    """All is picked. What is short is shown once more before it is taken off the order."""
    task = own_task(request, order_id, PICK)
    lines = lines_of(task)
    short = [line for line in lines if line.state in ("part", "none", "asked")]
    seen = ",".join(f"{line.line_no}:{line.picked}{'?' * len(line.asked_of)}" for line in short)
    is_open = task.state in ("to_pick", "picking")
    if is_open and all(line.picked is not None for line in lines) and request.POST.get("short", "") != seen:
        context = {
            "tab": "list",
            "task": task,
            "number": orders.order_number(order_id),
            "short": short,
            "seen": seen,
            "is_nothing": not any(line.picked for line in lines),
        }
        return render(request, "desk/ready.html", places.get_place(task.place_id), context)
    try:
        fulfilment.ready([order_id], actor=request.actor)
    except fulfilment.NotPicked:
        return back_to("desk:task", order_id, said="not_picked")
    except fulfilment.TaskClosed:
        return back_to("desk:task", order_id, said="closed")
    return back_to("desk:task", order_id)
