"""Something is broken, spoiled or gone: it is written off with its reason, without counting all of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse

from storeline.catalog import api as catalog
from storeline.desk.pages import stock_words, words
from storeline.desk.pages.goods import Form, read_form
from storeline.desk.pages.shared import back_to, choose_first, pages, place_of, render
from storeline.identity.api import Request
from storeline.kernel.api import BodyMismatch, new_id
from storeline.places import api as places
from storeline.stock import api as stock
from storeline.stock.api import WASTE


@pages.get("availability/<uuid:product_id>/off", WASTE, name="write_off")
def ask(request: Request, product_id: UUID) -> HttpResponse:
    """How many, of which lot, and why."""
    place = place_of(request)
    if place is None:
        return choose_first()
    request.actor.require(WASTE, place.id)
    return _page(request, place, product_id, {"id": new_id()})


@pages.post("availability/<uuid:product_id>/off", WASTE)
def write_off(request: Request, product_id: UUID) -> HttpResponse:
    """It leaves the books, once. More than they hold is refused: then it is counted."""
    form = read_form(request, WASTE)
    reason, lot = request.POST.get("reason", ""), request.POST.get("lot", "")[:60]
    error = _wrong(form, product_id, reason)
    if error:
        typed = {"id": form.id, "typed": form.typed, "reason": reason, "lot": lot}
        return _page(request, places.get_place(form.place_id), product_id, {**typed, **error}, 422)
    row = stock.Goods(form.id, 0, form.place_id, product_id, -int(form.quantity), reason, lot=lot or None)
    try:
        stock.adjust([row], actor=request.actor, kind=stock.Kind.WASTE)
    except (stock.WrongLot, BodyMismatch):
        return back_to("desk:availability", product_id, said="lot_changed")
    return back_to("desk:availability", product_id, said="taken_off")


def _wrong(form: Form, product_id: UUID, reason: str) -> dict[str, str]:
    """What is wrong with which field, in words."""
    if isinstance(form.quantity, str):
        return {"error": form.quantity}
    if form.quantity <= 0:
        return {"error": words.no_number()}
    level = stock.levels(form.place_id, [product_id]).get(product_id)
    if level is None or form.quantity > level.on_hand:
        return {"error": stock_words.more_than_here()}
    return {} if reason in stock_words.waste_reasons() else {"reason_error": stock_words.say_why()}


def _page(
    request: Request, place: places.Place, product_id: UUID, more: dict[str, Any], status: int = 200
) -> HttpResponse:
    product = catalog.gather([product_id]).result().get(product_id)
    if product is None:
        raise catalog.ProductNotFound("There is no such product.")
    pair = (place.id, product_id)
    context = {
        "tab": "receive",
        "product": product,
        "lots": [one for one in stock.lots_at([pair]).get(pair, []) if one.on_hand > 0],
        "reasons": stock_words.waste_reasons(),
    }
    return render(request, "desk/waste.html", place, context | more, status)
