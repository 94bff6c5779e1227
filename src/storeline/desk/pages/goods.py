"""Which product, and how many: what counting and receiving share; and receiving goods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from storeline.catalog import api as catalog
from storeline.desk.pages import stock_words, words
from storeline.desk.pages.shared import as_id, back_to, choose_first, pages, place_of, render
from storeline.identity.api import Request
from storeline.kernel.api import (
    BodyMismatch,
    Forbidden,
    Invalid,
    check_id,
    new_id,
    now,
    parse_quantity,
)
from storeline.places import api as places
from storeline.stock import api as stock

_HITS = 12
_SHOWN = 10
_LONGEST_SLIP = 60


@dataclass(frozen=True, slots=True)
class Form:
    """What a page of goods sends; `quantity` is text where it was not a number: what is wrong with it."""

    id: UUID
    place_id: UUID
    product_id: UUID
    typed: str
    quantity: int | str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Goods that came in lately; what was taken back stays in sight."""

    row: stock.DeedRow
    product: catalog.ProductFacts
    is_undone: bool


More = Callable[[UUID, UUID, UUID], Mapping[str, str]]
"""What a page adds to its form, from the form's id, the place and the product."""


def ask(request: Request, deed: str, permission: str, more: More | None = None) -> HttpResponse:
    """Which product, then how many."""
    place = place_of(request)
    if place is None:
        return choose_first()
    request.actor.require(permission, place.id)
    form_id = new_id()
    context: dict[str, Any] = {"q": request.GET.get("q", "").strip()[:200], "id": form_id}
    chosen = as_id(request.GET.get("product", ""))
    if chosen is not None:
        context["product"] = catalog.gather([chosen]).result().get(chosen)
        if request.GET.get("said") == "received":
            context |= {"received": context.pop("product"), "level": stock.levels(place.id, [chosen]).get(chosen)}
    elif context["q"]:
        context |= found_by(context["q"])
    if context.get("product") is not None and more is not None:
        context |= more(form_id, place.id, context["product"].id)
    return page(request, deed, place, context)


def found_by(q: str) -> dict[str, Any]:
    """The one product that was scanned or named, with the lot and the day that its code says; else those to choose from."""
    hits = [hit.product for hit in catalog.search(q, limit=_HITS).hits]
    if len(hits) != 1:
        return {"hits": hits, "is_nothing": not hits}
    try:
        said = catalog.parse_elements(q)
    except Invalid:
        said = None
    return {"product": hits[0]} | ({} if said is None else {"lot": said.lot, "expires_on": said.expires_on})


def page(
    request: Request, deed: str, place: places.Place, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """The page that asks; where nothing is chosen yet receiving also shows what came last."""
    more: dict[str, Any] = {"tab": deed, "deed": deed}
    if deed == "receive" and not context.get("product"):
        more["receipts"] = _receipts(place)
    elif deed == "receive":
        named = context.get("lot") or context.get("expires_on")
        more["asks_lot"] = bool(named) or context["product"].shelf_life_days is not None
    return render(request, "desk/goods.html", place, more | dict(context), status)


def _receipts(place: places.Place) -> list[Receipt]:
    rows = stock.last_receipts(place.id, now() - timedelta(days=1), limit=_SHOWN)
    products = catalog.gather([row.product_id for row in rows]).result()
    return [
        Receipt(row, products[row.product_id], row.reason == stock.UNDONE) for row in rows if row.product_id in products
    ]


def read_form(request: Request, permission: str) -> Form:
    """What was sent; a number that cannot be read is kept as it was typed."""
    ids = [as_id(request.POST.get(field, "")) for field in ("id", "place", "product")]
    form_id, place_id, product_id = ids
    if form_id is None or place_id is None or product_id is None:
        raise Invalid("The form is not whole. Scan the product again.")
    check_id(form_id)
    if not request.actor.may(permission, place_id):
        raise Forbidden("You do not work at this place.", permission=permission)
    typed = request.POST.get("quantity", "").strip()[:20]
    try:
        quantity: int | str = parse_quantity(typed.replace(",", "."))
    except Invalid:
        quantity = words.no_number()
    return Form(form_id, place_id, product_id, typed, quantity)


def refuse(request: Request, deed: str, form: Form, error: str, more: Mapping[str, str] | None = None) -> HttpResponse:
    """The form again, with what was typed and what is wrong with it."""
    product = catalog.gather([form.product_id]).result().get(form.product_id)
    if product is None:
        raise Invalid("There is no such product.", field="product")
    slip = request.POST.get("slip", "")[:_LONGEST_SLIP]
    context = {"product": product, "typed": form.typed, "id": form.id, "error": error, "slip": slip}
    context |= {
        "lot": request.POST.get("lot", "")[:_LONGEST_SLIP],
        "expires_on": _day(request.POST.get("expires_on", "")),
    }
    return page(request, deed, places.get_place(form.place_id), context | dict(more or {}), 422)


def _day(text: str) -> date | None:
    """A day from a form, where it is one."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@pages.get("receive", stock.RECEIVE, name="receive")
def receive(request: Request) -> HttpResponse:
    """Which product, then how many came; and what came last, which can be taken back."""
    return ask(request, "receive", stock.RECEIVE)


@pages.post("receive", stock.RECEIVE)
def received(request: Request) -> HttpResponse:
    """Goods came; the next product may be scanned at once. The supplier's slip is kept beside them."""
    form = read_form(request, stock.RECEIVE)
    if isinstance(form.quantity, str):
        return refuse(request, "receive", form, form.quantity)
    slip = request.POST.get("slip", "").strip()[:_LONGEST_SLIP]
    lot = request.POST.get("lot", "").strip()[:_LONGEST_SLIP]
    goods = stock.Goods(
        *(form.id, 0, form.place_id, form.product_id, form.quantity, slip or None),
        lot=lot or None,
        expires_on=_day(request.POST.get("expires_on", "")),
    )
    try:
        stock.receive([goods], actor=request.actor)
    except BodyMismatch:
        return back_to("desk:receive", product=form.product_id, said="used")
    except stock.WrongLot as refusal:
        return refuse(
            request, "receive", form, "", {"lot_error": stock_words.other_day(str(refusal.extra["expires_on"]))}
        )
    except Invalid as refusal:
        if refusal.field and refusal.field.endswith(".lot"):
            return refuse(request, "receive", form, "", {"lot_error": stock_words.no_lot()})
        return refuse(request, "receive", form, words.wrong_sign())
    return back_to("desk:receive", product=form.product_id, said="received", slip=slip)


@pages.post("receipts/<uuid:receipt_id>/undo", stock.RECEIVE, name="undo_receipt")
def undo(request: Request, receipt_id: UUID) -> HttpResponse:
    """Received by mistake: the same quantity leaves again, as a movement of its own. Twice is once."""
    try:
        stock.undo_receipt(receipt_id, actor=request.actor)
    except stock.CannotUndo:
        return back_to("desk:receive", said="too_late")
    return back_to("desk:receive", said="receipt_undone")
