"""Goods that come back: what a shopper asked to return, or does not want as they collect it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from storeline.aftersales import api as aftersales
from storeline.aftersales.api import RETURN
from storeline.catalog import api as catalog
from storeline.desk.domain import goes_on_sale, taken
from storeline.desk.pages import words
from storeline.desk.pages.shared import as_id, back_to, choose_first, pages, place_of, render
from storeline.identity.api import Request
from storeline.kernel.api import (
    QUANTITY_ONE,
    Error,
    Invalid,
    check_id,
    format_quantity,
    new_id,
    now,
    parse_quantity,
    pipeline,
)
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.stock import api as stock

_JUST_NOW = timedelta(minutes=30)
"""What comes back so soon never left the shop: it may be sold again, also where it must be kept cold."""


@dataclass(frozen=True, slots=True)
class Back:
    """A sold line: of what was sold `left` can still come back; `typed` is how much does, `again` where it goes.

    Of a `recalled` lot nothing is sold again, whatever the form says.
    """

    line: orders.OrderLine
    product: catalog.ProductFacts
    left: int
    typed: str
    again: bool
    recalled: str = ""

    @property
    def most(self) -> str:
        """All that can still come back, as a form sends it."""
        return format_quantity(self.left)

    @property
    def quantity(self) -> int:
        """How much comes back, in thousandths; raises Invalid."""
        found = parse_quantity(self.typed.replace(",", ".")) if self.typed else 0
        if not 0 <= found <= self.left or (found % QUANTITY_ONE and not self.product.by_weight):
            raise Invalid("From nothing to what can still come back.", field="quantity")
        return found


@pages.get("returns/<uuid:order_id>", RETURN, name="back")
def look(request: Request, order_id: UUID) -> HttpResponse:
    """What was sold, what of it comes back, and where it goes."""
    place = place_of(request)
    if place is None:
        return choose_first()
    request.actor.require(RETURN, place.id)
    view = orders.get(order_id)
    asked = _asked(request.GET.get("request", ""), order_id)
    wanted = {line.order_line: line.quantity for line in asked.lines} if asked else taken(request.GET.get("take", ""))
    context: dict[str, Any] = {"asked": asked, "reason": asked.lines[0].reason if asked else "unwanted"}
    if code := request.GET.get("code", "").strip()[:100]:
        context["unknown"] = not _scan(code, _lines(view, {}), wanted)
    lines = sorted(_lines(view, wanted, context["reason"]), key=lambda one: not one.typed)
    context["take"] = "-".join(f"{number}_{quantity}" for number, quantity in wanted.items())
    return _page(request, place, view, lines, context)


def _scan(code: str, lines: list[Back], wanted: dict[int, int]) -> bool:
    """One more of what was scanned, where any of it can still come back; False where none can."""
    try:
        scanned = catalog.scan(code)
    except Invalid:
        return False
    for one in lines:
        more = QUANTITY_ONE if scanned is None or scanned.quantity is None else scanned.quantity
        before = wanted.get(one.line.line_no, 0)
        if scanned is not None and one.product.id == scanned.product.id and before + more <= one.left:
            wanted[one.line.line_no] = before + more
            return True
    return False


def _asked(text: str, order_id: UUID) -> aftersales.RequestView | None:
    """The shopper's own request that this answers."""
    request_id = as_id(text)
    found = next((one for one in aftersales.requests_of(order_id) if one.id == request_id), None)
    return found if found is not None and found.state == "requested" else None


def _lines(view: orders.OrderView, wanted: dict[int, int], reason: str = "") -> list[Back]:
    """Each kept line of goods with what of it has not come back yet."""
    heads = aftersales.list_returns(order_id=view.head.id, limit=200)
    back: dict[int, int] = {}
    for one in aftersales.returns_by_id([head.id for head in heads]).values() if heads else ():
        for came in one.lines:
            back[came.order_line or 0] = back.get(came.order_line or 0, 0) + came.quantity
    with pipeline():
        gathered = catalog.gather(sorted({line.product_id for line in view.lines}))
        blocked = stock.recalled_lines(view.head.id)
    products, recalled = gathered.result(), blocked.result()
    is_fresh = view.head.completed_at is not None and now() - view.head.completed_at < _JUST_NOW
    found = []
    for line in view.lines:
        left = line.kept_quantity - back.get(line.line_no, 0)
        if not line.goods or left <= 0 or line.product_id not in products:
            continue
        product = products[line.product_id]
        typed = format_quantity(min(wanted[line.line_no], left)) if line.line_no in wanted else ""
        lot = recalled[line.line_no].lot if line.line_no in recalled else ""
        again = not lot and reason not in aftersales.UNFIT and goes_on_sale(product, is_fresh=is_fresh)
        found.append(Back(line, product, left, typed, again, lot))
    return found


