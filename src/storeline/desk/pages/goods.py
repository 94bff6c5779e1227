"""Count a product, and receive goods: scan it, type how many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _

from storeline.catalog import api as catalog
from storeline.desk.pages.shared import as_id, back_to, choose_first, pages, place_of, render
from storeline.desk.pages.words import explained
from storeline.identity.api import Request
from storeline.kernel.api import (
    BodyMismatch,
    Error,
    Forbidden,
    Invalid,
    NotFound,
    check_id,
    new_id,
    parse_quantity,
)
from storeline.places import api as places
from storeline.stock import api as stock

_HITS = 12


@pages.get("count", stock.COUNT, name="count")
def count(request: Request) -> HttpResponse:
    """Which product, then how many; what the books say is kept back until it is counted."""
    return _ask(request, "count", stock.COUNT)


@pages.get("receive", stock.RECEIVE, name="receive")
def receive(request: Request) -> HttpResponse:
    """Which product, then how many came."""
    return _ask(request, "receive", stock.RECEIVE)


def _ask(request: Request, deed: str, permission: str) -> HttpResponse:
    place = place_of(request)
    if place is None:
        return choose_first()
    request.actor.require(permission, place.id)
    context: dict[str, Any] = {"q": request.GET.get("q", "").strip()[:200], "id": new_id()}
    chosen = as_id(request.GET.get("product", ""))
    if chosen is not None:
        context["product"] = catalog.gather([chosen]).result().get(chosen)
        if request.GET.get("said") == "received":
            context |= {"received": context.pop("product"), "level": stock.levels(place.id, [chosen]).get(chosen)}
    elif context["q"]:
        context |= _found(context["q"])
    return _page(request, deed, place, context)


def _found(q: str) -> dict[str, Any]:
    """The one product that was scanned or named, else those to choose from."""
    hits = [hit.product for hit in catalog.search(q, limit=_HITS).hits]
    return {"product": hits[0]} if len(hits) == 1 else {"hits": hits, "is_nothing": not hits}


def _page(request: Request, deed: str, place: places.Place, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "desk/goods.html", place, {"tab": deed, "deed": deed} | context, status)


@pages.post("count", stock.COUNT)
def counted(request: Request) -> HttpResponse:
    """What was counted is what is there."""

    def deed(count_id: UUID, place_id: UUID, product_id: UUID, quantity: int) -> HttpResponse:
        stock.count([stock.Counted(count_id, 0, place_id, product_id, quantity)], actor=request.actor)
        return back_to("desk:counted", count_id)

    return _take(request, "count", stock.COUNT, deed)


@pages.post("receive", stock.RECEIVE)
def received(request: Request) -> HttpResponse:
    """Goods came; the next product may be scanned at once."""

    def deed(receipt_id: UUID, place_id: UUID, product_id: UUID, quantity: int) -> HttpResponse:
        stock.receive([stock.Goods(receipt_id, 0, place_id, product_id, quantity)], actor=request.actor)
        return back_to("desk:receive", product=product_id, said="received")

    return _take(request, "receive", stock.RECEIVE, deed)


def _take(
    request: Request, name: str, permission: str, deed: Callable[[UUID, UUID, UUID, int], HttpResponse]
) -> HttpResponse:
    """Read the form and do the deed; what does not fit is shown at its field, with what was typed."""
    ids = [as_id(request.POST.get(field, "")) for field in ("id", "place", "product")]
    form_id, place_id, product_id = ids
    if form_id is None or place_id is None or product_id is None:
        raise Invalid("The form is not whole. Scan the product again.")
    check_id(form_id)
    if not request.actor.may(permission, place_id):
        raise Forbidden("You do not work at this place.", permission=permission)
    typed = request.POST.get("quantity", "").strip()[:20]
    try:
        return deed(form_id, place_id, product_id, parse_quantity(typed.replace(",", ".")))
    except BodyMismatch:
        return back_to(f"desk:{name}", product=product_id, said="used")
    except Invalid as error:
        product = catalog.gather([product_id]).result().get(product_id)
        if product is None:
            raise
        context = {"product": product, "typed": typed, "id": form_id, "error": _error(error)}
        return _page(request, name, places.get_place(place_id), context, 422)


def _error(error: Error) -> str:
    wrong_sign = error.field is not None and error.field.startswith("lines[")
    return _("Type a number above 0.") if wrong_sign else _("Type a number, such as 12 or 0.75.")


@pages.get("counts/<uuid:count_id>", stock.COUNT, name="counted")
def difference(request: Request, count_id: UUID) -> HttpResponse:
    """What was counted, what the books had said, and what the difference may mean."""
    rows = stock.count_rows(count_id)
    if not rows or not request.actor.may(stock.COUNT, rows[0].place_id):
        raise NotFound("There is no such count.")
    row = rows[0]
    level = stock.levels(row.place_id, [row.product_id]).get(row.product_id, stock.Level(0, 0))
    tone, text = explained(row.counted, row.expected)
    context = {
        "tab": "count",
        "row": row,
        "product": catalog.gather([row.product_id]).result()[row.product_id],
        "difference": row.counted - row.expected,
        "level": level,
        "short": max(level.reserved - max(level.on_hand, 0), 0),
        "tone": tone,
        "text": text,
    }
    return render(request, "desk/counted.html", places.get_place(row.place_id), context)
