"""Taking goods back: against their sale, wherever it was made, or without it at the least that they have cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.aftersales import api as aftersales
from storeline.aftersales.api import RETURN
from storeline.catalog import api as catalog
from storeline.fiscal import api as fiscal
from storeline.identity.api import Request
from storeline.kernel.api import QUANTITY_ONE, Error, Invalid, check_id, format_quantity, new_id, parse_quantity
from storeline.orders import api as orders
from storeline.payments import api as payments
from storeline.places import api as places
from storeline.till.domain import parse_entry, parse_number, parse_receipt, receipt_name
from storeline.till.pages import words
from storeline.till.pages.shared import as_id, choose_first, here, pages, till_of, wanted_id
from storeline.till.queries import TillAt
from storeline.web.pages import render, see


@dataclass(frozen=True, slots=True)
class Returnable:
    """A sold line: of `sold` thousandths `left` can still come back. `typed` is what the form says, `again` whether
    it goes back on the shelf.
    """

    line: orders.OrderLine
    product: catalog.ProductFacts | None
    left: int
    typed: str
    again: bool
    error: str = ""

    @property
    def amount(self) -> int:
        """What was paid for it, before tax where that came on top."""
        return self.line.kept_amount - self.line.kept_funded


def page(request: Request, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page about returns in the till's frame."""
    return render(request, f"till/{template}.html", {"frame": "till/base.html"} | context, status)


@pages.get("returns", RETURN, name="returns")
def find(request: Request) -> HttpResponse:
    """Scan the receipt, or type what stands on it."""
    at = till_of(request)
    if at is None:
        return choose_first()
    code = request.GET.get("code", "").strip()[:200]
    context: dict[str, Any] = {"at": at, "place": places.get_place(at.place_id), "code": code}
    if not code:
        return page(request, "returns", context)
    order_id, request_id = found_by(code, at)
    if order_id is None:
        several = len(_by_number(code)) > 1
        told = words.said("many_receipts" if several else "no_receipt")
        return page(request, "returns", context | {"said": told}, 409 if several else 404)
    asked = f"?request={request_id}" if request_id else ""
    return see(reverse("till:give_back", args=[order_id]) + asked)


def found_by(code: str, at: TillAt) -> tuple[UUID | None, UUID | None]:
    """The order that a receipt, an order's number or a shopper's request for a return means; and that request."""
    if (order_id := parse_entry(code).order_id) is not None:
        return order_id, None
    if asked := aftersales.find_request(code):
        return asked.order_id, asked.id
    if head := orders.find_by_ref(code):
        return head.id, None
    by_number = _by_number(code)
    return by_number[0] if len(by_number) == 1 else _by_receipt(code, at), None


def _by_number(code: str) -> list[UUID]:
    """By the short number that shoppers read on their order's page; more than one only where ids end alike."""
    number = parse_number(code)
    return [head.id for head in orders.search(orders.Search(number=number), limit=2)] if number else []


def _by_receipt(code: str, at: TillAt) -> UUID | None:
    """By what is printed on it; of a bare number, in this very till's series."""
    named = parse_receipt(code)
    place = places.find_by_ref(named.place) if named else None
    place_id, series, number = (place.id if place else at.place_id), str(at.number), code.removeprefix("#")
    if named and place:
        series, number = named.series, str(named.number)
    elif not (number.isascii() and number.isdigit() and len(number) <= 12):  # noqa: PLR2004  # as printed
        return None
    facts = places.gather([place_id]).result().get(place_id)
    found = facts and fiscal.find_receipt(facts.entity_id, place_id, series, int(number))
    return found[0] if found and found[1] == "sale" else None