def _page(
    request: Request,
    place: places.Place,
    view: orders.OrderView,
    lines: list[Back],
    more: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    context = {
        "tab": "hand_over",
        "head": view.head,
        "number": orders.order_number(view.head.id),
        "lines": lines,
        "reasons": words.return_reasons(),
        "id": new_id(),
        "is_completed": view.head.state == "completed",
    }
    return render(request, "desk/back.html", place, context | more, status)


@pages.post("returns/<uuid:order_id>", RETURN)
def take(request: Request, order_id: UUID) -> HttpResponse:
    """First what goes back to the shopper; with a yes the goods are taken and the money given. Sent twice it is once."""
    place = place_of(request)
    if place is None:
        return choose_first()
    request.actor.require(RETURN, place.id)
    return_id = as_id(request.POST.get("id", ""))
    if return_id is None:
        raise Invalid("The form is not whole. Open the page again.")
    known = aftersales.returns_by_id([return_id]).get(return_id)
    if known is not None and known.head.order_id == order_id:
        return back_to("desk:returned", return_id)
    view = orders.get(order_id)
    lines = [_typed(request, one) for one in _lines(view, {})]
    asked = _asked(request.POST.get("request", ""), order_id)
    reason = request.POST.get("reason", "")
    more: dict[str, Any] = {"asked": asked, "reason": reason, "id": check_id(return_id)}
    try:
        wanted = _wanted(lines, reason)
        if request.POST.get("sure") == "yes":
            _return(request, place, view, wanted, more)
            return back_to("desk:returned", return_id)
        brings = tuple(aftersales.RequestLine(one.order_line or 0, one.quantity) for one in wanted)
        more["brings"] = aftersales.preview(view, brings)
    except Error as error:
        return _page(request, place, view, lines, more | {"error": words.return_refused(error)}, error.status)
    return _page(request, place, view, lines, more)


def _typed(request: Request, one: Back) -> Back:
    number = one.line.line_no
    typed = request.POST.get(f"quantity-{number}", "").strip()[:20]
    # What is damaged may be put back by whoever looked at it and says so at the end; what is spoiled never is.
    reason, is_sure = request.POST.get("reason", ""), request.POST.get("sure") == "yes"
    is_fit = reason not in aftersales.UNFIT or (is_sure and reason != "spoiled")
    again = request.POST.get(f"again-{number}") == "yes" and is_fit
    return Back(one.line, one.product, one.left, typed, again and not one.recalled, one.recalled)


def _wanted(lines: list[Back], reason: str) -> tuple[aftersales.ReturnLine, ...]:
    """What comes back; raises Invalid where that is nothing, or no number."""
    if reason not in words.return_reasons():
        raise Invalid("Say why.", field="reason")
    wanted = tuple(
        aftersales.ReturnLine(quantity, one.line.line_no, restock=one.again, reason=reason)
        for one in lines
        if (quantity := one.quantity)
    )
    if not wanted:
        raise Invalid("Say what comes back.", field="lines")
    return wanted


def _return(
    request: Request,
    place: places.Place,
    view: orders.OrderView,
    wanted: tuple[aftersales.ReturnLine, ...],
    more: dict[str, Any],
) -> None:
    asked = more["asked"]
    aftersales.return_goods(
        aftersales.Return(
            more["id"], place.id, wanted, view.head.id, reason=more["reason"], customer_id=view.head.customer_id
        ),
        actor=request.actor,
        request_id=None if asked is None else asked.id,
    )


@pages.get("returned/<uuid:return_id>", RETURN, name="returned")
def done(request: Request, return_id: UUID) -> HttpResponse:
    """What came back, where it goes now, and what the shopper gets."""
    found = aftersales.get_return(return_id)
    if not request.actor.may(RETURN, found.head.place_id):
        raise aftersales.ReturnNotFound("There is no such return.")
    products = catalog.gather(sorted({line.product_id for line in found.lines})).result()
    context = {
        "tab": "hand_over",
        "head": found.head,
        "state": found.state,
        "lines": [(line, products[line.product_id]) for line in found.lines if line.product_id in products],
    }
    return render(request, "desk/returned.html", places.get_place(found.head.place_id), context)
