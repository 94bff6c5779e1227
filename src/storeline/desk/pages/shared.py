"""What every page of the desk needs: the place where its user works, a task of it, and the way back."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from storeline.aftersales import api as aftersales
from storeline.catalog import api as catalog
from storeline.desk.domain import Comes, PickLine, pick_lines
from storeline.desk.pages.words import said
from storeline.fulfilment import api as fulfilment
from storeline.identity.api import Pages, Request
from storeline.kernel.api import QUANTITY_ONE, Invalid
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.stock import api as stock
from storeline.web import pages as web

pages = Pages("desk")
PLACE_COOKIE = "desk_place"


def as_id(text: str) -> UUID | None:
    """An id from a form or a cookie, where it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def place_id_of(request: Request) -> UUID | None:
    """Where this person works now: the place that they chose, or the only one that they have."""
    chosen = as_id(request.COOKIES.get(PLACE_COOKIE, ""))
    if chosen is not None and request.actor.may(fulfilment.VIEW, chosen):
        return chosen
    own = request.actor.places_for(fulfilment.VIEW)
    return next(iter(own)) if own is not None and len(own) == 1 else None


def place_of(request: Request) -> places.Place | None:
    """That place; None where it must be chosen first."""
    place_id = place_id_of(request)
    try:
        return None if place_id is None else places.get_place(place_id)
    except places.PlaceNotFound:
        return None


def choose_first() -> HttpResponse:
    """To the choice of a place."""
    return web.see(reverse("desk:places"))


def own_task(request: Request, order_id: UUID, permission: str = fulfilment.VIEW) -> fulfilment.TaskView:
    """A task at a place of this person's. One elsewhere is not shown to be there; raises NoTask, or Forbidden."""
    task = fulfilment.get_task(order_id)
    if not request.actor.may(fulfilment.VIEW, task.place_id):
        raise fulfilment.NoTask("There is nothing to pick for this order.")
    request.actor.require(permission, task.place_id)
    return task


def where_it_went(task: fulfilment.TaskView, line_no: int) -> HttpResponse | None:
    """To the line that continues one of which nothing is wanted from here any more, with words of it; None where it still stands."""
    line = next((one for one in task.lines if one.line_no == line_no), None)
    if line is None or not line.moved or line.moved < line.ordered:
        return None
    goes_on = [one.line_no for one in orders.get(task.order_id).lines if one.continues == line_no]
    return back_to_line(task.order_id, max(goes_on, default=line_no), said="went")


def lines_of(task: fulfilment.TaskView) -> list[PickLine]:
    """What is to be picked, as one walks, with what was offered instead."""
    offers = fulfilment.offers_of([task.order_id]).get(task.order_id, ())
    wanted = {line.product_id for line in task.lines} | {one.product_id for one in offers}
    comes = comes_to(task.order_id) if any(line.coming for line in task.lines) else {}
    return pick_lines(task.lines, catalog.gather(sorted(wanted)).result(), offers, comes)


def read_code(lines: list[PickLine], code: str) -> catalog.Scanned | Literal["unreadable", "unknown"]:
    """What was scanned; or the number under a line's name, typed where the code cannot be read."""
    named = next((line.product for line in lines if line.product.ref == code), None)
    if named is not None:
        return catalog.Scanned(named, QUANTITY_ONE)
    try:
        return catalog.scan(code) or "unknown"
    except Invalid:
        typed = catalog.find_by_ref([code]).get(code)  # of goods that are not in the order
        return "unreadable" if typed is None else catalog.Scanned(typed, QUANTITY_ONE)


def comes_to(order_id: UUID) -> dict[int, Comes]:
    """What of an order's lines other places still have to send, or have sent."""
    open_states = (fulfilment.SupplyState.TO_PICK, fulfilment.SupplyState.SENT)
    live = [one for one in fulfilment.supplies_of([order_id]).get(order_id, ()) if one.state in open_states]
    names = places.names_of(sorted({one.place_id for one in live})) if live else {}
    return {
        line.line_no: Comes(
            *(one.id, names[one.place_id][1], one.due_at, one.state is fulfilment.SupplyState.SENT),
            *(one.late or "", one.promised_at),
        )
        for one in live
        for line in one.lines
        if line.is_open
    }


def back_to(name: str, *args: Any, at: str = "", **told: object) -> HttpResponse:
    """To a page that says what became of a form: `said` and its facts travel in the address, so a reload repeats nothing."""
    query = urlencode({key: value for key, value in told.items() if value not in (None, "")})
    return web.see(reverse(name, args=args) + (f"?{query}" if query else "") + (f"#{at}" if at else ""))


def back_to_line(order_id: UUID, line_no: int, **told: object) -> HttpResponse:
    """To an order's page, at one of its lines."""
    return back_to("desk:task", order_id, at=f"line-{line_no}", **told, line=line_no)


def _recalled(request: Request, place: places.Place | None) -> stock.ToDo | None:
    """How many recalled lots must come off the shelves here, and be looked for."""
    may = place is not None and request.actor.may(stock.READ, place.id)
    return stock.to_do_at(place.id) if may and place is not None else None


def render(
    request: Request, template: str, place: places.Place | None, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page with the desk's frame: which tab is open, where one works, what was said last."""
    frame = {
        "place": place,
        "zone": "UTC" if place is None else place.zone,
        "said": said(request.GET),
        "may_hand_over": request.actor.may(fulfilment.HAND_OVER),
        "may_dispatch": place is not None
        and "deliver" in place.capabilities
        and request.actor.may(fulfilment.DISPATCH, place.id),
        "may_count": request.actor.may(stock.COUNT),
        "may_take_back": request.actor.may(aftersales.RETURN),
        "may_receive": request.actor.may(stock.RECEIVE),
        # Asked for by the pages that show it alone.
        "recalled": partial(_recalled, request, place),
    }
    return web.render(request, template, frame | context, status)


__all__ = [
    "PLACE_COOKIE",
    "as_id",
    "back_to",
    "back_to_line",
    "choose_first",
    "comes_to",
    "lines_of",
    "own_task",
    "pages",
    "place_id_of",
    "place_of",
    "render",
    "where_it_went",
]
