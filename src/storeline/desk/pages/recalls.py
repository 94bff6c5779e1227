"""Recalled lots that this place has: off the shelf now, and off the books once somebody says how many there were."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse

from storeline.catalog import api as catalog
from storeline.desk.pages import stock_words
from storeline.desk.pages.shared import as_id, back_to, choose_first, pages, place_of, render
from storeline.identity.api import Request
from storeline.kernel.api import BodyMismatch, Forbidden, Invalid, check_id, format_quantity, new_id, parse_quantity
from storeline.places import api as places
from storeline.stock import api as stock


@dataclass(frozen=True, slots=True)
class Row:
    """A recalled lot of a product, and the form that says how many were found."""

    shelf: stock.OnShelf
    product: catalog.ProductFacts
    id: UUID
    typed: str = ""
    error: str = ""
    all_of_it: bool = True

    @property
    def plain(self) -> str:
        """How much the books have, as a form sends it."""
        return format_quantity(self.shelf.quantity)


@pages.get("recalls", stock.READ, name="recalls")
def show(request: Request) -> HttpResponse:
    """What must come off the shelves here."""
    place = place_of(request)
    if place is None:
        return choose_first()
    return _page(request, place)


@pages.post("recalls", stock.WASTE)
def taken_off(request: Request) -> HttpResponse:
    """So many of a recalled lot were found and put away: they leave the books, once."""
    sent = request.POST
    deed, place_id, recall = (as_id(sent.get(field, "")) for field in ("id", "place", "recall"))
    if deed is None or place_id is None or recall is None:
        raise Invalid("The form is not whole. Open the list again.")
    check_id(deed)
    expected = parse_quantity(sent.get("expected", "")[:20])
    typed = sent.get("found", "").strip().replace(",", ".")[:20]
    try:
        asked = stock.TakenOff(deed, recall, place_id, expected, parse_quantity(typed), bool(sent.get("all")))
        stock.take_off(asked, actor=request.actor)
    except stock.CountMismatch:
        return back_to("desk:recalls", said="lot_changed")
    except stock.RecallEnded:
        return back_to("desk:recalls", said="recall_lifted")
    except BodyMismatch:
        return back_to("desk:recalls", said="used")
    except Invalid:
        request.actor.require(stock.WASTE, place_id)
        return _page(request, places.get_place(place_id), recall)
    return back_to("desk:recalls", said="cleared" if asked.expected or asked.found else "looked")


def _page(request: Request, place: places.Place, wrong: UUID | None = None) -> HttpResponse:
    """The list; `wrong` names the recall whose form cannot be taken as it was sent."""
    if not request.actor.may(stock.READ, place.id):
        raise Forbidden("You may not see the stock of this place.", permission=stock.READ)
    found = stock.recalled_at(place.id)
    products = catalog.gather(sorted({one.recall.product_id for one in found})).result()
    context = {
        "tab": "receive",
        "said": stock_words.said(request.GET),
        "rows": [_row(request, one, products[one.recall.product_id], wrong) for one in found],
        "may_waste": request.actor.may(stock.WASTE, place.id),
    }
    return render(request, "desk/recalls.html", place, context, 200 if wrong is None else 422)


def _row(request: Request, shelf: stock.OnShelf, product: catalog.ProductFacts, wrong: UUID | None) -> Row:
    if shelf.recall.id != wrong:
        return Row(shelf, product, new_id())
    typed, all_of_it = request.POST.get("found", "")[:20], bool(request.POST.get("all"))
    return Row(shelf, product, new_id(), typed, stock_words.how_many_found(), all_of_it)