@pages.get("returns/<uuid:order_id>", RETURN, name="give_back")
def choose(request: Request, order_id: UUID) -> HttpResponse:
    """What was sold, and how much of it can still come back."""
    at = till_of(request)
    if at is None:
        return choose_first()
    request.actor.require(RETURN, at.place_id)
    request_id = as_id(request.GET.get("request", ""))
    asked = aftersales.get_request(request_id) if request_id else None
    wanted = {line.order_line: line for line in asked.lines} if asked and asked.order_id == order_id else {}
    view = orders.get(order_id)
    lines = [
        _returnable(line, product, left, _quantity_text(wanted[number].quantity, left) if number in wanted else "")
        for number, line, product, left in _left_of(view)
    ]
    reason = next((one.reason for one in wanted.values()), "")
    return _form(request, at, view, lines, {"request_id": request_id if wanted else None, "reason": reason})


def _returnable(
    line: orders.OrderLine, product: catalog.ProductFacts | None, left: int, typed: str, error: str = ""
) -> Returnable:
    return Returnable(line, product, left, typed, again=line.goods, error=error)


def _quantity_text(wanted: int, left: int) -> str:
    return format_quantity(min(wanted, left))


def _left_of(view: orders.OrderView) -> list[tuple[int, orders.OrderLine, catalog.ProductFacts | None, int]]:
    """Each kept line with its product and what of it did not come back yet."""
    heads = aftersales.list_returns(order_id=view.head.id, limit=200)
    back: dict[int, int] = {}
    for one in aftersales.returns_by_id([head.id for head in heads]).values():
        for line in one.lines:
            if line.order_line is not None:
                back[line.order_line] = back.get(line.order_line, 0) + line.quantity
    products = catalog.gather(sorted({line.product_id for line in view.lines})).result()
    return [
        (
            line.line_no,
            line,
            products.get(line.product_id),
            line.kept_quantity - back.get(line.line_no, 0),
        )
        for line in view.lines
        if line.kept_quantity
    ]


