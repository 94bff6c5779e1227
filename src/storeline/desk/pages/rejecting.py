"""What is not there or broken: taken off the books, and looked for in other shops."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _

from storeline.catalog import api as catalog
from storeline.desk.pages.shared import as_id, back_to, back_to_line, own_task, pages, render, where_it_went
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.api import PICK, Why
from storeline.identity.api import Request
from storeline.kernel.api import Conflict, Invalid, check_id, format_quantity, new_id, parse_quantity
from storeline.orders import api as orders
from storeline.places import api as places


@pages.get("tasks/<uuid:order_id>/lines/<int:line_no>/reject", PICK, name="reject")
def ask(request: Request, order_id: UUID, line_no: int) -> HttpResponse:
    """How many, and why not."""
    task = own_task(request, order_id, PICK)
    return where_it_went(task, line_no) or _ask(request, order_id, line_no, task.place_id)


@pages.get("supplies/<uuid:supply_id>/lines/<int:line_no>/reject", PICK, name="reject_supply")
def ask_supply(request: Request, supply_id: UUID, line_no: int) -> HttpResponse:
    """The same for what this place was to send."""
    supply = own_supply(request, supply_id)
    return _ask(request, supply.order_id, line_no, supply.place_id, supply=supply)


def own_supply(request: Request, supply_id: UUID) -> fulfilment.Supply:
    """What a place of this person's is to send. One elsewhere is not shown to be there; raises NoSupply or Forbidden."""
    supply = fulfilment.get_supply(supply_id)
    if not request.actor.may(fulfilment.VIEW, supply.place_id):
        raise fulfilment.NoSupply("There is nothing to send.")
    request.actor.require(PICK, supply.place_id)
    return supply


def _ask(
    request: Request,
    order_id: UUID,
    line_no: int,
    place_id: UUID,
    *,
    supply: fulfilment.Supply | None = None,
    error: str = "",
) -> HttpResponse:
    line = next((one for one in fulfilment.get_task(order_id).lines if one.line_no == line_no), None)
    if line is None:
        raise fulfilment.NoTask("The order has no such line to pick.")
    left = fulfilment.left_to_reject(line)
    if not left:
        return _back(order_id, line_no, supply, said="went")
    missing = left if line.picked is None else line.ordered - line.moved - line.picked
    reasons = {Why.NOT_SENT.value: _("It was not sent")}
    if supply is not None or not line.coming:
        reasons = {Why.NOT_FOUND.value: _("It is not there"), Why.DAMAGED.value: _("It is broken, or not fit to sell")}
    context = {
        "tab": "list",
        "order_id": order_id,
        "supply": supply,
        "number": orders.order_number(order_id),
        "line": line,
        "product": catalog.gather([line.product_id]).result()[line.product_id],
        "left": left,
        "reasons": reasons,
        "chosen": request.POST.get("reason", next(iter(reasons))),
        "typed": request.POST.get("quantity", format_quantity(min(missing, left) or left)),
        "id": new_id(),
        "error": error,
    }
    return render(request, "desk/reject.html", places.get_place(place_id), context, 422 if error else 200)


@pages.post("tasks/<uuid:order_id>/lines/<int:line_no>/reject", PICK)
def reject(request: Request, order_id: UUID, line_no: int) -> HttpResponse:
    """The same form again rejects nothing more."""
    return _reject(request, order_id, line_no, own_task(request, order_id, PICK).place_id)


@pages.post("supplies/<uuid:supply_id>/lines/<int:line_no>/reject", PICK)
def reject_supply(request: Request, supply_id: UUID, line_no: int) -> HttpResponse:
    """The same for what this place was to send."""
    supply = own_supply(request, supply_id)
    return _reject(request, supply.order_id, line_no, supply.place_id, supply)


def _reject(
    request: Request, order_id: UUID, line_no: int, place_id: UUID, supply: fulfilment.Supply | None = None
) -> HttpResponse:
    rejection_id, reason = as_id(request.POST.get("id", "")), request.POST.get("reason", "")
    if rejection_id is None or reason not in (Why.NOT_FOUND, Why.DAMAGED, Why.NOT_SENT):
        raise Invalid("The form is not whole. Open the line again.")
    check_id(rejection_id)
    try:
        quantity = parse_quantity(request.POST.get("quantity", "").strip().replace(",", ".")[:20])
        asked = fulfilment.Rejected(rejection_id, order_id, line_no, quantity, Why(reason))
        row = fulfilment.reject(asked, actor=request.actor)
    except fulfilment.TaskClosed:
        return _back(order_id, line_no, supply, said="closed")
    except fulfilment.OnItsWay:
        return _back(order_id, line_no, supply, said="on_its_way")
    except (Invalid, Conflict):
        error = _("From one to what is still wanted, in whole pieces.")
        return _ask(request, order_id, line_no, place_id, supply=supply, error=error)
    return _told(order_id, line_no, supply, row)


def _told(order_id: UUID, line_no: int, supply: fulfilment.Supply | None, row: fulfilment.Rejection) -> HttpResponse:
    if row.moved == row.quantity:
        return _back(order_id, line_no, supply, said="moved")
    said = "moved_part" if row.moved else "nowhere"
    if supply is None and fulfilment.short_line(order_id, line_no).may_offer:
        return back_to("desk:instead", order_id, line_no, said=said)
    return _back(order_id, line_no, supply, said=said)


def _back(order_id: UUID, line_no: int, supply: fulfilment.Supply | None, said: str = "") -> HttpResponse:
    if supply is None:
        return back_to_line(order_id, line_no, said=said)
    return back_to("desk:supply", supply.id, said=said)
