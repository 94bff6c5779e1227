"""Something is missing: what may be offered instead, offered to the shopper, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _

from storeline.catalog import api as catalog
from storeline.desk.pages import words
from storeline.desk.pages.shared import as_id, back_to, back_to_line, pages, render, where_it_went
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.api import PICK
from storeline.identity.api import Request
from storeline.kernel.api import Conflict, Error, Invalid, Refused, format_quantity, new_id, parse_quantity
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.web.words import allergen_name

_HITS = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """A product to offer: how much of it, why it fits, and what the shopper should know."""

    product: catalog.ProductFacts
    quantity: int
    reasons: list[str]
    added: list[str]

    @property
    def sent(self) -> str:
        """The quantity as a form sends it."""
        return format_quantity(self.quantity)


@pages.get("tasks/<uuid:order_id>/lines/<int:line_no>/instead", PICK, name="instead")
def look(request: Request, order_id: UUID, line_no: int) -> HttpResponse:
    """The likest products that are there, and a field to scan or name any other one."""
    line = _own(request, order_id, line_no)
    if not line.may_offer:
        return where_it_went(fulfilment.get_task(order_id), line_no) or back_to_line(order_id, line_no)
    return _page(request, line, request.GET.get("q", "").strip()[:200])


def _own(request: Request, order_id: UUID, line_no: int) -> fulfilment.ShortLine:
    line = fulfilment.short_line(order_id, line_no)
    if not request.actor.may(fulfilment.VIEW, line.place_id):
        raise fulfilment.NoTask("There is nothing to pick for this order.")
    request.actor.require(PICK, line.place_id)
    return line


def _page(
    request: Request, line: fulfilment.ShortLine, q: str, *, error: str = "", typed: str = "", status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "tab": "list",
        "line": line,
        "number": orders.order_number(line.order_id),
        "q": q,
        "missing": format_quantity(line.missing),
        "id": new_id(),
        "error": error,
        "typed": typed,
    }
    if q:
        context |= _found(line, q)
    else:
        wanted, ranked = fulfilment.candidates(line)
        context |= {
            "wanted": wanted,
            "choices": [Choice(one.product, one.quantity, words.reasons(one.reasons), []) for one in ranked],
        }
    return render(request, "desk/instead.html", places.get_place(line.place_id), context, status)


def _found(line: fulfilment.ShortLine, q: str) -> dict[str, Any]:
    """What was scanned or named; one alone is shown with what the shopper should know of it."""
    hits = [hit.product for hit in catalog.search(q, limit=_HITS).hits]
    wanted = catalog.gather([line.product_id]).result()[line.product_id]
    choices = [
        Choice(
            one,
            fulfilment.quantity_for(wanted, line.missing, one),
            [],
            [allergen_name(code) for code in fulfilment.added_allergens(wanted, one)],
        )
        for one in hits
        if one.id != wanted.id
    ]
    is_itself = len(hits) == 1 and not choices
    return {"wanted": wanted, "choices": choices, "is_nothing": not choices and not is_itself, "is_itself": is_itself}


@pages.post("tasks/<uuid:order_id>/lines/<int:line_no>/instead", PICK)
def offer(request: Request, order_id: UUID, line_no: int) -> HttpResponse:
    """Offer it for all that is missing. The same form again offers nothing more."""
    line = _own(request, order_id, line_no)
    offer_id, product_id = as_id(request.POST.get("id", "")), as_id(request.POST.get("product", ""))
    missing, quantity = request.POST.get("missing", ""), request.POST.get("quantity", "").strip()[:20]
    if offer_id is None or product_id is None:
        raise Invalid("The form is not whole. Scan the product again.")
    try:
        asked = fulfilment.Asked(
            offer_id, order_id, line_no, product_id, parse_quantity(missing), parse_quantity(quantity.replace(",", "."))
        )
        made = fulfilment.offer(asked, actor=request.actor)
    except fulfilment.TaskClosed:
        return back_to("desk:task", order_id, said="closed")
    except (Refused, Conflict, Invalid) as error:
        return _page(request, line, request.POST.get("q", "")[:200], error=_why(error), typed=quantity, status=422)
    said = "agreed" if made.state == "accepted" else "asked"
    return back_to_line(order_id, line_no, said=said)


def _why(error: Error) -> str:
    """A refusal in words that help on the floor; nothing was offered in any of them."""
    return {
        "sold_out": _("All of it is promised to others. Offer something else."),
        "not_sold": _("This is not sold here online. Offer something else."),
        "not_offered": _(
            "This cannot stand for it: another deposit, another age, or the same thing. Offer something else."
        ),
        "picked_too_much": _(
            "So much of it is not missing any more, or that is no whole number. Look at the order again."
        ),
    }.get(error.code, _("That was not taken. Check the number and offer it again."))


@pages.post("tasks/<uuid:order_id>/offers/<uuid:offer_id>/withdraw", PICK, name="withdraw")
def withdraw(request: Request, order_id: UUID, offer_id: UUID) -> HttpResponse:
    """What is missing was found after all."""
    made = next((one for one in fulfilment.offers_of([order_id]).get(order_id, ()) if one.id == offer_id), None)
    if made is None:
        raise fulfilment.NoOffer("This order has no such offer.")
    _own(request, order_id, made.replaces)
    try:
        fulfilment.withdraw(order_id, offer_id, actor=request.actor)
    except fulfilment.OfferClosed:
        return back_to_line(order_id, made.replaces, said="answered")
    return back_to_line(order_id, made.replaces, said="taken_back")
