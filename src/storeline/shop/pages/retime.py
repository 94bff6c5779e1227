"""Another time for one's own order, as long as it has not left."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from storeline.capacity import api as capacity
from storeline.fulfilment import api as fulfilment
from storeline.identity.api import Request
from storeline.kernel.api import Error
from storeline.orders import api as orders
from storeline.orders.api import OWN
from storeline.places import api as places
from storeline.shop.pages.router import pages, show
from storeline.shop.pages.words import time_refused
from storeline.web.pages import see


@pages.get("order/<uuid:order_id>/time", OWN, guest=True, name="times")
def look(request: Request, order_id: UUID) -> HttpResponse:
    """The times to choose from, with the one that it has."""
    return _page(request, order_id, request.GET.get("key", ""))


@pages.post("order/<uuid:order_id>/time", OWN, guest=True, name="times")
def choose(request: Request, order_id: UUID) -> HttpResponse:
    """Take the chosen time; sent twice, it is taken once. What is refused is said beside the times that there are."""
    key = request.POST.get("key", "")
    try:
        slot_id = UUID(request.POST.get("slot", ""))
    except ValueError:
        return _page(request, order_id, key)
    try:
        fulfilment.choose_time(order_id, slot_id, actor=request.actor, token=key)
    except (
        orders.SlotFull,
        orders.SlotTooEarly,
        orders.WrongState,
        fulfilment.CannotWait,
        fulfilment.OnItsWay,
        capacity.SlotNotFound,
    ) as error:
        return _page(request, order_id, key, refused=error)
    return see(f"{reverse('shop:order', args=[order_id])}?key={key}")


def _page(request: Request, order_id: UUID, key: str, refused: Error | None = None) -> HttpResponse:
    found = fulfilment.times(order_id, actor=request.actor, token=key)
    head = orders.get(order_id).head
    slot = None if head.slot_id is None else capacity.get_slot(head.slot_id)
    return show(
        request,
        "retime",
        order=head,
        key=key,
        slot=slot,
        place=places.get_place(head.served_by if slot is None else slot.place_id),
        days=found.days,
        until=found.until,
        kept=None if found.kept is None else time_refused(found.kept, head.method),
        refused=None if refused is None else time_refused(refused, head.method),
    )
