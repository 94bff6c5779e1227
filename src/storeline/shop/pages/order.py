"""One's own order: how it is getting on, and its collection code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from storeline.aftersales import api as aftersales
from storeline.capacity import api as capacity
from storeline.catalog import api as catalog
from storeline.fulfilment import api as fulfilment
from storeline.identity.api import Request
from storeline.kernel.api import Ready, pipeline
from storeline.orders import api as orders
from storeline.orders.api import OWN
from storeline.payments import api as payments
from storeline.places import api as places
from storeline.shop import basket, shelf
from storeline.shop.pages import delivery
from storeline.shop.pages.forget import kept_until
from storeline.shop.pages.missing import NOTHING, missed, seen
from storeline.shop.pages.returns import back_of
from storeline.shop.pages.router import pages, show
from storeline.shop.pages.substitutes import substitutes, version
from storeline.shop.pages.words import headline, lateness, slot_words, spaced, steps
from storeline.shop.where import here
from storeline.stock import api as stock
from storeline.web.live import about
from storeline.web.pages import see

_LIVE = frozenset({"pending", "confirmed", "to_pick", "picking", "capturing", "unpaid", "ready", "out", "travelling"})
_TOO_LATE = "too_late"
_CALLED_OFF = frozenset({"pending", "confirmed", "to_pick"})


@pages.get("order/<uuid:order_id>", OWN, guest=True, name="order")
def order(request: Request, order_id: UUID) -> HttpResponse:
    """The whole page."""
    key = request.GET.get("key", "")
    view = orders.get_own(order_id, actor=request.actor, token=key)
    progress = fulfilment.progress_of(view.head)
    with pipeline():
        brought = orders.destinations([order_id])
        contacts = orders.contacts([order_id], ended=True)
        gathered = catalog.gather([line.product_id for line in view.lines])
        areas = capacity.gather_areas([progress.place_id] if view.head.method == "ship" else [])
        asked_recalls = stock.recalled_lines(order_id)
        asked_slot = capacity.gather_slot(view.head.slot_id) if view.head.slot_id else Ready(None)
        keep_basket = basket.gather(request)
    keep_basket()
    products, slot = gathered.result(), asked_slot.result()
    to = brought.result().get(order_id) if view.head.method != "carry_out" else None
    at, place_id = here(request), to.point if to is not None and to.point else progress.place_id
    place = at.place if at.place.id == place_id else places.get_place(place_id)
    arrives = None
    if to is not None and view.head.method == "ship" and progress.state != "cancelled":
        leaves = progress.closed_at or progress.due_at
        arrives = delivery.with_you(areas.result().get(progress.place_id, ()), to.address, leaves)
    done = view.head.state == "completed"
    returns, taken = back_of(view, products) if done else ([], [])
    context = _way(progress, place, slot, view.lines, products)
    return show(
        request,
        "order",
        at,
        order=view.head,
        tax=view.kept_tax,
        total=view.kept_total,
        bought=_bought(view, products, to.fee_line if to is not None else None),
        key=key,
        too_late=request.GET.get("said") == _TOO_LATE and progress.state != "cancelled",
        slot=slot,
        to=to,
        recalled=_recalled(view, products, asked_recalls.result()),
        arrives=arrives,
        parcel=fulfilment.get_shipment(order_id) if view.head.method == "ship" else None,
        number=orders.order_number(order_id),
        returns=returns,
        taken=taken,
        may_return=done and bool(aftersales.left_to_return(order_id)),
        kept=kept_until(view.head, contacts.result().get(order_id), to),
        **context,
    )


def _recalled(
    view: orders.OrderView, products: Mapping[UUID, catalog.ProductFacts], lots: Mapping[int, stock.SoldRecalled]
) -> list[dict[str, str]]:
    """What of the order must not be eaten or used: lots that are recalled."""
    return [
        {"name": shelf.name_of(products[line.product_id]), "lot": found.lot, "reason": found.reason}
        for line in view.lines
        if (found := lots.get(line.line_no)) is not None
    ]


def _bought(
    view: orders.OrderView, products: Mapping[UUID, catalog.ProductFacts], fee_line: int | None
) -> list[dict[str, Any]]:
    """The order's lines without what moved to others, the fee last."""
    moved = view.moved
    return [
        {
            "name": shelf.name_of(products[line.product_id]),
            "kind": shelf.kind_of(products[line.product_id]),
            "ref": products[line.product_id].ref,
            "slug": shelf.slug(products[line.product_id].name),
            "unit": products[line.product_id].unit,
            "line": line,
            "bought": line.quantity - moved.get(line.line_no, 0),
        }
        for line in sorted(view.lines, key=lambda one: one.line_no == fee_line)
        if line.quantity > moved.get(line.line_no, 0) or not line.quantity
    ]


@pages.get("order/<uuid:order_id>/way", OWN, guest=True, name="way")
def way(request: Request, order_id: UUID) -> HttpResponse:
    """The page as it is now, of which the parts that change are taken; 204 while nothing has."""
    key = request.GET.get("key", "")
    progress = fulfilment.progress(order_id, actor=request.actor, token=key)
    if f"{progress.state}{version(substitutes(order_id))}{seen(progress)}" == request.GET.get("state"):
        return HttpResponse(status=204)
    return order(request, order_id)


@pages.post("order/<uuid:order_id>/cancel", OWN, guest=True, name="cancel")
def cancel(request: Request, order_id: UUID) -> HttpResponse:
    """Call it off, as long as nobody has begun to pick it; a repeat changes nothing. Who is too late is told so on its page."""
    key, said = request.POST.get("key", ""), ""
    try:
        orders.call_off(order_id, actor=request.actor, token=key)
    except (orders.PickingBegun, orders.WrongState):
        said = f"&said={_TOO_LATE}"
    payments.perform_open([order_id])
    return see(f"{reverse('shop:order', args=[order_id])}?key={key}{said}")


def _under_way(progress: fulfilment.Progress) -> bool:
    """Whether another place has sent its part already."""
    return any(line.coming for line in progress.lines) and bool(fulfilment.begun([progress.order_id]))


def _way(
    progress: fulfilment.Progress,
    place: places.Place,
    slot: capacity.Slot | None,
    lines: Sequence[orders.OrderLine],
    products: Mapping[UUID, catalog.ProductFacts] | None = None,
) -> dict[str, Any]:
    is_live = progress.state in _LIVE
    offers = substitutes(progress.order_id) if is_live else []
    missing = missed(progress, lines, products) if is_live else NOTHING
    return {
        "substitutes": offers,
        "missing": missing,
        "new_time": slot_words(slot, place.zone) if slot and slot.starts_at >= (missing.due_at or slot.ends_at) else "",
        "late": lateness(progress, place.zone, slot),
        "version": version(offers) + seen(progress),
        "progress": progress,
        "place": place,
        "steps": steps(progress, place.zone, slot) if progress.method != "carry_out" else [],
        "follow": about(progress.order_id) if progress.state in _LIVE else None,
        "may_cancel": progress.state in _CALLED_OFF and not _under_way(progress),
        "may_retime": progress.may_retime,
        "code": None if progress.code is None else spaced(progress.code),
        "headline": headline(progress.state if progress.method != "carry_out" else "carried", progress.method),
    }
