"""What this place gives to an order that another one serves: picked by scanning, then sent there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _

from storeline.catalog import api as catalog
from storeline.desk.domain import PickLine
from storeline.desk.pages import words
from storeline.desk.pages.rejecting import own_supply
from storeline.desk.pages.shared import back_to, pages, read_code, render
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.api import PICK, VIEW
from storeline.identity.api import Request
from storeline.kernel.api import QUANTITY_ONE, Answer, Forbidden, Invalid, once, parse_quantity
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.stock import api as stock


@pages.get("supplies/<uuid:supply_id>", VIEW, name="supply")
def show(request: Request, supply_id: UUID) -> HttpResponse:
    """What goes, how much of it lies ready, and where it goes."""
    return _page(request, _own(request, supply_id))


def _own(request: Request, supply_id: UUID) -> fulfilment.Supply:
    supply = fulfilment.get_supply(supply_id)
    if not request.actor.may(VIEW, supply.place_id):
        raise fulfilment.NoSupply("There is nothing to send.")
    return supply


def _page(request: Request, supply: fulfilment.Supply, *, error: str = "") -> HttpResponse:
    lines = _lines(supply)
    is_open = supply.state is fulfilment.SupplyState.TO_PICK
    context: dict[str, Any] = {
        "tab": "list",
        "supply": supply,
        "number": orders.order_number(supply.order_id),
        "target": places.get_place(supply.to_place),
        "lines": lines,
        "left": sum(not line.is_full for line in lines),
        "state": _state(supply.state),
        "is_open": is_open,
        "can_pick": is_open and request.actor.may(PICK, supply.place_id),
        "error": error,
    }
    return render(request, "desk/supply.html", places.get_place(supply.place_id), context, 409 if error else 200)


def _lines(supply: fulfilment.Supply) -> list[PickLine]:
    products = catalog.gather([line.product_id for line in supply.lines]).result()
    return [
        PickLine(line.line_no, products[line.product_id], line.ordered, line.picked)
        for line in supply.lines
        if line.product_id in products
    ]


def _state(state: fulfilment.SupplyState) -> words.State:
    return {
        "to_pick": words.State(_("To send"), "info", "package", _("Pick all of it, then send it.")),
        "sent": words.State(_("On the way"), "info", "truck", _("It left. The other place takes it in.")),
        "received": words.State(_("Taken in"), "good", "circle-check", _("All of it is accounted for.")),
        "moved": words.State(
            _("Passed on"), "info", "arrow-right", _("Other shops were asked instead. Put back what is picked.")
        ),
        "cancelled": words.State(_("Called off"), "stop", "x", _("It is not wanted any more. Put it back.")),
    }[state]


@pages.post("supplies/<uuid:supply_id>/scan", PICK, name="scan_supply")
def scan(request: Request, supply_id: UUID) -> HttpResponse:
    """One more of what was scanned, or the weight that its code holds. The same form again adds nothing."""
    supply = own_supply(request, supply_id)
    code = request.POST.get("code", "").strip()[:100]
    scanned = read_code(_lines(supply), code)
    if isinstance(scanned, str):
        return back_to("desk:supply", supply_id, said=scanned)
    wanted = [line for line in supply.lines if line.product_id == scanned.product.id]
    line = next((line for line in wanted if line.picked < line.ordered), None)
    if line is None:
        return back_to("desk:supply", supply_id, said="full" if wanted else "wrong")
    total = min(line.picked + (scanned.quantity or QUANTITY_ONE), line.ordered)
    fresh: list[int] = []

    def deed() -> Answer:
        fulfilment.pick_supply(supply_id, line.line_no, total, actor=request.actor)
        fresh.append(1)
        return Answer(200, None)

    key = request.POST.get("key", "")[:40]
    try:
        once(f"desk.supply {request.actor.id}", key and f"{key} {code}", f"{supply_id} {code}".encode(), deed)
    except (fulfilment.SupplyClosed, fulfilment.TaskClosed, fulfilment.PickedTooMuch):
        return back_to("desk:supply", supply_id, said="supply_closed")
    return back_to("desk:supply", supply_id, said="picked" if fresh else "again")


@pages.post("supplies/<uuid:supply_id>/lines/<int:line_no>", PICK, name="supply_line")
def say(request: Request, supply_id: UUID, line_no: int) -> HttpResponse:
    """So much of a line lies ready, altogether: said twice it is the same."""
    own_supply(request, supply_id)
    try:
        quantity = parse_quantity(request.POST.get("quantity", "").strip().replace(",", ".")[:20])
        fulfilment.pick_supply(supply_id, line_no, quantity, actor=request.actor)
    except (Invalid, fulfilment.SupplyClosed, fulfilment.TaskClosed):
        return back_to("desk:supply", supply_id, said="supply_closed")
    return back_to("desk:supply", supply_id, said="noted")


@pages.post("supplies/<uuid:supply_id>/send", PICK, name="send_supply")
def send(request: Request, supply_id: UUID) -> HttpResponse:
    """All of it leaves. Sent twice is once."""
    supply = own_supply(request, supply_id)
    try:
        fulfilment.send(supply_id, actor=request.actor)
    except (fulfilment.SupplyClosed, fulfilment.TaskClosed):
        return back_to("desk:supply", supply_id, said="supply_closed")
    except fulfilment.NotPicked:
        return back_to("desk:supply", supply_id, said="not_picked")
    except stock.Reserved:
        words_ = _("The books have less of it than is promised. Count it first.")
        return _page(request, supply, error=words_)
    except Forbidden:
        return _page(request, supply, error=_("You may not send goods to other places. Ask your manager."))
    return back_to("desk:supply", supply_id, said="sent_off")
