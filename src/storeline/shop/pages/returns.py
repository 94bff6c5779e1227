"""Asking to bring goods back: which, why, what that brings; then a code that any shop reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.aftersales import api as aftersales
from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.kernel.api import QUANTITY_ONE, Error, Invalid, check_id, new_id
from storeline.orders import api as orders
from storeline.shop import shelf
from storeline.shop.pages.router import pages, show
from storeline.shop.pages.words import reasons, request_state, tender_name
from storeline.web.pages import see


@dataclass(frozen=True, slots=True)
class Choice:
    """A line that may come back: `units` as the form counts them, each of `each` thousandths; what was chosen so far."""

    number: int
    name: str
    kind: str
    units: int
    each: int
    chosen: int
    reason: str

    @property
    def field(self) -> str:
        """The number as fields are named by it."""
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the order's page shows it."""

    view: aftersales.RequestView
    code: str
    state: str
    tone: str
    lines: list[tuple[str, int, str]]
    refunds: list[tuple[str, int, str]]
    currency: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken back without being asked for before, at a desk or a till."""

    at: datetime
    lines: list[tuple[str, int, str]]
    refunds: list[tuple[str, int, str]]
    currency: str


@pages.get("order/<uuid:order_id>/return", aftersales.ASK, guest=True, name="return")
def choose(request: Request, order_id: UUID) -> HttpResponse:
    """What may come back; with a choice made, what it brings."""
    key = request.GET.get("key", "")
    order = orders.get_own(order_id, actor=request.actor, token=key)
    return _form(request, order, key, request.GET)


@pages.post("order/<uuid:order_id>/return", aftersales.ASK, guest=True)
def ask(request: Request, order_id: UUID) -> HttpResponse:
    """Ask for it, under the form's own id: sent twice, it is one request."""
    given, key = request.POST, request.POST.get("key", "")
    order = orders.get_own(order_id, actor=request.actor, token=key)
    try:
        asked = aftersales.ReturnRequest(_id(given.get("id", "")), order_id, _lines(_choices(order, given)))
        if asked.id not in {one.id for one in aftersales.requests_of(order_id)}:
            aftersales.ask_return(asked, actor=request.actor, token=key)
    except Error as error:
        return _form(request, order, key, given, refused=error)
    return see(f"{reverse('shop:order', args=[order_id])}?key={key}#returns")


@pages.post("order/<uuid:order_id>/return/<uuid:request_id>/withdraw", aftersales.ASK, guest=True, name="withdraw")
def withdraw(request: Request, order_id: UUID, request_id: UUID) -> HttpResponse:
    """Think better of it; a repeat changes nothing."""
    key = request.POST.get("key", "")
    aftersales.withdraw_request(request_id, actor=request.actor, token=key)
    return see(f"{reverse('shop:order', args=[order_id])}?key={key}#returns")


def _id(text: str) -> UUID:
    try:
        return check_id(UUID(text))
    except ValueError:
        raise Invalid(_("Open the page again.")) from None


def _form(
    request: Request, order: orders.OrderView, key: str, given: Mapping[str, Any], *, refused: Error | None = None
) -> HttpResponse:
    choices = _choices(order, given)
    wanted = _lines(choices)
    preview = None
    if wanted and refused is None:
        try:
            preview = aftersales.preview(order, wanted)
        except Error as error:
            refused = error
    page = show(
        request,
        "return",
        order=order.head,
        number=orders.order_number(order.head.id),
        key=key,
        choices=choices,
        reasons=reasons(),
        chosen=bool(wanted),
        asked="next" in given,
        preview=preview,
        refunds=[(tender_name(one.tender), one.amount) for one in preview.refunds] if preview else [],
        refused=words_of(refused) if refused else "",
        request_id=given.get("id") or new_id(),
    )
    page.status_code = refused.status if refused else 200
    return page


def _choices(order: orders.OrderView, given: Mapping[str, Any]) -> list[Choice]:
    """What is left to come back, with what was typed beside each; a weighed line comes back whole."""
    left = aftersales.left_to_return(order.head.id) if order.head.state == "completed" else {}
    lines = [line for line in order.lines if line.goods and left.get(line.line_no)]
    products = catalog.gather([line.product_id for line in lines]).result()
    found = []
    for line in lines:
        whole = left[line.line_no]
        each = QUANTITY_ONE if whole % QUANTITY_ONE == 0 else whole
        product = products[line.product_id]
        found.append(
            Choice(
                line.line_no,
                shelf.name_of(product),
                shelf.kind_of(product),
                whole // each,
                each,
                _units(given.get(f"q{line.line_no}"), whole // each),
                _reason(given.get(f"r{line.line_no}")),
            )
        )
    return found


def _units(text: object, most: int) -> int:
    words = str(text or "")
    return min(most, int(words)) if words.isascii() and words.isdigit() and len(words) < 6 else 0  # noqa: PLR2004  # no basket has more


def _reason(text: object) -> str:
    return str(text) if text in aftersales.REASONS else aftersales.REASONS[-1]


def _lines(choices: list[Choice]) -> tuple[aftersales.RequestLine, ...]:
    return tuple(aftersales.RequestLine(one.number, one.chosen * one.each, one.reason) for one in choices if one.chosen)


def words_of(error: Error) -> str:
    """A refusal in the shopper's language."""
    return {
        "bad_return": _("Say how many of what you want to bring back."),
        "too_much_returned": _("Some of it was asked for or brought back already. Choose again from what is left."),
        "not_returnable": _("Goods can come back once they were handed over."),
    }.get(error.code, error.detail)


def back_of(order: orders.OrderView, products: Mapping[UUID, catalog.ProductFacts]) -> tuple[list[Asked], list[Taken]]:
    """What was asked to be brought back of an order, what each brings or brought, and what came back without being asked for."""
    names = {line.line_no: shelf.name_of(products[line.product_id]) for line in order.lines}
    words, currency = reasons(), order.head.currency
    came = aftersales.returns_of(order.head.id)
    found = []
    for view in aftersales.requests_of(order.head.id):
        state, tone = request_state(view.state)
        lines = [(names.get(line.order_line, ""), line.quantity, words.get(line.reason, "")) for line in view.lines]
        back = came.pop(view.return_id, None) if view.return_id else None
        refunds = _brings(order, view) if back is None else _refunds(back)
        code = f"{view.code[:4]} {view.code[4:]}"
        found.append(Asked(view, code, state, tone, lines, refunds, currency))
    return found, [_taken(one, names, words, currency) for one in came.values()]


def _taken(one: aftersales.ReturnView, names: Mapping[int, str], words: Mapping[str, str], currency: str) -> Taken:
    lines = [
        (names.get(line.order_line or 0, ""), line.quantity, words.get(line.reason, ""))
        for line in one.lines
        if line.order_line in names
    ]
    return Taken(one.head.returned_at, lines, _refunds(one), currency)


def _refunds(back: aftersales.ReturnView) -> list[tuple[str, int, str]]:
    """By what the money goes back, how much, and how far that is."""
    return [(tender_name(one.tender), one.amount, _refund_state(one.state)) for one in back.refunds]


def _brings(order: orders.OrderView, view: aftersales.RequestView) -> list[tuple[str, int, str]]:
    """The same of what was not brought yet."""
    if view.state != "requested":
        return []
    try:
        told = aftersales.preview(order, view.lines)
    except Error:
        return []
    return [(tender_name(one.tender), one.amount, "") for one in told.refunds]


def _refund_state(state: str) -> str:
    return {"settled": _("paid back"), "pending": _("on its way"), "failed": _("ask at the desk")}.get(state, state)
