"""One's own order: how it is getting on, and its collection code."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.capacity import api as capacity
from storeline.catalog import api as catalog
from storeline.fulfilment import api as fulfilment
from storeline.identity.api import Request
from storeline.orders import api as orders
from storeline.orders.api import OWN
from storeline.payments import api as payments
from storeline.places import api as places
from storeline.shop import shelf
from storeline.shop.pages.router import pages, show
from storeline.web import formats
from storeline.web.pages import render, see

_LIVE = frozenset({"pending", "confirmed", "to_pick", "picking", "capturing", "unpaid", "ready"})
_CALLED_OFF = frozenset({"pending", "confirmed", "to_pick"})


@pages.get("order/<uuid:order_id>", OWN, guest=True, name="order")
def order(request: Request, order_id: UUID) -> HttpResponse:
    """The whole page."""
    key = request.GET.get("key", "")
    progress = fulfilment.progress(order_id, actor=request.actor, token=key)
    view = orders.get(order_id)
    place = places.get_place(progress.place_id)
    products = catalog.gather([line.product_id for line in view.lines]).result()
    lines = [
        {
            "name": shelf.name_of(products[line.product_id]),
            "line": line,
        }
        for line in view.lines
    ]
    slot = capacity.get_slot(view.head.slot_id) if view.head.slot_id else None
    context = _way(progress, place, slot)
    return show(request, "order", order=view.head, bought=lines, key=key, slot=slot, **context)


@pages.get("order/<uuid:order_id>/way", OWN, guest=True, name="way")
def way(request: Request, order_id: UUID) -> HttpResponse:
    """The part that changes; 204 while it has not."""
    key = request.GET.get("key", "")
    progress = fulfilment.progress(order_id, actor=request.actor, token=key)
    if progress.state == request.GET.get("state"):
        return HttpResponse(status=204)
    head = orders.get_own(order_id, actor=request.actor, token=key).head
    slot = capacity.get_slot(head.slot_id) if head.slot_id else None
    return render(
        request,
        "shop/way.html",
        {"order": head, "key": key, **_way(progress, places.get_place(progress.place_id), slot)},
    )


@pages.post("order/<uuid:order_id>/cancel", OWN, guest=True, name="cancel")
def cancel(request: Request, order_id: UUID) -> HttpResponse:
    """Call it off, as long as nobody has begun to pick it; a repeat changes nothing."""
    key = request.POST.get("key", "")
    orders.call_off(order_id, actor=request.actor, token=key)
    payments.perform_open([order_id])
    return see(f"{reverse('shop:order', args=[order_id])}?key={key}")


@pages.get("orders", OWN, guest=True, name="orders")
def own_orders(request: Request) -> HttpResponse:
    """Those of whoever signed in, newest first."""
    if request.actor.kind == "guest":
        return show(request, "orders", found=[])
    found = orders.list_orders(customer_ids=orders.records_of_actor(request.actor), limit=50)
    return show(request, "orders", found=[{"head": head, "state": state_name(head.state)} for head in found])


def _way(progress: fulfilment.Progress, place: places.Place, slot: capacity.Slot | None) -> dict[str, Any]:
    return {
        "progress": progress,
        "place": place,
        "steps": steps(progress, place.zone, slot),
        "live": progress.state in _LIVE,
        "may_cancel": progress.state in _CALLED_OFF,
        "code": None if progress.code is None else spaced(progress.code),
        "headline": headline(progress.state),
    }


def steps(progress: fulfilment.Progress, zone: str, slot: capacity.Slot | None) -> list[dict[str, str]]:
    """The order's way as people follow it."""
    at = {"pending": 0, "confirmed": 1, "to_pick": 1, "picking": 2, "capturing": 2, "unpaid": 2, "ready": 3}
    names = [
        _("Order placed"),
        _("Paid, waiting to be picked"),
        _("Being picked"),
        _("Ready to collect"),
        _("Collected"),
    ]
    if progress.state == "cancelled":
        return [
            {"name": names[0], "state": "done"},
            {"name": _("Cancelled"), "state": "failed", "note": _("Nothing is charged.")},
        ]
    now_at = at.get(progress.state, len(names))
    notes = {
        3: formats.when(progress.ready_at, zone) if progress.ready_at else slot_words(slot, zone),
        4: formats.when(progress.closed_at, zone) if progress.closed_at else "",
    }
    return [
        {
            "name": name,
            "state": "done" if number < now_at else "now" if number == now_at else "later",
            "note": notes.get(number, ""),
        }
        for number, name in enumerate(names)
    ]


def slot_words(slot: capacity.Slot | None, zone: str) -> str:
    """When it can be collected."""
    if slot is None:
        return ""
    return _("%(day)s, %(time)s") % {
        "day": formats.day(slot.starts_at, zone),
        "time": formats.span(slot.starts_at, slot.ends_at, zone),
    }


def headline(state: str) -> str:
    """The one thing that matters now."""
    return {
        "pending": _("We are waiting for your card's answer"),
        "confirmed": _("Your order is placed"),
        "to_pick": _("Your order is placed"),
        "picking": _("We are picking your order"),
        "capturing": _("Almost ready"),
        "unpaid": _("Your card was declined after picking"),
        "ready": _("Ready: come and collect"),
        "handed_over": _("Collected. Thank you"),
        "completed": _("Collected. Thank you"),
        "cancelled": _("This order was cancelled"),
    }.get(state, state)


def state_name(state: str) -> str:
    """A state in a list."""
    return {
        "pending": _("Waiting for payment"),
        "confirmed": _("On its way"),
        "completed": _("Done"),
        "cancelled": _("Cancelled"),
    }.get(state, state)


def spaced(code: str) -> str:
    """A code in groups of three, as people read it out."""
    return " ".join(code[start : start + 3] for start in range(0, len(code), 3))
