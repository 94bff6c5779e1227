"""Hand over: the shopper shows a code, the order leaves, or what they bring back comes in."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse

from storeline.aftersales import api as aftersales
from storeline.desk.domain import collection_of
from storeline.desk.pages.shared import back_to, choose_first, own_task, pages, place_of, render
from storeline.desk.pages.tasks import rows
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.api import HAND_OVER
from storeline.identity.api import Request
from storeline.messages import api as messages

_SHOWN = 100
_LEAVING = ("deliver", "ship")
"""Whose shoppers do not come."""


@pages.get("hand-over", HAND_OVER, name="hand_over")
def waiting(request: Request) -> HttpResponse:
    """What waits for its shopper, the longest waiting first, what waits to be brought, and a field for what the shopper shows."""
    place = place_of(request)
    if place is None:
        return choose_first()
    found = fulfilment.list_tasks(places=[place.id], states=["ready"], limit=_SHOWN)
    leaving = {task.order_id for task in found if task.method in _LEAVING}
    shown = rows(found)
    context = {
        "tab": "hand_over",
        "ready": [row for row in shown if row.id not in leaving and not row.parcel],
        "leaving": [row for row in shown if row.id in leaving or row.parcel == "announced"],
    }
    return render(request, "desk/hand_over.html", place, context)


@pages.post("hand-over", HAND_OVER)
def shown(request: Request) -> HttpResponse:
    """A QR holds the order and its code; a number typed here finds its order, whose page asks for the code. The code of
    a return that a shopper asked for leads to it.
    """
    place = place_of(request)
    if place is None:
        return choose_first()
    text = request.POST.get("code", "")[:300]
    order_id, code = collection_of(text)
    if order_id is not None and _is_parcel_here(place.id, order_id):
        return back_to("desk:parcel", order_id)
    if order_id is not None:
        return _hand_over(request, order_id, code) if code else back_to("desk:task", order_id)
    if asked := aftersales.find_request(text.strip()[:20]):
        return back_to("desk:back", asked.order_id, request=asked.id)
    wanted = code.replace(" ", "").upper()
    found = rows(fulfilment.list_tasks(places=[place.id], states=["ready"], limit=_SHOWN))
    for row in found:
        if row.number == wanted:
            return back_to("desk:task", row.id)
    return back_to("desk:hand_over", said="which_order" if wanted.isdecimal() else "no_order")


def _is_parcel_here(place_id: UUID, parcel_id: UUID) -> bool:
    try:
        return fulfilment.get_parcel(parcel_id).place_id == place_id
    except fulfilment.NoParcel:
        return False


@pages.post("tasks/<uuid:order_id>/hand-over", HAND_OVER, name="give")
def give(request: Request, order_id: UUID) -> HttpResponse:
    """Hand this order over against the code that was scanned or typed."""
    named, code = collection_of(request.POST.get("code", "")[:300])
    if named not in (None, order_id):
        return back_to("desk:task", order_id, said="other_order")
    return _hand_over(request, order_id, code)


def _hand_over(request: Request, order_id: UUID, code: str) -> HttpResponse:
    task = own_task(request, order_id, HAND_OVER)
    if task.state != "ready":
        return back_to("desk:task", order_id, said="" if task.state == "handed_over" else "not_ready")
    try:
        fulfilment.hand_over([(order_id, code)], actor=request.actor)
    except messages.WrongCode as error:
        return back_to("desk:task", order_id, said="wrong_code", left=error.extra.get("attempts_left"))
    except messages.NoCode:
        return back_to("desk:task", order_id, said="no_code")
    except fulfilment.TaskClosed:
        return back_to("desk:task", order_id, said="closed")
    return back_to("desk:task", order_id)