def _form(
    request: Request,
    at: TillAt,
    view: orders.OrderView,
    lines: list[Returnable],
    more: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    sold_at = places.get_place(view.head.place_id)
    context = {
        "at": at,
        "place": places.get_place(at.place_id) if at.place_id != sold_at.id else sold_at,
        "sold_at": sold_at,
        "head": view.head,
        "number": orders.order_number(view.head.id),
        "lines": lines,
        "nothing_left": not any(one.left for one in lines),
        "first": next((one.line.line_no for one in lines if one.left), None),
        "reasons": words.reasons(),
        "completed": view.head.state == "completed",
    }
    return page(request, "give_back", context | more, status)


@pages.post("returns/<uuid:order_id>", RETURN)
def take(request: Request, order_id: UUID) -> HttpResponse:
    """First what it brings; with that confirmed, take the goods and give the money back."""
    at = here(request)
    request.actor.require(RETURN, at.place_id)
    if (known := _known(request, order_id)) is not None:
        return see(reverse("till:returned", args=[known]))
    view = orders.get(order_id)
    lines = _read(request, view)
    more: dict[str, Any] = {
        "reason": request.POST.get("reason", ""),
        "request_id": as_id(request.POST.get("request", "")),
        "in_cash": request.POST.get("as") == "cash",
    }
    wanted = _wanted(lines, more["reason"])
    if problem := _problem(lines, wanted, more["reason"]):
        return _form(request, at, view, lines, more | {"error": problem}, 422)
    try:
        if request.POST.get("sure") == "yes":
            return_id = check_id(wanted_id(request, "id"), skew=None)
            _give_back(request, at, view, wanted, return_id, more)
            return see(reverse("till:returned", args=[return_id]))
        brings = tuple(aftersales.RequestLine(one.order_line or 0, one.quantity) for one in wanted)
        shown = aftersales.preview(view, brings)
        ways = [(words.tender_name(one.tender), one.amount) for one in shown.refunds]
        only_cash = all(one.tender == payments.CASH for one in shown.refunds)
        more |= {"brings": shown, "ways": ways, "only_cash": only_cash, "id": new_id()}
    except Error as error:
        return _form(request, at, view, lines, more | {"error": words.refusal(error).text}, error.status)
    more["may_pay_cash"] = request.actor.may(aftersales.OTHER_TENDER, at.place_id)
    return _form(request, at, view, lines, more)


def _known(request: Request, order_id: UUID) -> UUID | None:
    """The return that this very form made before."""
    return_id = as_id(request.POST.get("id", ""))
    there = aftersales.returns_by_id([return_id]).get(return_id) if return_id else None
    return return_id if there is not None and there.head.order_id == order_id else None


def _give_back(
    request: Request,
    at: TillAt,
    view: orders.OrderView,
    wanted: tuple[aftersales.ReturnLine, ...],
    return_id: UUID,
    more: dict[str, Any],
) -> None:
    aftersales.return_goods(
        aftersales.Return(
            return_id,
            at.place_id,
            wanted,
            view.head.id,
            refunds=(aftersales.Refund("cash"),) if more["in_cash"] else (),
            reason=more["reason"],
            customer_id=view.head.customer_id,
        ),
        actor=request.actor,
        request_id=more["request_id"],
    )


def _read(request: Request, view: orders.OrderView) -> list[Returnable]:
    """The lines with what the form says of each."""
    found = []
    for number, line, product, left in _left_of(view):
        typed = request.POST.get(f"quantity-{number}", "").strip()[:20]
        again = bool(request.POST.get(f"again-{number}")) and line.goods
        error = _wrong(typed, left, whole=product is not None and not product.by_weight)
        found.append(Returnable(line, product, left, typed, again, error))
    return found


def _wrong(typed: str, left: int, *, whole: bool) -> str:
    try:
        quantity = _quantity(typed)
    except Invalid:
        return _("Type a number, such as 1.")
    if quantity < 0 or quantity > left:
        return _("From nothing to what can still come back.")
    return _("Whole pieces only.") if whole and quantity % QUANTITY_ONE else ""


def _quantity(typed: str) -> int:
    return parse_quantity(typed.replace(",", ".")) if typed else 0


def _wanted(lines: list[Returnable], reason: str) -> tuple[aftersales.ReturnLine, ...]:
    return tuple(
        aftersales.ReturnLine(quantity, one.line.line_no, restock=one.again, reason=reason)
        for one in lines
        if not one.error and (quantity := _quantity(one.typed))
    )


def _problem(lines: list[Returnable], wanted: tuple[aftersales.ReturnLine, ...], reason: str) -> str:
    """What is still missing or wrong in the form; empty where it holds."""
    if any(one.error for one in lines):
        return _("Some quantities are not right.")
    if not wanted:
        return _("Say how many of what come back.")
    return "" if reason in dict(words.reasons()) else _("Choose why they come back.")


@pages.get("returned/<uuid:return_id>", RETURN, name="returned")
def returned(request: Request, return_id: UUID) -> HttpResponse:
    """What was given back, and the paper that says so."""
    at = till_of(request)
    if at is None:
        return choose_first()
    view = aftersales.get_return(return_id)
    if not request.actor.may(RETURN, view.head.place_id):
        raise aftersales.ReturnNotFound("There is no such return.")
    place = places.get_place(view.head.place_id)
    receipt = fiscal.receipts_of([return_id], "return").get(return_id)
    products = catalog.gather(sorted({line.product_id for line in view.lines})).result()
    context = {
        "at": at,
        "place": place,
        "entity": next((one for one in places.list_entities() if one.ref == place.entity), None),
        "view": view,
        "name": receipt_name(place.ref, receipt.series, receipt.number) if receipt else "",
        "lines": [(products.get(line.product_id), line) for line in view.lines],
        "refunds": [(words.tender_name(one.tender), one) for one in view.refunds],
        "in_cash": sum(one.amount for one in view.refunds if one.tender == "cash"),
    }
    return page(request, "returned", context)
